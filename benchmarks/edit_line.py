"""Measure edits of one line of a dubbed ten-minute video through the queue, part by part.

    python benchmarks/edit_line.py [--minutes N] [--edits N] [--out FILE]

The video is the sample, repeated. It is dubbed once (not measured) by a message to the service of `make stack`. Each
edit is a message `segment_tts` with `rebuild_video` for another line. The times are those of the claim in the bucket,
of Dagster's event log, and of the arrival of callbacks.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.service import Service, conditions, durations, running, times_to_first_step
from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from sample.build import build

TEXT = "Esta linha foi escrita de novo pela pessoa que edita o vídeo."
PARTS = ("translation", "tts_segments", "segment_mixes", "final_video", "metadata", "report")
JOB, PROJECT = "long-talk", "bench"
INPUT = f"projects/{PROJECT}/inputs/talk.mp4"


def main():
    parser = argparse.ArgumentParser(description="Edit one line of a long job and rebuild its video.")
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--edits", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "edit_line.json")
    arguments = parser.parse_args()
    report = conditions() | {"minutes": arguments.minutes}
    with running() as service:
        service.upload(INPUT, video(arguments.minutes))
        service.send(job_id=JOB, project_id=PROJECT, input_key=INPUT, source_lang="en", target_lang="pt")
        service.arrivals(JOB)
        count = len(service.callbacks(JOB)[-1]["metadata"]["segments"])
        lines = [count * (number + 1) // (arguments.edits + 1) for number in range(arguments.edits)]
        edits = [edit(service, line) for line in lines]
    report |= {"segments": count, "edits": edits}
    report["median_s"] = {part: round(statistics.median(times[part] for times in edits), 2) for part in edits[0]}
    arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"one line of {arguments.minutes} minutes ({count} segments), median of {len(edits)} edits:")
    for part, seconds in report["median_s"].items():
        print(f"  {part:<30}{seconds:8.2f} s")


def video(minutes: int) -> bytes:
    """Return the sample, repeated for this many minutes."""
    with tempfile.TemporaryDirectory() as name:
        sample, target = build(Path(name) / "sample").video, Path(name) / "long.mp4"
        loop = ["-stream_loop", str(minutes - 1), "-i", sample, "-c", "copy"]
        subprocess.run([find_ffmpeg(), "-v", "error", *loop, target], check=True)
        return target.read_bytes()


def edit(service: Service, line: int) -> dict[str, float]:
    """Edit a line; return the seconds of each part, from the message to the last callback."""
    time.sleep(10)  # the work of the previous run is done
    known = len(service.callbacks(JOB))
    segment = {"segment_index": line, "text": TEXT}
    prefix = f"projects/{PROJECT}/interim/{JOB}/segments"
    message_id, sent_s = service.send(
        job_id=JOB,
        project_id=PROJECT,
        task="segment_tts",
        segment=segment,
        segment_assets_prefix=prefix,
        target_lang="pt",
        rebuild_video=True,
    )
    arrivals_s = service.arrivals(JOB, known=known)
    events = service.events(message_id)
    at_s = {asset: time_s for entry in events for asset, time_s in materialisation(entry) if asset in PARTS}
    ends_s = (
        times_to_first_step(service, message_id) | at_s | {"run done": events[-1].timestamp, "callback": arrivals_s[-1]}
    )
    return durations(sent_s, ends_s) | {"all": round(arrivals_s[-1] - sent_s, 2)}


def materialisation(entry) -> list[tuple[str, float]]:
    """Return the asset that an event materialises, and when; empty for other events."""
    event = entry.asset_materialization
    return [(event.asset_key.path[-1], entry.timestamp)] if event else []


if __name__ == "__main__":
    main()
