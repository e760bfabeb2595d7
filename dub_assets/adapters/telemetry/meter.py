"""Measurement of a stage's time and memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psutil

from dub_assets.core.provenance import StageFigures

_SAMPLE_EVERY_S = 0.05
_MIB = 1024 * 1024


class ProcessMeter:
    """Measures stages that run in this process and its child processes."""

    @contextmanager
    def measure(self) -> Iterator[ProcessMeasurement]:
        """Measure until the block ends."""
        with ProcessMeasurement() as measurement:
            yield measurement


class ProcessMeasurement:
    """Wall and CPU time, children included, and the peak of resident memory, sampled 20 times a second and at the end.

    Memory is the sum of this process and its children at one moment, so shared pages count twice. A child that has not
    executed another program yet is left out, since its pages are its parent's.
    """

    def __init__(self) -> None:
        self._wall_s = self._cpu_s = 0.0
        self._peak_bytes = 0
        self._left = threading.Event()
        self._sampler = threading.Thread(target=self._sample, name="memory-sampler", daemon=True)

    def __enter__(self) -> Self:
        self._started_wall, self._started_cpu = time.perf_counter(), _cpu_s()
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wall_s = time.perf_counter() - self._started_wall
        self._cpu_s = _cpu_s() - self._started_cpu
        self._left.set()
        self._sampler.join()

    def figures(self, *, media_ms: int) -> StageFigures:
        """Return the figures after the block; the real-time factor is wall seconds for a second of programme."""
        return StageFigures(
            wall_s=round(self._wall_s, 3),
            cpu_s=round(self._cpu_s, 3),
            real_time_factor=round(self._wall_s * 1000 / media_ms, 4) if media_ms else 0.0,
            peak_memory_mib=round(self._peak_bytes / _MIB, 1),
        )

    def _sample(self) -> None:
        process, left = psutil.Process(), False
        program = process.cmdline()
        while True:
            self._peak_bytes = max(self._peak_bytes, _resident_bytes(process, program))
            if left:
                return
            left = self._left.wait(_SAMPLE_EVERY_S)


def _resident_bytes(process: psutil.Process, program: list[str]) -> int:
    total = int(process.memory_info().rss)
    for child in process.children(recursive=True):
        try:
            if child.cmdline() != program:
                total += int(child.memory_info().rss)
        except psutil.NoSuchProcess:
            continue  # it ended meanwhile
    return total


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of its ended children."""
    times = psutil.Process().cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
