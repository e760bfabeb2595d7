/** The editing page: puts the parts together and follows what the server reports. */

import { load, send, follow, RefusedError } from "./api.js";
import { card } from "./card.js";
import { askForSegment } from "./insert.js";
import { issueOf } from "./issues.js";
import * as keys from "./keys.js";
import { SegmentList } from "./list.js";
import { Player } from "./player.js";
import { showRevisions } from "./revisions.js";
import { setLanguage, currentLanguage, t } from "./texts.js";
import { Timeline } from "./timeline.js";
import { clock, el, isWriting } from "./util.js";

const $ = (id) => document.getElementById(id);
const person = document.querySelector("meta[name=editor]").content;
const list = new SegmentList(), player = new Player(), timeline = new Timeline();
const drafts = new Map(), edits = new Map(), mine = new Set();
let view = null, selected = null, isReady = false, isPlaceOpen = false;

const byName = (name) => view.segments.find((segment) => segment.name === name);
const states = (name) => ({
  isDraft: drafts.has(name),
  state: [...edits.values()].some((edit) => edit.segments.includes(name)) ? "running" : null,
});

function say(text, kind = "") {
  $("status").textContent = text;
  $("status").className = `status ${kind}`;
}

async function refresh() {
  view = await load("state");
  for (const edit of view.edits) edits.set(edit.edit, edit);
  player.setVersions({ dub: view.video, original: "source" });
  showFilter();
  showTexts();
  show();
  await timeline.show(view);
}

function showTexts() {
  $("undo").disabled = view.undo === null;
  const missing = view.not_in_video.length;
  $("pending").textContent = missing ? t("notInVideo", { count: missing }) : "";
  $("rebuild").classList.toggle("primary", missing > 0 || !view.video);
  const [source, target] = [view.source_language.name, view.target_language.name];
  $("languages").textContent = t("languages", { source, target, count: view.segments.length, length: clock(view.duration_ms) });
}

function showFilter() {
  const chosen = $("filter").value || "all";
  const issues = Object.keys(view.issues).map((name) => [`issue:${name}`, issueOf(name, view.issues).title]);
  const options = [["all", t("all")], ["issues", t("withIssues")], ["edited", t("edited")], ["unchecked", t("unchecked")], ["noted", t("note")], ["drafts", t("drafts")], ...issues];
  $("filter").replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
  $("filter").value = options.some(([value]) => value === chosen) ? chosen : "all";
}

const FILTERS = {
  all: () => true,
  issues: (segment) => segment.issues.length > 0,
  edited: (segment) => segment.is_edited,
  drafts: (segment) => drafts.has(segment.name),
  unchecked: (segment) => !segment.is_checked,
  noted: (segment) => segment.note !== "",
};

/** Show the segments that match search and filter, and the open card. */
function show() {
  const wanted = $("search").value.trim().toLocaleLowerCase(), filter = $("filter").value;
  const matches = FILTERS[filter] ?? ((segment) => segment.issues.includes(filter.slice("issue:".length)));
  const shown = view.segments.filter((segment) => matches(segment)
    && (!wanted || `${segment.name} ${segment.original} ${segment.text}`.toLocaleLowerCase().includes(wanted)));
  const focused = document.activeElement, wasWriting = focused?.id === "text" ? [focused.selectionStart, focused.selectionEnd] : null;
  list.show(shown, view.issues, states);
  $("count").textContent = t("count", { shown: shown.length, total: view.segments.length });
  if (selected && byName(selected)) openCard(shown.some((segment) => segment.name === selected));
  else select(null);
  if (wasWriting && $("text")) {
    $("text").focus({ preventScroll: true });
    $("text").setSelectionRange(...wasWriting);
  }
}

function openCard(isShown = true) {
  const segment = byName(selected);
  const actions = {
    draft: (text) => { if (text === null) drafts.delete(selected); else drafts.set(selected, text); list.refresh(selected); },
    speak, listen, split, merge, insert,
    delete: remove,
    move: (start_ms, end_ms) => editSegment({ kind: "move", start_ms, end_ms }),
    speaker: (speaker) => editSegment({ kind: "speaker", speaker }),
    voice: (voice) => submit({ voices: { [selected]: voice } }),
    note: (note) => submit({ notes: { [selected]: note } }),
    checked: (checked) => submit({ checked: { [selected]: checked } }),
    isPlaceOpen: () => isPlaceOpen,
    placeToggled: (isOpen) => { isPlaceOpen = isOpen; },
    gains: (gains) => submit({ gains: { [selected]: gains } }),
  };
  list.open(selected, isShown ? card(segment, view, { draft: drafts.get(selected), state: states(selected).state }, actions) : null);
}

