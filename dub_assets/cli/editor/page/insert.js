/** The dialog that inserts a segment. */

import { t } from "./texts.js";

const dialog = document.getElementById("insert");
const form = dialog.querySelector("form");

/** Ask for the texts of a new segment at `[start_ms, end_ms)`, and call `insert` with what was given. */
export function askForSegment(start_ms, end_ms, insert) {
  form.elements.start.value = (start_ms / 1000).toFixed(3);
  form.elements.end.value = (end_ms / 1000).toFixed(3);
  form.elements.original.value = form.elements.translation.value = "";
  form.onsubmit = (event) => {
    if (event.submitter.value === "cancel") return;
    const { start, end, original, translation } = form.elements;
    insert({ start_ms: Math.round(start.value * 1000), end_ms: Math.round(end.value * 1000), text: original.value }, translation.value);
  };
  dialog.querySelector("h2").textContent = t("insert");
  dialog.showModal();
}
