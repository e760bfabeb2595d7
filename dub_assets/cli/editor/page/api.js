/** Requests to the server. All addresses are relative to the job's page. */

const token = document.querySelector("meta[name=form-token]").content;

/** Raised for an answer that is no success; the message is the server's. */
export class RefusedError extends Error {}

async function answer(response) {
  const text = await response.text();
  if (response.ok) return text ? JSON.parse(text) : null;
  let reason = text.trim();
  try { reason = JSON.parse(text).error; } catch { /* plain text */ }
  throw new RefusedError(reason || response.statusText);
}

export const load = async (path) => answer(await fetch(path));

export async function send(path, body) {
  const headers = { "Content-Type": "application/json", "X-Editor-Token": token };
  return answer(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

/** Call `handle` with each event; `reconnected` after a lost connection. */
export function follow(handle, reconnected, lost) {
  const source = new EventSource("events");
  let wasLost = false;
  source.onmessage = (message) => handle(JSON.parse(message.data));
  source.onerror = () => { if (!wasLost) lost(); wasLost = true; };
  source.onopen = () => { if (wasLost) reconnected(); wasLost = false; };
}
