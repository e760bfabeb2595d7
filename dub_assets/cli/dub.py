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
from dub_assets.cli.running import LocalRun, run_here
from dub_assets.cli.summary import dub_summary, print_dub, print_notes
from dub_assets.cli.terminal import write_json
from dub_assets.core.errors import InputError, UnsupportedLanguageError
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.language import parse_language
from dub_assets.core.ports import Engines
from dub_assets.core.request import DubRequest
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.media import MediaResource
from dub_assets.resources.plan import check_engines, load_ahead
from dub_assets.resources.storage import StorageResource
from dub_assets.service.queue.glossary import read_glossary
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.segment_mixes.values import Metadata
from dub_assets.stages.tts_segments.casting import parse_choices

PROJECT = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be dubbed, and how.

    ``source`` and ``target`` are languages, None for those of the environment. ``speakers`` is None where nobody
    counted them; ``voices`` are choices such as ``A=jm_kumo``; ``glossary`` is a file
    of terms.
    """

    video: Path
    source: str | None
    target: str | None
    clips: bool
    speakers: int | None
    voices: Sequence[str]
    glossary: Path | None


def dub_video(order: Order, out: Path, *, quiet: bool, as_json: bool) -> None:
    """Check the input, run the job, bring its results to ``out`` and say what was made."""
    started = time.perf_counter()
    settings = settings_from(os.environ)
    video = order.video
    request = _request(order, settings)
    engines = EnginesResource.of(settings).engines()
    archive = StorageResource.of(settings).archive
    folder = dub_folder(request, archive, settings, out, stem=video.stem)
    _check(video, request, engines, settings)
    folder.require_free_names()
    require_folder(out)
    if archive.find(DubRequest, job_record_key(request.job_id)) is None:
        load_ahead(request, engines)
    _register(video, request, archive)
    with display_for(quiet=quiet or as_json) as display:
        run_here(LocalRun(job_id=request.job_id, job="dub_job"), settings, display)
    keys = JobKeys(request=request)
    delivered = folder.deliver(result_files(keys, archive))
    document = read_document(archive.load(Metadata, keys.manifest("metadata")), archive)
    elapsed_s = time.perf_counter() - started
    print_notes(delivered.notes)
    if as_json:
        shown = dub_summary(document, delivered.files, elapsed_s)
        write_json(shown)
    elif not quiet:
        print_dub(document, delivered.files, elapsed_s)


def _request(order: Order, settings: Settings) -> DubRequest:
    source_language = _language(order.source, "JOB_SOURCE_LANG", "auto")
    target_language = _language(order.target, "JOB_TARGET_LANG", settings.defaults.target_language)
    job_id = _job_id(order.video, target_language)
    keys = settings.keys

    def filled(template: str) -> str:
        return keys.fill(template, project_id=PROJECT, job_id=job_id)

    return DubRequest(
        job_id=job_id,
        project_id=PROJECT,
        input_key=f"projects/{PROJECT}/inputs/{job_id}{order.video.suffix.lower()}",
        source_language=source_language,
        target_language=target_language,
        result_key=filled(keys.video),
        metadata_key=filled(keys.metadata),
        segment_prefix=filled(keys.segments),
        segment_clips=order.clips,
        speakers=order.speakers,
        voices=parse_choices(",".join(order.voices)),
        terms=read_glossary(order.glossary) if order.glossary else (),
    )


def _language(option: str | None, variable: str, default: str) -> str:
    """The language of an option, else of a variable that is set, else the default.

    Not the variable's own default: a message to the service is Korean unless it says otherwise, a file here may be in
    any language. Raises UnsupportedLanguageError.
    """
    text = option or os.environ.get(variable) or default
    if text.lower() == "auto" == default:
        return "auto"
    try:
        return parse_language(text)
    except UnsupportedLanguageError as error:
        raise UnsupportedLanguageError(str(error) if option else f"{variable}: {error}") from error


def _job_id(video: Path, target_language: str) -> str:
    """The same for the same file and language, so that a second run finds what the first one made."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", video.stem).strip("-").lower()[:40] or "video"
    place = hashlib.sha256(str(video.resolve()).encode()).hexdigest()[:8]
    return f"{name}-{target_language}-{place}"


def _check(video: Path, request: DubRequest, engines: Engines, settings: Settings) -> None:
    """Everything that can be known before any work."""
    if not video.exists():
        raise InputError(f"there is no file {video}: check the path")
    check_engines(request, engines)
    MediaResource.of(settings).tool().probe(video)


def _register(video: Path, request: DubRequest, archive: JobArchive) -> None:
    """Put the video and the job's record where a run looks for them."""
    archive.put_file(request.input_key, video)
    archive.save(job_record_key(request.job_id), request)
