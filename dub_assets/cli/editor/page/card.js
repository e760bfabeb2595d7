/** The open segment: its text, voice, place, gains and note, and what can be heard of it. */

import { send } from "./api.js";
import { issueOf } from "./issues.js";
import { t } from "./texts.js";
import { clock, el } from "./util.js";

const PREDICT_AFTER_MS = 250;
const seconds = (ms) => (ms / 1000).toFixed(2);

/** Return the card of a segment. `actions` are what its controls do; `draft` is unsaved text, `state` a running edit. */
export function card(segment, view, { draft, state }, actions) {
  const text = el("textarea", { class: "text", rows: 2, lang: view.target_language.code, spellcheck: true, maxLength: 5000, id: "text" });
  const fitting = el("p", { class: "fit", id: "fit" });
  text.value = draft ?? segment.text;
  text.setAttribute("aria-describedby", "fit");
  const speak = el("button", { type: "button", class: "primary", id: "speak", onclick: () => actions.speak() }, state ? t("speaking") : t("speak"));
  const revert = el("button", { type: "button", onclick: () => { text.value = segment.text; changed(); text.focus(); } }, t("revert"));
  const grow = () => { text.style.height = "auto"; text.style.height = `${text.scrollHeight + 2}px`; };
  const predict = predictor(segment, fitting);
  const changed = () => {
    const isChanged = text.value.trim() !== segment.text;
    revert.hidden = !isChanged;
    grow();
    predict(isChanged ? text.value : null);
    actions.draft(isChanged ? text.value : null);
  };
  text.addEventListener("input", changed);
  revert.hidden = draft === undefined || draft === null;
  const element = el("div", { class: "card", role: "group", "aria-label": t("segment", { name: segment.name }) },
    el("p", { class: "original", lang: view.source_language.code }, segment.original),
    el("label", { class: "field" }, el("span", { class: "hidden" }, t("translation")), text),
    fitting,
    alternatives(segment, (choice) => { text.value = choice; changed(); text.focus(); }),
    el("div", { class: "buttons" }, speak, revert,
      el("span", { class: "listen" },
        listen("hear", segment, actions), listen("hearOriginal", segment, actions), listen("hearLine", segment, actions))),
    issues(segment, view),
    el("div", { class: "settings" }, voice(segment, view, actions), speaker(segment, view, actions), gains(segment, actions)),
    place(segment, text, actions),
    note(segment, actions),
  );
  predict(draft ?? null);
  requestAnimationFrame(grow);
  return element;
}

/** Return a function that shows how a text fits its slot: predicted for an unsaved one, measured for the spoken one. */
function predictor(segment, output) {
  let timer = null, number = 0;
  const show = ({ length_ms, slot_ms, tempo, level }, isPredicted) => {
    output.className = `fit ${level}`;
    output.replaceChildren(
      el("meter", { min: "0", max: "1.5", low: "1", high: "1.01", optimum: "0", value: String(Math.min(1.5, length_ms / slot_ms)), "aria-hidden": "true" }),
      el("span", {}, t(isPredicted ? "predicted" : "spoken", { length: seconds(length_ms), slot: seconds(slot_ms) })),
      el("span", {}, `${t("tempo")} ${tempo.toFixed(2)}`), ...(level === "ok" ? [] : [el("b", {}, t(`fit_${level}`))]));
  };
  return (text) => {
    clearTimeout(timer);
    const mine = ++number, { speech } = segment;
    if (text === null) {
      if (!speech) { output.replaceChildren(); return; }
      const length_ms = speech.end_ms - speech.start_ms, slot_ms = speech.slot_end_ms - speech.slot_start_ms;
      show({ length_ms, slot_ms, tempo: speech.tempo, level: segment.issues.includes("over_slot") ? "over" : segment.issues.includes("fast_speech") ? "fast" : "ok" }, false);
      return;
    }
    timer = setTimeout(async () => {
      const prediction = await send("predictions", { segment: segment.name, text }).catch(() => ({}));
      if (mine === number && prediction.length_ms) show(prediction, true);
    }, PREDICT_AFTER_MS);
  };
}

function alternatives(segment, choose) {
  const others = segment.alternatives.filter((text) => text !== segment.text);
  if (!others.length) return null;
  return el("div", { class: "alternatives" }, el("span", { class: "muted" }, t("alternatives")),
    others.map((text) => el("button", { type: "button", class: "quiet", onclick: () => choose(text) }, text)));
}

function listen(name, segment, actions) {
  return el("button", { type: "button", disabled: !segment.speech, class: "sound", onclick: () => actions.listen(name) }, t(name));
}

