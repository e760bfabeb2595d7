"""Leases on a real folder and a real server of the S3 protocol, with holders that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dub_assets.adapters.storage.lease import Lease, LeaseTimes
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.core.ports import ObjectStore

KEY = "projects/p/interim/.shared/stems/f.lease.json"
TIMES = LeaseTimes(renewal_s=0.2, abandoned_s=1.5, settling_s=0.1)

HOLD = """
import sys, time
from pathlib import Path
from dub_assets.adapters.storage.lease import Lease, LeaseTimes
from dub_assets.adapters.storage.local import LocalObjectStore
lease = Lease(LocalObjectStore(Path(sys.argv[1])), sys.argv[2], "killed", LeaseTimes(renewal_s=0.2))
assert lease.acquire()
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "s3":
        return S3ObjectStore(request.getfixturevalue("bucket"), request.getfixturevalue("connect"))
    return LocalObjectStore(tmp_path / "store")


def lease(store: ObjectStore, holder: str, times: LeaseTimes = TIMES) -> Lease:
    return Lease(store, KEY, holder, times)


def test_one_holder_at_a_time(store):
    first, second = lease(store, "a"), lease(store, "b")
    assert first.acquire()
    with first:
        assert not second.acquire()
        assert second.holder == "a"
    assert second.acquire()
    with second:
        assert not lease(store, "c").acquire()
    assert store.head(KEY) is None


def test_one_of_many_acquires_it(store):
    leases = [lease(store, f"job-{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        acquired = list(pool.map(Lease.acquire, leases))
    assert acquired.count(True) == 1
    with leases[acquired.index(True)]:
        pass
    assert store.head(KEY) is None


def test_a_renewed_lease_is_not_taken_over(store):
    holder, other = lease(store, "a"), lease(store, "b", LeaseTimes(abandoned_s=2.0))
    assert holder.acquire()
    with holder:
        until = time.monotonic() + 4.0
        while time.monotonic() < until:
            assert not other.acquire()
            time.sleep(0.1)


def test_the_next_run_of_a_job_takes_over_its_lease_at_once(store):
    killed, again = lease(store, "a", LeaseTimes(renewal_s=600)), lease(store, "a")
    assert killed.acquire()
    assert again.acquire()
    with again, killed:  # the killed run's release would not end the new lease
        assert store.head(KEY) is not None
        killed.__exit__(None, None, None)
        assert not lease(store, "b").acquire()
    assert store.head(KEY) is None


def test_a_lease_of_a_killed_process_is_taken_over_by_one(tmp_path):
    root = tmp_path / "store"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(root), KEY], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "held\n"
        store = LocalObjectStore(root)
        leases = [lease(store, f"job-{number}", LeaseTimes(abandoned_s=1.5, settling_s=0.5)) for number in range(4)]
        assert not any(waiting.acquire() for waiting in leases)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    killed_s, acquired = time.monotonic(), [False] * 4
    with ThreadPoolExecutor(4) as pool:
        while not any(acquired):
            assert time.monotonic() < killed_s + 120
            acquired = list(pool.map(Lease.acquire, leases))
    assert acquired.count(True) == 1
    with leases[acquired.index(True)]:
        assert not any(waiting.acquire() for waiting in leases if waiting is not leases[acquired.index(True)])


@pytest.mark.parametrize("content", [b"", b"{", b'{"other": 1}'])
def test_a_damaged_lease_is_abandoned(store, content):
    store.put(KEY, content, "application/json")
    waiting = lease(store, "a")
    until = time.monotonic() + 120
    while not waiting.acquire():
        assert time.monotonic() < until
    with waiting:
        pass
    assert store.head(KEY) is None