function select(name, { seeks = true, focuses = false } = {}) {
  selected = name;
  const segment = name && byName(name);
  if (!segment) { list.open(null, null); timeline.select(null); return; }
  openCard();
  list.reveal(name);
  timeline.select(segment);
  if (seeks && !player.isPlaying) player.seek(segment.start_ms);
  if (focuses) list.focusRow(name);
}

function step(direction, matches = () => true) {
  const shown = list.segments, at = shown.findIndex((segment) => segment.name === selected);
  for (let next = at < 0 && direction < 0 ? shown.length - 1 : at + direction; shown[next]; next += direction) {
    if (matches(shown[next])) { select(shown[next].name, { focuses: true }); return; }
  }
}

/** Submit a change; `based` are the segments that an edit of segments is based on. */
async function submit(change, based = []) {
  const parts = ["texts", "gains", "voices", "notes", "checked"].map((part) => change[part] ?? {});
  const names = change.segment_edit ? based : Object.keys(Object.assign({}, ...parts));
  const seen = Object.fromEntries(names.map((name) => [name, byName(name).version]));
  try {
    const { edit } = await send("edits", { change: { ...change, seen }, by: person });
    mine.add(edit);
  } catch (error) {
    say(t("failed", { error: error instanceof RefusedError ? error.message : t("connectionLost") }), "problem");
  }
}

async function restore(number) {
  try {
    await send("edits", { change: { restore: number, revision: view.revision }, by: person });
    say(t("restoring", { number }), "busy");
  } catch (error) { say(error.message, "problem"); }
}

const undo = () => { if (view.undo === null) say(t("undone")); else restore(view.undo); };
const history = () => showRevisions(restore);

/** Edit the place, the number or the speaker of the selected segment; `texts` are those of the segments after it. */
function editSegment(edit, texts = {}, based = []) {
  if (!selected || states(selected).state) return;
  submit({ segment_edit: { segment: selected, ...edit }, texts }, [selected, ...based]);
}

const nextOf = (name) => view.segments[view.segments.findIndex((segment) => segment.name === name) + 1];

/** Split the selected segment at the playhead, and its text at the cursor if it stands inside. */
function split(text = byName(selected)?.text ?? "", cursor = 0) {
  const segment = selected && byName(selected);
  if (!segment) return;
  const isInside = segment.start_ms < player.now && player.now < segment.end_ms;
  const start_ms = Math.round(isInside ? player.now : (segment.start_ms + segment.end_ms) / 2);
  const halves = [text.slice(0, cursor).trim(), text.slice(cursor).trim()];
  drafts.delete(selected);
  editSegment({ kind: "split", start_ms }, halves.every(Boolean) ? { [selected]: halves[0], [view.next_segment]: halves[1] } : {});
}

function merge() {
  const next = selected && nextOf(selected);
  if (next) editSegment({ kind: "merge" }, {}, [next.name]);
}

function remove() {
  const next = selected && nextOf(selected);
  editSegment({ kind: "delete" });
  if (next) select(next.name, { focuses: true });
}

function insert() {
  const inside = view.segments.find(({ start_ms, end_ms }) => start_ms <= player.now && player.now < end_ms);
  const start = Math.round(inside ? inside.end_ms : player.now);
  const after = view.segments.find(({ start_ms }) => start_ms >= start)?.start_ms ?? view.duration_ms;
  const speaker = selected ? byName(selected).speaker : view.speakers[0];
  askForSegment(start, Math.min(start + 2000, after), (place, translation) => submit({
    segment_edit: { kind: "insert", ...place, ...(speaker ? { speaker } : {}) }, texts: { [view.next_segment]: translation },
  }));
}

function moveBorder(isStart) {
  const segment = selected && byName(selected);
  if (!segment) return;
  const now = Math.round(player.now);
  editSegment({ kind: "move", start_ms: isStart ? now : segment.start_ms, end_ms: isStart ? segment.end_ms : now });
}

function speak() {
  if (!selected || states(selected).state) return;
  submit({ texts: { [selected]: (drafts.get(selected) ?? byName(selected).text) } });
}

