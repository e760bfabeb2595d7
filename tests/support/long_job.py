"""A job of many segments that is translated and not yet spoken."""

from __future__ import annotations

from support.finished_job import PROVENANCE

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.values import TimedWord, Transcript, TranscriptSegment
from dub_assets.stages.translation.values import TranslatedLine, Translation

_EVERY_MS = 3_000


def save_long_job(archive: JobArchive, job_id: str, *, segments: int) -> JobKeys:
    """Save the record, the transcript and the translation of a job, and return its keys."""
    request = DubRequest(
        job_id=job_id,
        project_id="shop",
        input_key="projects/shop/inputs/long.mp4",
        source_language="en",
        target_language="pt",
        result_key=f"projects/shop/outputs/videos/{job_id}.mp4",
        metadata_key=f"projects/shop/outputs/metadata/{job_id}.json",
        segment_prefix=f"projects/shop/interim/{job_id}/segments",
        segment_clips=False,
    )
    keys = JobKeys(request=request)
    archive.save(job_record_key(job_id), request)
    archive.save(
        keys.manifest("transcript"),
        Transcript(
            language="en",
            language_probability=1.0,
            duration_ms=segments * _EVERY_MS,
            segments=tuple(map(_segment, range(segments))),
            provenance=PROVENANCE,
        ),
    )
    lines = tuple(TranslatedLine(index=at, passage=at, text=f"Esta é a linha {at}.") for at in range(segments))
    archive.save(
        keys.manifest("translation"),
        Translation(source_language="en", target_language="pt", lines=lines, provenance=PROVENANCE),
    )
    return keys


def _segment(index: int) -> TranscriptSegment:
    start_ms = index * _EVERY_MS
    text = f"This is line number {index}."
    word = TimedWord(text=text, start_ms=start_ms, end_ms=start_ms + 2000, probability=0.9)
    interval = Interval(start_ms=start_ms, end_ms=start_ms + 2000)
    return TranscriptSegment(index=index, interval=interval, text=text, words=(word,), probability=0.9)
