"""What editors say about segments: notes, and what they have checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_NOTE_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Notes by the segment's name, and the names of segments that a person has checked."""

    notes: Mapping[str, str] = field(default_factory=dict)
    checked: frozenset[str] = frozenset()
