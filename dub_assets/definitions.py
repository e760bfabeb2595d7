"""What Dagster loads: the definitions for the settings of this process's environment."""

import os

import dagster as dg

from dub_assets.adapters.telemetry.progress import LoggedProgress
from dub_assets.core.ports import Progress
from dub_assets.resources.asset import AssetOptions
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.io_manager import ManifestIOManager
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.logs import log_as_json
from dub_assets.resources.media import MediaResource
from dub_assets.resources.pools import pools_of
from dub_assets.resources.rebuild import rebuild_sensor
from dub_assets.resources.storage import StorageResource
from dub_assets.service import jobs
from dub_assets.service.callbacks import sensors as callback_sensors
from dub_assets.service.callbacks.resources import CallbackServices
from dub_assets.service.queue.resources import QueueResource
from dub_assets.service.queue.sensor import job_queue_sensor
from dub_assets.service.retention.job import retention_job, retention_schedule
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.assets import asset_definitions
from dub_assets.stages.quality.checks import blocking_checks


def definitions(settings: Settings, progress: Progress) -> dg.Definitions:
    """Return the assets, checks, jobs, sensors, schedules and resources for these settings."""
    storage = StorageResource.of(settings)
    job_resources = JobResources(
        storage=storage,
        engines=EnginesResource.of(settings),
        media=MediaResource.of(settings),
        options=settings.options,
        progress=progress,
        credentials=settings.credentials,
        defaults=settings.defaults,
    )
    return dg.Definitions(
        assets=asset_definitions(_asset_options(settings)),
        jobs=[*jobs.ALL, retention_job],
        sensors=[*([rebuild_sensor] if settings.defaults.rebuild else []), job_queue_sensor, *callback_sensors.ALL],
        schedules=[retention_schedule],
        resources={
            "job_resources": job_resources,
            "storage": storage,
            "manifests": ManifestIOManager(storage=storage),
            "queue": QueueResource.of(settings),
            "callback_services": CallbackServices(settings),
            "retention": settings.retention,
        },
        executor=dg.in_process_executor,
    )


def _asset_options(settings: Settings) -> AssetOptions:
    """Return what the settings decide of the assets."""
    return AssetOptions(
        blocking=blocking_checks(settings.options.checks),
        pools=pools_of(settings.options),
        rebuild=settings.defaults.rebuild,
    )


_settings = settings_from(os.environ)
if _settings.logs.format == "json":
    log_as_json()  # this module is what Dagster's processes start from
defs = definitions(_settings, LoggedProgress())
