"""``dub-assets revisions``: the revisions of a job, listed, compared and restored."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dub_assets.cli.archive import find_job, open_archive
from dub_assets.cli.runs import iso_time, local_time
from dub_assets.cli.tables import new_table, print_table
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.keys import JobKeys
from dub_assets.core.revisions import Change, Revision
from dub_assets.resources.revisions import Revisions
from dub_assets.settings import settings_from

_SHOWN_CHANGES = 3


def show_revisions(job: str, *, as_json: bool) -> None:
    """Print the revisions of a job, the latest first."""
    revisions = _revisions(job)
    rows = revisions.all()
    if as_json:
        listed = [revision_json(revision) for revision in rows]
        write_json({"job_id": revisions.keys.request.job_id, "revisions": listed})
        return
    if not rows:
        write_line("the job was never edited")
        return
    table = new_table(("revision", "when", "by", "changes"), whole=["revision", "when"])
    for revision in rows:
        table.add_row(str(revision.number), local_time(revision.at_s), revision.by, summary(revision))
    print_table(table)


def compare_revisions(job: str, first: int, second: int, *, as_json: bool) -> None:
    """Print what differs between two revisions of a job. Raises InputError for an unknown one."""
    revisions = _revisions(job)
    changes = revisions.changes(revisions.load(first), revisions.load(second))
    if as_json:
        write_json({"job_id": revisions.keys.request.job_id, "changes": [asdict(change) for change in changes]})
        return
    if not changes:
        write_line(f"revisions {first} and {second} are the same")
        return
    table = new_table(("segment", "what", f"revision {first}", f"revision {second}"), whole=["segment"])
    for change in changes:
        table.add_row(change.segment or "", change.what, change.before or "", change.after or "")
    print_table(table)


def restore_revision(job: str, number: int, *, quiet: bool, as_json: bool) -> None:
    """Make a job what it was at a revision, and update the copies of its results.

    Raises InputError for an unknown revision.
    """
    from dub_assets.cli.restoring import restore  # noqa: PLC0415 - imports Dagster

    revisions = _revisions(job)
    paths = restore(revisions, number, by=person(), quiet=quiet or as_json)
    latest = revisions.latest()
    if as_json:
        shown = {"job_id": revisions.keys.request.job_id, "revision": latest and latest.number}
        write_json({**shown, "restored": number, "updated": [str(path) for path in paths]})
    elif not quiet:
        write_line(f"revision {number} is restored, as revision {latest.number if latest else number}")
        for path in paths:
            write_line(str(path))


def revision_json(revision: Revision) -> dict[str, Any]:
    """Return a revision as ``--json`` and the page show it."""
    return {
        "revision": revision.number,
        "at": iso_time(revision.at_s),
        "by": revision.by,
        "run_id": revision.run_id,
        "changes_count": revision.changes_count,
        "changes": [asdict(change) for change in revision.changes],
    }


def summary(revision: Revision) -> str:
    """Return the changes of a revision in one line."""
    if revision.number == 1:
        return "before the first edit"
    shown = [_in_words(change) for change in revision.changes[:_SHOWN_CHANGES]]
    more = revision.changes_count - len(shown)
    return "; ".join([*shown, *([f"{more} more"] if more > 0 else [])]) or "no change of texts, gains or video"


def person() -> str:
    """Return the name of the user, as revisions show it; "editor" if the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "editor"


def _in_words(change: Change) -> str:
    if change.segment is None:
        return "video rebuilt"
    values = [value for value in (change.before, change.after) if value is not None]
    return f"{change.segment} {change.what}{': ' if values else ''}{' -> '.join(_short(values))}"


def _short(values: Sequence[str]) -> list[str]:
    return [value if len(value) <= 32 else f"{value[:31]}…" for value in values]


def _revisions(job: str) -> Revisions:
    archive = open_archive(settings_from(os.environ))
    return Revisions(archive=archive, keys=JobKeys(request=find_job(archive, job)))
