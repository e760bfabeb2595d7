"""``dub-assets mix``, ``say`` and ``segment``: edit segments of a job, in this process."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import find_job
from dub_assets.cli.display import display_for
from dub_assets.cli.folders import folders_to_update
from dub_assets.cli.results import ResultFolder, deliver, result_files
from dub_assets.cli.revisions import person
from dub_assets.cli.running import LocalRun, run_here, show_wait
from dub_assets.cli.summary import print_notes, print_paths
from dub_assets.cli.terminal import PlainConsole, write_json
from dub_assets.core.errors import InputError
from dub_assets.core.keys import JobKeys, check_segments_exist, segment_name
from dub_assets.core.text import MAX_TEXT_CHARACTERS
from dub_assets.core.timing import seconds
from dub_assets.resources.storage import StorageResource
from dub_assets.resources.tags import EDITED_BY
from dub_assets.service.edits.edit_run import EDIT_JOB, Edit, edit_run
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.service.edits.review import change_review
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.segment_mixes.values import GainChange, SegmentMixes
from dub_assets.stages.transcript.editing import SegmentEdit
from dub_assets.stages.tts_segments.agreement import read_back_issues
from dub_assets.stages.tts_segments.values import TtsSegment, TtsSegments

_HALVES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What an edit makes and prints: ``folder`` gets the rebuilt video; None: the folders that have the results."""

    rebuild: bool
    folder: Path | None
    quiet: bool
    as_json: bool


def mix_again(job_id: str, segments: Sequence[int], change: GainChange, output: Output) -> None:
    """Mix segments of a job with other gains; a gain that is None is unchanged."""
    if change == GainChange() and not output.rebuild:
        raise InputError("nothing to change: give --bgm-gain, --tts-gain or --rebuild")
    _Edit.of(job_id).run(Edit(gains=dict.fromkeys(segments, change), rebuild=output.rebuild), output)


def say_again(job_id: str, segment: int, text: str, output: Output) -> None:
    """Speak a new text for a segment of a job."""
    if not text.strip():
        raise InputError(f"the text for segment {segment_name(segment)} is empty: give it something to say")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InputError(
            f"the text for segment {segment_name(segment)} has {len(text):,} characters: give it at most "
            f"{MAX_TEXT_CHARACTERS:,}"
        )
    edit = Edit(gains={segment: GainChange()}, texts={segment: text.strip()}, rebuild=output.rebuild)
    _Edit.of(job_id).run(edit, output)


def edit_segment(job_id: str, edit: SegmentEdit, texts: Mapping[int, str], output: Output) -> None:
    """Edit the place, the number or the speaker of segments; ``texts`` are translated texts by index."""
    _Edit.of(job_id).run(Edit(segment_edit=edit, texts=texts, rebuild=output.rebuild), output)


def split_segment(job_id: str, segment: int, at_ms: int, texts: Sequence[str], output: Output) -> None:
    """Split a segment in two; ``texts`` are the two translated texts, or none to split the present one."""
    if texts and len(texts) != _HALVES:
        raise InputError("a split segment has two texts: give --text twice, or not at all")
    job = _Edit.of(job_id)
    numbers = (segment, job.job.next_index())
    edit = SegmentEdit(kind="split", index=segment, start_ms=at_ms)
    job.run(Edit(segment_edit=edit, texts=dict(zip(numbers, texts, strict=False)), rebuild=output.rebuild), output)


def insert_segment(job_id: str, edit: SegmentEdit, text: str, output: Output) -> None:
    """Insert a segment with a translated text."""
    job = _Edit.of(job_id)
    new = job.job.next_index()
    job.run(Edit(segment_edit=edit, texts={new: text}, rebuild=output.rebuild), output)


def choose_voice(job_id: str, segment: int, voice: str, output: Output) -> None:
    """Speak a segment in another voice; an empty name is the voice of its speaker."""
    _Edit.of(job_id).run(Edit(voices={segment: voice}, rebuild=output.rebuild), output)


