"""The summary of a dub, as JSON or as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.table import Table

from dub_assets.cli.terminal import PlainConsole, write_line
from dub_assets.core.keys import segment_name

_SHOWN_FLAGGED = 5


def dub_summary(document: dict[str, Any], files: dict[str, Path], elapsed_s: float) -> dict[str, Any]:
    """Return what ``dub --json`` prints."""
    duration_s = document["duration"]
    return {
        "job_id": document["job_id"],
        "files": {kind: str(path) for kind, path in files.items()},
        "duration_s": duration_s,
        "elapsed_s": round(elapsed_s, 3),
        "real_time_factor": round(elapsed_s / duration_s, 4) if duration_s else None,
        "segments": len(document["segments"]),
        "flagged": sum(bool(segment["issues"]) for segment in document["segments"]),
        "stages": document["stages"],
    }


def print_dub(document: dict[str, Any], files: dict[str, Path], elapsed_s: float) -> None:
    """Print the stages with their cost, then the files."""
    duration_s = document["duration"]
    table = Table("stage", "seconds", "x real time", "peak MiB", box=None)
    for name, figures in document["stages"].items():
        table.add_row(
            name,
            f"{figures['seconds']:.1f}",
            f"{figures['real_time_factor']:.2f}",
            f"{figures['peak_memory_mib']:.0f}",
        )
    table.add_row("this run", f"{elapsed_s:.1f}", f"{elapsed_s / duration_s:.2f}" if duration_s else "", "")
    console = PlainConsole()
    if console.is_terminal:
        console.print("")
    console.print(table)
    segments = document["segments"]
    flagged = sum(bool(segment["issues"]) for segment in segments)
    if not segments:
        console.print("no speech was found: the dub has the original sound")
    console.print(f"{len(segments)} segments, {flagged} flagged; {duration_s:.1f} s of video")
    console.print(f"job {document['job_id']}", soft_wrap=True, highlight=False)
    print_paths(files.values())
    if console.is_terminal:
        _print_next_steps(document, files, console)


def _print_next_steps(document: dict[str, Any], files: dict[str, Path], console: PlainConsole) -> None:
    """Print the flagged lines with their issues, the report's path, and commands that edit a line."""
    flagged = [segment for segment in document["segments"] if segment["issues"]]
    console.print("")
    if flagged:
        console.print(f"{len(flagged)} of {len(document['segments'])} lines are flagged:")
    for segment in flagged[:_SHOWN_FLAGGED]:
        issues = ", ".join(str(issue) for issue in segment["issues"])
        name = segment_name(segment["seg_id"])
        console.print(f"  {name} at {segment['start_point']:.1f} s: {issues}", soft_wrap=True)
    if len(flagged) > _SHOWN_FLAGGED:
        console.print(f"  and {len(flagged) - _SHOWN_FLAGGED} more, in the report")
    if "report" in files:
        console.print(f"report of all lines: {files['report']}", soft_wrap=True)
    job = document["job_id"]
    name = segment_name(flagged[0]["seg_id"] if flagged else 0)
    console.print("change a line:")
    console.print(f'  dub-assets say {job} {name} "new text" --rebuild', soft_wrap=True)
    console.print(f"  dub-assets mix {job} {name} --bgm-gain 0.2 --rebuild", soft_wrap=True)


def print_paths(paths: Iterable[Path]) -> None:
    """Print paths, one a line, never wrapped."""
    for path in paths:
        write_line(str(path))


def print_notes(notes: Iterable[str]) -> None:
    """Print notes of a command that succeeded, on standard error."""
    for note in notes:
        write_line(f"dub-assets: {note}", sys.stderr)
