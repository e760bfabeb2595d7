"""What a dub made: its files and its figures."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dub_assets.cli.terminal import PlainConsole
from dub_assets.domain.errors import OutOfSpaceError
from dub_assets.domain.keys import JobKeys
from dub_assets.domain.media import MediaObject
from dub_assets.domain.mix import FinalVideo, Metadata
from dub_assets.domain.report import Report
from dub_assets.domain.request import DubRequest
from dub_assets.media.whole_file import remove_abandoned, written_whole
from dub_assets.storage.archive import JobArchive

_SHOWN_FLAGGED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The files delivered, by what they are, and the job's metadata document."""

    files: dict[str, Path]
    document: dict[str, Any]

    def as_json(self, elapsed_s: float) -> dict[str, Any]:
        """What ``--json`` prints."""
        duration_s = self.document["duration"]
        return {
            "job_id": self.document["job_id"],
            "files": {name: str(path) for name, path in self.files.items()},
            "duration_s": duration_s,
            "elapsed_s": round(elapsed_s, 3),
            "real_time_factor": round(elapsed_s / duration_s, 4) if duration_s else None,
            "segments": len(self.document["segments"]),
            "flagged": sum(bool(segment["issues"]) for segment in self.document["segments"]),
            "stages": self.document["stages"],
        }


def require_folder(out: Path) -> None:
    """Make the folder of the results, and remove what killed commands left half-written in it.

    Raises OutOfSpaceError where it cannot be written into.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".dub-assets-{os.getpid()}"
        probe.touch()
        probe.unlink()
        remove_abandoned(out, below=False)
    except OSError as error:
        raise OutOfSpaceError(f"cannot write into {out} ({error.strerror}): name another folder with --out") from error


def deliver(request: DubRequest, archive: JobArchive, out: Path, *, stem: str, report: bool) -> Results:
    """Copy a job's results to a folder: video, subtitles of both languages, metadata document, and its report."""
    keys = JobKeys(request=request)
    final = archive.load(FinalVideo, keys.manifest("final_video"))
    metadata = archive.load(Metadata, keys.manifest("metadata"))
    document = json.loads(archive.workspace.open(metadata.document).read_text(encoding="utf-8"))
    source, target = document["source_lang"], document["target_lang"]
    wanted: dict[str, tuple[Path, MediaObject]] = {
        "video": (out / f"{stem}.{target}.mp4", final.video),
        "target_subtitles": (out / f"{stem}.{target}.srt", final.target_subtitles.srt),
        "target_subtitles_vtt": (out / f"{stem}.{target}.vtt", final.target_subtitles.vtt),
        "source_subtitles": (out / f"{stem}.{source}.srt", final.source_subtitles.srt),
        "source_subtitles_vtt": (out / f"{stem}.{source}.vtt", final.source_subtitles.vtt),
        "metadata": (out / f"{stem}.{target}.json", metadata.document),
    }
    if report:
        page = archive.load(Report, keys.manifest("report")).page
        wanted["report"] = (out / f"{stem}.{target}.html", page)
    for path, media in wanted.values():
        copy_file(archive.workspace.open(media), path)
    return Results(files={name: path for name, (path, _) in wanted.items()}, document=document)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all."""
    try:
        with written_whole(target) as partial:
            shutil.copyfile(source, partial)
    except OSError as error:
        raise OutOfSpaceError(f"cannot write {target} ({error.strerror}): make room or name another --out") from error


def print_table(results: Results, elapsed_s: float) -> None:
    """The stages with their cost, then the files."""
    duration_s = results.document["duration"]
    table = Table("stage", "seconds", "x real time", "peak MiB", box=None)
    for name, figures in results.document["stages"].items():
        table.add_row(
            name,
            f"{figures['seconds']:.1f}",
            f"{figures['real_time_factor']:.2f}",
            f"{figures['peak_memory_mib']:.0f}",
        )
    table.add_row("this run", f"{elapsed_s:.1f}", f"{elapsed_s / duration_s:.2f}" if duration_s else "", "")
    console = PlainConsole()
    console.print(table)
    segments = results.document["segments"]
    flagged = sum(bool(segment["issues"]) for segment in segments)
    console.print(f"{len(segments)} segments, {flagged} flagged; {duration_s:.1f} s of video")
    console.print(f"job {results.document['job_id']}", soft_wrap=True, highlight=False)
    for path in results.files.values():
        console.print(str(path), soft_wrap=True, highlight=False)
    if console.is_terminal:
        _print_next_steps(results, console)


def _print_next_steps(results: Results, console: Console) -> None:
    """Print which lines to look at and why, where they are shown, and the commands that change them."""
    flagged = [segment for segment in results.document["segments"] if segment["issues"]]
    console.print("")
    if flagged:
        console.print(f"{len(flagged)} of {len(results.document['segments'])} lines to look at:")
    for segment in flagged[:_SHOWN_FLAGGED]:
        issues = ", ".join(str(issue) for issue in segment["issues"])
        console.print(f"  {segment['segment_id']} at {segment['start_point']:.1f} s: {issues}", soft_wrap=True)
    if len(flagged) > _SHOWN_FLAGGED:
        console.print(f"  and {len(flagged) - _SHOWN_FLAGGED} more, in the report")
    if "report" in results.files:
        console.print(f"see and hear every line: {results.files['report']}", soft_wrap=True)
    job = results.document["job_id"]
    number = flagged[0]["segment_id"] if flagged else "0"
    console.print("change a line:")
    console.print(f'  dub-assets say {job} {number} "new text" --rebuild', soft_wrap=True)
    console.print(f"  dub-assets mix {job} {number} --bgm-gain 0.2 --rebuild", soft_wrap=True)
