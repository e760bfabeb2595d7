"""Copies of a job's results in a folder of the user."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.deliveries import DeliveredFile, Delivery, DeliveryRecords, is_one_of, is_taken
from dub_assets.core.errors import InputError, ObjectCorruptError, OutOfSpaceError
from dub_assets.core.files import atomic_file, remove_abandoned, require_writable, sha256_of
from dub_assets.core.keys import JobKeys
from dub_assets.core.media import MediaObject
from dub_assets.core.request import DubRequest
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.metadata.values import Metadata
from dub_assets.stages.report.values import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """One result: its kind, such as ``video``, the end of its file's name, and the stored object."""

    kind: str
    suffix: str
    media: MediaObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Files by kind of result, in the first folder; paths in all folders; a note for each file that was kept."""

    files: dict[str, Path] = field(default_factory=dict)
    paths: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def require_folder(out: Path, *, size_bytes: int = 0) -> None:
    """Make the folder of the results, and remove temporary files of killed commands from it.

    Raises ConfigurationError if ``size_bytes`` cannot be written to it.
    """
    require_writable(out, advice="name another folder with --out", size_bytes=size_bytes)
    remove_abandoned(out, recursive=False)


def report_file(keys: JobKeys, archive: JobArchive) -> Iterator[ResultFile]:
    """Yield the job's report, if there is one."""
    report = archive.find(Report, keys.manifest("report"))
    if report is not None:
        yield ResultFile(kind="report", suffix=f".{keys.request.target_language}.html", media=report.page)


def result_files(keys: JobKeys, archive: JobArchive) -> list[ResultFile]:
    """Return the job's results: video, subtitles of both languages, metadata document, report; none if it has none."""
    final = archive.find(FinalVideo, keys.manifest("final_video"))
    metadata = archive.find(Metadata, keys.manifest("metadata"))
    if final is None or metadata is None:
        return []
    document = read_document(metadata, archive)
    source, target = document["source_lang"], document["target_lang"]
    files = {
        "video": (f".{target}.mp4", final.video),
        "target_subtitles": (f".{target}.srt", final.target_subtitles.srt),
        "target_subtitles_vtt": (f".{target}.vtt", final.target_subtitles.vtt),
        "source_subtitles": (f".{source}.srt", final.source_subtitles.srt),
        "source_subtitles_vtt": (f".{source}.vtt", final.source_subtitles.vtt),
        "metadata": (f".{target}.json", metadata.document),
    }
    results = [ResultFile(kind=kind, suffix=suffix, media=media) for kind, (suffix, media) in files.items()]
    return [*results, *report_file(keys, archive)]


