"""Signatures of the commands that show jobs and copy their results.

The module of a command is imported when the command runs, so that ``--help`` is fast.
"""

from __future__ import annotations

from typing import Annotated

import typer

from dub_assets.cli.parameters import AsJson, JobId, Out, Quiet


def jobs(
    last: Annotated[int, typer.Option("--last", min=1, help="Number of jobs to show.")] = 20,
    skip: Annotated[int, typer.Option("--skip", min=0, help="Number of jobs to leave out before.")] = 0,
    state: Annotated[
        str | None, typer.Option("--state", help="Only jobs that are waiting, running, done, failed or cancelled.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the jobs: languages, last run and its status, segments, flagged segments, time."""
    from dub_assets.cli.jobs import show_jobs

    show_jobs(last, skip, state, as_json=as_json)


def status(job: JobId, as_json: AsJson = False) -> None:
    """Show a job's progress, the findings of its checks, and where its results are."""
    from dub_assets.cli.status import show_status

    show_status(job, as_json=as_json)


def cancel(job: JobId, as_json: AsJson = False) -> None:
    """End a job's queued and running runs. Finished stages are kept."""
    from dub_assets.cli.cancel import cancel_job

    cancel_job(job, as_json=as_json)


callbacks = typer.Typer(no_args_is_help=True, help="Send a job's callbacks again.")


@callbacks.command()
def replay(job: JobId, as_json: AsJson = False) -> None:
    """Have the service send a job's callbacks again, in order and with the same ids."""
    from dub_assets.cli.callbacks import replay_callbacks

    replay_callbacks(job, as_json=as_json)


def segments(
    job: JobId,
    issues: Annotated[bool, typer.Option("--issues", help="Show only segments with issues.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a job's segments: times, texts, tempo, gains, issues."""
    from dub_assets.cli.segments import show_segments

    show_segments(job, only_issues=issues, as_json=as_json)


def revisions(
    job: JobId,
    compare: Annotated[
        tuple[int, int] | None, typer.Option("--compare", help="Show what differs between two revisions.")
    ] = None,
    restore: Annotated[
        int | None, typer.Option("--restore", min=1, help="Make the job what it was at a revision; nothing is lost.")
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Show the revisions of a job: who changed what, and when; compare two, or restore one."""
    from dub_assets.cli.revisions import compare_revisions, restore_revision, show_revisions
    from dub_assets.core.errors import InputError

    if compare is not None and restore is not None:
        raise InputError("--compare and --restore do not go together: give one of them")
    if compare is not None:
        compare_revisions(job, *compare, as_json=as_json)
    elif restore is not None:
        restore_revision(job, restore, quiet=quiet, as_json=as_json)
    else:
        show_revisions(job, as_json=as_json)


def voices(
    language: Annotated[str, typer.Argument(help="The language to speak, such as pt.")], as_json: AsJson = False
) -> None:
    """Show the voices of a language, as `dub --voice` takes them."""
    from dub_assets.cli.voices import show_voices

    show_voices(language, as_json=as_json)


def export(
    job: JobId,
    out: Out = None,
    clips: Annotated[bool, typer.Option("--clips", help="Also write clips of every segment.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Copy a job's results from the store, also after a rebuild in the UI, and print their paths."""
    from dub_assets.cli.export import export_job

    export_job(job, out, clips=clips, quiet=quiet, as_json=as_json)


def report(job: JobId, out: Out = None, quiet: Quiet = False) -> None:
    """Make a job's report for editors (timeline, texts, findings, players) and print its path."""
    from dub_assets.cli.report import report_job

    report_job(job, out, quiet=quiet)
