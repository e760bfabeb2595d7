"""The memory of this machine's GPUs, as its driver tells it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

from dub_assets.core.errors import TransientError

_FIELDS = "index,name,memory.used,memory.total"
_PATIENCE_S = 10.0
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuMemory:
    """One GPU: its number and name, and how much of its memory is taken, by any process."""

    index: str
    name: str
    used_bytes: int
    total_bytes: int


def gpu_memory() -> list[GpuMemory]:
    """Every GPU; none where there is no ``nvidia-smi``. Raises TransientError where its answer makes no sense."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    command = [tool, f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE_S)
        return [_gpu(line) for line in told.stdout.splitlines() if line.strip()]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise TransientError(f"nvidia-smi does not tell of the GPUs ({error}): look at the driver") from error


def _gpu(line: str) -> GpuMemory:
    """A GPU of the tool's answer, which counts in MiB."""
    index, name, used, total = (part.strip() for part in line.split(","))
    return GpuMemory(index=index, name=name, used_bytes=int(used) * _MIB, total_bytes=int(total) * _MIB)
