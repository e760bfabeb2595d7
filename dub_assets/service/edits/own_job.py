"""A job of this system whose segments can be edited, and which segments of a message belong to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from dub_assets.adapters.storage.archive import JobArchive, media_in
from dub_assets.core.errors import InputError
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.media import MediaObject
from dub_assets.core.request import DubRequest
from dub_assets.service.segment_request import SegmentMixOrder, SegmentMixRequest, SegmentTtsRequest
from dub_assets.stages.segment_mixes.values import SegmentMix, SegmentMixes
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegments


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnJob:
    """A job whose text is translated, so that it can be edited: also one that a blocking check has stopped there."""

    keys: JobKeys
    archive: JobArchive

    @classmethod
    def find(cls, archive: JobArchive, job_id: str, project_id: str | None) -> Self | None:
        """Return the job, or None if it has no record, no translation yet, or belongs to another project."""
        if archive.store.head(job_record_key(job_id)) is None:
            return None
        keys = JobKeys(request=archive.load(DubRequest, job_record_key(job_id)))
        if project_id not in {None, keys.request.project_id}:
            return None
        return cls(keys=keys, archive=archive) if archive.store.head(keys.manifest("translation")) else None

    @property
    def has_report(self) -> bool:
        """Whether the job has a report, which a rebuild brings up to date."""
        return self.archive.store.head(self.keys.manifest("report")) is not None

    def segment_indices(self) -> list[int]:
        """Return the indices of the job's segments. Raises ObjectMissingError, ObjectCorruptError."""
        translation = self.archive.load(Translation, self.keys.manifest("translation"))
        return [line.index for line in translation.lines]

    def next_index(self) -> int:
        """Return the index that the next new segment gets. Raises ObjectMissingError, ObjectCorruptError."""
        return self.archive.load(Transcript, self.keys.manifest("transcript")).next_index

    def new_texts(self, texts: Mapping[int, str]) -> dict[int, str]:
        """Return the texts that are not written and spoken already."""
        translation = self.archive.read(Translation, self.keys.manifest("translation"))
        tts = self.archive.read(TtsSegments, self.keys.manifest("tts_segments"))
        written = {line.index: line.text for line in translation.lines if line.written_for} if translation else {}
        spoken = {line.index: line for line in tts.segments} if tts else {}

        def is_new(index: int, text: str) -> bool:
            line = spoken.get(index)
            if line is None or not text == written.get(index) == line.speech.text:
                return True
            return not all(map(self.archive.workspace.is_stored, (line.clip, line.speech.media)))

        return {index: text for index, text in texts.items() if is_new(index, text.strip())}

    def mixes(self) -> SegmentMixes:
        """Return the job's mixes. Raises ObjectMissingError, ObjectCorruptError."""
        return self.archive.load(SegmentMixes, self.keys.manifest("segment_mixes"))

    def owns_mix(self, request: SegmentMixRequest, order: SegmentMixOrder) -> bool:
        """Whether a segment to mix is the job's own."""
        clips = {"bgm": order.bgm_key, "tts": order.tts_key, "mix": order.mix_key}
        return self._owns(order.index, [request.intermediate_prefix, request.output_prefix], clips)

    def owns_speech(self, request: SegmentTtsRequest) -> bool:
        """Whether the segment to speak is the job's own."""
        clips = {"bgm": request.bgm_key, "tts": request.tts_key, "mix": request.mix_key}
        return self._owns(request.index, [request.segment_prefix], clips)

    def check_language(self, request: SegmentTtsRequest) -> None:
        """Raise InputError if the request's text is in another language than the job's."""
        language = self.keys.request.target_language
        if request.target_language not in {None, language}:
            raise InputError(
                f"job {request.job_id} is dubbed into {language!r}, but the text is in {request.target_language!r}: "
                "send it in the job's language"
            )

    def check_writable(self, keys: Collection[str]) -> None:
        """Raise InputError for the key of a clip that the job needs. The keys of its mixes may be written."""
        mixes = self.archive.find(SegmentMixes, self.keys.manifest("segment_mixes"))
        tts = self.archive.find(TtsSegments, self.keys.manifest("tts_segments"))
        needed = {media.key for media in media_in((tts, mixes))} - _mix_keys(mixes)
        taken = sorted(needed.intersection(keys))
        if taken:
            job_id = self.keys.request.job_id
            raise InputError(f"{taken[0]} is a clip that job {job_id} needs: name another key to write")

    def replace_mixes(self, written: Sequence[MediaObject]) -> None:
        """Store in the manifest of mixes which of the job's mixes were replaced by external ones."""
        mixes = self.archive.find(SegmentMixes, self.keys.manifest("segment_mixes"))
        replaced = {media.key: media for media in written if media.key in _mix_keys(mixes)}
        if mixes is not None and replaced:
            segments = tuple(_with_mix(segment, replaced) for segment in mixes.segments)
            self.archive.save(self.keys.manifest("segment_mixes"), replace(mixes, segments=segments))

    def _owns(self, index: int, folders: Collection[str | None], keys: Mapping[str, str | None]) -> bool:
        """Whether the folders, and the keys by part of a segment, are the job's own or None."""
        own_folder = all(folder in {None, self.keys.request.segment_prefix} for folder in folders)
        return own_folder and all(key in {None, self.keys.clip(index, part)} for part, key in keys.items())


def _mix_keys(mixes: SegmentMixes | None) -> set[str]:
    return {segment.clips.mix.key for segment in mixes.segments if segment.clips} if mixes else set()


def _with_mix(segment: SegmentMix, replaced: Mapping[str, MediaObject]) -> SegmentMix:
    if segment.clips is None or segment.clips.mix.key not in replaced:
        return segment
    return replace(segment, clips=replace(segment.clips, mix=replaced[segment.clips.mix.key]))
