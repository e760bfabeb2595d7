"""What an edit of a job's segments changes beside the transcript: texts, voices, and what is spoken again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dub_assets.core.errors import InputError
from dub_assets.core.keys import check_segments_exist
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.stages.transcript.editing import SegmentEdit, edit_segments
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.adapting import texts_after
from dub_assets.stages.translation.values import Translation, segment_fingerprint
from dub_assets.stages.tts_segments.values import TtsSegments


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentChange:
    """Texts and voices of the segments that an edit changes, and the segments to speak again, by index."""

    texts: Mapping[int, str]
    voices: Mapping[int, str]
    spoken: frozenset[int]


def planned_change(job: OwnJob, edit: SegmentEdit, given: Mapping[int, str]) -> SegmentChange:
    """Return what an edit changes; ``given`` are texts that the person gives.

    Raises InputError if the edit is impossible, or needs a text.
    """
    transcript, translation, texts = _products(job)
    if edit.kind != "insert":
        check_segments_exist({edit.index}, texts)
    after = edit_segments(transcript, [edit])
    changed = texts_after(edit, transcript, texts, given, translation.target_language)
    return SegmentChange(
        texts=changed,
        voices=_kept_voices(translation, transcript, after),
        spoken=frozenset({*changed, *([edit.index] if edit.kind == "speaker" else [])}),
    )


def _products(job: OwnJob) -> tuple[Transcript, Translation, dict[int, str]]:
    """Return transcript, translation, and the present texts by index: those that are spoken, else the translation."""
    transcript = job.archive.read(Transcript, job.keys.manifest("transcript"))
    translation = job.archive.read(Translation, job.keys.manifest("translation"))
    tts = job.archive.read(TtsSegments, job.keys.manifest("tts_segments"))
    if transcript is None or translation is None:
        raise InputError(f"job {job.keys.request.job_id} has no translation yet: run it first")
    spoken = {line.index: line.speech.text for line in tts.segments} if tts else {}
    return transcript, translation, {line.index: spoken.get(line.index, line.text) for line in translation.lines}


def _kept_voices(translation: Translation, before: Transcript, after: Transcript) -> dict[int, str]:
    """Return the voices that editors chose for segments whose text or place changes: they keep them."""
    old = {segment.index: segment_fingerprint(segment) for segment in before.segments}
    return {
        segment.index: voice
        for segment in after.segments
        if (was := old.get(segment.index)) and was != segment_fingerprint(segment)
        if (voice := translation.voices.get(was))
    }
