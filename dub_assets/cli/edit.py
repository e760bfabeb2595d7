"""``dub-assets mix`` and ``dub-assets say``: single segments of a finished job, in this process."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import find_job
from dub_assets.cli.display import display_for
from dub_assets.cli.folders import folders_to_update
from dub_assets.cli.results import ResultFolder, result_files
from dub_assets.cli.running import LocalRun, run_here
from dub_assets.cli.summary import print_notes, print_paths
from dub_assets.cli.terminal import PlainConsole, write_json
from dub_assets.core.errors import InputError
from dub_assets.core.keys import JobKeys, check_segments_exist, request_key, segment_name
from dub_assets.core.timing import seconds
from dub_assets.resources.storage import StorageResource
from dub_assets.resources.tags import REQUEST_KEY, TASK
from dub_assets.service.segment_request import SegmentTtsRequest
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.segment_mixes.values import GainChange, SegmentMixes
from dub_assets.stages.tts_segments.agreement import spoken_issues
from dub_assets.stages.tts_segments.values import TtsSegment, TtsSegments


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a command shows, whether it rebuilds the video, and into which folder; None: where the results are."""

    rebuild: bool
    folder: Path | None
    quiet: bool
    as_json: bool


def mix_again(job_id: str, segments: Sequence[int], change: GainChange, output: Output) -> None:
    """Mix segments of a job with other gains; a gain that is None stays."""
    if change == GainChange() and not output.rebuild:
        raise InputError("nothing to change: give --bgm-gain, --tts-gain or --rebuild")
    edit = _Edit.of(job_id)
    edit.require_segments(segments)
    job_id = edit.keys.request.job_id
    gains = {"bgm_gain": change.background, "tts_gain": change.speech}
    config = {"segments": [segment_name(index) for index in segments], **gains}
    report = ["report"] if edit.has_report else []
    rebuilt = ["final_video", "quality", "metadata", *report] if output.rebuild else []
    run = LocalRun(
        job_id=job_id,
        job="dub_job",
        assets=["segment_mixes", *rebuilt],
        config={"segment_mixes": {name: value for name, value in config.items() if value is not None}},
    )
    edit.run(run, segments, output)


def say_again(job_id: str, segment: int, text: str, output: Output) -> None:
    """Speak a new text for a segment of a job."""
    if not text.strip():
        raise InputError(f"the text for segment {segment_name(segment)} is empty: give it something to say")
    edit = _Edit.of(job_id)
    edit.require_segments([segment])
    job_id = edit.keys.request.job_id
    key = request_key(f"cli-{uuid.uuid4().hex}")
    edit.archive.save(key, _request(job_id, segment, text, rebuild_video=output.rebuild))
    run = LocalRun(
        job_id=job_id,
        job="segment_tts_job",
        partitioned=False,
        config={"segment_tts": {"request_key": key}},
        tags={TASK: "segment_tts", REQUEST_KEY: key},
    )
    edit.run(run, [segment], output)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """A finished job, about to be changed."""

    settings: Settings
    archive: JobArchive
    keys: JobKeys

    @classmethod
    def of(cls, job_id: str) -> _Edit:
        """Return the edit of a job. Raises InputError if there is no such job, or it has no mixes yet."""
        settings = settings_from(os.environ)
        archive = StorageResource.of(settings).archive
        keys = JobKeys(request=find_job(archive, job_id))
        if archive.store.head(keys.manifest("segment_mixes")) is None:
            raise InputError(f"job {keys.request.job_id!r} has no mixes yet: run it to its end first")
        return cls(settings=settings, archive=archive, keys=keys)

    @property
    def has_report(self) -> bool:
        """Whether the job has a page, which then follows its video."""
        return self.archive.store.head(self.keys.manifest("report")) is not None

    def require_segments(self, segments: Sequence[int]) -> None:
        """Raise InputError for a segment that the job does not have, before a run is started."""
        mixes = self.archive.load(SegmentMixes, self.keys.manifest("segment_mixes")).segments
        check_segments_exist(set(segments), [mix.index for mix in mixes])

    def run(self, run: LocalRun, segments: Sequence[int], output: Output) -> None:
        """Run, bring the results to where they are wanted and say what was made."""
        started = time.perf_counter()
        folders = self._folders(output)
        with display_for(quiet=output.quiet or output.as_json) as display:
            run_here(run, self.settings, display)
        results = result_files(self.keys, self.archive) if folders else []
        deliveries = [folder.deliver(results) for folder in folders]
        print_notes(note for delivered in deliveries for note in delivered.notes)
        files = deliveries[0].files if deliveries else {}
        updated = [path for delivered in deliveries for path in delivered.files.values()]
        made = {
            "segments": self._rows(segments, rebuilt=output.rebuild),
            "elapsed_s": round(time.perf_counter() - started, 3),
        }
        if output.as_json:
            shown = {"job_id": run.job_id, **made, "files": {name: str(path) for name, path in files.items()}}
            shown["updated"] = [str(path) for path in updated]
            write_json(shown)
        elif not output.quiet:
            _print(made, updated)

    def _folders(self, output: Output) -> list[ResultFolder]:
        """The folders that a rebuild brings up to date, checked before the work."""
        if not output.rebuild:
            return []
        folders, notes = folders_to_update(self.keys.request, self.archive, self.settings, output.folder)
        print_notes(notes)
        return folders

    def _rows(self, segments: Sequence[int], *, rebuilt: bool) -> list[dict[str, Any]]:
        """Return how the segments are spoken and mixed now; with all issues if the video was rebuilt and measured."""
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
        """Return what reading the line back found."""
        heard = line.speech.read_back
        return spoken_issues(heard, self.settings.options.checks.speech_agreement) if heard else ()


def _request(job_id: str, segment: int, text: str, *, rebuild_video: bool) -> SegmentTtsRequest:
    return SegmentTtsRequest(
        job_id=job_id,
        project_id=None,
        callback_url="",
        index=segment,
        sent_index=str(segment),
        text=text,
        target_language=None,
        slot_ms=None,
        segment_prefix=None,
        source_keys=(),
        bgm_key=None,
        tts_key=None,
        mix_key=None,
        gains=GainChange(),
        rebuild_video=rebuild_video,
    )


def _print(made: dict[str, Any], paths: Sequence[Path]) -> None:
    table = Table("segment", "from (s)", "to (s)", "tempo", "bgm gain", "tts gain", "issues", box=None)
    for row in made["segments"]:
        start, end = f"{row['start_s']:.1f}", f"{row['end_s']:.1f}"
        gains = (f"{row['bgm_gain']:g}", f"{row['tts_gain']:g}")
        table.add_row(row["segment"], start, end, f"{row['tempo']:.2f}", *gains, ", ".join(row["issues"]) or "none")
    console = PlainConsole()
    console.print(table)
    console.print(f"this run took {made['elapsed_s']:.1f} s")
    print_paths(paths)
