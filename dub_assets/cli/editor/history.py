"""The revisions of a job as the page shows them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.revisions import revision_json
from dub_assets.core.keys import JobKeys
from dub_assets.core.revisions import Revision
from dub_assets.resources.revisions import Revisions

_SHOWN = 200
_UPSTREAM = ("transcript", "translation", "tts_segments", "segment_mixes")
"""The assets that a video is made from."""


class History:
    """The revisions of a job; each is read once, since revisions never change."""

    def __init__(self, keys: JobKeys, archive: JobArchive) -> None:
        self._revisions = Revisions(archive=archive, keys=keys)
        self._known: dict[int, Revision] = {}

    def latest(self) -> list[dict[str, Any]]:
        """Return the latest revisions as JSON, the latest first."""
        return [revision_json(revision) for revision in self._all()[: -_SHOWN - 1 : -1]]

    def outline(self) -> dict[str, Any]:
        """Return the latest revision's number, the number that undo restores, and the edits that the video lacks.

        Undo leads to the revision before the first one with the present state; None if that is the first.
        """
        revisions = self._all()
        if not revisions:
            return {"revision": None, "undo": None, "not_in_video": []}
        current = revisions[-1]
        first = next(at for at, revision in enumerate(revisions) if revision.manifests == current.manifests)
        undo = revisions[first - 1].number if first else None
        return {"revision": current.number, "undo": undo, "not_in_video": self._not_in_video(revisions)}

    def compare(self, first: int, second: int) -> list[dict[str, Any]]:
        """Return what differs between two revisions. Raises InputError for an unknown one."""
        before, after = self._revisions.load(first), self._revisions.load(second)
        return [asdict(change) for change in self._revisions.changes(before, after)]

    def _not_in_video(self, revisions: list[Revision]) -> list[str]:
        """Return the names of the segments that were edited after the video was made."""
        current, edited = revisions[-1], set()
        for before, revision in zip(reversed(revisions[:-1]), reversed(revisions), strict=False):
            if before.manifests.get("final_video") != current.manifests.get("final_video"):
                current = revision
                break
            edited |= {change.segment for change in revision.changes if change.segment}
        else:
            current = revisions[0]
        is_same = all(current.manifests.get(asset) == revisions[-1].manifests.get(asset) for asset in _UPSTREAM)
        return [] if is_same else sorted(edited)

    def _all(self) -> list[Revision]:
        """Return all revisions in order."""
        for number in self._revisions.numbers():
            if number not in self._known:
                self._known[number] = self._revisions.load(number)
        return [self._known[number] for number in sorted(self._known)]
