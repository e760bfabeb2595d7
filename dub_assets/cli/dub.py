"""``dub-assets dub``: one video, through ``dub_job``, in this process."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.display import display_for
from dub_assets.cli.folders import dub_folder
from dub_assets.cli.results import read_document, require_folder, result_files
from dub_assets.cli.running import LocalRun, run_here, show_wait
from dub_assets.cli.summary import dub_summary, print_dub, print_notes
from dub_assets.cli.terminal import write_json
from dub_assets.core.errors import InputError, UnsupportedLanguageError
from dub_assets.core.files import require_writable
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.language import parse_language
from dub_assets.core.object_key import is_key
from dub_assets.core.request import DubRequest
from dub_assets.core.track_choice import TrackChoice, parse_track
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.job_context import signer_of
from dub_assets.resources.media import MediaResource
from dub_assets.resources.plan import check_engines, load_ahead
from dub_assets.resources.storage import StorageResource
from dub_assets.service.queue.glossary import read_glossary
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.metadata.values import Metadata
from dub_assets.stages.tts_segments.casting import parse_choices

PROJECT = "local"

_MAX_ENDING_BYTES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DubArguments:
    """The arguments of ``dub``.

    ``source`` and ``target`` are languages; None: those of the environment. ``speakers``: number of speakers; None:
    unknown. ``voices``: choices such as ``A=jm_kumo``. ``glossary``: a JSON file of terms. ``track``: the index or the
    language of the sound track to dub; None: any.
    """

    video: Path
    source: str | None
    target: str | None
    clips: bool
    speakers: int | None
    voices: Sequence[str]
    glossary: Path | None
    track: str | None


def dub_video(arguments: DubArguments, out: Path, *, quiet: bool, as_json: bool) -> None:
    """Check the input, run the job, copy its results to ``out`` and print a summary.

    While another process works on the job, it waits.
    """
    started = time.perf_counter()
    settings = settings_from(os.environ)
    video = arguments.video
    size_bytes = _size_bytes(video)
    request = _request(arguments, settings)
    engines = EnginesResource.of(settings).engines()
    archive = StorageResource.of(settings).archive
    folder = dub_folder(request, archive, settings, out, stem=video.stem)
    check_engines(request, engines)
    signer_of(settings.credentials)
    choice = TrackChoice(wanted=request.audio_track, language=request.source_language)
    MediaResource.of(settings).tool().probe(video, choice)
    folder.require_free_names()
    require_folder(out, size_bytes=0 if folder.has_video else size_bytes)
    _require_space(settings, size_bytes if archive.store.head(request.input_key) is None else 0)
    with archive.locked(request.job_id, show_wait), display_for(quiet=quiet or as_json) as display:
        if archive.find(DubRequest, job_record_key(request.job_id)) is None:
            load_ahead(request, engines)
        _register(video, request, archive)
        run_here(LocalRun(job_id=request.job_id, job="dub_job"), settings, display)
        keys = JobKeys(request=request)
        delivered = folder.deliver(result_files(keys, archive))
        document = read_document(archive.load(Metadata, keys.manifest("metadata")), archive)
    elapsed_s = time.perf_counter() - started
    print_notes(delivered.notes)
    if as_json:
        write_json(dub_summary(document, delivered.files, elapsed_s))
    elif not quiet:
        print_dub(document, delivered.files, elapsed_s)


def _size_bytes(video: Path) -> int:
    """Return the size of a file. Raises InputError if its path leads to none."""
    try:
        return video.stat().st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"there is no file {video}: check the path") from error
    except OSError as error:
        raise InputError(f"cannot read {video} ({error.strerror}): check the path") from error


def _request(arguments: DubArguments, settings: Settings) -> DubRequest:
    source_language = _language(arguments.source, "JOB_SOURCE_LANG", "auto")
    target_language = _language(arguments.target, "JOB_TARGET_LANG", settings.defaults.target_language)
    job_id = _job_id(arguments.video, target_language)
    keys = settings.keys

    def filled(template: str) -> str:
        return keys.fill(template, project_id=PROJECT, job_id=job_id)

    return DubRequest(
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
        terms=read_glossary(arguments.glossary) if arguments.glossary else (),
        audio_track=None if arguments.track is None else parse_track(arguments.track),
    )


def _language(option: str | None, variable: str, default: str) -> str:
    """Return the language of an option, else of a variable that is set, else the default.

    The variable's own default does not apply: it is meant for messages to the service, and a file may be in any
    language. Raises UnsupportedLanguageError.
    """
    text = option or os.environ.get(variable) or default
    if text.lower() == "auto" == default:
        return "auto"
    try:
        return parse_language(text)
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


def _register(video: Path, request: DubRequest, archive: JobArchive) -> None:
    """Store the video and the job's record, from which a run reads them."""
    archive.put_file(request.input_key, video)
    archive.save(job_record_key(request.job_id), request)
