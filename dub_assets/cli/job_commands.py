"""The commands that show and fetch jobs: ``jobs``, ``status``, ``segments``, ``voices``, ``export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JobId = Annotated[str, typer.Argument(help="The job's id, as `dub-assets jobs` shows it, or its unique beginning.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (jobs, status, segments, voices, export):
        app.command()(command)


def jobs(
    last: Annotated[int, typer.Option("--last", min=1, help="How many to show.")] = 20, as_json: AsJson = False
) -> None:
    """Show the jobs: languages, the last run and how it ended, segments, those to look at, and when."""
    from dub_assets.cli.jobs import show_jobs

    show_jobs(last, as_json=as_json)


def status(job: JobId, as_json: AsJson = False) -> None:
    """Show how far a job is, what to look at, and where its results are."""
    from dub_assets.cli.status import show_status

    show_status(job, as_json=as_json)


def segments(
    job: JobId,
    issues: Annotated[bool, typer.Option("--issues", help="Show only the segments to look at.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a job's segments: times, texts, tempo, gains, issues."""
    from dub_assets.cli.segments import show_segments

    show_segments(job, only_issues=issues, as_json=as_json)


def voices(
    language: Annotated[str, typer.Argument(help="The language to speak, such as pt.")], as_json: AsJson = False
) -> None:
    """Show the voices that speak a language, as `dub --voice` takes them."""
    from dub_assets.cli.voices import show_voices

    show_voices(language, as_json=as_json)


def export(
    job: JobId,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the files; unset: where the job's results are, or results.")
    ] = None,
    clips: Annotated[bool, typer.Option("--clips", help="Also the clips of every segment.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a job's results from the store, also after a rebuild in the UI, and print their paths."""
    from dub_assets.cli.export import export_job

    export_job(job, out, clips=clips, quiet=quiet, as_json=as_json)
