"""Object keys of a job: those that clients use, by templates, and those of manifests and intermediate media."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from dub_assets.core.errors import ConfigurationError, InputError
from dub_assets.core.option import option
from dub_assets.core.request import DubRequest

SUBTITLE_ENDINGS = frozenset({".srt", ".vtt", ".ass", ".ssa"})
"""Ends of the names of subtitle files."""

_LONGEST_SEGMENT_NAME = 9
"""Most digits of a segment's name."""


def template_fields(template: str) -> list[str]:
    """Return the names in the braces of a template. Raises ValueError if it is malformed or has more than names."""
    fields = list(Formatter().parse(template))
    if any(name is not None and (specification or conversion) for _, name, specification, conversion in fields):
        raise ValueError("braces hold more than a name")
    return [name for _, name, _, _ in fields if name is not None]


def _checked_template(template: str) -> str:
    """Return a template if it can be filled in. Raises ValueError."""
    known = "only {project_id} and {job_id} can stand in braces"
    try:
        unknown = set(template_fields(template)) - {"project_id", "job_id"}
    except ValueError as error:
        raise ValueError(f"is unusable: {error}; {known}") from error
    if unknown:
        raise ValueError(f"is unusable: {known}")
    return template


_Template = Annotated[str, AfterValidator(_checked_template)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTemplates:
    """Templates of keys, with the fields ``{project_id}`` and ``{job_id}``."""

    video: Annotated[_Template, option("JOB_RESULT_VIDEO_PREFIX", "key template of the dubbed video")] = (
        "projects/{project_id}/outputs/videos/{job_id}.mp4"
    )
    metadata: Annotated[_Template, option("JOB_RESULT_METADATA_PREFIX", "key template of the metadata document")] = (
        "projects/{project_id}/outputs/metadata/{job_id}.json"
    )
    segments: Annotated[
        _Template, option("JOB_INTERIM_SEGMENT_PREFIX", "key template of the folder of segment clips")
    ] = "projects/{project_id}/interim/{job_id}/segments"

    def fill(self, template: str, *, project_id: str, job_id: str) -> str:
        """Return a template with its fields filled in. Raises ConfigurationError for an unknown field."""
        try:
            return _checked_template(template).format(project_id=project_id, job_id=job_id)
        except ValueError as error:
            raise ConfigurationError(f"the key template {template!r} {error}") from error


def job_record_key(job_id: str) -> str:
    """Return the key of a job's record."""
    return f"jobs/{job_id}.json"


def dispatch_key(origin: str) -> str:
    """Return the key of an outbox entry: the callbacks of a retry group and the state of their delivery."""
    return f"jobs/callbacks/{origin}.json"


def callback_body_key(origin: str, number: int) -> str:
    """Return the key of a callback's body."""
    return f"jobs/callbacks/{origin}/{number:04d}.json"


def built_callback_key(run_id: str, stage: str) -> str:
    """Return the key of a callback's body that a run itself has built, until it is in the outbox."""
    return f"jobs/callbacks/{run_id}/{stage}.json"


def request_key(message_id: str) -> str:
    """Return the key of a message's request, which its run reads."""
    return f"jobs/requests/{message_id}.json"


def claim_key(message_id: str) -> str:
    """Return the key of the claim of a message by one consumer."""
    return f"jobs/requests/{message_id}.claim.json"


def consents_folder(project_id: str) -> str:
    """Return the folder of a project's consents, which no message can name."""
    return f"consents/{project_id}"


CANCELLATIONS = "jobs/cancellations/"
"""Folder of cancellations whose runs have not all ended."""


def cancellation_key(job_id: str) -> str:
    """Return the key of a job's cancellation."""
    return f"{CANCELLATIONS}{job_id}.json"


REFUSALS = "jobs/refused/"
"""Folder of refused messages, with a folder for each day."""

PENDING_REFUSALS = "jobs/refused/pending/"
"""Folder of refused messages with callbacks that are not acknowledged yet."""


def refusals_key(day: str, name: str) -> str:
    """Return the key of a record of refused messages; ``day`` is an ISO date."""
    return f"{REFUSALS}{day}/{name}.json"


def pending_refusals_key(day: str, name: str) -> str:
    """Return the key of the same record until the callbacks of all its messages are acknowledged or given up."""
    return f"{PENDING_REFUSALS}{day}/{name}.json"


def segment_name(index: int) -> str:
    """Return a segment's name: its index, zero-padded to four digits. Keys, displays and messages all use it."""
    return f"{index:04d}"


def segment_index(name: object) -> int:
    """Return the index of the segment called ``name``: ``3``, ``"3"`` and ``"0003"`` are the same segment.

    Raises:
        InputError: ``name`` is not a whole number of at least 0.
    """
    if isinstance(name, int) and not isinstance(name, bool) and name >= 0:
        return name
    if isinstance(name, str) and name.isascii() and name.isdecimal() and len(name) <= _LONGEST_SEGMENT_NAME:
        return int(name)
    raise InputError(f"{name!r} is not a segment: give a name such as 0003, or its number, 3")


def check_segments_exist(wanted: Collection[int], existing: Collection[int]) -> None:
    """Raise InputError with the first and last existing segment if a wanted one does not exist."""
    unknown = sorted(set(wanted).difference(existing))
    if unknown:
        names = ", ".join(map(segment_name, unknown))
        known = f"{segment_name(min(existing))} to {segment_name(max(existing))}" if existing else "none"
        raise InputError(f"there is no segment {names} in this job; its segments are {known}")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKeys:
    """Every key of one job."""

    request: DubRequest

    @property
    def root(self) -> str:
        """Folder of the job's manifests and intermediate media."""
        return f"projects/{self.request.project_id}/interim/{self.request.job_id}"

    def manifest(self, asset: str) -> str:
        """Return the key of an asset's manifest."""
        return f"{self.root}/manifests/{asset}.json"

    def shared(self, asset: str, fingerprint: str) -> str:
        """Return the key by which other jobs of the project find this job's product with a fingerprint.

        No job's folder begins with a dot.
        """
        return f"{self._shared_folder}/{asset}/{fingerprint}/{self.request.job_id}.json"

    def shared_lease(self, asset: str, fingerprint: str) -> str:
        """Return the key of the lease of the job that makes a product with a fingerprint."""
        return f"{self._shared_folder}/{asset}/{fingerprint}.lease.json"

    def stem(self, name: str) -> str:
        """Return the key of a programme's ``original``, ``vocals``, ``background``, ``mix`` or ``dub`` sound."""
        return f"{self.root}/stems/{name}.flac"

    def speech(self, index: int) -> str:
        """Return the key of a segment's speech as the engine synthesised it."""
        return f"{self.root}/speech/{segment_name(index)}.wav"

    def clip(self, index: int, part: str) -> str:
        """Return the key of a segment's ``source``, ``bgm``, ``tts`` or ``mix`` sound, or of its ``video``."""
        ending = "mp4" if part == "video" else "wav"
        return f"{self.request.segment_prefix}/{segment_name(index)}_{part}.{ending}"

    def subtitles(self, language: str, ending: str) -> str:
        """Return the key of the subtitles in a language, as ``srt`` or ``vtt``."""
        return f"{self.root}/subtitles/{language}.{ending}"

    def given_subtitles(self, name: str, original: str) -> str:
        """Return the key of the job's copy of a subtitle file that it brings: its ``transcript`` or ``translation``.

        ``original`` is the key or path of the file, whose ending the copy keeps if it is one of subtitles.
        """
        ending = PurePosixPath(original).suffix.lower()
        return f"{self.root}/subtitles/given_{name}{ending if ending in SUBTITLE_ENDINGS else '.txt'}"

    @property
    def revisions(self) -> str:
        """Folder of the job's revisions."""
        return f"{self.root}/revisions/"

    def revision(self, number: int) -> str:
        """Return the key of a revision."""
        return f"{self.revisions}{number:06d}.json"

    @property
    def kept(self) -> str:
        """Folder of manifests and media that later revisions replaced, named by their sha256."""
        return f"{self.revisions}objects/"

    @property
    def _shared_folder(self) -> str:
        return f"projects/{self.request.project_id}/interim/.shared"

    @property
    def report(self) -> str:
        """Key of the report page, beside the metadata document."""
        return f"{self.request.metadata_key.removesuffix('.json')}.report.html"
