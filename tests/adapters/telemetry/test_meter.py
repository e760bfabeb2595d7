import subprocess
import sys
import time

import pytest
from support.waiting import wait_until

from dub_assets.adapters.telemetry.meter import ProcessMeasurement, ProcessMeter

MIB = 2**20


def mib(measurement: ProcessMeasurement) -> float:
    return measurement.figures(media_ms=1).peak_memory_mib


def test_wall_and_cpu_seconds_and_the_real_time_factor():
    before_s = time.perf_counter()
    with ProcessMeter().measure() as measurement:
        within_s, cpu_s = time.perf_counter(), time.process_time()
        while time.process_time() - cpu_s < 0.3:
            pass
        within_s = time.perf_counter() - within_s
    figures = measurement.figures(media_ms=600)
    assert within_s - 0.001 <= figures.wall_s <= time.perf_counter() - before_s + 0.001
    assert figures.cpu_s > 0.25
    assert figures.real_time_factor == pytest.approx(figures.wall_s / 0.6, abs=0.002)


def test_the_peak_is_that_of_the_stage_and_not_of_what_came_before():
    before = bytearray(b"\1") * (300 * MIB)
    del before
    with ProcessMeter().measure() as small:
        pass
    with ProcessMeter().measure() as large:
        held = bytearray(b"\1") * (200 * MIB)
    del held
    assert 150 < mib(large) - mib(small) < 250


def test_a_peak_before_the_end_counts():
    with ProcessMeter().measure() as flat:
        pass
    with ProcessMeter().measure() as measurement:
        held = bytearray(b"\1") * (200 * MIB)
        wait_until(lambda: mib(measurement) > mib(flat) + 150, "a look at the memory")
        del held
    assert mib(measurement) - mib(flat) > 150


CHILD = """
import sys, time
held = bytearray(b"1") * (200 * 2**20)
while time.process_time() < 0.2:
    pass
sys.stdin.read()
"""


def test_the_memory_and_time_of_children_count():
    with ProcessMeter().measure() as alone:
        pass
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE)
    with ProcessMeter().measure() as with_child, child:
        wait_until(lambda: mib(with_child) > mib(alone) + 150, "a look at the child's memory")
    assert with_child.figures(media_ms=1).cpu_s > 0.15


FORKING = """
import os
from dub_assets.adapters.telemetry.meter import ProcessMeter

held = bytearray(b"1") * (200 * 2**20)
reads, writes = os.pipe()
if not (child := os.fork()):
    os.close(writes)
    os.read(reads, 1)
    os._exit(0)
with ProcessMeter().measure() as measurement:
    pass
os.close(writes)
os.waitpid(child, 0)
print(measurement.figures(media_ms=1).peak_memory_mib)
"""


def test_a_child_that_is_not_yet_another_program_has_no_memory_of_its_own():
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=True)
    assert 200 < float(done.stdout) < 350
