"""``dub-assets dub``: one video into one or several languages, through ``dub_job``, in this process."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dub_assets.adapters.credentials.sidecar import existing_sidecar, sidecar_of
from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.display import display_for
from dub_assets.cli.folders import dub_folder
from dub_assets.cli.results import ResultFolder, read_document, require_folder, result_files
from dub_assets.cli.running import LocalRun, RunFailedError, run_here, show_wait
from dub_assets.cli.subtitle_files import check_subtitle_files, with_subtitle_keys
from dub_assets.cli.summary import dub_summary, print_dub, print_notes
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.errors import DubError, InputError, UnsupportedLanguageError
from dub_assets.core.files import require_writable
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.language import language_name, parse_language, parse_target_language
from dub_assets.core.object_key import is_key
from dub_assets.core.ports import Engines
from dub_assets.core.printable import printable
from dub_assets.core.request import DubRequest
from dub_assets.core.track_choice import TrackChoice, parse_track
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.job_context import job_consents, signer_of
from dub_assets.resources.media import MediaResource
from dub_assets.resources.plan import check_job, load_ahead
from dub_assets.resources.storage import StorageResource
from dub_assets.service.queue.glossary import Glossary, read_glossary
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.metadata.values import Metadata
from dub_assets.stages.tts_segments.casting import parse_choices

PROJECT = "local"

_MAX_ENDING_BYTES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DubArguments:
    """The arguments of ``dub``.

    ``source`` and ``targets`` are languages; if there are none, those of the environment. ``speakers``: number of
    speakers; None: unknown. ``voices``: choices such as ``A=jm_kumo``. ``glossary``: a JSON file of terms. ``track``:
    the index or the language of the sound track to dub; None: any. ``transcript`` and ``translation``: subtitle files
    that replace recognition and translation.
    """

    video: Path
    source: str | None
    targets: Sequence[str]
    clips: bool
    speakers: int | None
    voices: Sequence[str]
    glossary: Path | None
    track: str | None
    transcript: Path | None = None
    translation: Path | None = None

    def subtitle_files(self) -> dict[str, Path]:
        """Return the given subtitle files by what they replace."""
        files = {"transcript": self.transcript, "translation": self.translation}
        return {name: path for name, path in files.items() if path is not None}


def dub_video(arguments: DubArguments, out: Path, *, quiet: bool, as_json: bool) -> None:
    """Check the input, run a job for each language, copy the results to ``out`` and print a summary of each.

    Everything is checked before any work. If a language fails, the others go on. Raises DubError.
    """
    settings = settings_from(os.environ)
    jobs = _jobs(arguments, out, settings)
    if len(jobs) == 1:
        summary = jobs[0].run(settings, quiet=quiet, as_json=as_json)
        if as_json:
            write_json(summary)
        return
    summaries: list[dict[str, Any]] = []
    for job in jobs:
        language = job.request.target_language
        if not (quiet or as_json):
            write_line(f"into {language_name(language)}:")
        try:
            summaries.append(job.run(settings, quiet=quiet, as_json=as_json))
        except DubError as error:
            summaries.append({"job_id": job.request.job_id, "target_lang": language, "error": str(error)})
            write_line(f"dub-assets: {language}: {printable(str(error))}", sys.stderr)
    if as_json:
        write_json({"dubs": summaries})
    failed = sum("error" in summary for summary in summaries)
    if failed:
        raise RunFailedError(f"{failed} of {len(jobs)} languages failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """The dub of a video into one language; its input may be a copy of that of the ``first`` language."""

    video: Path
    subtitle_files: Mapping[str, Path]
    request: DubRequest
    first: DubRequest
    engines: Engines
    archive: JobArchive
    folder: ResultFolder

    def run(self, settings: Settings, *, quiet: bool, as_json: bool) -> dict[str, Any]:
        """Run the job, copy its results and print them; return the summary. Wait while another process works on it."""
        started = time.perf_counter()
        request, archive = self.request, self.archive
        with archive.locked(request.job_id, show_wait), display_for(quiet=quiet or as_json) as display:
            if archive.find(DubRequest, job_record_key(request.job_id)) is None:
                load_ahead(request, self.engines)
            self._register()
            run_here(LocalRun(job_id=request.job_id, job="dub_job"), settings, display)
            keys = JobKeys(request=request)
            delivered = self.folder.deliver(result_files(keys, archive))
            document = read_document(archive.load(Metadata, keys.manifest("metadata")), archive)
        elapsed_s = time.perf_counter() - started
        print_notes(delivered.notes)
        if not (quiet or as_json):
            print_dub(document, delivered.files, elapsed_s)
        return dub_summary(document, delivered.files, elapsed_s)

    def _register(self) -> None:
        """Store the video and the job's record, from which a run reads them."""
        media = self.archive.put_file(self.first.input_key, self.video)
        if sidecar := existing_sidecar(self.video):
            self.archive.put_file(sidecar_of(Path(self.request.input_key)).as_posix(), sidecar)
        if self.request != self.first:
            self.archive.workspace.copy(media, self.request.input_key)
        for name, path in self.subtitle_files.items():
            self.archive.put_file(JobKeys(request=self.request).given_subtitles(name, path.name), path)
        self.archive.save(job_record_key(self.request.job_id), self.request)


