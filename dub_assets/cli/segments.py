"""``dub-assets segments``: the segments of a job."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import find_job, open_archive
from dub_assets.cli.tables import new_table, print_table
from dub_assets.cli.terminal import PlainConsole, write_json, write_line
from dub_assets.core.errors import InputError
from dub_assets.core.keys import JobKeys, segment_name
from dub_assets.core.timing import seconds
from dub_assets.settings import settings_from
from dub_assets.stages.issues import ISSUES
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.segment_mixes.values import SegmentMixes
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegments


def show_segments(name: str, *, only_issues: bool, as_json: bool) -> None:
    """Print the segments of a job, or only those with issues. Raises InputError if there are none yet."""
    archive = open_archive(settings_from(os.environ))
    keys = JobKeys(request=find_job(archive, name))
    rows = [row for row in segment_rows(keys, archive) if row["issues"] or not only_issues]
    if as_json:
        write_json({"job_id": keys.request.job_id, "segments": rows})
    elif rows:
        _print(rows)
    else:
        write_line("no segment has issues" if only_issues else "the job has no segments")


def segment_rows(keys: JobKeys, archive: JobArchive) -> list[dict[str, Any]]:
    """Return the segments as ``segments --json`` prints them; values that are not made yet are null.

    Raises InputError if the job has no transcript yet.
    """
    transcript = archive.find(Transcript, keys.manifest("transcript"))
    if transcript is None:
        raise InputError(
            f"job {keys.request.job_id!r} has no segments yet: `dub-assets status {keys.request.job_id}` shows how far "
            "it is"
        )
    translation = archive.find(Translation, keys.manifest("translation"))
    tts = archive.find(TtsSegments, keys.manifest("tts_segments"))
    mixes = archive.find(SegmentMixes, keys.manifest("segment_mixes"))
    quality = archive.find(Quality, keys.manifest("quality"))
    lines = {line.index: line for line in translation.lines} if translation else {}
    spoken = {segment.index: segment for segment in tts.segments} if tts else {}
    mixed = {mix.index: mix for mix in mixes.segments} if mixes else {}
    measured = {line.index: line for line in quality.lines} if quality else {}
    rows = []
    for segment in transcript.segments:
        index, speech, mix = segment.index, spoken.get(segment.index), mixed.get(segment.index)
        line, found = lines.get(index), measured.get(index)
        placed = speech.placed if speech else segment.interval
        rows.append(
            {
                "segment": segment_name(index),
                "start_s": seconds(placed.start_ms),
                "end_s": seconds(placed.end_ms),
                "speaker": segment.speaker,
                "text": segment.text,
                "translation": speech.speech.text if speech else line.text if line else None,
                "voice": speech.speech.voice if speech else None,
                "tempo": speech.tempo if speech else None,
                "bgm_gain": mix.gains.background if mix else None,
                "tts_gain": mix.gains.speech if mix else None,
                "issues": [*(speech.issues if speech else ()), *(found.issues if found else ())],
            }
        )
    return rows


def _print(rows: Sequence[dict[str, Any]]) -> None:
    columns = ("segment", "from (s)", "to (s)", "tempo", "bgm", "tts", "issues", "text", "translation")
    table = new_table(columns, whole=["segment"])
    for row in rows:
        numbers = [row["tempo"], row["bgm_gain"], row["tts_gain"]]
        shown = ["" if number is None else f"{number:g}" for number in numbers]
        issues = ", ".join(row["issues"]) or "none"
        texts = [row["text"], row["translation"] or ""]
        table.add_row(row["segment"], f"{row['start_s']:.1f}", f"{row['end_s']:.1f}", *shown, issues, *texts)
    print_table(table)
    if PlainConsole().is_terminal:
        _explain_issues({issue for row in rows for issue in row["issues"]})


def _explain_issues(names: Collection[str]) -> None:
    """Print what each of these issues means and what to do about it."""
    for issue in ISSUES.values():
        if issue.name in names:
            write_line(f"{issue.name}: {issue.meaning}; {issue.remedy}")
