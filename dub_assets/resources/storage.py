"""The object store as a Dagster resource: an S3 bucket, or a local folder."""

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import Self

import dagster as dg
from pydantic import Field

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.ports import ObjectStore
from dub_assets.settings import Settings


class StorageResource(dg.ConfigurableResource):
    """Objects in an S3 bucket, or in a local folder if no bucket is named. The keys are the same in both."""

    bucket: str | None = Field(description="S3 bucket; unset: objects are files below `folder`.")
    region: str = Field(description="AWS region of the bucket.")
    profile: str | None = Field(description="Profile of the AWS credentials chain.")
    endpoint_url: str | None = Field(description="Endpoint of S3; unset: Amazon's.")
    files_port: int = Field(description="Port of the links to local files in the UI; 0: no links.")
    links: str | None = Field(description="Address of the link server; unset: that of `files_port` for a local store.")
    folder: str = Field(description="Folder of the objects if there is no bucket.")
    workspace: str = Field(description="Folder of local copies of media, which may be deleted between runs.")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the storage that the settings name.

        The libraries for a bucket are imported here, while the process has one thread: two sensors that import them in
        their first ticks can deadlock.
        """
        if settings.storage.bucket is not None:
            import dagster_aws.s3  # noqa: F401 - takes half a second, so only if there is a bucket
        return cls(
            **dataclasses.asdict(settings.storage),
            folder=str(settings.paths.home / "objects"),
            workspace=str(settings.paths.cache / "workspace"),
        )

    @cached_property
    def _store(self) -> ObjectStore:
        if self.bucket is None:
            local = f"http://127.0.0.1:{self.files_port}" if self.files_port else None
            return LocalObjectStore(Path(self.folder), shared=Path(self.workspace), address=self.links or local)
        from dagster_aws.s3 import S3Resource

        client = S3Resource(
            region_name=self.region, profile_name=self.profile, endpoint_url=self.endpoint_url, max_attempts=5
        )
        return S3ObjectStore(self.bucket, client=client.get_client, address=self.links)

    @cached_property
    def archive(self) -> JobArchive:
        """The manifests and media of all jobs."""
        return JobArchive(self._store, LocalWorkspace(Path(self.workspace), self._store))
