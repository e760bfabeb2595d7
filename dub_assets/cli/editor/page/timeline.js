/** The timeline: ruler, waveform of the original, segments, and waveforms of the lines where they are spoken. */

import { bytes, colour, clock } from "./util.js";
import { load } from "./api.js";
import { t } from "./texts.js";

const canvas = document.getElementById("timeline");
const PEAKS_PER_S = 50;
const BORDER = 6, SHORTEST = 100;
const RULER = 20, GAP = 4;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];

export class Timeline extends EventTarget {
  #view = null; #peaks = { original: new Uint8Array(), lines: new Map() };
  #left = 0; #scale = 60; #now = 0; #selected = null; #isDirty = false; #drag = null; #border = null;

  constructor() {
    super();
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    document.getElementById("zoom-in").addEventListener("click", () => this.zoom(1.5));
    document.getElementById("zoom-out").addEventListener("click", () => this.zoom(1 / 1.5));
  }

  /** Show a job; the waveforms of lines that changed are loaded. */
  async show(view) {
    this.#view = view;
    canvas.setAttribute("aria-label", t("timelineLabel", { count: view.segments.length }));
    this.draw();
    const known = this.#peaks.lines;
    if (view.segments.every(({ speech }) => !speech || known.has(speech.sound))) return;
    const peaks = await load("peaks");
    this.#peaks = {
      original: bytes(peaks.original),
      lines: new Map(Object.entries(peaks.lines).map(([sound, text]) => [sound, bytes(text)])),
    };
    this.draw();
  }

  select(segment) {
    this.#selected = segment?.name ?? null;
    if (segment) this.#reveal(segment.start_ms, segment.end_ms);
    this.draw();
  }

  setNow(ms, follows) {
    this.#now = ms;
    if (follows) this.#reveal(ms, ms);
    this.draw();
  }

  zoom(factor) {
    const centre = this.#left + this.#width / 2 / this.#scale;
    this.#scale = Math.min(400, Math.max(this.#width / this.#length, this.#scale * factor));
    this.#scrollTo(centre - this.#width / 2 / this.#scale);
  }

  draw() {
    if (this.#isDirty) return;
    this.#isDirty = true;
    requestAnimationFrame(() => { this.#isDirty = false; if (this.#view) this.#paint(); });
  }

  get #width() { return canvas.clientWidth; }
  get #length() { return Math.max(1, (this.#view?.duration_ms ?? 1000) / 1000); }

  #x(ms) { return (ms / 1000 - this.#left) * this.#scale; }
  #ms(x) { return (this.#left + x / this.#scale) * 1000; }

  #scrollTo(seconds) {
    this.#left = Math.max(0, Math.min(seconds, this.#length - this.#width / this.#scale));
    this.draw();
  }

  #reveal(start, end) {
    const shown = this.#width / this.#scale;
    if (start / 1000 < this.#left || end / 1000 > this.#left + shown) this.#scrollTo(start / 1000 - shown * 0.15);
  }

  #wheel(event) {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2);
    else this.#scrollTo(this.#left + (event.deltaX || event.deltaY) / this.#scale);
  }

  /** Return the border of the selected segment at a place of the pointer, `start_ms` or `end_ms`; null if there is none. */
  #borderAt(x) {
    const segment = this.#view?.segments.find(({ name }) => name === this.#selected);
    if (!segment) return null;
    const border = ["start_ms", "end_ms"].find((name) => Math.abs(this.#x(segment[name]) - x) <= BORDER);
    return border ? { segment, border, start_ms: segment.start_ms, end_ms: segment.end_ms } : null;
  }

  #moveBorder(x) {
    const { segment, border } = this.#border, at = this.#view.segments.indexOf(segment);
    const before = this.#view.segments[at - 1]?.end_ms ?? 0, after = this.#view.segments[at + 1]?.start_ms ?? this.#view.duration_ms;
    const ms = Math.round(this.#ms(x));
    this.#border[border] = border === "start_ms" ? Math.max(before, Math.min(ms, segment.end_ms - SHORTEST)) : Math.min(after, Math.max(ms, segment.start_ms + SHORTEST));
    this.draw();
  }

  #press(event) {
    this.#border = this.#borderAt(event.offsetX);
    this.#drag = { x: event.offsetX, left: this.#left, moved: false };
    canvas.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag) { canvas.style.cursor = this.#borderAt(event.offsetX) ? "ew-resize" : ""; return; }
    if (this.#border) { this.#moveBorder(event.offsetX); return; }
    drag.moved ||= Math.abs(event.offsetX - drag.x) > 4;
    if (drag.moved) this.#scrollTo(drag.left - (event.offsetX - drag.x) / this.#scale);
  }

  #release(event) {
    const drag = this.#drag;
    const border = this.#border;
    this.#drag = this.#border = null;
    if (border) {
      if (border.start_ms !== border.segment.start_ms || border.end_ms !== border.segment.end_ms) this.dispatchEvent(new CustomEvent("move", { detail: border }));
      return;
    }
    if (!drag || drag.moved) return;
    const ms = Math.max(0, Math.min(this.#ms(event.offsetX), this.#view.duration_ms));
    const segment = this.#view.segments.find(({ start_ms, end_ms }) => start_ms <= ms && ms < end_ms);
    this.dispatchEvent(new CustomEvent("pick", { detail: { ms, segment } }));
  }

  #paint() {
    const ratio = devicePixelRatio, width = this.#width, height = canvas.clientHeight;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const lane = (height - RULER - 2 * GAP) / 2;
    const colours = Object.fromEntries(["muted", "line", "accent", "wave", "wave-dub", "segment", "segment-on", "review", "ink"].map((name) => [name, colour(name)]));
    this.#paintRuler(context, width, colours);
    this.#paintSegments(context, RULER, lane, width, colours);
    this.#paintWave(context, this.#peaks.original, 0, RULER, lane, width, colours.wave);
    for (const { speech } of this.#view.segments) {
      if (!speech || this.#x(speech.end_ms) < 0 || this.#x(speech.window_start_ms) > width) continue;
      const peaks = this.#peaks.lines.get(speech.sound);
      if (peaks) this.#paintWave(context, peaks, speech.window_start_ms, RULER + lane + GAP, lane, width, colours["wave-dub"]);
    }
    context.fillStyle = colours.accent;
    context.fillRect(Math.round(this.#x(this.#now)) - 1, 0, 2, height);
  }

  #paintRuler(context, width, colours) {
    const step = STEPS_S.find((seconds) => seconds * this.#scale >= 70) ?? 3600;
    context.font = "11px system-ui, sans-serif";
    for (let second = Math.floor(this.#left / step) * step; second <= this.#left + width / this.#scale; second += step) {
      const x = Math.round(this.#x(second * 1000));
      context.fillStyle = colours.line;
      context.fillRect(x, 0, 1, RULER - 4);
      context.fillStyle = colours.muted;
      context.fillText(clock(second * 1000).replace(/\.0$/, ""), x + 4, 12);
    }
  }

  #paintSegments(context, top, lane, width, colours) {
    for (const segment of this.#view.segments) {
      const { start_ms, end_ms } = this.#border?.segment === segment ? this.#border : segment;
      const x = this.#x(start_ms), end = this.#x(end_ms);
      if (end < 0 || x > width) continue;
      context.fillStyle = segment.name === this.#selected ? colours["segment-on"] : colours.segment;
      context.fillRect(x, top, Math.max(1, end - x - 1), 2 * lane + GAP);
      if (segment.issues.length) {
        context.fillStyle = colours.review;
        context.fillRect(x, top, Math.max(1, end - x - 1), 2);
      }
      if (end - x > 34) {
        context.fillStyle = colours.muted;
        context.fillText(segment.name, x + 4, top + 13);
      }
    }
  }

  #paintWave(context, peaks, start, top, lane, width, fill) {
    const perColumn = PEAKS_PER_S / this.#scale, origin = this.#x(start), middle = top + lane / 2;
    const first = Math.max(0, Math.floor(origin)), last = Math.min(width, Math.ceil(this.#x(start + peaks.length * 1000 / PEAKS_PER_S)));
    context.fillStyle = fill;
    for (let x = first; x < last; x++) {
      const from = Math.max(0, Math.floor((x - origin) * perColumn)), to = Math.max(from + 1, Math.floor((x + 1 - origin) * perColumn));
      let peak = 0;
      for (let at = from; at < to && at < peaks.length; at++) peak = Math.max(peak, peaks[at]);
      const half = Math.max(0.5, (peak / 255) ** 0.7 * (lane / 2 - 2));
      context.fillRect(x, middle - half, 1, 2 * half);
    }
  }
}
