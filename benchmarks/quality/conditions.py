"""Recorded speech at known places, under conditions in which it is easily missed.

The recordings of ``recordings.py`` are put on a timeline, changed (telephone, radio, a child's pitch, shouting,
singing, changing levels) and mixed with music, noise and crowds. Singing is imitated by speech on changing notes.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from itertools import chain, islice

import numpy as np

from benchmarks.quality.recordings import RATE_HZ, clips_of, prompts, scenes
from dub_assets.core.timing import Interval, merged
from sample.bed import bed

MINUTES = float(os.environ.get("KNOWN_SPEECH_MINUTES", "2"))
"""Length of each programme."""
SPEECH_DBFS = -24.0
PAUSES_S = (0.4, 0.7, 1.2, 2.5)
ACTIVE_DB = -35.0
"""Level below a clip's loudest 20 ms at which it counts as silent."""
CLOSED_GAP_MS = 300

Track = np.ndarray
"""Mono samples at 48 kHz."""


def programmes() -> dict[str, Callable[[], tuple[Track, list[Interval]]]]:
    """Return the builders of all programmes by name; each returns the sound and where someone speaks."""
    return {
        "acted dialogue": lambda: timeline(scenes(("C70D", "C18A")), 0),
        "over music at 3 dB": lambda: over(timeline(scenes(("C18B", "C18C")), 1), music, 3.0),
        "noise at 3 dB": lambda: over(timeline(scenes(("C18D", "C18E")), 2), pink_noise, 3.0),
        "telephone": lambda: changed(timeline(chain(clips_of("Bob", most=40), prompts("it_IT_m_Carlo")), 3), telephone),
        "radio": lambda: over(
            changed(timeline(chain(clips_of("Henry", most=40), clips_of("Faye", most=80)), 4), radio), squelch, 9.0
        ),
        "crowd at 6 dB": lambda: over(timeline(scenes(("C41B", "C69Z")), 5), crowd, 6.0),
        "child": lambda: timeline(map(child, scenes(("C103", "C19A"))), 6),
        "shouting over music": lambda: over(timeline(map(shouted, scenes(("C69G", "C40A"))), 7), music, 6.0),
        "singing over music": lambda: over(timeline(map(sung, clips_of("Naomi", most=40)), 8), music, 6.0),
        "soft and loud": lambda: timeline(uneven(clips_of("Sparky", most=80)), 9),
    }


