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

from dub_assets.cli.display import display_for
from dub_assets.cli.results import deliver, require_folder
from dub_assets.cli.running import LocalRun, run_here
from dub_assets.cli.terminal import PlainConsole, write_json
from dub_assets.domain.errors import InputError
from dub_assets.domain.keys import JobKeys, request_key, segment_name
from dub_assets.domain.mix import GainChange, SegmentMixes
from dub_assets.domain.request import checked_id
from dub_assets.domain.segment_request import SegmentTtsRequest
from dub_assets.domain.synthesis import TtsSegments
from dub_assets.domain.timing import seconds
from dub_assets.resources.storage import StorageResource
from dub_assets.resources.studio import job_request
from dub_assets.resources.tags import REQUEST_KEY, TASK
from dub_assets.settings import Settings, settings_from
from dub_assets.storage.archive import JobArchive


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a command shows, and where it puts the results of a rebuilt video; None: the video is not rebuilt."""

    rebuilt_into: Path | None
    quiet: bool
    as_json: bool


def mix_again(job_id: str, segments: Sequence[int], change: GainChange, output: Output) -> None:
    """Mix segments of a job with other gains; a gain that is None stays."""
    edit = _Edit.of(job_id)
    gains = {"bgm_gain": change.background, "tts_gain": change.speech}
    config = {"segments": [segment_name(index) for index in segments], **gains}
    report = ["report"] if edit.has_report else []
    rebuilt = ["final_video", "quality", "metadata", *report] if output.rebuilt_into else []
    run = LocalRun(
        job_id=job_id,
        job="dub_job",
        assets=["segment_mixes", *rebuilt],
        config={"segment_mixes": {name: value for name, value in config.items() if value is not None}},
    )
    edit.run(run, segments, output)


def say_again(job_id: str, segment: int, text: str, output: Output) -> None:
    """Speak a new text for a segment of a job."""
    edit = _Edit.of(job_id)
    key = request_key(f"cli-{uuid.uuid4().hex}")
    edit.archive.save(key, _request(job_id, segment, text, rebuild_video=output.rebuilt_into is not None))
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
        """Raises ObjectMissingError or InputError where there is no such job, or it has no mixes yet."""
        settings = settings_from(os.environ)
        archive = StorageResource.of(settings).archive
        keys = JobKeys(request=job_request(archive, checked_id("the job", job_id), {}))
        if archive.store.head(keys.manifest("segment_mixes")) is None:
            raise InputError(f"job {job_id!r} has no mixes yet: run it to its end first")
        return cls(settings=settings, archive=archive, keys=keys)

    @property
    def has_report(self) -> bool:
        """Whether the job has a page, which then follows its video."""
        return self.archive.store.head(self.keys.manifest("report")) is not None

    def run(self, run: LocalRun, segments: Sequence[int], output: Output) -> None:
        """Run, bring the results to where they are wanted and say what was made."""
        started = time.perf_counter()
        if output.rebuilt_into is not None:
            require_folder(output.rebuilt_into)
        with display_for(quiet=output.quiet or output.as_json) as display:
            run_here(run, self.settings, display)
        files: dict[str, Path] = {}
        if output.rebuilt_into is not None:
            results = deliver(
                self.keys.request, self.archive, output.rebuilt_into, stem=run.job_id, report=self.has_report
            )
            files = results.files
        made = {"segments": self._rows(segments), "elapsed_s": round(time.perf_counter() - started, 3)}
        if output.as_json:
            shown = {"job_id": run.job_id, **made, "files": {name: str(path) for name, path in files.items()}}
            write_json(shown)
        elif not output.quiet:
            _print(made, files)

    def _rows(self, segments: Sequence[int]) -> list[dict[str, Any]]:
        """How the segments are spoken and mixed now."""
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
                "issues": list(line.issues),
            }
            for line, mix in zip(spoken, mixed, strict=True)
            if line.index in segments
        ]


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


def _print(made: dict[str, Any], files: dict[str, Path]) -> None:
    table = Table("segment", "from (s)", "to (s)", "tempo", "bgm gain", "tts gain", "issues", box=None)
    for row in made["segments"]:
        start, end = f"{row['start_s']:.1f}", f"{row['end_s']:.1f}"
        gains = (f"{row['bgm_gain']:g}", f"{row['tts_gain']:g}")
        table.add_row(row["segment"], start, end, f"{row['tempo']:.2f}", *gains, ", ".join(row["issues"]) or "none")
    console = PlainConsole()
    console.print(table)
    console.print(f"this run took {made['elapsed_s']:.1f} s")
    for path in files.values():
        console.print(str(path), soft_wrap=True, highlight=False)
