"""The revisions of a job: recorded after each edit, compared, and restored bit for bit.

A revision names the manifests of a job by their sha256. The first one is recorded before the first edit. From then on,
media are kept before they are replaced (``JobArchive.keep``), so a revision costs the media that its edit changed.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from dub_assets.adapters.storage.archive import JobArchive, kept_key, media_in
from dub_assets.core.codec import decode
from dub_assets.core.errors import InputError, ObjectMissingError
from dub_assets.core.keys import JobKeys
from dub_assets.core.media import MediaObject
from dub_assets.core.review import Review
from dub_assets.core.revisions import MAX_CHANGES, Change, Revision
from dub_assets.resources.revision_changes import changes_between
from dub_assets.resources.tags import EDITED_BY, MESSAGE_ID
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.metadata.values import Metadata
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.report.values import Report
from dub_assets.stages.segment_mixes.values import SegmentMixes
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegments

KINDS: Mapping[str, type[Any]] = {
    "transcript": Transcript,
    "translation": Translation,
    "tts_segments": TtsSegments,
    "segment_mixes": SegmentMixes,
    "final_video": FinalVideo,
    "quality": Quality,
    "metadata": Metadata,
    "report": Report,
    "review": Review,
}
"""What edits change, with its types: the assets in the order of the graph, and what editors say about segments."""

_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """The revisions of one job."""

    archive: JobArchive
    keys: JobKeys

    @property
    def exist(self) -> bool:
        """Whether the job was ever edited by a version that records revisions."""
        return self.archive.store.head(self.keys.revision(1)) is not None

    def numbers(self) -> list[int]:
        """Return the numbers of all revisions, in order."""
        listed = self.archive.store.list(self.keys.revisions, recursive=False)
        return [int(PurePosixPath(item.key).stem) for item in listed]

    def all(self) -> list[Revision]:
        """Return all revisions, the latest first."""
        return [self.load(number) for number in reversed(self.numbers())]

    def latest(self) -> Revision | None:
        """Return the latest revision; None if there is none."""
        numbers = self.numbers()
        return self.load(numbers[-1]) if numbers else None

    def load(self, number: int) -> Revision:
        """Return a revision. Raises InputError, naming the known ones, if there is none of this number."""
        revision = self.archive.read(Revision, self.keys.revision(number))
        if revision is None:
            numbers = self.numbers()
            known = f"its revisions are 1 to {numbers[-1]}" if numbers else "it was never edited"
            raise InputError(f"job {self.keys.request.job_id} has no revision {number}: {known}")
        return revision

    def begin(self) -> None:
        """Record the job as it is before its first edit, unless there are revisions."""
        if not self.exist:
            self._record(None, by="", run_id="")

    def record(self, *, by: str, run_id: str) -> Revision | None:
        """Record the job as a new revision; return None if nothing has changed since the latest one."""
        latest = self.latest()
        return self._record(latest, by=by, run_id=run_id)

    def values(self, revision: Revision) -> dict[str, Any]:
        """Return the values of the assets in a revision, by asset. Raises ObjectMissingError, ObjectCorruptError."""
        return {
            asset: decode(KINDS[asset], self.archive.store.get(self._manifest_object(sha256)))
            for asset, sha256 in revision.manifests.items()
        }

    def changes(self, before: Revision, after: Revision) -> list[Change]:
        """Return what differs between two revisions."""
        differing = [asset for asset in KINDS if before.manifests.get(asset) != after.manifests.get(asset)]
        if not differing:
            return []
        return changes_between(self.values(before), self.values(after))

    def restore(self, number: int) -> dict[str, Any]:
        """Make the job's manifests and media those of a revision; return the values that changed, by asset.

        The present ones are kept. Everything is checked before anything is changed. Raises InputError for an unknown
        revision, ObjectMissingError if a replaced object was deleted.
        """
        revision = self.load(number)
        current = self._manifests()
        changed = {
            asset: value
            for asset, value in self.values(revision).items()
            if current.get(asset) != revision.manifests[asset]
        }
        replaced = self._replaced([media for value in changed.values() for media in media_in(value)])
        for media, kept in replaced.items():
            self.archive.keep(media, self.keys.kept)
            self.archive.store.copy(kept, media.key)
        for asset in changed:
            content = self.archive.store.get(self._manifest_object(revision.manifests[asset]))
            self.archive.store.put(self.keys.manifest(asset), content, _JSON)
        later = [self.keys.manifest(asset) for asset in current if asset not in revision.manifests]
        self.archive.store.delete(later)
        return changed

    def _replaced(self, media: Sequence[MediaObject]) -> dict[MediaObject, str]:
        """Return the media that other objects have replaced, with the keys at which they are kept."""
        replaced: dict[MediaObject, str] = {}
        for item in dict.fromkeys(media):
            stored = self.archive.store.head(item.key)
            if stored is not None and stored.sha256 == item.sha256:
                continue
            kept = kept_key(self.keys.kept, item.key, item.sha256)
            if self.archive.store.head(kept) is None:
                raise ObjectMissingError(
                    f"{item.key} of this revision is in {self.archive.store.description} no more: restore a later one"
                )
            replaced[item] = kept
        return replaced

    def _record(self, latest: Revision | None, *, by: str, run_id: str) -> Revision | None:
        manifests = self._manifests()
        if latest is not None and latest.manifests == manifests:
            return None
        store = self.archive.store
        for asset, sha256 in manifests.items():
            if store.head(self._manifest_object(sha256)) is None:
                store.copy(self.keys.manifest(asset), self._manifest_object(sha256))
        new = Revision(
            number=latest.number + 1 if latest else 1,
            at_s=round(time.time(), 3),
            by=by,
            run_id=run_id,
            changes_count=0,
            changes=(),
            manifests=manifests,
        )
        changes = self.changes(latest, new) if latest else []
        return self._save(new, changes)

    def _save(self, revision: Revision, changes: Sequence[Change]) -> Revision:
        whole = replace(revision, changes_count=len(changes), changes=tuple(changes[:MAX_CHANGES]))
        self.archive.save(self.keys.revision(whole.number), whole)
        return whole

    def _manifests(self) -> dict[str, str]:
        """Return the sha256 of the manifests that exist, by asset."""
        found = {asset: self.archive.store.head(self.keys.manifest(asset)) for asset in KINDS}
        return {asset: item.sha256 or self._sha256(item.key) for asset, item in found.items() if item is not None}

    def _sha256(self, key: str) -> str:
        """Return the sha256 of a manifest that another program stored."""
        return hashlib.sha256(self.archive.store.get(key)).hexdigest()

    def _manifest_object(self, sha256: str) -> str:
        return f"{self.keys.kept}{sha256}.json"


def editor_of(run_tags: Mapping[str, str]) -> str:
    """Return who made the edit of a run."""
    return run_tags.get(EDITED_BY) or ("queue" if MESSAGE_ID in run_tags else "Dagster")
