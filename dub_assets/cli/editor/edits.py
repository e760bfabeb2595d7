"""What the page asks for, checked against what it has seen, and planned as a run of ``edit_segments_job``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from dub_assets.cli.editor.job_view import segment_versions
from dub_assets.core.errors import InputError
from dub_assets.core.keys import check_segments_exist, segment_index, segment_name
from dub_assets.core.text import MAX_TEXT_CHARACTERS
from dub_assets.resources.run_config import SegmentGains
from dub_assets.service.edits.edit_run import EditRun, edit_run
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.stages.segment_mixes.values import GainChange


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
    """Changes of segments by index. ``seen`` are the versions of the segments on which the changes are based."""

    texts: Mapping[int, str] = field(default_factory=dict)
    gains: Mapping[int, GainChange] = field(default_factory=dict)
    seen: Mapping[int, str] = field(default_factory=dict)
    rebuild: bool = False

    @classmethod
    def from_json(cls, change: Any) -> Self:
        """Return the request of a JSON object. Raises InputError if it is malformed."""
        if not isinstance(change, dict):
            raise InputError("a change is a JSON object")
        texts = {segment_index(name): _text(name, text) for name, text in _mapping(change, "texts").items()}
        gains = {segment_index(name): _gains(name, pair) for name, pair in _mapping(change, "gains").items()}
        seen = {segment_index(name): str(version) for name, version in _mapping(change, "seen").items()}
        missing = sorted(segment_name(index) for index in {*texts, *gains} - set(seen))
        if missing:
            raise InputError(f"the change of segment {', '.join(missing)} does not say which version it is based on")
        return cls(texts=texts, gains=gains, seen=seen, rebuild=change.get("rebuild") is True)


def plan(job: OwnJob, change: EditRequest) -> EditRun | None:
    """Return the run of a change, None if there is nothing to do.

    Raises InputError for an unknown segment, ConflictError if a segment is not the one that the page has seen.
    """
    current = segment_versions(job.keys, job.archive)
    check_segments_exist({*change.texts, *change.gains}, current)
    stale = [segment_name(index) for index, version in change.seen.items() if current.get(index) != version]
    if stale:
        raise ConflictError(stale)
    gains = {**dict.fromkeys(change.texts, GainChange()), **change.gains}
    if not gains and not change.rebuild:
        return None
    return edit_run(job, gains, texts=change.texts, rebuild=change.rebuild)


def _mapping(change: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = change.get(name, {})
    if not isinstance(value, dict):
        raise InputError(f"{name} of a change is an object by segment")
    return value


def _text(name: str, text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"the text for segment {name} is empty: give it something to say")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InputError(
            f"the text for segment {name} has {len(text):,} characters: give it at most {MAX_TEXT_CHARACTERS:,}"
        )
    return " ".join(text.split())


def _gains(name: str, pair: Any) -> GainChange:
    if not isinstance(pair, dict) or not all(isinstance(gain, int | float) for gain in pair.values()):
        raise InputError(f"the gains of segment {name} are numbers")
    return SegmentGains(bgm_gain=pair.get("bgm_gain"), tts_gain=pair.get("tts_gain")).change()
