"""Revisions: the states of a job that edits have made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What differs of a segment between two revisions; values are as people read them, None if there was none.

    ``segment`` is the segment's name, None for a change of the whole job.
    """

    segment: str | None
    what: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A state of a job, numbered from 1, which is the job before its first edit.

    ``at_s`` is the Unix time when it was complete, ``by`` the person who made the edit, ``run_id`` the run. ``changes``
    are those against the revision before, at most ``MAX_CHANGES`` of ``changes_count``. ``manifests`` are the sha256 of
    the assets' manifests.
    """

    number: int
    at_s: float
    by: str
    run_id: str
    changes_count: int
    changes: tuple[Change, ...]
    manifests: Mapping[str, str] = field(default_factory=dict)


MAX_CHANGES = 100
"""Changes that a revision lists."""
