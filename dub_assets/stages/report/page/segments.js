// The list of segments: selection, order, filter, keyboard shortcuts; and the start of the page.

let current = null;

function select(card, { scroll = true } = {}) {
  for (const other of document.querySelectorAll(".is-current")) other.classList.remove("is-current");
  current = card;
  card.classList.add("is-current");
  for (const bar of document.querySelectorAll(`.bar[href="#${card.id}"], .bar[data-segment="${card.id.slice(1)}"]`))
    bar.classList.add("is-current");
  if (scroll) card.scrollIntoView({ block: "nearest" });
  if (!isPlaying()) seekTo(Number(card.dataset.start));
}

function playCard(card, name, pressed) {
  if (pressed && pressed === activeButton && isPlaying()) return pause();
  select(card, { scroll: false });
  return start(name, Number(card.dataset.from), Number(card.dataset.to), pressed);
}

for (const card of cards) {
  for (const button of card.querySelectorAll("[data-play]"))
    button.addEventListener("click", () => playCard(card, button.dataset.play, button));
  for (const canvas of card.querySelectorAll(".mini"))
    canvas.addEventListener("click", () => playCard(card, canvas.dataset.lane));
}
for (const bar of document.querySelectorAll("a.bar"))
  bar.addEventListener("click", (event) => {
    const card = $(bar.getAttribute("href").slice(1));
    event.preventDefault();
    if (card.hidden) showAll();
    select(card);
    card.focus({ preventScroll: true });
  });
for (const canvas of laneCanvases)
  canvas.addEventListener("click", (event) => {
    const left = event.clientX - inner.getBoundingClientRect().left;
    seekTo((left / inner.clientWidth) * data.duration);
  });

const order = () => document.querySelector('[name="order"]:checked').value;

function sort() {
  const compare = order() === "time"
    ? (a, b) => a.dataset.start - b.dataset.start
    : (a, b) => b.dataset.priority - a.dataset.priority || a.dataset.start - b.dataset.start;
  $("list").append(...cards.sort(compare));
}

function filter() {
  for (const card of cards) card.hidden = $("only").checked && card.matches(".ok");
  $("none").hidden = cards.some((card) => !card.hidden);
}

function showAll() {
  $("only").checked = false;
  filter();
}

for (const radio of document.getElementsByName("order")) radio.addEventListener("change", sort);
$("only").addEventListener("change", filter);

function step(count) {
  const shown = cards.filter((card) => !card.hidden), at = shown.indexOf(current);
  const card = shown[at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + count))];
  if (card) select(card);
}

const keys = {
  " ": toggle,
  j: () => step(1),
  k: () => step(-1),
  p: () => current && playCard(current, track),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onControl = event.target.closest("button, a, summary, input[type=checkbox]");
  if (event.key === " " && onControl) return;
  const radio = document.getElementsByName("track")[Number(event.key) - 1];
  if (radio && !radio.disabled) radio.click();
  const action = keys[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
});

zoom.addEventListener("input", layOutTimeline);
scroller.addEventListener("scroll", () => requestAnimationFrame(drawTimeline), { passive: true });
new ResizeObserver(() => {
  layOutTimeline();
  visibleCards.forEach(drawCard);
}).observe(scroller);
sort();
show();
clipAt(track, 0);
Promise.all(loading).then(() => {
  layOutTimeline();
  cards.forEach((card) => cardObserver.observe(card));
  document.documentElement.dataset.ready = "";
});
