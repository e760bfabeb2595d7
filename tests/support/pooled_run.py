"""A run of a job in a process of its own, whose separation waits at a gate: ``pooled_run JOB FOLDER``.

``FOLDER/entered.JOB`` appears once the separation begins; it goes on once ``FOLDER/open`` exists.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg
from support.dagster_jobs import SPEECH, WORDS
from support.fakes import FakeEngines, FakeProgress, FakeSeparator
from support.waiting import wait_until

from dub_assets.core.signal.sound import Sound
from dub_assets.definitions import definitions
from dub_assets.resources.engines import EnginesResource
from dub_assets.settings import settings_from


class GatedSeparator(FakeSeparator):
    """Separates once the gate is open."""

    def __init__(self, job: str, folder: Path) -> None:
        super().__init__()
        self._job = job
        self._folder = folder

    def separate(self, mixture: Iterable[Sound]) -> Iterator[tuple[Sound, Sound]]:
        self._folder.joinpath(f"entered.{self._job}").touch()
        wait_until(self._folder.joinpath("open").exists, "the gate opens")
        yield from super().separate(mixture)


def main(job: str, folder: Path) -> int:
    """Run the first two assets of a job on the instance of this environment, and return the exit status."""
    engines = FakeEngines(regions=SPEECH, words=WORDS, separator=GatedSeparator(job, folder))
    EnginesResource.engines = lambda self, overrides=None: engines
    dub_job = definitions(settings_from(os.environ), FakeProgress()).resolve_job_def("dub_job")
    with dg.DagsterInstance.get() as instance:
        assets = [dg.AssetKey("stems"), dg.AssetKey("transcript")]
        result = dub_job.execute_in_process(instance=instance, partition_key=job, asset_selection=assets)
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