function listen(which = "hear") {
  const segment = selected && byName(selected);
  if (!segment?.speech) return;
  const { window_start_ms, window_end_ms, sound } = segment.speech;
  const file = { hear: "mix", hearOriginal: "original", hearLine: "line" }[which];
  const version = `${sound}-${segment.tts_gain}-${segment.bgm_gain}`;
  player.playSound(`segments/${segment.name}/${file}.wav?v=${version}`, window_start_ms, window_end_ms);
}

const HANDLERS = {
  ready: (event) => {
    if (event) { view.voices = event.voices; show(); }
    isReady = true; if (!edits.size) say(t("ready"));
  },
  queued: (event) => edits.set(event.edit, event),
  waiting: (event) => say(t("waitsFor", event)),
  step: (event) => {
    const what = event.segments?.join(", ") || t("rebuilding");
    if (event.state === "running") say(t("working", { what, step: t(["translation", "transcript"].includes(event.step) ? `${event.step}_step` : event.step) }), "busy");
  },
  progress: () => {},
  changed: () => { if (!edits.size) refresh(); },
  done: async (event) => {
    edits.delete(event.edit);
    if (event.kind === "text" && mine.has(event.edit)) event.segments.forEach((name) => drafts.delete(name));
    await refresh();
    const names = event.segments.join(", ");
    if (event.restore) say(t("restored", { number: event.restore }), "ok");
    else if (event.kind === "note") say(t("noteSaved"), "ok");
    else if (!["text", "gains", "rebuild"].includes(event.kind)) say(t(`edited_${event.kind}`), "ok");
    else if (!names) say(t("rebuilt", { path: event.notes.join(" · ") }), "ok");
    else say(t(event.speaks ? "saved" : "mixed", { names }), "ok");
    if (event.segments.includes(selected) && event.speaks && mine.has(event.edit)) listen();
  },
  failed: async (event) => {
    edits.delete(event.edit);
    await refresh();
    say(t("failed", event), "problem");
  },
};

function showEvent(event) {
  HANDLERS[event.event]?.(event);
  for (const name of event.segments ?? []) list.refresh(name);
}

player.addEventListener("time", () => timeline.setNow(player.now, player.isPlaying));
player.addEventListener("unplayable", ({ detail }) => say(t("cannotPlay", { track: t(detail) }), "problem"));
list.addEventListener("toggle", ({ detail }) => select(detail === selected ? null : detail, { focuses: true }));
timeline.addEventListener("move", ({ detail: { segment, start_ms, end_ms } }) => {
  if (segment.name === selected) editSegment({ kind: "move", start_ms, end_ms });
});
timeline.addEventListener("pick", ({ detail: { ms, segment } }) => {
  if (segment) select(segment.name, { seeks: false });
  player.seek(ms);
});
for (const id of ["search", "filter"]) $(id).addEventListener("input", show);
$("rebuild").addEventListener("click", () => submit({ rebuild: true }));
$("undo").addEventListener("click", undo);
$("history").addEventListener("click", history);
$("help").addEventListener("click", keys.showKeys);
$("language").addEventListener("change", () => { setLanguage($("language").value); say(isReady ? t("ready") : t("loadingEngines")); refresh(); });
addEventListener("beforeunload", (event) => { if (drafts.size) event.preventDefault(); });
keys.listen({
  play: () => player.toggle(),
  next: () => step(1),
  previous: () => step(-1),
  issue: () => step(1, (segment) => segment.issues.length > 0),
  edit: () => { if (!selected) step(1); $("text")?.focus(); },
  speak,
  leave: () => { if (isWriting(document.activeElement)) list.focusRow(selected); else select(null); },
  hear: () => listen("hear"),
  original: () => listen("hearOriginal"),
  track: () => player.switchTrack(),
  seek: (event) => player.seek(player.now + (event.code === "ArrowLeft" ? -1000 : 1000)),
  zoom: (event) => timeline.zoom(event.key === "-" ? 1 / 1.5 : 1.5),
  search: () => $("search").focus(),
  rebuild: () => submit({ rebuild: true }),
  check: () => { if (selected) submit({ checked: { [selected]: !byName(selected).is_checked } }); },
  note: () => $("note")?.focus(),
  border: (event) => moveBorder(event.key === "["),
  split: () => split(), merge, insert,
  delete: remove,
  undo, history,
  help: keys.showKeys,
});
setLanguage(currentLanguage());
$("language").value = currentLanguage();
say(t("loadingEngines"), "busy");
follow(showEvent, () => { refresh(); say(t("connected")); }, () => say(t("connectionLost"), "problem"));
await refresh();
if (!isReady && view.is_ready) HANDLERS.ready();
document.documentElement.dataset.ready = "";
