"""The job context: everything that an asset needs to work on its job."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Self, TypeVar

import dagster as dg

from dub_assets.adapters.credentials.signing import C2paSigner
from dub_assets.adapters.dagster_private import check_captured_interrupt
from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.consents import ConsentRecords, JobConsents
from dub_assets.adapters.telemetry.meter import ProcessMeter
from dub_assets.core.credentials import CredentialOptions
from dub_assets.core.errors import ObjectMissingError, PermanentError, TransientError
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.ports import CredentialSigner, Engines, Progress, StageContext
from dub_assets.core.request import DubRequest
from dub_assets.core.retries import STEP_PAUSE_S, STEP_RETRIES
from dub_assets.options import DubOptions
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.given_texts import given_texts
from dub_assets.resources.media import MediaResource
from dub_assets.resources.revisions import Revisions, editor_of
from dub_assets.resources.shared_products import SharedProducts
from dub_assets.resources.storage import StorageResource
from dub_assets.resources.tags import EDIT, JOB_ID, PARTITION, REQUEST_KEY, TASK
from dub_assets.settings import JobDefaults
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.values import SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import GivenTexts, Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegments

Product = TypeVar("Product")

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """One job: its request, engines, options, stage context and archive."""

    request: DubRequest
    engines: Engines
    options: DubOptions
    ctx: StageContext
    archive: JobArchive

    def load(self, product: type[Product], asset: str) -> Product:
        """Return the stored value of one of the job's assets. Raises ObjectMissingError, ObjectCorruptError."""
        return self.archive.load(product, self.ctx.keys.manifest(asset))

    def products(self) -> Products:
        """Return everything that the job's video is made from. Raises ObjectMissingError, ObjectCorruptError."""
        return Products(
            stems=self.load(Stems, "stems"),
            transcript=self.load(Transcript, "transcript"),
            translation=self.load(Translation, "translation"),
            tts=self.load(TtsSegments, "tts_segments"),
            mixes=self.load(SegmentMixes, "segment_mixes"),
        )

    def products_with(self, **known: object) -> Products:
        """Return the job's products, of which some are known here; the others are loaded when they are first read."""
        return StoredProducts(self, known)

    @property
    def shared(self) -> SharedProducts:
        """The job's products that other jobs of its project may have too."""
        return SharedProducts(archive=self.archive, keys=self.ctx.keys)

    def given_texts(self) -> GivenTexts:
        """Return the subtitle files that the job brings. Raises InputError if one is missing or unreadable."""
        return given_texts(self.ctx.keys, self.ctx.workspace)

    def previous(self, product: type[Product], asset: str) -> Product | None:
        """Return the stored value of an asset from an earlier run; None if it is missing or damaged."""
        return self.archive.find(product, self.ctx.keys.manifest(asset))


class StoredProducts(Products):
    """Products that are loaded from the job's archive when they are first read."""

    _job: JobContext

    def __init__(self, job: JobContext, known: Mapping[str, object]) -> None:
        object.__setattr__(self, "_job", job)
        for name, product in known.items():
            object.__setattr__(self, name, product)

    def __getattr__(self, name: str) -> object:
        """Load a product that was not read before."""
        if name not in _ASSETS:
            raise AttributeError(name)
        kind, asset = _ASSETS[name]
        product: object = self._job.load(kind, asset)
        object.__setattr__(self, name, product)
        return product


_ASSETS: Mapping[str, tuple[type[Any], str]] = {
    "stems": (Stems, "stems"),
    "transcript": (Transcript, "transcript"),
    "translation": (Translation, "translation"),
    "tts": (TtsSegments, "tts_segments"),
    "mixes": (SegmentMixes, "segment_mixes"),
}
"""Type and asset of each product."""


class JobResources(dg.ConfigurableResource):
    """Storage, engines, media tools and options, from which the context of a job is built."""

    storage: dg.ResourceDependency[StorageResource]
    engines: dg.ResourceDependency[EnginesResource]
    media: dg.ResourceDependency[MediaResource]
    options: dg.ResourceDependency[DubOptions]
    progress: dg.ResourceDependency[Progress]
    credentials: dg.ResourceDependency[CredentialOptions]
    defaults: dg.ResourceDependency[JobDefaults]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:
        """Hold the lock of the run's job while the run executes, and record the revision that it makes.

        Outside of runs there is neither.
        """
        job_id = job_of_run(context.run.tags) if context.run else None
        if context.run is None or job_id is None:
            yield self
            return
        lock = self.storage.archive.locked(job_id, _LOG.info, cancelled=check_captured_interrupt)
        with lock, self._recorded(context.run):
            yield self

    @contextmanager
    def _recorded(self, run: dg.DagsterRun) -> Iterator[None]:
        """Record what the block changes as a revision of the run's job, if it is an edit or the job was edited."""
        job_id = job_of_run(run.tags)
        archive = self.storage.archive
        if job_id is None or archive.store.head(job_record_key(job_id)) is None:  # the step reports it
            yield
            return
        revisions = Revisions(archive=archive, keys=JobKeys(request=job_request(archive, job_id, run.tags)))
        if EDIT in run.tags:
            revisions.begin()
        try:
            yield
        finally:
            if revisions.exist:
                revisions.record(by=editor_of(run.tags), run_id=run.run_id)

    @contextmanager
    def job(self, context: dg.AssetExecutionContext) -> Iterator[JobContext]:
        """Open the job of the partition that is materialised, with ``dagster_failures`` in the block."""
        with dagster_failures():
            yield self.open_job(job_request(self.storage.archive, context.partition_key, context.run.tags))

    def open_job(self, request: DubRequest) -> JobContext:
        """Return the context of a request's job, after removing the partial files that killed runs of it left."""
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
                consents=job_consents(request, self.storage.archive),
                signer=signer_of(self.credentials),
            ),
            archive=self.storage.archive,
        )


def job_consents(request: DubRequest, archive: JobArchive) -> JobConsents:
    """Return the consents to clone voices that apply to a job."""
    return JobConsents(records=ConsentRecords(archive.store, request.project_id), job_id=request.job_id)


@cache
def signer_of(options: CredentialOptions) -> CredentialSigner | None:
    """Return the signer that the options name, None if there is none. Raises ConfigurationError if it is unusable."""
    return None if options.certificate is None else C2paSigner(options)


def job_of_run(run_tags: Mapping[str, str]) -> str | None:
    """Return the id of the job that a run works on, None if it has none."""
    return run_tags.get(PARTITION) or run_tags.get(JOB_ID)


def job_request(archive: JobArchive, job_id: str, run_tags: Mapping[str, str]) -> DubRequest:
    """Return the request of a run: that of the run's own ``full_pipeline`` message, else the job's record.

    Later messages for a job replace its record but not the requests of earlier messages. Raises ObjectMissingError,
    with what to do, if there is neither.
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
    """Turn errors of dub_assets into Dagster's: a permanent error fails the step, a transient one retries it.

    A retry policy would not do: Dagster also applies it to a step that a user terminates.
    """
    try:
        yield
    except TransientError as error:
        raise dg.RetryRequested(max_retries=STEP_RETRIES, seconds_to_wait=STEP_PAUSE_S) from error
    except PermanentError as error:
        metadata: dict[str, Any] = {"error": type(error).__name__}
        raise dg.Failure(description=str(error), metadata=metadata, allow_retries=False) from error
