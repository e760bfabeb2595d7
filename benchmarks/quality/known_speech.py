"""Speech that is known to be there: whether it is found, dubbed, kept and reported.

The stages of the pipeline make stems and transcript without knowing where the speech is. ``recordings.py`` says how to
get the recordings; ``KNOWN_SPEECH_MINUTES`` shortens each programme.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality.conditions import RATE_HZ, programmes
from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.adapters.storage.consents import ConsentRecords, JobConsents
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.adapters.telemetry.meter import ProcessMeter
from dub_assets.adapters.telemetry.progress import LoggedProgress
from dub_assets.core.keys import JobKeys
from dub_assets.core.ports import Engines, StageContext
from dub_assets.core.request import DubRequest
from dub_assets.core.timing import Interval, covered_ms, merged, without
from dub_assets.options import DubOptions
from dub_assets.resources.engines import EnginesResource
from dub_assets.settings import settings_from
from dub_assets.stages.segment_mixes.background import kept_speech, undubbed_speech
from dub_assets.stages.stems.stage import separate
from dub_assets.stages.stems.values import Stems, vocal_intervals
from dub_assets.stages.transcript.stage import transcribe

TITLE = "Speech that is known to be there"
MEANING = {
    "speech_s": "seconds of recorded speech",
    "missed_by_one_detector": "share of it that the precise detector alone misses, the only one before",
    "missed": "share of it that no detector finds",
    "deleted_before": "share that was taken out without a line under the earlier rule: all vocals under speech",
    "deleted": "share that is taken out without a line",
    "dubbed": "share with a line",
    "kept": "share that stays as it is, for want of words",
    "unreported": "share that has no line and is not reported",
    "reported_pauses_s": "seconds of pauses that are reported as speech without a line",
}
REQUEST = DubRequest(
    job_id="known-speech",
    project_id="local",
    input_key="projects/local/inputs/known-speech.wav",
    source_language="en",
    target_language="pt",
    result_key="projects/local/outputs/videos/known-speech.mp4",
    metadata_key="projects/local/outputs/metadata/known-speech.json",
    segment_prefix="projects/local/interim/known-speech/segments",
    segment_clips=False,
)
MARGIN_MS = 300
"""Speech this near to an interval counts as inside it: recordings have breath and reverberation at their ends."""


def measure(folder: Path) -> dict[str, dict]:
    engines = EnginesResource.of(settings_from(os.environ)).engines()
    return {name: figures_of(name, folder, engines) for name in programmes()}


def figures_of(name: str, folder: Path, engines: Engines) -> dict:
    track, speech = programmes()[name]()
    ctx, source = job(folder / name.replace(" ", "-"), track)
    stems = separate(source, engines=engines, ctx=ctx, previous=None)
    precise = precise_regions(stems, engines, ctx)
    transcript = transcribe(stems, "en", engines=engines, options=DubOptions(), ctx=ctx, previous=None, speakers=1)
    lines = [segment.interval for segment in transcript.segments]
    duration_ms = stems.info.duration_ms
    taken_out = vocal_intervals(stems.speech, duration_ms)
    kept, undubbed = kept_speech(stems, lines), undubbed_speech(stems, lines)
    not_dubbed = outside(speech, lines, duration_ms)
    pauses_ms = duration_ms - sum(stretch.duration_ms for stretch in widened(speech, duration_ms))
    reported_ms = sum(stretch.duration_ms - covered_ms(stretch, widened(speech, duration_ms)) for stretch in undubbed)
    total_ms = sum(stretch.duration_ms for stretch in speech)

    def share(stretches: Iterable[Interval]) -> float:
        return round(sum(stretch.duration_ms for stretch in stretches) / total_ms, 4)

    return {
        "speech_s": round(total_ms / 1000, 1),
        "missed_by_one_detector": share(outside(speech, precise, duration_ms)),
        "missed": share(outside(speech, stems.speech, duration_ms)),
        "deleted_before": share(inside(not_dubbed, vocal_intervals(precise, duration_ms))),
        "deleted": share(outside(inside(not_dubbed, taken_out), kept, duration_ms)),
        "dubbed": round(1 - share(not_dubbed), 4),
        "kept": share(inside(not_dubbed, kept)),
        "unreported": share(outside(not_dubbed, undubbed, duration_ms)),
        "reported_pauses_s": round(min(pauses_ms, reported_ms) / 1000, 1),
    }


def job(folder: Path, track: np.ndarray) -> tuple[StageContext, object]:
    """Return the context of a job in a folder, and its source: the track as a file."""
    import soundfile

    store = LocalObjectStore(folder / "objects")
    workspace = LocalWorkspace(folder / "workspace", store)
    ctx = StageContext(
        keys=JobKeys(request=REQUEST),
        workspace=workspace,
        media=FfmpegMediaTool(),
        sounds=SoundfileSoundFiles(),
        progress=LoggedProgress(),
        meter=ProcessMeter(),
        consents=JobConsents(records=ConsentRecords(store, REQUEST.project_id), job_id=REQUEST.job_id),
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "programme.wav"
    soundfile.write(path, np.clip(track, -1, 1), RATE_HZ, subtype="PCM_16")
    return ctx, workspace.write(REQUEST.input_key, path.read_bytes())


def precise_regions(stems: Stems, engines: Engines, ctx: StageContext) -> list[Interval]:
    """Return what the precise detector finds in the vocals."""
    detector = engines.speech_detectors().precise
    blocks = ctx.sounds.blocks(ctx.workspace.open(stems.vocals), rate_hz=detector.sample_rate_hz)
    return detector.regions(block.mono() for block in blocks)


def widened(intervals: Iterable[Interval], duration_ms: int) -> list[Interval]:
    return merged(interval.widened(MARGIN_MS, duration_ms) for interval in intervals)


def outside(stretches: Sequence[Interval], intervals: Iterable[Interval], duration_ms: int) -> list[Interval]:
    """Return the parts of stretches that are not near any of the intervals."""
    near = widened(intervals, duration_ms)
    return [part for stretch in stretches for part in without(stretch, near)]


def inside(stretches: Sequence[Interval], intervals: Sequence[Interval]) -> list[Interval]:
    """Return the parts of stretches inside the sorted, disjoint intervals."""
    parts = []
    for stretch in stretches:
        for interval in intervals:
            if interval.overlap_ms(stretch):
                start_ms, end_ms = max(stretch.start_ms, interval.start_ms), min(stretch.end_ms, interval.end_ms)
                parts.append(Interval(start_ms=start_ms, end_ms=end_ms))
    return parts
