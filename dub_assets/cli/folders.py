"""The folders of this machine to which a command copies a job's results."""

from __future__ import annotations

from pathlib import Path

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.deliveries import Delivery, DeliveryRecords
from dub_assets.cli.results import ResultFolder, require_folder
from dub_assets.core.printable import plain_file_name
from dub_assets.core.request import DubRequest
from dub_assets.settings import Settings

DEFAULT_FOLDER = Path("results")
_MAX_STEM_BYTES = 255 - len(".pt.segments")
"""Limit of the name of a file on common file systems, less the longest ending of a result."""


def delivery_records(archive: JobArchive, settings: Settings) -> DeliveryRecords:
    """Return the records of this machine for the jobs of the archive's store."""
    return DeliveryRecords(home=settings.paths.home, store=archive.store.description)


def dub_folder(request: DubRequest, archive: JobArchive, settings: Settings, out: Path, *, stem: str) -> ResultFolder:
    """Return the folder of a dub. Later rebuilds of the job update it.

    Control characters and bytes that are not UTF-8 are replaced in the names of the results, and long names are cut.
    """
    records = delivery_records(archive, settings)
    stem = plain_file_name(stem, max_bytes=_MAX_STEM_BYTES)
    return ResultFolder(request=request, archive=archive, records=records, folder=out, stem=stem, follows=True)


def named_folder(request: DubRequest, archive: JobArchive, settings: Settings, out: Path) -> ResultFolder:
    """Return a folder that a user names. Its files are named as those of the job's dub, else by the job's id.

    Raises:
        InputError: Files that the job did not write have the results' names.
    """
    records = delivery_records(archive, settings)
    deliveries = records.of(request.job_id)
    earlier = [delivery for delivery in deliveries if delivery.folder == str(out.resolve())]
    followed = [delivery for delivery in deliveries if delivery.follows]
    stem = next((delivery.stem for delivery in (*earlier, *followed, *deliveries)), request.job_id)
    folder = ResultFolder(request=request, archive=archive, records=records, folder=out, stem=stem, follows=False)
    folder.require_free_names()
    require_folder(out)
    return folder


def folders_to_update(
    request: DubRequest, archive: JobArchive, settings: Settings, out: Path | None
) -> tuple[list[ResultFolder], list[str]]:
    """Return the folders to update, and one note for each that no longer exists.

    The folders are ``out`` alone if it is given, else those that ``dub`` wrote, else ``results``.
    """
    if out is not None:
        return [named_folder(request, archive, settings, out)], []
    records = delivery_records(archive, settings)
    followed = [delivery for delivery in records.of(request.job_id) if delivery.follows]
    if not followed:
        return [named_folder(request, archive, settings, DEFAULT_FOLDER)], []
    present = [delivery for delivery in followed if Path(delivery.folder).is_dir()]
    notes = [
        f"{delivery.folder} is gone: `dub-assets export {request.job_id} --out DIR` writes the results elsewhere"
        for delivery in followed
        if delivery not in present
    ]
    folders = [_followed(request, archive, records, delivery) for delivery in present]
    for folder in folders:
        require_folder(folder.folder)
    return folders, notes


def _followed(request: DubRequest, archive: JobArchive, records: DeliveryRecords, delivery: Delivery) -> ResultFolder:
    folder = Path(delivery.folder)
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    return ResultFolder(
        request=request, archive=archive, records=records, folder=shown, stem=delivery.stem, follows=True
    )