def read_document(metadata: Metadata, archive: JobArchive) -> dict[str, Any]:
    """Return the metadata document."""
    document: dict[str, Any] = json.loads(archive.workspace.open(metadata.document).read_text(encoding="utf-8"))
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFolder:
    """A folder for a job's results. Files in it that the job did not write are never replaced."""

    request: DubRequest
    archive: JobArchive
    records: DeliveryRecords
    folder: Path
    stem: str
    follows: bool

    @property
    def has_video(self) -> bool:
        """Whether a video of an earlier run is there."""
        return is_taken(self.folder / f"{self.stem}.{self.request.target_language}.mp4")

    def require_free_names(self) -> None:
        """Raise InputError if the results would replace a file that the job did not write.

        Files that equal the job's present results but have no record are recorded, since the run may change results.
        Subtitles of the original may be those of a job into another language; ``deliver`` keeps them if they differ.
        """
        present = result_files(JobKeys(request=self.request), self.archive)
        known = [_as_file(f"{self.stem}{result.suffix}", result.media) for result in present]
        own: dict[str, DeliveredFile] = {}
        for suffix in self._suffixes(present):
            name = f"{self.stem}{suffix}"
            path = self.folder / name
            if not is_taken(path):
                continue
            version = next((file for file in self._versions(name, known) if is_one_of(path, [file])), None)
            is_shared = not suffix.startswith(f".{self.request.target_language}.")
            if version is None and is_shared and is_one_of(path, self.records.named(self.folder, name)):
                continue
            if version is None:
                raise InputError(
                    f"{path} exists and was not written by job {self.request.job_id}: move it away, or name another "
                    "folder with --out"
                )
            own[name] = version
        if not set(own.values()) <= set(self._recorded()):
            self._record(own)

    def deliver(self, results: Sequence[ResultFile]) -> Delivered:
        """Copy the results, verify and record them. A file that the job did not write is kept."""
        require_folder(self.folder)
        files: dict[str, Path] = {}
        notes: list[str] = []
        written: dict[str, DeliveredFile] = {}
        for result in results:
            usual, name = self.folder / f"{self.stem}{result.suffix}", self._name_for(result)
            if name is None:
                notes.append(f"{usual} was not written by job {self.request.job_id} and is kept as it is")
                continue
            path, file = self.folder / name, _as_file(name, result.media)
            if path != usual:
                notes.append(f"{usual} was changed or is not of this job: it is kept, and the new file is {path}")
            if not is_one_of(path, [file]):
                copy_file(self.archive.workspace.open(result.media), path, result.media.sha256)
            files[result.kind], written[name] = path, file
        self._record(written)
        return Delivered(files=files, paths=tuple(files.values()), notes=tuple(notes))

    def _name_for(self, result: ResultFile) -> str | None:
        """Return the file name for a result: the usual one, one with the job's id, or None if other files have both."""
        other_stem = self.request.job_id if self.stem != self.request.job_id else f"{self.request.job_id}-new"
        for name in (f"{self.stem}{result.suffix}", f"{other_stem}{result.suffix}"):
            path, versions = self.folder / name, self._versions(name, [_as_file(name, result.media)])
            if not is_taken(path) or is_one_of(path, versions):
                return name
        return None

    def _versions(self, name: str, known: Iterable[DeliveredFile]) -> list[DeliveredFile]:
        """Return the versions of a file that the job is known to have written."""
        return [version for version in (*self._recorded(), *known) if version.name == name]

    def _recorded(self) -> tuple[DeliveredFile, ...]:
        earlier = self._earlier()
        return earlier.files if earlier else ()

    def _earlier(self) -> Delivery | None:
        folder = str(self.folder.resolve())
        return next((found for found in self.records.of(self.request.job_id) if found.folder == folder), None)

    def _record(self, written: dict[str, DeliveredFile]) -> None:
        earlier = self._earlier()
        files = {file.name: file for file in self._recorded()} | written
        delivery = Delivery(
            store=self.records.store,
            folder=str(self.folder.resolve()),
            stem=self.stem,
            follows=self.follows or (earlier is not None and earlier.follows),
            files=tuple(files.values()),
        )
        self.records.keep(self.request.job_id, delivery)

    def _suffixes(self, present: Sequence[ResultFile]) -> list[str]:
        """Return the ends of the results' names, as far as they are known before the run."""
        source, target = self.request.source_language, self.request.target_language
        languages = [target] if source == "auto" else [target, source]
        subtitles = [f".{language}.{ending}" for language in languages for ending in ("srt", "vtt")]
        return list(
            dict.fromkeys(
                [
                    f".{target}.mp4",
                    *subtitles,
                    f".{target}.json",
                    f".{target}.html",
                    *(result.suffix for result in present),
                ]
            )
        )


def deliver(results: Sequence[ResultFile], folders: Sequence[ResultFolder]) -> Delivered:
    """Copy results to folders, see ``ResultFolder.deliver``."""
    deliveries = [folder.deliver(results) for folder in folders]
    return Delivered(
        files=deliveries[0].files if deliveries else {},
        paths=tuple(path for delivered in deliveries for path in delivered.paths),
        notes=tuple(note for delivered in deliveries for note in delivered.notes),
    )


def copy_file(source: Path, target: Path, sha256: str) -> None:
    """Copy a file atomically. Raises ObjectCorruptError if the copy does not have this checksum."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(target) as partial:
            shutil.copyfile(source, partial)
            if sha256_of(partial) != sha256:
                raise ObjectCorruptError(f"{source} changed while it was copied to {target}: run the command again")
    except OSError as error:
        raise OutOfSpaceError(f"cannot write {target} ({error.strerror}): make room or name another --out") from error


def _as_file(name: str, media: MediaObject) -> DeliveredFile:
    return DeliveredFile(name=name, size_bytes=media.size_bytes, sha256=media.sha256)
