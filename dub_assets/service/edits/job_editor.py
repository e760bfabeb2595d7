"""Making parts of a finished job again from within an op, told of as if its assets had been materialised."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import dagster as dg

from dub_assets.adapters.storage.archive import media_in
from dub_assets.core.errors import InputError
from dub_assets.core.keys import check_segments_exist, job_record_key
from dub_assets.core.media import MediaObject
from dub_assets.core.request import DubRequest
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.stages.final_video.asset import rendered
from dub_assets.stages.metadata.asset import described
from dub_assets.stages.quality.asset import measured
from dub_assets.stages.quality.asset_checks import evaluation_of
from dub_assets.stages.report.asset import reported
from dub_assets.stages.segment_mixes.asset import mixed
from dub_assets.stages.segment_mixes.values import GainChange, SegmentMix, SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.asset import shown
from dub_assets.stages.translation.stage import write_lines
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.asset import spoken
from dub_assets.stages.tts_segments.values import TtsSegments

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEditor:
    """A job whose segments are mixed, and what to do to them; every step keeps the manifests true."""

    context: dg.OpExecutionContext
    job: JobContext

    @classmethod
    def of(
        cls, context: dg.OpExecutionContext, job_resources: JobResources, job_id: str, project_id: str | None
    ) -> Self | None:
        """The editor of a job of ours, or None: where it has no record, no mixes yet, or is another project's."""
        archive = job_resources.storage.archive
        if archive.store.head(job_record_key(job_id)) is None:
            return None
        job = job_resources.open_job(archive.load(DubRequest, job_record_key(job_id)))
        mixes_key = job.ctx.keys.manifest("segment_mixes")
        is_ours = project_id in {None, job.request.project_id} and archive.store.head(mixes_key) is not None
        return cls(context=context, job=job) if is_ours else None

    def owns(self, index: int, prefixes: Collection[str | None], keys: Mapping[str, str | None]) -> bool:
        """Whether these folders, and keys by part of a segment, are the job's own; None stands for none given."""
        own = {part: self.job.ctx.keys.clip(index, part) for part in keys}
        return all(prefix in {None, self.job.request.segment_prefix} for prefix in prefixes) and all(
            key in {None, own[part]} for part, key in keys.items()
        )

    def say(self, texts: Mapping[int, str]) -> TtsSegments:
        """Speak an editor's texts, which become the job's; lines that this moves are fitted again."""
        transcript = self.job.load(Transcript, "transcript")
        written = write_lines(self.job.load(Translation, "translation"), transcript, texts)
        translation = self._keep("translation", shown(written, transcript))
        lines = spoken(self.job, self.job.load(Stems, "stems"), transcript, translation, only=set(texts))
        return self._keep("tts_segments", lines)

    def mix(self, changes: Mapping[int, GainChange]) -> dict[int, SegmentMix]:
        """Mix these segments with their gains, and those whose speech has moved; by segment."""
        tts = self.job.load(TtsSegments, "tts_segments")
        known = [segment.index for segment in tts.segments]
        check_segments_exist(changes, known)
        made = mixed(self.job, self.job.load(Stems, "stems"), tts, changes=changes, only=set(changes))
        return {segment.index: segment for segment in self._keep("segment_mixes", made).segments}

    def rebuild(self) -> str:
        """Bring the video, the metadata document and, where there is one, the report up to date; the video's key."""
        products = self.job.products()
        final = self._keep("final_video", rendered(self.job, products))
        quality = self._keep("quality", measured(self.job, products, final))
        for check in quality.checks:
            self.context.log_event(  # its annotation leaves out what it takes
                evaluation_of(check, self.job.request.job_id)  # type: ignore[arg-type]
            )
        self._keep("metadata", described(self.job, products, final, quality))
        if self.job.archive.store.head(self.job.ctx.keys.manifest("report")) is not None:
            self._keep("report", reported(self.job, products, final, quality))
        return self.job.request.result_key

    def check_may_be_written(self, keys: Collection[str]) -> None:
        """Raise InputError where a key is that of a clip which the job still needs; its mixes may be replaced."""
        tts, mixes = self.job.previous(TtsSegments, "tts_segments"), self.job.previous(SegmentMixes, "segment_mixes")
        needed = {media.key for media in media_in((tts, mixes))} - set(_mixes_by_key(mixes))
        taken = sorted(needed.intersection(keys))
        if taken:
            raise InputError(
                f"{taken[0]} is a clip that job {self.job.request.job_id} needs: name another key to write"
            )

    def take_over(self, made: Sequence[MediaObject]) -> None:
        """Note the mixes that others' sounds were made into where they lie in the place of the job's own."""
        mixes = self.job.previous(SegmentMixes, "segment_mixes")
        theirs = {media.key: media for media in made if media.key in _mixes_by_key(mixes)}
        if mixes is not None and theirs:
            replaced = replace(mixes, segments=tuple(_with_mix(segment, theirs) for segment in mixes.segments))
            self.job.archive.save(self.job.ctx.keys.manifest("segment_mixes"), replaced)

    def _keep(self, asset: str, made: dg.Output[Value]) -> Value:
        key = self.job.ctx.keys.manifest(asset)
        value: Value = made.value
        self.job.archive.save(key, value)
        metadata: dict[str, Any] = {**made.metadata, "manifest": key}
        self.context.log_event(dg.AssetMaterialization(asset, partition=self.job.request.job_id, metadata=metadata))
        return value


def _mixes_by_key(mixes: SegmentMixes | None) -> dict[str, MediaObject]:
    clips = [segment.clips for segment in mixes.segments] if mixes else []
    return {clip.mix.key: clip.mix for clip in clips if clip is not None}


def _with_mix(segment: SegmentMix, theirs: Mapping[str, MediaObject]) -> SegmentMix:
    if segment.clips is None or segment.clips.mix.key not in theirs:
        return segment
    return replace(segment, clips=replace(segment.clips, mix=theirs[segment.clips.mix.key]))
