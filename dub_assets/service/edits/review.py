"""Edits of notes and check marks: they change no asset, so they need no run, and they are revisions like all edits."""

from __future__ import annotations

from collections.abc import Mapping

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import InputError
from dub_assets.core.keys import JobKeys, segment_name
from dub_assets.core.review import MAX_NOTE_CHARACTERS, Review
from dub_assets.resources.revisions import Revisions


def change_review(
    archive: JobArchive, keys: JobKeys, *, notes: Mapping[int, str], checked: Mapping[int, bool], by: str
) -> None:
    """Store notes and check marks by segment; an empty note removes it. The caller holds the job's lock.

    Raises InputError for a note that is too long.
    """
    before = archive.read(Review, keys.manifest("review")) or Review()
    after = Review(notes=dict(before.notes), checked=before.checked)
    for index, note in notes.items():
        after = _with_note(after, segment_name(index), note.strip())
    marks = {segment_name(index) for index, is_checked in checked.items() if is_checked}
    unmarked = {segment_name(index) for index in checked} - marks
    after = Review(notes=after.notes, checked=(after.checked | marks) - unmarked)
    if after == before:
        return
    revisions = Revisions(archive=archive, keys=keys)
    revisions.begin()
    archive.save(keys.manifest("review"), after)
    revisions.record(by=by, run_id="")


def _with_note(review: Review, name: str, note: str) -> Review:
    if len(note) > MAX_NOTE_CHARACTERS:
        raise InputError(f"the note of segment {name} has {len(note):,} characters: give it at most 2,000")
    others = {segment: text for segment, text in review.notes.items() if segment != name}
    return Review(notes={**others, **({name: note} if note else {})}, checked=review.checked)
