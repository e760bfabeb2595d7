"""The metadata of a job."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The stored metadata document of a job, with counts.

    ``flagged_count`` counts the segments that have issues; None in manifests of versions that did not count them.
    """

    document: MediaObject
    segments_count: int
    issues_count: int
    provenance: Provenance
    flagged_count: int | None = None
