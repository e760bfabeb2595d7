/** The open segment: its text, voice, gains, and what can be heard of it. */

import { el, clock } from "./util.js";
import { t } from "./texts.js";

const seconds = (ms) => (ms / 1000).toFixed(1);

/** Return the card of a segment. `actions` are what its controls do; `draft` is unsaved text, `state` a running edit. */
export function card(segment, view, { draft, state }, actions) {
  const text = el("textarea", { class: "text", rows: 2, lang: view.target_language.code, spellcheck: true, maxLength: 5000, id: "text" });
  text.value = draft ?? segment.text;
  const speak = el("button", { type: "button", class: "primary", id: "speak", onclick: () => actions.speak() }, state ? t("speaking") : t("speak"));
  const revert = el("button", { type: "button", onclick: () => { text.value = segment.text; changed(); text.focus(); } }, t("revert"));
  const fit = () => { text.style.height = "auto"; text.style.height = `${text.scrollHeight + 2}px`; };
  const changed = () => {
    const isChanged = text.value.trim() !== segment.text;
    revert.hidden = !isChanged;
    fit();
    actions.draft(isChanged ? text.value : null);
  };
  text.addEventListener("input", changed);
  revert.hidden = draft === undefined || draft === null;
  const element = el("div", { class: "card", role: "group", "aria-label": t("segment", { name: segment.name }) },
    facts(segment),
    el("p", { class: "original", lang: view.source_language.code }, segment.original),
    el("label", { class: "field" }, el("span", { class: "hidden" }, t("translation")), text),
    alternatives(segment, (choice) => { text.value = choice; changed(); text.focus(); }),
    el("div", { class: "buttons" }, speak, revert,
      el("span", { class: "listen" },
        listen("hear", segment, actions), listen("hearOriginal", segment, actions), listen("hearLine", segment, actions))),
    gains(segment, actions),
    issues(segment, view),
  );
  requestAnimationFrame(fit);
  return element;
}

function facts(segment) {
  const { speech } = segment;
  return el("p", { class: "facts" },
    el("span", {}, `${clock(segment.start_ms)} – ${clock(segment.end_ms)}`),
    speech && el("span", {}, t("slot", { length: seconds(speech.end_ms - speech.start_ms), slot: seconds(speech.slot_end_ms - speech.slot_start_ms) })),
    speech && el("span", {}, `${t("tempo")} ${speech.tempo.toFixed(2)}`),
    speech && el("span", {}, `${t("voice")} ${speech.voice}`));
}

function alternatives(segment, choose) {
  const shorter = segment.alternatives.filter((text) => text !== segment.text);
  if (!shorter.length) return null;
  return el("div", { class: "alternatives" }, el("span", { class: "muted" }, t("alternatives")),
    shorter.map((text) => el("button", { type: "button", class: "quiet", onclick: () => choose(text) }, text)));
}

function listen(name, segment, actions) {
  return el("button", { type: "button", disabled: !segment.speech, class: "sound", onclick: () => actions.listen(name) }, t(name));
}

function gains(segment, actions) {
  if (segment.tts_gain === null) return null;
  const apply = el("button", { type: "button", hidden: true }, t("apply"));
  const fields = ["tts_gain", "bgm_gain"].map((name) => {
    const label = t(name === "tts_gain" ? "ttsGain" : "bgmGain"), value = segment[name];
    const number = el("input", { type: "number", min: "0", max: "10", step: "0.05", value: String(value), name });
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

function issues(segment, view) {
  if (!segment.issues.length) return null;
  return el("ul", { class: "issues" }, segment.issues.map((name) => {
    const issue = view.issues[name];
    return el("li", { class: issue.level }, el("b", {}, issue.title), ` ${issue.meaning}; ${issue.remedy}`);
  }));
}
