// The player: plays one track at a time from the sounds in the page.

const play = $("play"), seek = $("seek"), time = $("time"), message = $("message"), playhead = $("playhead");
let track = "mix", position = 0, clip = null, stopAt = Infinity, activeButton = null;

function clock(ms) {
  const tenths = Math.floor(ms / 100), minutes = Math.floor(tenths / 600), hours = Math.floor(minutes / 60);
  const rest = `${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Return the clip of a track at a time, with its audio element; undefined if the page has none. */
function clipAt(name, ms) {
  const sound = data.sounds.find((candidate) => candidate.track === name && candidate.start <= ms && ms < candidate.end);
  if (sound && !sound.audio) {
    sound.audio = new Audio(URL.createObjectURL(new Blob([bytes(sound.data)], { type: "audio/webm" })));
    sound.audio.dataset.track = name;
    sound.audio.addEventListener("ended", pause);
    document.body.append(sound.audio);
    sound.data = null;
  }
  return sound;
}

const isPlaying = () => clip !== null && !clip.audio.paused;

function show() {
  const share = position / data.duration;
  seek.value = position;
  time.value = clock(position);
  seek.setAttribute("aria-valuetext", clock(position));
  playhead.hidden = false;
  playhead.style.left = `${100 * share}%`;
  play.setAttribute("aria-pressed", String(isPlaying()));
  play.setAttribute("aria-label", isPlaying() ? "Pause" : "Play");
  for (const other of document.querySelectorAll("button.is-playing"))
    if (other !== activeButton) other.classList.remove("is-playing");
  if (activeButton) activeButton.classList.toggle("is-playing", isPlaying());
}

function pause() {
  if (clip) clip.audio.pause();
  stopAt = Infinity;
  show();
  activeButton = null;
}

async function start(name, ms, until = Infinity, pressed = null) {
  if (clip) clip.audio.pause();
  track = name;
  position = Math.min(ms, data.duration - 1);
  clip = clipAt(track, position) || null;
  message.textContent = clip ? "" : "No sound here: the report of a long video only has the sound of segments to review.";
  if (!clip) return show();
  stopAt = until;
  activeButton = pressed;
  clip.audio.currentTime = (position - clip.start) / 1000;
  try {
    await clip.audio.play();
  } catch (error) {
    if (error.name !== "AbortError") message.textContent = `This browser cannot play the sound: ${error.message}`;
  }
  show();
  requestAnimationFrame(follow);
}

function follow() {
  if (!isPlaying()) return;
  position = clip.start + clip.audio.currentTime * 1000;
  if (position >= stopAt) {
    position = stopAt;  // a late frame would pass it
    return pause();
  }
  show();
  const at = (position / data.duration) * inner.clientWidth;
  if (at < scroller.scrollLeft || at > scroller.scrollLeft + scroller.clientWidth) scroller.scrollLeft = at - 40;
  requestAnimationFrame(follow);
}

function seekTo(ms) {
  const wasPlaying = isPlaying();
  if (wasPlaying) return start(track, ms);
  position = Math.max(0, Math.min(ms, data.duration - 1));
  return show();
}

const toggle = () => (isPlaying() ? pause() : start(track, position >= data.duration - 100 ? 0 : position));

play.addEventListener("click", toggle);
seek.addEventListener("input", () => seekTo(Number(seek.value)));
for (const radio of document.getElementsByName("track"))
  radio.addEventListener("change", () => {
    const wasPlaying = isPlaying();
    track = radio.value;
    if (wasPlaying) start(track, position, stopAt);
    else clipAt(track, position);
  });