def _jobs(arguments: DubArguments, out: Path, settings: Settings) -> list[_Job]:
    """Return a job for each language. Raises the error of an input that cannot be dubbed, before any work."""
    video = arguments.video
    size_bytes = _size_bytes(video)
    default = settings.defaults.target_language
    targets = [_language(target, "JOB_TARGET_LANG", default) for target in arguments.targets or ("",)]
    requests = [_request(arguments, target, settings) for target in dict.fromkeys(targets)]
    if len(requests) > 1 and any(term.source != term.target for term in requests[0].terms):
        raise InputError("the glossary is in one language, and --to names several: dub into each by itself")
    if len(requests) > 1 and arguments.translation:
        raise InputError("--translation is in one language, and --to names several: dub into each by itself")
    engines, archive = EnginesResource.of(settings).engines(), StorageResource.of(settings).archive
    jobs = [
        _Job(
            video=video,
            subtitle_files=arguments.subtitle_files(),
            request=request,
            first=requests[0],
            engines=engines,
            archive=archive,
            folder=dub_folder(request, archive, settings, out, stem=video.stem),
        )
        for request in requests
    ]
    for request in requests:
        check_job(request, engines, job_consents(request, archive), settings.options)
    signer_of(settings.credentials)
    choice = TrackChoice(wanted=requests[0].audio_track, language=requests[0].source_language)
    info = MediaResource.of(settings).tool().probe(video, choice)
    for request in requests:
        check_subtitle_files(arguments.subtitle_files(), request, info.duration_ms)
    for job in jobs:
        job.folder.require_free_names()
    require_folder(out, size_bytes=size_bytes * sum(not job.folder.has_video for job in jobs))
    _require_space(settings, size_bytes if archive.store.head(requests[0].input_key) is None else 0)
    return jobs


def _size_bytes(video: Path) -> int:
    """Return the size of a file. Raises InputError if its path leads to none."""
    try:
        return video.stat().st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"there is no file {video}: check the path") from error
    except OSError as error:
        raise InputError(f"cannot read {video} ({error.strerror}): check the path") from error


def _request(arguments: DubArguments, target_language: str, settings: Settings) -> DubRequest:
    source_language = _language(arguments.source, "JOB_SOURCE_LANG", "auto")
    job_id = _job_id(arguments.video, target_language)
    glossary = read_glossary(arguments.glossary) if arguments.glossary else Glossary.model_validate({})
    keys = settings.keys

    def filled(template: str) -> str:
        return keys.fill(template, project_id=PROJECT, job_id=job_id)

    request = DubRequest(
        job_id=job_id,
        project_id=PROJECT,
        input_key=f"projects/{PROJECT}/inputs/{job_id}{_key_ending(arguments.video)}",
        source_language=source_language,
        target_language=target_language,
        result_key=filled(keys.video),
        metadata_key=filled(keys.metadata),
        segment_prefix=filled(keys.segments),
        segment_clips=arguments.clips,
        speakers=arguments.speakers,
        voices=parse_choices(",".join(arguments.voices)),
        terms=glossary.terms(),
        pronunciations=glossary.pronunciations(target_language),
        audio_track=None if arguments.track is None else parse_track(arguments.track),
    )
    return with_subtitle_keys(request, arguments.subtitle_files())


def _language(option: str | None, variable: str, default: str) -> str:
    """Return the language of an option, else of a variable that is set, else the default.

    The variable's own default does not apply: it is meant for messages to the service, and a file may be in any
    language. Raises UnsupportedLanguageError.
    """
    text = option or os.environ.get(variable) or default
    if text.lower() == "auto" == default:
        return "auto"
    try:
        return parse_language(text) if default == "auto" else parse_target_language(text)
    except UnsupportedLanguageError as error:
        raise UnsupportedLanguageError(str(error) if option else f"{variable}: {error}") from error


def _job_id(video: Path, target_language: str) -> str:
    """Return an id that depends on the file's path and the language, so that a second run continues the first."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", video.stem).strip("-").lower()[:40] or "video"
    path_hash = hashlib.sha256(os.fsencode(video.resolve())).hexdigest()[:8]
    return f"{name}-{target_language}-{path_hash}"


def _key_ending(video: Path) -> str:
    """Return the end of a file's name in lower case, empty if it cannot be part of an object key."""
    ending = video.suffix.lower()
    return ending if is_key(f"video{ending}") and len(ending.encode()) <= _MAX_ENDING_BYTES else ""


def _require_space(settings: Settings, size_bytes: int) -> None:
    """Raise ConfigurationError if the folders of the store and the workspace have no room for ``size_bytes``.

    That is the least that a job needs: the video itself. How much its sound needs depends on how well it compresses.
    """
    stored_bytes = size_bytes if settings.storage.bucket is None else 0
    for folder, variable, needed_bytes in (
        (settings.paths.home, "DUB_ASSETS_HOME", stored_bytes),
        (settings.paths.cache, "DUB_ASSETS_CACHE", size_bytes),
    ):
        require_writable(folder, advice=f"make room, or set {variable} to another folder", size_bytes=needed_bytes)
