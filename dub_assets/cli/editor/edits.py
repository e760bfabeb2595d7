"""What the page asks for, checked against what it has seen, and planned as a run of ``edit_segments_job``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from dub_assets.cli.editor.job_view import segment_versions
from dub_assets.core.errors import InputError
from dub_assets.core.keys import check_segments_exist, segment_index, segment_name
from dub_assets.core.text import MAX_TEXT_CHARACTERS
from dub_assets.resources.run_config import SegmentEditConfig, SegmentGains
from dub_assets.service.edits.edit_run import Edit, EditRun, edit_run
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.stages.segment_mixes.values import GainChange
from dub_assets.stages.transcript.editing import SegmentEdit

T = TypeVar("T")


class ConflictError(InputError):
    """Someone else changed a segment after the page showed it; ``segments`` are the names of those segments."""

    def __init__(self, segments: list[str]) -> None:
        super().__init__(
            f"segment {', '.join(segments)} was changed by someone else after you opened it: look at the new version, "
            "then make your change again"
        )
        self.segments = segments


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest:
    """Changes of segments by index, notes and check marks about them, or a revision to restore.

    ``seen`` are the versions of the segments on which the changes are based; ``revision`` is the latest one that the
    page has seen when it asks to restore another one.
    """

    texts: Mapping[int, str] = field(default_factory=dict)
    gains: Mapping[int, GainChange] = field(default_factory=dict)
    voices: Mapping[int, str] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    checked: Mapping[int, bool] = field(default_factory=dict)
    segment_edit: SegmentEdit | None = None
    seen: Mapping[int, str] = field(default_factory=dict)
    rebuild: bool = False
    restore: int | None = None
    revision: int | None = None

    @classmethod
    def from_json(cls, change: Any) -> Self:
        """Return the request of a JSON object. Raises InputError if it is malformed."""
        if not isinstance(change, dict):
            raise InputError("a change is a JSON object")
        restore, revision = change.get("restore"), change.get("revision")
        if not all(number is None or type(number) is int for number in (restore, revision)):
            raise InputError("a revision is a number")
        request = cls(
            texts=_by_index(change, "texts", _text),
            gains=_by_index(change, "gains", _gains),
            voices=_by_index(change, "voices", _string),
            notes=_by_index(change, "notes", _string),
            checked=_by_index(change, "checked", lambda _, value: value is True),
            segment_edit=_segment_edit(change.get("segment_edit")),
            seen=_by_index(change, "seen", _string),
            rebuild=change.get("rebuild") is True,
            restore=restore,
            revision=revision,
        )
        missing = sorted(map(segment_name, request.changed - set(request.seen)))
        if missing:
            raise InputError(f"the change of segment {', '.join(missing)} does not say which version it is based on")
        return request

    @property
    def changed(self) -> set[int]:
        """The existing segments that the request changes."""
        edit = self.segment_edit
        texts = self.texts if edit is None else {}
        edited = {edit.index} if edit and edit.kind != "insert" else set()
        return {*texts, *self.gains, *self.voices, *self.notes, *self.checked, *edited}


def check_seen(job: OwnJob, change: EditRequest) -> None:
    """Raise InputError for an unknown segment, ConflictError if a segment is not the one that the page has seen."""
    current = segment_versions(job.keys, job.archive)
    check_segments_exist(change.changed, current)
    stale = [segment_name(index) for index, version in change.seen.items() if current.get(index) != version]
    if stale:
        raise ConflictError(stale)


def plan(job: OwnJob, change: EditRequest) -> EditRun | None:
    """Return the run of a change, None if there is nothing to do. Raises InputError if it is impossible."""
    texts = change.texts if change.segment_edit else job.new_texts(change.texts)
    gains = {**dict.fromkeys(texts, GainChange()), **change.gains} if not change.segment_edit else change.gains
    edit = Edit(
        gains=gains,
        texts=texts,
        voices=change.voices,
        segment_edit=change.segment_edit,
        rebuild=change.rebuild,
    )
    return None if edit == Edit() else edit_run(job, edit)


def _by_index(change: Mapping[str, Any], name: str, read: Callable[[str, Any], T]) -> dict[int, T]:
    values = change.get(name, {})
    if not isinstance(values, dict):
        raise InputError(f"{name} of a change is an object by segment")
    return {segment_index(segment): read(segment, value) for segment, value in values.items()}


def _text(name: str, text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"the text for segment {name} is empty: give it something to say")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InputError(
            f"the text for segment {name} has {len(text):,} characters: give it at most {MAX_TEXT_CHARACTERS:,}"
        )
    return " ".join(text.split())


def _string(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{value!r} of segment {name} is no text")
    return value


def _gains(name: str, pair: Any) -> GainChange:
    if not isinstance(pair, dict) or not all(isinstance(gain, int | float) for gain in pair.values()):
        raise InputError(f"the gains of segment {name} are numbers")
    return SegmentGains(bgm_gain=pair.get("bgm_gain"), tts_gain=pair.get("tts_gain")).change()


def _segment_edit(value: Any) -> SegmentEdit | None:
    if value is None:
        return None
    try:
        return SegmentEditConfig(**value).edit()
    except (TypeError, ValidationError) as error:
        raise InputError("this edit of a segment is malformed: reload the page") from error
