"""A job as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.keys import JobKeys, segment_name
from dub_assets.core.language import language_name
from dub_assets.core.review import Review
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.issues import ISSUES
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.segment_mixes.values import GainChange, SegmentMix, SegmentMixes
from dub_assets.stages.transcript.values import Transcript, TranscriptSegment
from dub_assets.stages.translation.values import TranslatedLine, Translation, segment_fingerprint
from dub_assets.stages.tts_segments.agreement import read_back_issues
from dub_assets.stages.tts_segments.values import TtsSegment, TtsSegments

_VERSION_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProducts:
    """The products of a job that can be edited, by segment; those that are not made yet are empty."""

    transcript: Transcript | None
    lines: Mapping[int, TranslatedLine]
    spoken: Mapping[int, TtsSegment]
    mixed: Mapping[int, SegmentMix]
    measured: Mapping[int, tuple[str, ...]]
    video: FinalVideo | None
    review: Review
    voices: Mapping[str, str]

    @classmethod
    def of(cls, keys: JobKeys, archive: JobArchive) -> JobProducts:
        """Return the stored products, without checks of their media."""
        translation = archive.read(Translation, keys.manifest("translation"))
        tts = archive.read(TtsSegments, keys.manifest("tts_segments"))
        mixes = archive.read(SegmentMixes, keys.manifest("segment_mixes"))
        quality = archive.read(Quality, keys.manifest("quality"))
        return cls(
            transcript=archive.read(Transcript, keys.manifest("transcript")),
            lines={line.index: line for line in translation.lines} if translation else {},
            spoken={segment.index: segment for segment in tts.segments} if tts else {},
            mixed={mix.index: mix for mix in mixes.segments} if mixes else {},
            measured={line.index: line.issues for line in quality.lines} if quality else {},
            video=archive.read(FinalVideo, keys.manifest("final_video")),
            review=archive.read(Review, keys.manifest("review")) or Review(),
            voices=translation.voices if translation else {},
        )

    @property
    def segments(self) -> tuple[TranscriptSegment, ...]:
        """The segments in the order of time."""
        return self.transcript.segments if self.transcript else ()

    def version(self, segment: TranscriptSegment) -> str:
        """Return the version of what a person can change of a segment."""
        line, mix, name = self.lines.get(segment.index), self.mixed.get(segment.index), segment_name(segment.index)
        return fingerprint(
            "editable_segment",
            original=[segment.interval, segment.text, segment.speaker],
            text=line and line.text,
            gains=mix.edited if mix else GainChange(),
            voice=self.voices.get(segment_fingerprint(segment)),
            review=[self.review.notes.get(name), name in self.review.checked],
        )[:_VERSION_DIGITS]


def segment_versions(keys: JobKeys, archive: JobArchive) -> dict[int, str]:
    """Return the version of each segment of a job."""
    products = JobProducts.of(keys, archive)
    return {segment.index: products.version(segment) for segment in products.segments}


def job_view(keys: JobKeys, archive: JobArchive, agreement: float) -> dict[str, Any]:
    """Return the job as JSON. ``agreement`` is the least agreement with which a line counts as well spoken."""
    products = JobProducts.of(keys, archive)
    request, video = keys.request, products.video
    segments = [_segment(segment, products, agreement) for segment in products.segments]
    occurring = {issue for segment in segments for issue in segment["issues"]}
    source = products.transcript.language if products.transcript else request.source_language
    return {
        "job_id": request.job_id,
        "source_language": {"code": source, "name": language_name(source)},
        "target_language": {"code": request.target_language, "name": language_name(request.target_language)},
        "duration_ms": products.transcript.duration_ms if products.transcript else 0,
        "video": video and video.video.sha256[:_VERSION_DIGITS],
        "segments": segments,
        "next_segment": segment_name(products.transcript.next_index if products.transcript else 0),
        "speakers": [speaker.name for speaker in products.transcript.speakers] if products.transcript else [],
        "issues": {
            name: {"title": issue.title, "meaning": issue.meaning, "remedy": issue.remedy, "level": issue.level}
            for name, issue in ISSUES.items()
            if name in occurring
        },
    }


def _segment(segment: TranscriptSegment, products: JobProducts, agreement: float) -> dict[str, Any]:
    line, speech = products.lines.get(segment.index), products.spoken.get(segment.index)
    mix = products.mixed.get(segment.index)
    return {
        "name": segment_name(segment.index),
        "version": products.version(segment),
        "start_ms": segment.interval.start_ms,
        "end_ms": segment.interval.end_ms,
        "speaker": segment.speaker,
        "original": segment.text,
        "text": speech.speech.text if speech else line.text if line else "",
        "is_edited": line is not None and line.written_for is not None,
        "voice": products.voices.get(segment_fingerprint(segment)),
        "note": products.review.notes.get(segment_name(segment.index), ""),
        "is_checked": segment_name(segment.index) in products.review.checked,
        "alternatives": list(line.renderings) if line and line.shorter else [],
        "bgm_gain": mix.gains.background if mix else None,
        "tts_gain": mix.gains.speech if mix else None,
        "issues": _issues(segment.index, products, agreement),
        "speech": speech and _speech(speech),
    }


def _speech(speech: TtsSegment) -> dict[str, Any]:
    return {
        "start_ms": speech.placed.start_ms,
        "end_ms": speech.placed.end_ms,
        "window_start_ms": speech.window.start_ms,
        "window_end_ms": speech.window.end_ms,
        "slot_start_ms": speech.slot.start_ms,
        "slot_end_ms": speech.slot.end_ms,
        "tempo": speech.tempo,
        "voice": speech.speech.voice,
        "sound": speech.clip.sha256[:_VERSION_DIGITS],
    }


def _issues(index: int, products: JobProducts, agreement: float) -> list[str]:
    """Return the issues of a segment: those measured with the video, unless the line was spoken again since."""
    speech = products.spoken.get(index)
    timing = speech.issues if speech else ()
    heard = read_back_issues(speech.speech.read_back, agreement) if speech and speech.speech.read_back else ()
    measured = products.measured.get(index)
    return list(dict.fromkeys((*timing, *heard, *(measured or ()))))
