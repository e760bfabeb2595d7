/** The list of revisions: who changed what, and when; each can be compared with the present state and restored. */

import { load } from "./api.js";
import { currentLanguage, t } from "./texts.js";
import { el } from "./util.js";

const dialog = document.getElementById("revisions");
const list = document.getElementById("revisions-list");

/** Show the revisions; `restore` is called with the number of one. */
export async function showRevisions(restore) {
  const { revisions } = await load("revisions");
  list.replaceChildren(...(revisions.length ? revisions.map((one, at) => entry(one, revisions[0].revision, at === 0, restore)) : [el("li", { class: "muted" }, t("noRevisions"))]));
  dialog.showModal();
}

function entry(revision, latest, isLatest, restore) {
  const when = new Date(revision.at).toLocaleString(currentLanguage(), { dateStyle: "medium", timeStyle: "short" });
  const table = el("div", { class: "changes" }, changes(revision.changes, revision.changes_count));
  const compare = el("button", { type: "button", onclick: async () => {
    const found = await load(`revisions/${revision.revision}/${latest}`);
    table.replaceChildren(el("p", { class: "muted" }, t("comparedWithNow")), changes(found.changes, found.changes.length));
  } }, t("compare"));
  const back = el("button", { type: "button", onclick: () => { dialog.close(); restore(revision.revision); } }, t("restore"));
  return el("li", {},
    el("p", { class: "revision" }, el("b", {}, t("revision", { number: revision.revision })), el("span", { class: "muted" }, when),
      el("span", { class: "muted" }, revision.by), isLatest ? el("span", { class: "chip" }, t("now")) : el("span", { class: "listen" }, compare, back)),
    revision.revision === 1 ? el("p", { class: "muted" }, t("firstRevision")) : table);
}

function changes(found, count) {
  if (!found.length) return el("p", { class: "muted" }, t("noChanges"));
  const more = count - found.length;
  return el("ul", {}, found.map(({ segment, what, before, after }) => el("li", {},
    segment ? el("b", {}, segment) : null, el("span", { class: "muted" }, t(`w_${what.replace(" ", "_")}`)),
    before !== null ? el("del", {}, before) : null, after !== null ? el("ins", {}, after) : null)),
  more > 0 ? el("li", { class: "muted" }, t("more", { count: more })) : null);
}
