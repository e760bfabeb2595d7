/** The list of segments. Only rows near the window exist, so a list of thousands stays fluent. */

import { el, clock } from "./util.js";
import { issueOf } from "./issues.js";
import { t } from "./texts.js";

const scroller = document.getElementById("scroller");
const list = document.getElementById("list");
const none = document.getElementById("none");
const MARGIN = 6;

export class SegmentList extends EventTarget {
  #segments = []; #rows = new Map(); #selected = null; #card = null; #cardHeight = 0; #states = () => ({});
  #issues = {};
  #resized = new ResizeObserver(() => this.#measure());

  constructor() {
    super();
    scroller.addEventListener("scroll", () => this.#render(), { passive: true });
    new ResizeObserver(() => this.#layout()).observe(scroller);
  }

  /** Show segments; `states` tells for a name what is unsaved or running. */
  show(segments, issues, states) {
    this.#segments = segments;
    this.#issues = issues;
    this.#states = states;
    none.hidden = segments.length > 0;
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.#layout();
  }

  get segments() { return this.#segments; }

  /** Open a segment with a card below its row; null closes the open one. */
  open(name, card) {
    if (this.#card) this.#resized.unobserve(this.#card);
    this.#rows.get(this.#selected)?.remove();
    this.#rows.delete(this.#selected);
    this.#rows.get(name)?.remove();
    this.#rows.delete(name);
    this.#selected = name;
    this.#card = card;
    this.#cardHeight = 0;
    if (card) this.#resized.observe(card);
    this.#render();
    this.#measure();
  }

  /** Scroll a segment into the window. */
  reveal(name) {
    const at = this.#segments.findIndex((segment) => segment.name === name);
    if (at < 0) return;
    const top = this.#top(at), bottom = top + this.#rowHeight + this.#cardHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = Math.min(top, bottom - scroller.clientHeight);
    this.#render();
  }

  /** Draw a row again. */
  refresh(name) {
    const row = this.#rows.get(name), at = this.#segments.findIndex((segment) => segment.name === name);
    if (!row || at < 0) return;
    row.querySelector(".row").replaceWith(this.#row(this.#segments[at]));
  }

  focusRow(name) { this.#rows.get(name)?.querySelector(".row").focus({ preventScroll: true }); }

  get #rowHeight() { return parseFloat(getComputedStyle(list).getPropertyValue("--row")) * 16; }
  get #selectedAt() { return this.#segments.findIndex((segment) => segment.name === this.#selected); }

  #top(at) {
    const selected = this.#selectedAt;
    return at * this.#rowHeight + (selected >= 0 && at > selected ? this.#cardHeight : 0);
  }

  #measure() {
    const height = this.#card?.isConnected ? this.#card.offsetHeight : 0;
    if (height !== this.#cardHeight) { this.#cardHeight = height; this.#layout(); }
  }

  #layout() {
    list.style.height = `${this.#top(this.#segments.length)}px`;
    for (const [name, row] of this.#rows) row.style.transform = `translateY(${this.#top(this.#segments.findIndex((one) => one.name === name))}px)`;
    this.#render();
  }

  #render() {
    const height = this.#rowHeight, from = scroller.scrollTop, to = from + scroller.clientHeight;
    const selected = this.#selectedAt;
    const shift = selected >= 0 && from > this.#top(selected) + height + this.#cardHeight ? this.#cardHeight : 0;
    const first = Math.max(0, Math.floor((from - shift) / height) - MARGIN);
    const wanted = new Set(selected >= 0 ? [this.#selected] : []);
    for (let at = first; at < this.#segments.length && this.#top(at) < to + MARGIN * height; at++) wanted.add(this.#segments[at].name);
    for (const [name, row] of this.#rows) {
      if (wanted.has(name) || row.contains(document.activeElement)) continue;
      row.remove();
      this.#rows.delete(name);
    }
    let before = null;
    this.#segments.forEach((segment, at) => {
      if (!wanted.has(segment.name)) return;
      let item = this.#rows.get(segment.name);
      if (!item) {
        item = el("li", { class: "item", "aria-setsize": String(this.#segments.length), "aria-posinset": String(at + 1) }, this.#row(segment));
        if (segment.name === this.#selected && this.#card) item.append(this.#card);
        item.style.transform = `translateY(${this.#top(at)}px)`;
        this.#rows.set(segment.name, item);
        if (before) before.after(item); else list.prepend(item);
      }
      before = item;
    });
  }

  #row(segment) {
    const { isDraft, state } = this.#states(segment.name), isOpen = segment.name === this.#selected;
    const marks = [
      state && el("span", { class: "chip run" }, t(state)),
      isDraft && el("span", { class: "chip draft" }, t("draft")),
      ...segment.issues.map((issue) => el("span", { class: `chip ${issueOf(issue, this.#issues).level}` }, issueOf(issue, this.#issues).title)),
      segment.note && el("span", { class: "chip" }, t("note")),
      segment.is_checked && el("span", { class: "chip ok" }, t("checked")),
      segment.is_edited && el("span", { class: "chip" }, t("isEdited")),
    ].filter(Boolean);
    return el("button", { class: "row", type: "button", "aria-expanded": String(isOpen), "data-name": segment.name,
      onclick: () => this.dispatchEvent(new CustomEvent("toggle", { detail: segment.name })) },
      el("span", { class: "place" }, el("b", {}, segment.name), el("span", {}, clock(segment.start_ms)), segment.speaker && el("span", { class: "speaker" }, segment.speaker)),
      el("span", { class: "texts" }, el("span", { class: "source" }, segment.original), el("span", { class: "target" }, segment.text)),
      el("span", { class: "chips" }, marks),
    );
  }
}
