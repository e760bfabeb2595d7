"""Builds the sample video that the demo, the tests and the benchmarks dub, and shorter excerpts of it.

``python -m sample.build FOLDER`` writes ``sample.mp4``, its stems ``speech.wav`` and ``bed.wav``, and ``sample.json``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval, seconds
from sample.bed import bed
from sample.encode import write_video
from sample.picture import BARS, Painter, Scene
from sample.recording import SHA256, speech
from sample.timeline import DURATION_MS, FRAME_MS, Event, Phrase, events, phrases, transcript

Stem = NDArray[np.int16]
"""Shape ``(frames, 2)``, 48 kHz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample video and everything that is known about it.

    ``speech`` and ``bed`` are stereo 16-bit WAV at 48 kHz; their sum is the video's sound before encoding. The speech
    stem is zero outside ``phrases``. ``first_frame`` is the number that the first picture shows (0 unless cut).
    """

    video: Path
    speech: Path
    bed: Path
    duration_ms: int
    phrases: tuple[Phrase, ...]
    events: tuple[Event, ...]
    first_frame: int = 0
    language: str = "en"

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return seconds(self.duration_ms)

    @property
    def transcript(self) -> str:
        """The known text of what is read."""
        return transcript(self.phrases)

    @property
    def speech_intervals(self) -> tuple[Interval, ...]:
        """Where someone speaks."""
        return tuple(phrase.interval for phrase in self.phrases)


def build(folder: Path) -> Sample:
    """Build the whole sample (60 s) in a folder; what an unchanged earlier call built there is taken as it is."""
    sample = _described(folder, phrases(), events(), DURATION_MS, first_frame=0)
    record = folder / "sample.json"
    fingerprint = _fingerprint()
    if _is_finished(sample, record, fingerprint):
        return sample
    folder.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    speech_stem = _pcm(np.repeat(speech()[:, None], 2, axis=1))
    _write(sample, speech_stem, _pcm(bed()), _scene(speech_stem))
    _record(sample, record, fingerprint)
    return sample


def cut(sample: Sample, start_s: float, end_s: float, folder: Path) -> Sample:
    """An excerpt with its stems, the pictures cut to the frame.

    Raises ValueError where a boundary is inside a phrase, or where ``sample`` is itself an excerpt.
    """
    start, end = (round(at_s * 1000 / FRAME_MS) for at_s in (start_s, end_s))
    within = Interval(start_ms=start * FRAME_MS, end_ms=end * FRAME_MS)
    split = [
        phrase for phrase in sample.phrases if 0 < phrase.interval.overlap_ms(within) < phrase.interval.duration_ms
    ]
    if split or sample.first_frame or within.end_ms > sample.duration_ms:
        raise ValueError(f"{start_s} to {end_s} s is no excerpt: it cuts a phrase, or the sample is not whole")
    said = tuple(
        Phrase(interval=_moved(phrase.interval, within), text=phrase.text)
        for phrase in sample.phrases
        if phrase.interval.overlap_ms(within)
    )
    heard = tuple(
        Event(name=event.name, interval=_moved(event.interval, within))
        for event in sample.events
        if event.interval.overlap_ms(within)
    )
    excerpt = _described(folder, said, heard, within.duration_ms, first_frame=start)
    folder.mkdir(parents=True, exist_ok=True)
    speech_stem, bed_stem = _read(sample.speech), _read(sample.bed)
    heard_frames = slice(within.start_frame, within.end_frame)
    _write(excerpt, speech_stem[heard_frames], bed_stem[heard_frames], _scene(speech_stem))
    _record(excerpt, folder / "sample.json", _fingerprint())
    return excerpt


def main(arguments: Sequence[str]) -> int:
    """The command line: build in the folder that is named, say where the video is."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m sample.build FOLDER\n")
        return 2
    sys.stdout.write(f"{build(Path(arguments[0])).video}\n")
    return 0


def _described(
    folder: Path, said: tuple[Phrase, ...], heard: tuple[Event, ...], duration_ms: int, *, first_frame: int
) -> Sample:
    """The sample that a folder holds once it is written."""
    return Sample(
        video=folder / "sample.mp4",
        speech=folder / "speech.wav",
        bed=folder / "bed.wav",
        duration_ms=duration_ms,
        phrases=said,
        events=heard,
        first_frame=first_frame,
    )


def _moved(interval: Interval, within: Interval) -> Interval:
    """The part of an interval that lies within another, on the other's clock."""
    return Interval(
        start_ms=max(interval.start_ms, within.start_ms) - within.start_ms,
        end_ms=min(interval.end_ms, within.end_ms) - within.start_ms,
    )


def _scene(whole_speech: Stem) -> Scene:
    """The pictures of the whole sample."""
    peaks = np.abs(whole_speech[:, 0].reshape(BARS, -1).astype(np.float32)).max(axis=1)
    return Scene(duration_ms=DURATION_MS, envelope=peaks / peaks.max(), events=events())


def _write(sample: Sample, speech_stem: Stem, bed_stem: Stem, scene: Scene) -> None:
    """Write the stems, and the video with their sum."""
    import soundfile

    soundfile.write(sample.speech, speech_stem, SAMPLE_RATE_HZ, subtype="PCM_16")
    soundfile.write(sample.bed, bed_stem, SAMPLE_RATE_HZ, subtype="PCM_16")
    mix = speech_stem.astype(np.int32) + bed_stem
    if np.abs(mix).max() > np.iinfo(np.int16).max:
        raise ValueError("speech and bed together are over full scale")
    last = sample.first_frame + sample.duration_ms // FRAME_MS
    write_video(sample.video, Painter(scene).frames(sample.first_frame, last), mix.astype(np.int16))


def _read(path: Path) -> Stem:
    """A stem."""
    import soundfile

    stem: Stem = soundfile.read(path, dtype="int16", always_2d=True)[0]
    return stem


def _pcm(samples: NDArray[np.float32]) -> Stem:
    """16-bit samples; ``samples`` are within full scale."""
    return np.round(samples * 32_767).astype(np.int16)


def _fingerprint() -> str:
    """What the sample is made from: this package, the recording, the libraries that encode and compute."""
    sources = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    libraries = "".join(version(name) for name in ("av", "numpy", "soxr"))
    return hashlib.sha256(sources + f"{SHA256}{libraries}".encode()).hexdigest()


def _is_finished(sample: Sample, record: Path, fingerprint: str) -> bool:
    """Whether a folder holds this sample, made from the same things, with every file as long as it was."""
    if not record.is_file():
        return False
    noted = json.loads(record.read_text(encoding="utf-8"))
    files = (sample.video, sample.speech, sample.bed)
    sizes = {path.name: path.stat().st_size for path in files if path.is_file()}
    return (noted["fingerprint"], noted["size_bytes"]) == (fingerprint, sizes)


def _record(sample: Sample, record: Path, fingerprint: str) -> None:
    """Write what is known about a sample beside it, last."""
    document = {
        "fingerprint": fingerprint,
        "size_bytes": {path.name: path.stat().st_size for path in (sample.video, sample.speech, sample.bed)},
        "duration_ms": sample.duration_ms,
        "first_frame": sample.first_frame,
        "language": sample.language,
        "transcript": sample.transcript,
        "phrases": [asdict(phrase) for phrase in sample.phrases],
        "events": [asdict(event) for event in sample.events],
    }
    record.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
