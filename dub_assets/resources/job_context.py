"""Everything that an asset needs to work on its job."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import dagster as dg
from pydantic import Field

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.telemetry.meter import ProcessMeter
from dub_assets.core.errors import ObjectMissingError, PermanentError, TransientError
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.ports import Engines, Progress, StageContext
from dub_assets.core.request import DubRequest
from dub_assets.options import DubOptions
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.media import MediaResource
from dub_assets.resources.storage import StorageResource
from dub_assets.resources.tags import REQUEST_KEY, TASK
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.values import SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegments

Product = TypeVar("Product")

_RETRIES = 3
_RETRY_PAUSE_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """One job: what it asks for, its engines and options, its bench."""

    request: DubRequest
    engines: Engines
    options: DubOptions
    ctx: StageContext
    archive: JobArchive

    def load(self, product: type[Product], asset: str) -> Product:
        """What this job's asset is. Raises ObjectMissingError, ObjectCorruptError."""
        return self.archive.load(product, self.ctx.keys.manifest(asset))

    def products(self) -> Products:
        """What the job's video is made from. Raises ObjectMissingError, ObjectCorruptError."""
        return Products(
            stems=self.load(Stems, "stems"),
            transcript=self.load(Transcript, "transcript"),
            translation=self.load(Translation, "translation"),
            tts=self.load(TtsSegments, "tts_segments"),
            mixes=self.load(SegmentMixes, "segment_mixes"),
        )

    def previous(self, product: type[Product], asset: str) -> Product | None:
        """What this job's asset was when it was made before, if it is still there and readable."""
        return self.archive.find(product, self.ctx.keys.manifest(asset))


class JobResources(dg.ConfigurableResource):
    """Storage, engines, media tools and options, put together for a job."""

    storage: dg.ResourceDependency[StorageResource]
    engines: dg.ResourceDependency[EnginesResource]
    media: dg.ResourceDependency[MediaResource]
    options: dg.ResourceDependency[DubOptions]
    progress: dg.ResourceDependency[Progress]
    target_language: str = Field(default="en", description="Language to speak where a request names none.")

    @contextmanager
    def job(self, context: dg.AssetExecutionContext) -> Iterator[JobContext]:
        """The job of the partition that is being made; errors of dub_assets become Dagster's, permanent or not."""
        with dagster_failures():
            yield self.open_job(job_request(self.storage.archive, context.partition_key, context.run.tags))

    def open_job(self, request: DubRequest) -> JobContext:
        """The job that asks for this; what killed runs of it left half-written is removed."""
        keys = JobKeys(request=request)
        workspace = self.storage.archive.workspace
        self.media.remove_abandoned(workspace.folder(f"{keys.root}/"), recursive=True)
        for key in (request.result_key, f"{request.segment_prefix}/"):
            self.media.remove_abandoned(workspace.folder(key))
        return JobContext(
            request=request,
            engines=self.engines.engines(request.engines),
            options=self.options,
            ctx=StageContext(
                keys=keys,
                workspace=self.storage.archive.workspace,
                media=self.media.tool(),
                sounds=self.media.sounds(),
                progress=self.progress,
                meter=ProcessMeter(),
            ),
            archive=self.storage.archive,
        )


def job_request(archive: JobArchive, job_id: str, run_tags: Mapping[str, str]) -> DubRequest:
    """What a run's job asks for: the request of the message that the run came from, else the job's record.

    Later messages for a job write its record anew, and leave the requests of earlier runs alone. Raises
    ObjectMissingError, saying what to do, where there is neither.
    """
    if run_tags.get(TASK) == "full_pipeline" and REQUEST_KEY in run_tags:
        return archive.load(DubRequest, run_tags[REQUEST_KEY])
    try:
        return archive.load(DubRequest, job_record_key(job_id))
    except ObjectMissingError as error:
        raise ObjectMissingError(
            f"job {job_id!r} has no record at {job_record_key(job_id)}: start it with `dub-assets dub` or the queue"
        ) from error


@contextmanager
def dagster_failures() -> Iterator[None]:
    """Make errors of dub_assets Dagster's: a permanent one is a failure, after a transient one the step is tried again.

    Not by a retry policy: Dagster would apply it to a step that someone stops, and so go on with it.
    """
    try:
        yield
    except TransientError as error:
        raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_PAUSE_S) from error
    except PermanentError as error:
        metadata: dict[str, Any] = {"error": type(error).__name__}
        raise dg.Failure(description=str(error), metadata=metadata, allow_retries=False) from error
