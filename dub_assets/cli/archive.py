"""The archive of all jobs, for commands that only read: opened without Dagster, whose import takes seconds."""

from __future__ import annotations

import difflib
from functools import partial

from dub_assets.adapters.aws import aws_client
from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.errors import InputError
from dub_assets.core.keys import job_record_key
from dub_assets.core.ports import ObjectStore
from dub_assets.core.request import DubRequest, checked_id
from dub_assets.settings import Settings

_SHOWN_IDS = 5


def open_archive(settings: Settings) -> JobArchive:
    """Open the archive in the bucket or folder that the settings name."""
    workspace = settings.paths.cache / "workspace"
    storage = settings.storage
    store: ObjectStore = LocalObjectStore(settings.paths.home / "objects", shared=workspace)
    if storage.bucket is not None:
        client = partial(
            aws_client, "s3", region=storage.region, profile=storage.profile, endpoint_url=storage.endpoint_url
        )
        store = S3ObjectStore(storage.bucket, client=client)
    return JobArchive(store, LocalWorkspace(workspace, store))


def recorded_jobs(archive: JobArchive, prefix: str = "") -> list[str]:
    """Return the ids of all jobs with a record that begin with ``prefix``, sorted."""
    folder, ending = job_record_key("*").split("*")
    names = (item.key.removeprefix(folder) for item in archive.store.list(f"{folder}{prefix}", recursive=False))
    return sorted(name.removesuffix(ending) for name in names if "/" not in name and name.endswith(ending))


def find_job(archive: JobArchive, name: str) -> DubRequest:
    """Return the request of the job called ``name``: its id, or a beginning that only one id has.

    Raises:
        InputError: No id, or more than one, begins with ``name``.
    """
    checked_id("the job", name)
    if archive.store.head(job_record_key(name)) is not None:
        return archive.load(DubRequest, job_record_key(name))
    matches = recorded_jobs(archive, name)
    if len(matches) == 1:
        return archive.load(DubRequest, job_record_key(matches[0]))
    if matches:
        more = f" and {len(matches) - _SHOWN_IDS} more" if len(matches) > _SHOWN_IDS else ""
        shown = ", ".join(matches[:_SHOWN_IDS])
        raise InputError(f"{name!r} is the beginning of several ids: {shown}{more}; give more of the id")
    raise InputError(_unknown(name, recorded_jobs(archive)))


def _unknown(name: str, known: list[str]) -> str:
    if not known:
        return f"there is no job {name!r}, nor any other: start one with `dub-assets dub`"
    similar = difflib.get_close_matches(name, known, n=_SHOWN_IDS, cutoff=0.4)
    hint = f"similar ids are {', '.join(similar)}; " if similar else ""
    return f"there is no job {name!r}: {hint}`dub-assets jobs` lists all"
