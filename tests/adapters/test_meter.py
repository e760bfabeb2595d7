import subprocess
import sys
import time

from dub_assets.telemetry.meter import ProcessMeter

MIB = 2**20


def test_wall_and_cpu_seconds_and_the_real_time_factor():
    with ProcessMeter().measure() as measurement:
        started = time.perf_counter()
        while time.perf_counter() - started < 0.3:
            pass
    figures = measurement.figures(media_ms=600)
    assert figures.wall_s >= 0.3
    assert figures.cpu_s > 0
    assert (
        figures.real_time_factor == round(figures.wall_s / 0.6, 4)
        or abs(figures.real_time_factor - figures.wall_s / 0.6) < 0.002
    )


def test_the_peak_is_that_of_the_stage_and_not_of_what_came_before():
    before = bytearray(300 * MIB)
    del before
    with ProcessMeter().measure() as small:
        time.sleep(0.12)
    with ProcessMeter().measure() as large:
        held = bytearray(b"\1") * (200 * MIB)
        time.sleep(0.12)
    del held
    grown = large.figures(media_ms=1).peak_memory_mib - small.figures(media_ms=1).peak_memory_mib
    assert 150 < grown < 250


def test_the_memory_and_time_of_children_count():
    child = "import time; held = bytearray(b'1') * (200 * 2**20); time.sleep(0.4); sum(range(3_000_000))"
    with ProcessMeter().measure() as alone:
        time.sleep(0.12)
    with ProcessMeter().measure() as with_child:
        subprocess.run([sys.executable, "-c", child], check=True)
    assert with_child.figures(media_ms=1).peak_memory_mib - alone.figures(media_ms=1).peak_memory_mib > 150
    assert with_child.figures(media_ms=1).cpu_s > 0.03
