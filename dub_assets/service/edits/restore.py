"""The job that restores a revision of a job: its manifests and media, bit for bit."""

import dagster as dg
from pydantic import Field

from dub_assets.core.keys import JobKeys
from dub_assets.resources.job_context import JobResources, dagster_failures, job_request
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.revisions import Revisions
from dub_assets.resources.tags import DATA_VERSION, EDIT

RESTORE_JOB, RESTORE_OP = "restore_revision_job", "restore_revision"


class RestoreConfig(dg.Config):
    """The revision to restore."""

    revision: int = Field(description="Number of the revision, as `dub-assets revisions` shows it.")


@dg.op(description="Makes a job what it was at a revision. The present state stays a revision.")
def restore_revision(context: dg.OpExecutionContext, job_resources: JobResources, config: RestoreConfig) -> None:
    """Restore the revision and log the materialisation of each asset that has changed."""
    with dagster_failures():
        archive = job_resources.storage.archive
        keys = JobKeys(request=job_request(archive, context.partition_key, context.run.tags))
        for asset, value in Revisions(archive=archive, keys=keys).restore(config.revision).items():
            if asset == "review":  # no asset of Dagster's
                continue
            version = getattr(value, "data_version", value.provenance.fingerprint)
            context.log_event(
                dg.AssetMaterialization(
                    asset,
                    partition=context.partition_key,
                    description=f"restored from revision {config.revision}",
                    metadata={"revision": config.revision},
                    tags={DATA_VERSION: version},
                )
            )


@dg.job(
    partitions_def=jobs_partitions,
    tags={EDIT: "true"},
    description="Restores a revision of a job, bit for bit. The present state stays a revision and can be restored.",
)
def restore_revision_job() -> None:
    """Run the op."""
    restore_revision()