def timeline(clips, seed: int) -> tuple[Track, list[Interval]]:
    """Return clips one after the other with pauses, and the intervals in which they are not silent."""
    random = np.random.default_rng(seed)
    frames = round(MINUTES * 60 * RATE_HZ)
    track, speech, at = np.zeros(frames, np.float32), [], RATE_HZ
    for clip in clips:
        if at + len(clip) + RATE_HZ > frames:
            break
        track[at : at + len(clip)] = clip * 10 ** (SPEECH_DBFS / 20) / rms(clip)
        speech += [shifted(interval, at * 1000 // RATE_HZ) for interval in active(clip)]
        at += len(clip) + round(random.choice(PAUSES_S) * RATE_HZ)
    return track, merged(speech)


def active(clip: Track) -> list[Interval]:
    """Return the parts of a clip that are not silent."""
    size = RATE_HZ // 50
    level = np.sqrt(np.square(clip[: len(clip) // size * size]).reshape(-1, size).mean(axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (ACTIVE_DB / 20))
    return merged((Interval(start_ms=20 * int(at), end_ms=20 * int(at) + 20) for at in loud), gap_ms=CLOSED_GAP_MS)


def shifted(interval: Interval, by_ms: int) -> Interval:
    return Interval(start_ms=interval.start_ms + by_ms, end_ms=interval.end_ms + by_ms)


def rms(track: Track) -> float:
    return float(np.sqrt(np.mean(np.square(track)))) + 1e-9


def over(programme, background: Callable[[int], Track], speech_db: float):
    """Add a background so much softer than the speech."""
    track, speech = programme
    bedding = background(len(track))
    gain = 10 ** ((SPEECH_DBFS - speech_db) / 20) / rms(bedding)
    return (track + bedding * gain).astype(np.float32), speech


def changed(programme, effect: Callable[[Track], Track]):
    track, speech = programme
    return effect(track), speech


def music(frames: int) -> Track:
    return np.resize(bed().mean(axis=1), frames)


def pink_noise(frames: int) -> Track:
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(frames))
    return np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1.0), frames)


def crowd(frames: int) -> Track:
    """Thirty people at once: nobody can be understood."""
    random = np.random.default_rng(2)
    track = np.zeros(frames, np.float32)
    voices = list(islice(chain(prompts("ru_RU_f_IvrvoiceRU"), prompts("fr_CA_f_June")), 240))
    voices += [voice[::-1] for voice in islice(prompts("it_IT_m_Carlo"), 240)]
    for _ in range(round(30 * frames / RATE_HZ / 2)):
        voice = voices[random.integers(len(voices))]
        at = int(random.integers(max(1, frames - len(voice))))
        track[at : at + len(voice)] += voice[: frames - at] / rms(voice)
    return track


def band(track: Track, low_hz: float, high_hz: float) -> Track:
    """Return a band of a track, 24 dB an octave."""
    hertz = np.fft.rfftfreq(len(track), 1 / RATE_HZ) + 1e-9
    gains = 1 / np.sqrt((1 + (low_hz / hertz) ** 8) * (1 + (hertz / high_hz) ** 8))
    return np.fft.irfft(np.fft.rfft(track) * gains, len(track)).astype(np.float32)


def telephone(track: Track) -> Track:
    """300 to 3,400 Hz, in eight bits by the mu-law."""
    narrow = band(track, 300, 3_400)
    peak = np.abs(narrow).max()
    squeezed = np.sign(narrow) * np.log1p(255 * np.abs(narrow) / peak) / np.log(256)
    steps = np.round(squeezed * 127) / 127
    return (np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255 * peak).astype(np.float32)


def radio(track: Track) -> Track:
    """300 to 3,000 Hz, compressed and distorted."""
    narrow = band(track, 300, 3_000)
    squeezed = band(np.tanh(narrow / rms(narrow) * 3), 300, 3_000)
    return (squeezed * rms(track) / rms(squeezed)).astype(np.float32)


def squelch(frames: int) -> Track:
    """Noise of the radio's band, with bursts every few seconds."""
    random = np.random.default_rng(3)
    noise = band(random.standard_normal(frames).astype(np.float32), 300, 3_000)
    for at in range(0, frames - RATE_HZ, 4 * RATE_HZ):
        start = at + int(random.integers(RATE_HZ))
        noise[start : start + RATE_HZ // 5] *= 8.0
    return noise


def child(clip: Track) -> Track:
    """Pitch and formants a third higher: a small head."""
    return ffmpeg(clip, f"asetrate={round(RATE_HZ * 1.4)},aresample={RATE_HZ},atempo={1 / 1.4:.4f}")


def shouted(clip: Track) -> Track:
    """Higher, with strong overtones, and clipped."""
    higher = ffmpeg(clip, "rubberband=pitch=1.25:formant=preserved,highshelf=f=1500:g=9")
    return np.tanh(higher * 2 / rms(higher) / 3).astype(np.float32)


def sung(clip: Track) -> Track:
    """Slower, on changing notes of a scale."""
    size = RATE_HZ // 2
    notes = (0, 4, 7, 4, 5, 9, 7, 2)
    parts = []
    for number, start in enumerate(range(0, len(clip) - size // 4, size)):
        ratio = 2 ** (notes[number % len(notes)] / 12)
        parts.append(ffmpeg(clip[start : start + size], f"rubberband=pitch={ratio:.4f}:tempo=0.6,vibrato=f=5.5:d=0.15"))
    return np.concatenate(parts)


def uneven(clips) -> Iterator[Track]:
    """Yield clips at levels from very soft to loud; ``timeline`` keeps the differences inside a clip only."""
    random = np.random.default_rng(4)
    for clip in clips:
        middle = len(clip) // 2
        soft = clip.copy()
        soft[middle:] *= 10 ** (-float(random.choice((0, 12, 20))) / 20)
        yield soft


def ffmpeg(clip: Track, filters: str) -> Track:
    """Return a clip after filters of ffmpeg."""
    from imageio_ffmpeg import get_ffmpeg_exe

    raw = ("-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1")
    command = [get_ffmpeg_exe(), "-v", "error", *raw, "-i", "-", "-af", filters, *raw, "-"]
    done = subprocess.run(command, input=clip.astype("<f4").tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout, "<f4").astype(np.float32)