def review_segment(job_id: str, segment: int, *, note: str | None, is_checked: bool | None) -> None:
    """Store a note about a segment, or whether a person has checked it; None leaves it as it is."""
    job = _Edit.of(job_id)
    with job.archive.locked(job.keys.request.job_id, show_wait):
        check_segments_exist({segment}, job.job.segment_indices())
        notes = {} if note is None else {segment: note}
        checked = {} if is_checked is None else {segment: is_checked}
        change_review(job.archive, job.keys, notes=notes, checked=checked, by=person())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """An edit of a finished job."""

    settings: Settings
    archive: JobArchive
    job: OwnJob

    @classmethod
    def of(cls, job_id: str) -> _Edit:
        """Return the edit of a job. Raises InputError if there is no such job, or it has no translation yet."""
        settings = settings_from(os.environ)
        archive = StorageResource.of(settings).archive
        request = find_job(archive, job_id)
        job = OwnJob.find(archive, request.job_id, request.project_id)
        if job is None:
            raise InputError(f"job {request.job_id!r} has no translation yet: run it first")
        return cls(settings=settings, archive=archive, job=job)

    @property
    def keys(self) -> JobKeys:
        """The keys of the job."""
        return self.job.keys

    def run(self, edit: Edit, output: Output) -> None:
        """Run the edit, copy the rebuilt results to their folders and print a summary.

        Raises InputError for a segment that the job does not have, before a run is started.
        """
        started = time.perf_counter()
        with self.archive.locked(self.keys.request.job_id, show_wait):
            check_segments_exist({*edit.gains, *edit.voices}, self.job.segment_indices())
            before = self._fingerprints()
            planned = edit_run(self.job, edit)
            run = LocalRun(
                job_id=planned.job_id,
                job=EDIT_JOB,
                assets=planned.assets,
                config=planned.config,
                tags={EDITED_BY: person()},
            )
            folders = self._folders(output)
            with display_for(quiet=output.quiet or output.as_json) as display:
                run_here(run, self.settings, display)
            delivered = deliver(result_files(self.keys, self.archive) if folders else [], folders)
        print_notes(delivered.notes)
        changed = {*edit.gains, *edit.voices, *edit.texts, *self._changed_since(before)}
        summary = {
            "segments": self._rows(changed, rebuilt=output.rebuild),
            "elapsed_s": round(time.perf_counter() - started, 3),
        }
        if output.as_json:
            shown = {
                "job_id": run.job_id,
                **summary,
                "files": {name: str(path) for name, path in delivered.files.items()},
            }
            write_json({**shown, "updated": list(map(str, delivered.paths))})
        elif not output.quiet:
            _print(summary, delivered.paths)

    def _folders(self, output: Output) -> list[ResultFolder]:
        """Return the folders that a rebuild updates, after checking them."""
        if not output.rebuild:
            return []
        folders, notes = folders_to_update(self.keys.request, self.archive, self.settings, output.folder)
        print_notes(notes)
        return folders

    def _fingerprints(self) -> dict[int, str]:
        """Return the fingerprint of the speech of each segment."""
        tts = self.archive.read(TtsSegments, self.keys.manifest("tts_segments"))
        return {line.index: line.fingerprint for line in tts.segments} if tts else {}

    def _changed_since(self, before: Mapping[int, str]) -> set[int]:
        """Return the segments whose speech is another one now; none if the job had no speech yet."""
        if not before:
            return set()
        return {index for index, current in self._fingerprints().items() if before.get(index) != current}

    def _rows(self, segments: Collection[int], *, rebuilt: bool) -> list[dict[str, Any]]:
        """Return the segments as ``--json`` prints them; with issues of the checks if the video was rebuilt."""
        quality = self.archive.find(Quality, self.keys.manifest("quality")) if rebuilt else None
        measured = {line.index: line.issues for line in quality.lines} if quality else {}
        spoken = self.archive.load(TtsSegments, self.keys.manifest("tts_segments")).segments
        mixed = self.archive.load(SegmentMixes, self.keys.manifest("segment_mixes")).segments
        return [
            {
                "segment": segment_name(line.index),
                "start_s": seconds(line.placed.start_ms),
                "end_s": seconds(line.placed.end_ms),
                "tempo": line.tempo,
                "bgm_gain": mix.gains.background,
                "tts_gain": mix.gains.speech,
                "issues": [*line.issues, *measured.get(line.index, self._heard_issues(line))],
            }
            for line, mix in zip(spoken, mixed, strict=True)
            if line.index in segments
        ]

    def _heard_issues(self, line: TtsSegment) -> tuple[str, ...]:
        """Return the issues that reading the line back found."""
        heard = line.speech.read_back
        return read_back_issues(heard, self.settings.options.checks.speech_agreement) if heard else ()


def _print(summary: dict[str, Any], paths: Sequence[Path]) -> None:
    table = Table("segment", "from (s)", "to (s)", "tempo", "bgm gain", "tts gain", "issues", box=None)
    for row in summary["segments"]:
        start, end = f"{row['start_s']:.1f}", f"{row['end_s']:.1f}"
        gains = (f"{row['bgm_gain']:g}", f"{row['tts_gain']:g}")
        table.add_row(row["segment"], start, end, f"{row['tempo']:.2f}", *gains, ", ".join(row["issues"]) or "none")
    console = PlainConsole()
    console.print(table)
    console.print(f"this run took {summary['elapsed_s']:.1f} s")
    print_paths(paths)