function choice(label, id, options, value, change) {
  const select = el("select", { id, onchange: () => change(select.value) }, options.map(([key, text]) => el("option", { value: key }, text)));
  select.value = value;
  return el("label", { class: "setting" }, el("span", {}, label), select);
}

function voice(segment, view, actions) {
  if (!view.voices.length) return null;
  const automatic = segment.voice || !segment.speech ? t("speakersVoice") : t("speakersVoiceIs", { voice: segment.speech.voice });
  const names = [...new Set([...view.voices, ...(segment.voice ? [segment.voice] : [])])];
  return choice(t("voice"), "voice", [["", automatic], ...names.map((name) => [name, name])], segment.voice ?? "", actions.voice);
}

function speaker(segment, view, actions) {
  if (!view.speakers.length) return null;
  const next = String.fromCharCode(65 + view.speakers.length);
  const options = [...view.speakers.map((name) => [name, name]), ...(view.speakers.length < 26 ? [[next, t("newSpeaker", { name: next })]] : [])];
  return choice(t("speaker"), "speaker", options, segment.speaker ?? "", actions.speaker);
}

function gains(segment, actions) {
  if (segment.tts_gain === null) return null;
  const apply = el("button", { type: "button", hidden: true }, t("apply"));
  const fields = ["tts_gain", "bgm_gain"].map((name) => {
    const label = t(name === "tts_gain" ? "ttsGain" : "bgmGain"), value = segment[name];
    const number = el("input", { type: "number", min: "0", max: "10", step: "any", value: String(value), name });
    const slider = el("input", { type: "range", min: "0", max: "2", step: "0.05", value: String(value), "aria-label": label });
    slider.addEventListener("input", () => { number.value = slider.value; show(); });
    number.addEventListener("input", () => { slider.value = number.value; show(); });
    return el("div", { class: "gain" }, el("label", {}, el("span", {}, label), number), slider);
  });
  const inputs = fields.map((field) => field.querySelector("[type=number]"));
  const changes = () => Object.fromEntries(inputs.filter((input) => input.value !== "" && Number(input.value) !== segment[input.name]).map((input) => [input.name, Number(input.value)]));
  const show = () => { apply.hidden = !Object.keys(changes()).length; };
  apply.addEventListener("click", () => { if (inputs.every((input) => input.reportValidity())) actions.gains(changes()); });
  return el("div", { class: "gains" }, fields, apply);
}

function place(segment, text, actions) {
  const [start, end] = [segment.start_ms, segment.end_ms].map((ms, at) => el("input", { type: "number", min: "0", step: "0.01", value: (ms / 1000).toFixed(3), id: at ? "end" : "start" }));
  const apply = el("button", { type: "button", hidden: true, onclick: () => actions.move(Math.round(start.value * 1000), Math.round(end.value * 1000)) }, t("apply"));
  for (const input of [start, end]) input.addEventListener("input", () => { apply.hidden = false; });
  const button = (name, action) => el("button", { type: "button", onclick: action }, t(name));
  return el("details", { class: "place-details", open: actions.isPlaceOpen(), ontoggle: (event) => actions.placeToggled(event.target.open) },
    el("summary", {}, t("place"), el("span", { class: "muted" }, `${clock(segment.start_ms)} – ${clock(segment.end_ms)}`)),
    el("div", { class: "borders" }, el("label", {}, el("span", {}, t("from")), start), el("label", {}, el("span", {}, t("to")), end), apply),
    el("div", { class: "buttons" },
      button("split", () => actions.split(text.value, text.selectionStart)), button("merge", actions.merge),
      button("insert", actions.insert), button("delete", actions.delete)));
}

function note(segment, actions) {
  const field = el("textarea", { id: "note", rows: 1, maxLength: 2000, placeholder: t("note") });
  field.value = segment.note;
  field.setAttribute("aria-label", t("note"));
  field.addEventListener("change", () => actions.note(field.value));
  const checked = el("input", { type: "checkbox", id: "checked", checked: segment.is_checked, onchange: () => actions.checked(checked.checked) });
  return el("div", { class: "review-line" }, el("label", { class: "check" }, checked, el("span", {}, t("checked"))), field);
}

function issues(segment, view) {
  if (!segment.issues.length) return null;
  return el("ul", { class: "issues" }, segment.issues.map((name) => {
    const issue = issueOf(name, view.issues);
    return el("li", { class: issue.level }, el("b", {}, issue.title), ` ${issue.meaning}; ${issue.remedy}`);
  }));
}
