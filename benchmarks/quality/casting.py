"""Whether speakers get a voice of their own sex: people on recordings, and their voices moved in pitch.

``recordings.py`` says how to get the recordings. The direction in ``dub_assets/engines/campplus/sex.py`` was fitted on
them, so each person is judged by a direction that is fitted on all others (leave one out). ``python -m
benchmarks.quality.casting`` prints the direction that is fitted on all.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.quality.conditions import Track, ffmpeg, telephone
from benchmarks.quality.prompts import embedder
from benchmarks.quality.recordings import CHARACTERS, RATE_HZ, READERS, clips_of, prompts
from dub_assets.core.engine import VoiceSex
from dub_assets.core.signal.sound import Sound
from dub_assets.engines.kokoro.voices import voices
from dub_assets.stages.transcript.pitch import median_pitch_hz
from dub_assets.stages.transcript.values import Speaker
from dub_assets.stages.tts_segments.casting import cast_speakers
from sample.recording import speech

TITLE = "Casting: voices of the other sex"
MEANING = {
    "voices": "people, and their voices through a telephone or moved in pitch",
    "cast_wrongly_by_pitch": "share cast with a voice of the other sex by pitch alone, as before",
    "cast_wrongly": "the same with the sex by the voiceprint, each person left out of the fit",
    "uncertain": "share that is cast by pitch, because the voiceprint is near the border",
}
SECONDS = 12
SEMITONES = (-3, 3, 5)
PENALTY = 1.0
CLEAR = 0.1
RATE_OF_EMBEDDER_HZ = 16_000

Row = tuple[str, VoiceSex, str, float | None, np.ndarray]
"""Person, sex, change of the voice, pitch in Hz, voiceprint."""


def measure(folder: Path) -> dict[str, dict]:
    rows = list(rows_of_people(folder / "cache"))
    kinds = dict.fromkeys(kind for _, _, kind, _, _ in rows)
    return {kind: figures_of(rows, kind) for kind in kinds} | {"all": figures_of(rows, None)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        direction, offset = fitted(list(rows_of_people(Path(folder))))
    scale = np.abs(direction).max() / 127
    weights = base64.b64encode(np.round(direction / scale).astype(np.int8).tobytes()).decode()
    sys.stdout.write(f"scale {scale:.10f}, offset {offset:.4f}\n{weights}\n")


def figures_of(rows: list[Row], kind: str | None) -> dict:
    by_pitch, by_sex, uncertain, count = 0, 0, 0, 0
    for person, sex, own_kind, pitch_hz, voice in rows:
        if kind is not None and own_kind != kind:
            continue
        direction, offset = fitted([row for row in rows if row[0] != person])
        score = float(voice @ direction + offset)
        judged: VoiceSex | None = None if abs(score) < CLEAR else "female" if score > 0 else "male"
        count += 1
        uncertain += judged is None
        by_pitch += is_wrong(sex, pitch_hz, None)
        by_sex += is_wrong(sex, pitch_hz, judged)
    return {
        "voices": count,
        "cast_wrongly_by_pitch": round(by_pitch / count, 3),
        "cast_wrongly": round(by_sex / count, 3),
        "uncertain": round(uncertain / count, 3),
    }


def is_wrong(sex: VoiceSex, pitch_hz: float | None, judged: VoiceSex | None) -> bool:
    """Return whether the voice that is cast among Kokoro's sounds like the other sex."""
    speaker = Speaker(name="A", pitch_hz=pitch_hz, speech_ms=60_000, sex=judged)
    offered = {voice.name: voice for voice in voices(None, "")}
    cast = offered[cast_speakers([speaker], list(offered.values()), {})["A"]]
    return cast.sex is not None and cast.sex != sex


def fitted(rows: list[Row]) -> tuple[np.ndarray, float]:
    """Return direction and offset of the ridge regression of sex (1: woman, -1: man), both sexes of equal weight."""
    target = np.array([1.0 if sex == "female" else -1.0 for _, sex, _, _, _ in rows])
    prints = np.stack([voice for *_, voice in rows]).astype(np.float64)
    women = np.mean(target > 0)
    weight = np.where(target > 0, 0.5 / women, 0.5 / (1 - women))
    centre = (prints * weight[:, np.newaxis]).sum(axis=0) / weight.sum()
    centred = prints - centre
    covariance = centred.T @ (centred * weight[:, np.newaxis]) + PENALTY * np.eye(centred.shape[1])
    direction = np.linalg.solve(covariance, centred.T @ (weight * target))
    return direction, float(-centre @ direction)


def rows_of_people(cache: Path) -> Iterator[Row]:
    import soxr

    engine = embedder(cache)
    for person, sex, track in people():
        for kind, changed in changes(track).items():
            samples = soxr.resample(changed, RATE_HZ, RATE_OF_EMBEDDER_HZ).astype(np.float32)
            sound = Sound(samples=samples[:, np.newaxis], rate_hz=RATE_OF_EMBEDDER_HZ)
            yield person, sex, kind, median_pitch_hz([sound]), engine.embed([sound])[0]


def people() -> Iterator[tuple[str, VoiceSex, Track]]:
    for name, (sex, _) in CHARACTERS.items():
        yield name, sex, joined(clips_of(name, most=14))
    for name, sex in READERS.items():
        yield name, sex, joined(islice(prompts(name, least_s=2.0), 8))
    yield "reader of the sample", "male", speech()[2 * RATE_HZ :][: SECONDS * RATE_HZ]


def joined(clips) -> Track:
    return np.concatenate(list(clips))[: SECONDS * RATE_HZ]


def changes(track: Track) -> dict[str, Track]:
    """Return a voice as it is, through a telephone, and at other pitches with the same formants."""
    moved = {
        f"{step:+d} semitones": ffmpeg(track, f"rubberband=pitch={2 ** (step / 12):.4f}:formant=preserved")
        for step in SEMITONES
    }
    return {"as recorded": track, "telephone": telephone(track), **moved}


if __name__ == "__main__":
    main()
