"""Products that jobs of a project share: made once, copied, and made again if their maker is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from support.finished_job import PROVENANCE, REQUEST, products
from support.waiting import wait_until

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.lease import LeaseTimes
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.errors import InputError
from dub_assets.core.keys import JobKeys
from dub_assets.resources.shared_products import SharedProducts
from dub_assets.stages.stems.values import Stems

TIMES = LeaseTimes(renewal_s=0.1, abandoned_s=1.0, settling_s=0.1)


class Project:
    """Jobs of a project whose stems are small files. ``made`` has the job of each call that makes them."""

    def __init__(self, store: LocalObjectStore | S3ObjectStore, workspace: Path) -> None:
        self.archive = JobArchive(store, LocalWorkspace(workspace, store))
        self.made: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def keys(self, job_id: str, project_id: str = "p1") -> JobKeys:
        return JobKeys(request=replace(REQUEST, job_id=job_id, project_id=project_id))

    def obtain(self, job_id: str, fingerprint: str = "f1", *, project_id: str = "p1", fails: bool = False) -> Stems:
        keys, workspace = self.keys(job_id, project_id), self.archive.workspace
        shared = SharedProducts(archive=self.archive, keys=keys, times=TIMES)

        previous = self.archive.find(Stems, keys.manifest("stems"))

        def make() -> Stems:
            if previous is not None and previous.provenance.fingerprint == fingerprint:
                return previous
            self.made.append(job_id)
            assert self.gate.wait(60)
            if fails:
                raise InputError("no sound")
            media = {
                name: workspace.write(keys.stem(name), f"{name} {fingerprint}".encode())
                for name in ("original", "vocals", "background")
            }
            source = workspace.write(f"projects/{project_id}/inputs/{job_id}.mp4", b"a video")
            provenance = replace(PROVENANCE, fingerprint=fingerprint)
            return replace(products().stems, source=source, provenance=provenance, **media)

        def adopt(stems: Stems) -> Stems:
            copies = {
                name: workspace.copy(getattr(stems, name), keys.stem(name))
                for name in ("original", "vocals", "background")
            }
            return replace(stems, **copies)

        return shared.obtain(Stems, "stems", fingerprint, previous=previous, make=make, adopt=adopt)

    def delete(self, job_id: str) -> None:
        """Delete the objects of a job, as retention does."""
        keys = self.keys(job_id)
        references = list(SharedProducts(archive=self.archive, keys=keys).references())
        objects = [item.key for item in self.archive.store.list(f"{keys.root}/")]
        self.archive.store.delete([*references, *objects])

    def check(self, job_id: str) -> None:
        """Assert that a job's stems are its own and complete."""
        keys = self.keys(job_id)
        stems = self.archive.load(Stems, keys.manifest("stems"))
        media = {name: getattr(stems, name) for name in ("original", "vocals", "background")}
        assert {name: item.key for name, item in media.items()} == {name: keys.stem(name) for name in media}
        for name, item in media.items():
            assert self.archive.store.get(item.key) == f"{name} {stems.provenance.fingerprint}".encode()
            assert self.archive.workspace.open(item).read_bytes() == self.archive.store.get(item.key)


@pytest.fixture(params=["local", "s3"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    if request.param == "s3":
        store = S3ObjectStore(request.getfixturevalue("bucket"), request.getfixturevalue("connect"))
    else:
        store = LocalObjectStore(tmp_path / "objects", shared=tmp_path / "workspace")
    return Project(store, tmp_path / "workspace")


def test_the_first_job_makes_a_product_and_the_others_copy_it(project: Project):
    first, *others = [project.obtain(f"talk.{number}") for number in range(4)]
    assert project.made == ["talk.0"]
    assert all(other.provenance == first.provenance for other in others)
    for number in range(4):
        project.check(f"talk.{number}")
    project.obtain("talk.2")
    assert project.made == ["talk.0"]


def test_another_fingerprint_and_another_project_share_nothing(project: Project):
    project.obtain("a")
    project.obtain("b", "f2")
    project.obtain("c", project_id="p2")
    assert project.made == ["a", "b", "c"]


def test_deleting_a_job_harms_no_other(project: Project):
    for job_id in ("a", "b"):
        project.obtain(job_id)
    project.delete("a")
    project.check("b")
    project.obtain("c")
    assert project.made == ["a"]
    project.delete("b")
    project.check("c")
    project.delete("c")
    assert [item.key for item in project.archive.store.list("projects/p1/interim/")] == []
    project.obtain("d")
    assert project.made == ["a", "d"]


def test_a_job_with_another_source_keeps_the_copies_of_the_others(project: Project):
    project.obtain("a")
    project.obtain("b")
    project.obtain("a", "f2")
    for job_id in ("a", "b"):
        project.check(job_id)
    project.obtain("c")
    project.check("c")
    assert project.made == ["a", "a"]


def test_a_damaged_copy_is_no_source(project: Project):
    project.obtain("a")
    project.archive.store.put(project.keys("a").stem("vocals"), b"damaged", "audio/flac")
    project.obtain("b")
    project.check("b")
    assert project.made == ["a", "b"]


def test_jobs_that_need_a_product_at_the_same_time_make_it_once(project: Project):
    project.gate.clear()
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(project.obtain, f"talk.{number}") for number in range(8)]
        wait_until(lambda: project.made, "a job makes the product")
        threading.Timer(2.5, project.gate.set).start()  # longer than a lease that is not renewed
        for job in jobs:
            job.result(120)
    assert len(project.made) == 1
    for number in range(8):
        project.check(f"talk.{number}")
    assert [
        item.key for item in project.archive.store.list("projects/p1/interim/.shared/") if "lease" in item.key
    ] == []


def test_a_job_that_fails_leaves_the_product_to_the_next(project: Project):
    project.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        failing = pool.submit(project.obtain, "a", fails=True)
        wait_until(lambda: project.made == ["a"], "the first job begins")
        waiting = pool.submit(project.obtain, "b")
        project.gate.set()
        with pytest.raises(InputError):
            failing.result(60)
        waiting.result(60)
    assert project.made == ["a", "b"]
    project.check("b")


KILLED = """
import sys, time
from pathlib import Path
sys.path[:0] = [sys.argv[3], sys.argv[4]]
import test_shared_products as module
project = module.Project(module.LocalObjectStore(Path(sys.argv[1])), Path(sys.argv[2]))
project.gate.clear()
print("ready", flush=True)
project.obtain("killed")
"""


def test_jobs_that_wait_for_a_killed_one_make_the_product_once(tmp_path: Path):
    store = LocalObjectStore(tmp_path / "objects")
    project = Project(store, tmp_path / "workspace")
    here = Path(__file__).parent
    arguments = [str(tmp_path / "objects"), str(tmp_path / "killed"), str(here), str(here.parent)]
    process = subprocess.Popen([sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE)
    lease = project.keys("killed").shared_lease("stems", "f1")
    wait_until(lambda: store.head(lease) is not None, "the lease of the process")
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(project.obtain, job_id) for job_id in ("a", "b", "c")]
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        for job in waiting:
            job.result(120)
    assert len(project.made) == 1
    project.obtain("killed")
    for job_id in ("a", "b", "c", "killed"):
        project.check(job_id)
    assert len(project.made) == 1
