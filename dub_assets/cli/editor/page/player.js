/** The picture with original or dub, and single segments as they sound now, in step with the picture. */

import { clock } from "./util.js";
import { t } from "./texts.js";

const picture = document.getElementById("picture");
const play = document.getElementById("play");
const time = document.getElementById("time");
const line = new Audio();

export class Player extends EventTarget {
  #versions = {};
  #end = null;

  constructor() {
    super();
    play.addEventListener("click", () => this.toggle());
    picture.addEventListener("click", () => this.toggle());
    for (const input of document.querySelectorAll("[name=track]")) input.addEventListener("change", () => this.#select());
    for (const event of ["play", "pause", "seeked", "loadedmetadata"]) picture.addEventListener(event, () => this.#show());
    picture.addEventListener("error", () => this.dispatchEvent(new CustomEvent("unplayable", { detail: this.track })));
    picture.addEventListener("ended", () => this.#stopLine());
    line.addEventListener("ended", () => { if (this.#end !== null) this.pause(); });
    const tick = () => { if (!picture.paused) this.#tick(); requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
  }

  get track() { return document.querySelector("[name=track]:checked").value; }
  get now() { return picture.currentTime * 1000; }
  get isPlaying() { return !picture.paused; }

  /** Set the versions of both videos, null if there is none; a changed one is loaded again at the same place. */
  setVersions(versions) {
    const changed = versions[this.track] !== this.#versions[this.track];
    this.#versions = versions;
    document.querySelector("[name=track][value=dub]").disabled = !versions.dub;
    if (!versions[this.track] && this.track === "dub") document.querySelector("[name=track][value=original]").checked = true;
    if (changed || !picture.src) this.#select();
  }

  switchTrack() {
    const other = document.querySelector("[name=track]:not(:checked):not(:disabled)");
    if (other) { other.checked = true; this.#select(); }
  }

  toggle() { if (picture.paused) this.play(); else this.pause(); }

  play() { this.#stopLine(); picture.play().catch(() => {}); }

  pause() { picture.pause(); this.#stopLine(); }

  seek(ms) {
    this.#stopLine();
    picture.currentTime = Math.max(0, ms / 1000);
    this.#show();
  }

  /** Play a sound that covers `[start, end)` of the programme together with the muted picture. */
  playSound(address, start, end) {
    this.pause();
    picture.currentTime = start / 1000;
    picture.muted = true;
    this.#end = end;
    line.src = address;
    return Promise.allSettled([line.play(), picture.play()]);
  }

  #select() {
    const place = picture.currentTime, wasPlaying = !picture.paused;
    this.#stopLine();
    const version = this.#versions[this.track];
    if (!version) return;
    picture.src = `video/${this.track}?v=${version}`;
    picture.addEventListener("loadedmetadata", () => {
      picture.currentTime = place;
      if (wasPlaying) picture.play().catch(() => {});
    }, { once: true });
  }

  #stopLine() {
    if (this.#end === null) return;
    this.#end = null;
    line.pause();
    picture.muted = false;
  }

  #tick() {
    if (this.#end !== null && this.now >= this.#end && line.ended) this.pause();
    this.#show();
  }

  #show() {
    time.textContent = clock(this.now);
    play.setAttribute("aria-pressed", String(!picture.paused));
    play.setAttribute("aria-label", picture.paused ? t("play") : t("pause"));
    this.dispatchEvent(new Event("time"));
  }
}
