// The segments: choosing, sorting, filtering, keys; and the start of everything.

let current = null;

function choose(card, { scroll = true } = {}) {
  for (const one of document.querySelectorAll(".is-current")) one.classList.remove("is-current");
  current = card;
  card.classList.add("is-current");
  for (const bar of document.querySelectorAll(`.bar[href="#${card.id}"], .bar[data-segment="${card.id.slice(1)}"]`))
    bar.classList.add("is-current");
  if (scroll) card.scrollIntoView({ block: "nearest" });
  if (!isPlaying()) go(Number(card.dataset.start));
}

function playCard(card, name, by) {
  if (by && by === button && isPlaying()) return pause();
  choose(card, { scroll: false });
  return start(name, Number(card.dataset.from), Number(card.dataset.to), by);
}

for (const card of cards) {
  for (const one of card.querySelectorAll("[data-play]"))
    one.addEventListener("click", () => playCard(card, one.dataset.play, one));
  for (const canvas of card.querySelectorAll(".mini"))
    canvas.addEventListener("click", () => playCard(card, canvas.dataset.lane));
}
for (const bar of document.querySelectorAll("a.bar"))
  bar.addEventListener("click", (event) => {
    const card = $(bar.getAttribute("href").slice(1));
    event.preventDefault();
    if (card.hidden) showAll();
    choose(card);
    card.focus({ preventScroll: true });
  });
for (const canvas of wide)
  canvas.addEventListener("click", (event) => {
    const left = event.clientX - inner.getBoundingClientRect().left;
    go((left / inner.clientWidth) * data.duration);
  });

const ordered = () => document.querySelector('[name="order"]:checked').value;

function sort() {
  const by = ordered() === "time"
    ? (one, other) => one.dataset.start - other.dataset.start
    : (one, other) => other.dataset.attention - one.dataset.attention || one.dataset.start - other.dataset.start;
  $("list").append(...cards.sort(by));
}

function filter() {
  for (const card of cards) card.hidden = $("only").checked && card.matches(".fine");
  $("none").hidden = cards.some((card) => !card.hidden);
}

function showAll() {
  $("only").checked = false;
  filter();
}

for (const radio of document.getElementsByName("order")) radio.addEventListener("change", sort);
$("only").addEventListener("change", filter);


function step(by) {
  const shown = cards.filter((card) => !card.hidden), at = shown.indexOf(current);
  const card = shown[at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by))];
  if (card) choose(card);
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


zoom.addEventListener("input", layTimeline);
scroller.addEventListener("scroll", () => requestAnimationFrame(drawTimeline), { passive: true });
new ResizeObserver(() => {
  layTimeline();
  near.forEach(drawCard);
}).observe(scroller);
sort();
show();
pieceAt(track, 0);
Promise.all(loading).then(() => {
  layTimeline();
  cards.forEach((card) => seen.observe(card));
  document.documentElement.dataset.ready = "";
});
