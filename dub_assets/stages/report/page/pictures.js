"use strict";
// Waveforms and spectrograms of the timeline and of the segment cards. The texts of the page do not need this script.

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const cards = [...document.querySelectorAll(".segment")];
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

const BACKGROUND = "#0d0f18", WAVE = { original: "#7fd4ff", mix: "#c9a6ff" };
const lanes = data.lanes;
const loading = Object.values(lanes).flatMap((lane) => {
  lane.peaks = bytes(lane.peaks);
  lane.loudest = lane.peaks.reduce((highest, peak) => Math.max(highest, peak), 1);
  lane.tiles = lane.tiles.map((tile) => Object.assign(new Image(), { src: `data:image/png;base64,${tile}` }));
  return lane.tiles.map((tile) => tile.decode());
});
const loudest = Math.max(...Object.values(lanes).map((lane) => lane.loudest));

/** Fill a canvas with a stretch of a lane (ms): waveform above, spectrogram below. */
function draw(canvas, from, to) {
  const lane = lanes[canvas.dataset.lane], ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
  if (!lane || !width) return;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d"), wave = Math.round(height * 0.4);
  context.fillStyle = BACKGROUND;
  context.fillRect(0, 0, width, height);
  const column = (ms) => (ms / data.duration) * lane.columns;
  const first = column(from), last = column(to), pixelsPerColumn = width / (last - first);
  lane.tiles.forEach((tile, number) => {
    const start = number * lane.tileColumns;
    const begin = Math.max(first, start), end = Math.min(last, start + tile.width);
    if (begin < end)
      context.drawImage(tile, begin - start, 0, end - begin, tile.height,
        (begin - first) * pixelsPerColumn, wave, (end - begin) * pixelsPerColumn, height - wave);
  });
  context.fillStyle = WAVE[canvas.dataset.lane];
  for (let x = 0; x < width; x += 1) {
    const begin = Math.floor(first + x / pixelsPerColumn), end = Math.max(begin + 1, Math.ceil(first + (x + 1) / pixelsPerColumn));
    let peak = 0;
    for (let at = begin; at < end; at += 1) peak = Math.max(peak, lane.peaks[at] || 0);
    const tall = Math.max(ratio, (peak / loudest) ** 0.7 * wave * 0.94);
    context.fillRect(x, (wave - tall) / 2, 1, tall);
  }
  const marked = [canvas.dataset.markFrom, canvas.dataset.markTo].map((ms) => (column(Number(ms)) - first) * pixelsPerColumn);
  if (canvas.dataset.markTo) {
    context.fillStyle = "#0d0f18a6";
    context.fillRect(0, 0, marked[0], height);
    context.fillRect(marked[1], 0, width - marked[1], height);
  }
}

const scroller = $("scroller"), inner = $("lanes"), zoom = $("zoom");
const laneCanvases = [...inner.querySelectorAll(".lane")];

/** Return the width of the whole programme in pixels: from the visible width to 120 pixels a second. */
function fullWidth() {
  const fitting = Math.max(scroller.clientWidth, (data.duration / 1000) * 12);
  const closest = Math.max(fitting, Math.min(4e6, (data.duration / 1000) * 120));
  return fitting * (closest / fitting) ** (zoom.value / 100);
}

function drawTimeline() {
  const width = inner.clientWidth, visible = scroller.clientWidth;
  for (const canvas of laneCanvases) {
    canvas.style.width = `${visible}px`;
    draw(canvas, (scroller.scrollLeft / width) * data.duration, ((scroller.scrollLeft + visible) / width) * data.duration);
  }
}

function layOutTimeline() {
  const middle = scroller.scrollLeft ? (scroller.scrollLeft + scroller.clientWidth / 2) / inner.clientWidth : 0;
  inner.style.width = `${fullWidth()}px`;
  scroller.scrollLeft = middle * inner.clientWidth - scroller.clientWidth / 2;
  const perSecond = inner.clientWidth / (data.duration / 1000);
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((seconds) => seconds * perSecond >= 64) || 1800;
  const marks = [];
  for (let second = 0; second * 1000 < data.duration; second += step) {
    const mark = document.createElement("span");
    mark.textContent = clock(second * 1000).replace(/\.\d$/, "");
    mark.style.left = `${(100000 * second) / data.duration}%`;
    marks.push(mark);
  }
  $("ruler").replaceChildren(...marks);
  drawTimeline();
}

function drawCard(card) {
  for (const canvas of card.querySelectorAll(".mini")) draw(canvas, Number(card.dataset.from), Number(card.dataset.to));
}

/** Cards near the viewport keep their pictures; the memory of all others is released. */
const visibleCards = new Set();
const cardObserver = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    visibleCards[isIntersecting ? "add" : "delete"](target);
    if (isIntersecting) drawCard(target);
    else for (const canvas of target.querySelectorAll(".mini")) canvas.width = 0;
  }
}, { rootMargin: "300px" });
