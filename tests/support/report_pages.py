"""An example report: twelve segments of every kind, Korean into English, with a different sound on each track."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval
from dub_assets.stages.report.spectrogram import SPECTROGRAM_RATE_HZ, shades, spectrogram
from dub_assets.stages.report.values import (
    SHADES,
    Fact,
    Finding,
    ReportCheck,
    ReportSegment,
    ReportSpeaker,
    ReportView,
    SoundClip,
    Track,
    TrackImage,
)

DURATION_MS = 24_000
SOURCE = "안녕하세요. 오늘은 새로운 이야기를 시작하려고 합니다."
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">&amp;\u2028"


SPEAKERS = (
    ReportSpeaker(name="A", speech_ms=4_200, pitch_hz=118.4, segments_count=3, voices=("jm_kumo",)),
    ReportSpeaker(name="B", speech_ms=8_400, pitch_hz=214.0, segments_count=6, voices=("jf_gongitsune+jf_tebukuro",)),
    ReportSpeaker(name="C", speech_ms=4_200, pitch_hz=None, segments_count=3, voices=()),
)


def segment(
    index: int, *findings: Finding, text: str = SOURCE, translated: str = "Hello. Today we begin."
) -> ReportSegment:
    start = 500 + 1_900 * index
    return ReportSegment(
        index=index,
        original=Interval(start_ms=start, end_ms=start + 1_400),
        slot=Interval(start_ms=start, end_ms=start + 1_820),
        placed=Interval(start_ms=start + 60 * (index % 3), end_ms=start + 1_600),
        text=text,
        translated=translated,
        tempo=1.0 + index / 20,
        findings=findings,
        facts=(
            Fact(name="Fit method", value="shorter translation"),
            Fact(name="Level", value="-1.5", unit="dB"),
            Fact(name="Voice", value="anna"),
            Fact(name="Read back", value="97% as written"),
            Fact(name="Original left", value="-31.0", unit="dB"),
        ),
    )


def view(*segments: ReportSegment, speakers: tuple[ReportSpeaker, ...] = ()) -> ReportView:
    return ReportView(
        job_id="talk-en-1234",
        source_language="ko",
        target_language="en",
        duration_ms=DURATION_MS,
        segments=segments,
        checks=(
            ReportCheck(name="True peak is kept", passed=True, blocking=True, reason="it peaks at -1.2 dBTP"),
            ReportCheck(name="Text is translated", passed=False, blocking=False, reason="the same: 0004"),
            ReportCheck(name="Lines are audible", passed=False, blocking=True, reason="silent: 0003"),
        ),
        facts=(Fact(name="Loudness", value="-20.1", unit="LUFS"),),
        engines=(Fact(name="Synthesis", value="kokoro 0.1.1 (Apache-2.0)"),),
        speakers=speakers,
        issue_help=(Fact(name="Fast speech", value="The line is spoken too fast. Shorten the text."),),
    )


def example() -> ReportView:
    """Return a view of twelve segments: 3 is not dubbed, 6 is fast, 10 has hostile texts and is a little late."""
    segments = [segment(index) for index in range(12)]
    fast, late = (
        Finding(level="review", text="fast: 1.30 times", excess=0.3),
        Finding(level="review", text="starts late"),
    )
    segments[3] = segment(3, Finding(level="problem", text="not dubbed"))
    segments[6] = segment(6, fast, Finding(level="note", text="text by an editor"))
    segments[10] = segment(10, late, text=HOSTILE, translated=HOSTILE)
    segments = [replace(one, speaker="ABBC"[one.index % 4]) for one in segments]
    return view(*segments, speakers=SPEAKERS)


def sound(track: Track, rate_hz: int) -> Sound:
    """Return a tone with a pitch for each track, which swells once a segment."""
    seconds = np.arange(DURATION_MS * rate_hz // 1000) / rate_hz
    pitch = {"original": 330.0, "dub": 550.0, "background": 110.0, "mix": 440.0}[track]
    swell = np.clip(np.sin(2 * np.pi * seconds / 1.9), 0, 1) ** 2
    samples = 0.5 * swell * np.sin(2 * np.pi * pitch * seconds)
    return Sound(samples=samples.astype(np.float32)[:, None], rate_hz=rate_hz)


def track_images() -> Iterator[TrackImage]:
    for track in ("original", "mix"):
        picture = spectrogram([sound(track, SPECTROGRAM_RATE_HZ)], columns_per_s=50)
        numbers = shades(picture.levels_db, brightest_db=0.0, range_db=65.0, count=SHADES)
        peaks = (picture.peaks * 255).astype(np.uint8).tobytes()
        yield TrackImage(
            track=track,
            columns=numbers.shape[0],
            bands=numbers.shape[1],
            peaks=peaks,
            shades=np.ascontiguousarray(numbers.T[::-1]).tobytes(),
        )


def unplayable_clips() -> list[SoundClip]:
    """Return clips of all tracks with content that no browser plays, for tests of the page's text."""
    programme = Interval(start_ms=0, end_ms=DURATION_MS)
    return [
        SoundClip(track=track, interval=programme, content=b"opus")
        for track in ("original", "dub", "background", "mix")
    ]
