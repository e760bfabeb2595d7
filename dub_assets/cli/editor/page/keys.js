/** The keys of the page, and the list of them. */

import { el, isWriting } from "./util.js";
import { t } from "./texts.js";

/** Keys with the texts that explain them; `writing` keys work in text fields too. */
const KEYS = [
  { shown: ["Space"], match: (event) => event.code === "Space", action: "play" },
  { shown: ["J", "↓"], match: (event) => ["KeyJ", "ArrowDown"].includes(event.code), action: "next" },
  { shown: ["K", "↑"], match: (event) => ["KeyK", "ArrowUp"].includes(event.code), action: "previous" },
  { shown: ["N"], match: (event) => event.code === "KeyN", action: "issue" },
  { shown: ["E"], match: (event) => event.code === "KeyE", action: "edit" },
  { shown: ["Ctrl", "Enter"], match: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey), action: "speak", writing: true },
  { shown: ["Esc"], match: (event) => event.key === "Escape", action: "leave", writing: true },
  { shown: ["P"], match: (event) => event.code === "KeyP", action: "hear" },
  { shown: ["O"], match: (event) => event.code === "KeyO", action: "original" },
  { shown: ["T"], match: (event) => event.code === "KeyT", action: "track" },
  { shown: ["←", "→"], match: (event) => ["ArrowLeft", "ArrowRight"].includes(event.code), action: "seek" },
  { shown: ["+", "−"], match: (event) => ["+", "=", "-"].includes(event.key), action: "zoom" },
  { shown: ["/"], match: (event) => event.key === "/", action: "search" },
  { shown: ["B"], match: (event) => event.code === "KeyB", action: "rebuild" },
  { shown: ["C"], match: (event) => event.code === "KeyC", action: "check" },
  { shown: ["M"], match: (event) => event.code === "KeyM", action: "note" },
  { shown: ["[", "]"], match: (event) => ["[", "]"].includes(event.key), action: "border" },
  { shown: ["S"], match: (event) => event.code === "KeyS", action: "split" },
  { shown: ["G"], match: (event) => event.code === "KeyG", action: "merge" },
  { shown: ["I"], match: (event) => event.code === "KeyI", action: "insert" },
  { shown: ["Del"], match: (event) => event.key === "Delete", action: "delete" },
  { shown: ["Ctrl", "Z"], match: (event) => event.code === "KeyZ" && (event.ctrlKey || event.metaKey) && !event.shiftKey, action: "undo", modified: true },
  { shown: ["R"], match: (event) => event.code === "KeyR", action: "history" },
  { shown: ["?"], match: (event) => event.key === "?", action: "help" },
];

const dialog = document.getElementById("keys");

/** Call the action of each key that is pressed. */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    const key = KEYS.find(({ match }) => match(event));
    if (!key || (isWriting(event.target) && !key.writing)) return;
    if (!key.writing && !key.modified && (event.ctrlKey || event.metaKey || event.altKey)) return;
    if (isOwnKey(event)) return;
    event.preventDefault();
    actions[key.action](event);
  });
}

/** Show the list of keys. */
export function showKeys() {
  document.getElementById("keys-list").replaceChildren(...KEYS.map(({ shown, action }) => el("div", {},
    el("dt", {}, shown.map((name) => el("kbd", {}, name))), el("dd", {}, t(`k_${action}`)))));
  dialog.showModal();
}

/** Return whether the focused control has a use of its own for a key. */
function isOwnKey(event) {
  const { target, code } = event;
  if (code === "Space") return target.matches?.("button, a, summary, [type=checkbox], [type=radio]");
  return code.startsWith("Arrow") && target.matches?.("[type=range], [type=radio], [type=number]");
}
