// The player: one position, one track at a time, from the sounds in the page.

const play = $("play"), seek = $("seek"), time = $("time"), said = $("said"), playhead = $("playhead");
let track = "mix", position = 0, piece = null, stopAt = Infinity, button = null;

function clock(ms) {
  const tenths = Math.floor(ms / 100), minutes = Math.floor(tenths / 600), hours = Math.floor(minutes / 60);
  const rest = `${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** The piece of a track that has this time, with its audio element; undefined where the page has none. */
function pieceAt(name, ms) {
  const found = data.sounds.find((one) => one.track === name && one.start <= ms && ms < one.end);
  if (found && !found.audio) {
    found.audio = new Audio(URL.createObjectURL(new Blob([bytes(found.data)], { type: "audio/webm" })));
    found.audio.dataset.track = name;
    found.audio.addEventListener("ended", pause);
    document.body.append(found.audio);
    found.data = null;
  }
  return found;
}

const isPlaying = () => piece !== null && !piece.audio.paused;

function show() {
  const share = position / data.duration;
  seek.value = position;
  time.value = clock(position);
  seek.setAttribute("aria-valuetext", clock(position));
  playhead.hidden = false;
  playhead.style.left = `${100 * share}%`;
  play.setAttribute("aria-pressed", String(isPlaying()));
  play.setAttribute("aria-label", isPlaying() ? "Pause" : "Play");
  for (const one of document.querySelectorAll("button.is-playing")) if (one !== button) one.classList.remove("is-playing");
  if (button) button.classList.toggle("is-playing", isPlaying());
}

function pause() {
  if (piece) piece.audio.pause();
  stopAt = Infinity;
  show();
  button = null;
}

async function start(name, ms, until = Infinity, by = null) {
  if (piece) piece.audio.pause();
  track = name;
  position = Math.min(ms, data.duration - 1);
  piece = pieceAt(track, position) || null;
  said.textContent = piece ? "" : "This place is not in the page: it holds the segments that need attention.";
  if (!piece) return show();
  stopAt = until;
  button = by;
  piece.audio.currentTime = (position - piece.start) / 1000;
  try {
    await piece.audio.play();
  } catch (error) {
    if (error.name !== "AbortError") said.textContent = `This browser does not play it: ${error.message}`;
  }
  show();
  requestAnimationFrame(follow);
}

function follow() {
  if (!isPlaying()) return;
  position = piece.start + piece.audio.currentTime * 1000;
  if (position >= stopAt) {
    position = stopAt;  // however late the frame comes
    return pause();
  }
  show();
  const at = (position / data.duration) * inner.clientWidth;
  if (at < scroller.scrollLeft || at > scroller.scrollLeft + scroller.clientWidth) scroller.scrollLeft = at - 40;
  requestAnimationFrame(follow);
}

function go(ms) {
  const playing = isPlaying();
  if (playing) return start(track, ms);
  position = Math.max(0, Math.min(ms, data.duration - 1));
  return show();
}

const toggle = () => (isPlaying() ? pause() : start(track, position >= data.duration - 100 ? 0 : position));

play.addEventListener("click", toggle);
seek.addEventListener("input", () => go(Number(seek.value)));
for (const radio of document.getElementsByName("track"))
  radio.addEventListener("change", () => {
    const playing = isPlaying();
    track = radio.value;
    if (playing) start(track, position, stopAt);
    else pieceAt(track, position);
  });
