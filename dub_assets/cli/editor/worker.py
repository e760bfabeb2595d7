"""``python -m dub_assets.cli.editor.worker JOB EVENTS``: runs a job's edits, one after another, engines loaded.

Requests are lines of JSON on standard input, events lines of JSON on the descriptor ``EVENTS``. The process ends with
its input. Edits run in the main thread, where Dagster handles signals; predictions are made while they run.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TextIO

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import find_job
from dub_assets.cli.display import Display
from dub_assets.cli.editor.edits import EditRequest, check_seen, plan
from dub_assets.cli.editor.prediction import predict
from dub_assets.cli.folders import folders_to_update
from dub_assets.cli.restoring import restore_run
from dub_assets.cli.results import deliver, result_files
from dub_assets.cli.running import LocalRun, run_here
from dub_assets.core.errors import DubError, InputError
from dub_assets.core.keys import JobKeys, segment_name
from dub_assets.core.ports import Engines
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.revisions import Revisions
from dub_assets.resources.storage import StorageResource
from dub_assets.resources.tags import EDITED_BY
from dub_assets.service.edits.edit_run import EDIT_JOB
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.service.edits.review import change_review
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.tts_segments.values import TtsSegments

_LOG = logging.getLogger(__name__)


class EventWriter:
    """Writes events as lines of JSON; used by several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, event: str, **details: Any) -> None:
        """Write an event."""
        with self._lock, suppress(BrokenPipeError):
            self._stream.write(json.dumps({"event": event, **details}) + "\n")
            self._stream.flush()


class _EventDisplay(Display):
    """Reports the steps of a run as events."""

    def __init__(self, events: EventWriter, edit: str) -> None:
        self._events = events
        self._edit = edit

    def begin(self, stage: str) -> None:
        self._events.write("step", edit=self._edit, step=stage, state="running")

    def report(self, stage: str, done: int, total: int) -> None:
        self._events.write("progress", edit=self._edit, step=stage, done=done, total=total)

    def end(self, stage: str, *, failed: bool) -> None:
        self._events.write("step", edit=self._edit, step=stage, state="failed" if failed else "done")


class EditWorker:
    """Runs the edits of one job."""

    def __init__(self, job_id: str, settings: Settings, events: EventWriter) -> None:
        self._settings = settings
        self._events = events
        self._archive: JobArchive = StorageResource.of(settings).archive
        self._keys = JobKeys(request=find_job(self._archive, job_id))
        self._engines: Engines = EnginesResource.of(settings).engines(self._keys.request.engines)

    def load_engines(self) -> None:
        """Load the voice and the recogniser that reads lines back, so that the first edit need not."""
        language, engines = self._keys.request.target_language, self._engines
        with suppress(DubError):  # the edit that needs the engine reports it
            hears = [engines.recogniser(language)] if self._settings.options.checks.speech else []
            engines.prepare(engines.synthesiser(language), *hears, engines.language_identifier())

    def voices(self) -> list[str]:
        """Return the voices of the job's language; none if no engine speaks it."""
        with suppress(DubError):
            return [voice.name for voice in self._engines.voices(self._keys.request.target_language)]
        return []

    def predict(self, request: Mapping[str, Any]) -> None:
        """Predict the length of a text, and report it; without a spoken line or an engine, report nothing known."""
        prediction: dict[str, Any] = {}
        try:
            prediction = self._prediction(request["segment"], request["text"])
        except Exception as error:  # noqa: BLE001 - the page goes without, and the thread reads on
            _LOG.warning("no prediction: %s: %s", type(error).__name__, error)
        self._events.write("predicted", prediction=request["prediction"], result=prediction)

    def _prediction(self, segment: str, text: str) -> dict[str, Any]:
        language = self._keys.request.target_language
        tts = self._archive.read(TtsSegments, self._keys.manifest("tts_segments"))
        lines = [line for line in tts.segments if segment_name(line.index) == segment] if tts else []
        if not lines:
            return {}
        synthesiser = self._engines.synthesiser(language)
        return predict(text, lines[0], language, synthesiser, self._settings.options.fit)

    def handle(self, request: Mapping[str, Any]) -> None:
        """Run an edit and report its end."""
        edit = request["edit"]
        try:
            notes = self._run(EditRequest.from_json(request["change"]), edit, request["by"])
        except DubError as error:
            self._events.write("failed", edit=edit, error=str(error), conflict=getattr(error, "segments", []))
        except Exception as error:  # noqa: BLE001 - the page shows it, and the next edit may succeed
            self._events.write("failed", edit=edit, error=f"{type(error).__name__}: {error}", conflict=[])
        else:
            self._events.write("done", edit=edit, notes=notes)

    def _run(self, change: EditRequest, edit: str, by: str) -> list[str]:
        """Run an edit under the job's lock; return notes about the copies of the results."""
        keys, archive = self._keys, self._archive

        def waits(line: str) -> None:
            self._events.write("waiting", edit=edit, reason=line)

        with archive.locked(keys.request.job_id, waits):
            job = OwnJob(keys=keys, archive=archive)
            check_seen(job, change)
            change_review(archive, keys, notes=change.notes, checked=change.checked, by=by)
            video = archive.read(FinalVideo, keys.manifest("final_video"))
            run = self._planned(job, change, by)
            if run is None:
                return []
            run_here(run, self._settings, _EventDisplay(self._events, edit))
            if archive.read(FinalVideo, keys.manifest("final_video")) == video:
                return []
            folders, notes = folders_to_update(keys.request, archive, self._settings, None)
            delivered = deliver(result_files(keys, archive), folders)
            return [*notes, *delivered.notes, *map(str, delivered.paths)]

    def _planned(self, job: OwnJob, change: EditRequest, by: str) -> LocalRun | None:
        """Return the run of a change, None if there is nothing to do. Raises InputError if it cannot be made."""
        if change.restore is not None:
            latest = Revisions(archive=self._archive, keys=self._keys).latest()
            if latest is not None and change.revision != latest.number:
                raise InputError(f"{latest.by} made another edit meanwhile: look at it, then restore again if you want")
            return restore_run(self._keys.request.job_id, change.restore, by=by)
        planned = plan(job, change)
        if planned is None:
            return None
        return LocalRun(
            job_id=planned.job_id,
            job=EDIT_JOB,
            assets=planned.assets,
            config=planned.config,
            tags={EDITED_BY: by},
        )


def main(job_id: str, descriptor: str) -> None:
    """Run edits until standard input ends."""
    with os.fdopen(int(descriptor), "w", encoding="utf-8") as stream:
        events = EventWriter(stream)
        worker = EditWorker(job_id, settings_from(os.environ), events)
        worker.load_engines()
        events.write("ready", voices=worker.voices())
        waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(worker, waiting), daemon=True).start()
        while (request := waiting.get()) is not None:
            worker.handle(request)


def _read(worker: EditWorker, waiting: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    """Put edits into the queue, and make predictions at once."""
    for line in sys.stdin:
        request = json.loads(line)
        if "prediction" in request:
            worker.predict(request)
        else:
            waiting.put(request)
    waiting.put(None)


if __name__ == "__main__":
    main(*sys.argv[1:])
