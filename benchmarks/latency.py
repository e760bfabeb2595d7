"""Measures the way of a message from its sending to the first step of its run, and of its callbacks, part by part.

    python benchmarks/latency.py [--messages N] [--out FILE]

The service is the stack of `make stack` (Dagster's daemon, code server and UI, moto's server for SQS and S3). Each
message asks for the mix of one segment from sounds of the bucket, the lightest task there is, and is sent to an idle
service at a random moment. The times are those of the claim in the bucket, of Dagster's log of the run, and of the
callbacks' arrival.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import statistics
import time
import wave
from pathlib import Path

from service import Service, lengths, running, surroundings, to_first_step

CLIPS = "projects/bench/interim/talk/segments"


def main():
    parser = argparse.ArgumentParser(description="Measure the time from a message to its first step.")
    parser.add_argument("--messages", type=int, default=12)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "latency.json")
    arguments = parser.parse_args()
    report = surroundings()
    with running() as service:
        put_sounds(service)
        way(service, "warm-up")
        ways = [measured(service, number) for number in range(arguments.messages)]
    report["messages"] = ways
    report["median_s"] = {part: round(statistics.median(each[part] for each in ways), 2) for part in ways[0]}
    report["max_s"] = {part: max(each[part] for each in ways) for part in ways[0]}
    arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for part, seconds in report["median_s"].items():
        print(f"{part:<32} {seconds:6.2f} s, at most {report['max_s'][part]:.2f} s")


def measured(service: Service, number: int) -> dict[str, float]:
    """A message's way, once the one before is done with and the sensors' turns are anywhere."""
    time.sleep(random.Random(number).uniform(6, 31))
    return way(service, f"talk-{number}")


def way(service: Service, job_id: str) -> dict[str, float]:
    """Seconds of each part of a message's way, and in sum."""
    segment = {"index": 0, "bgm_key": f"{CLIPS}/0000_bgm.wav", "tts_key": f"{CLIPS}/0000_tts.wav"}
    message_id, sent_s = service.send(job_id=job_id, project_id="bench", task="segment_mix", segments=[segment])
    told_s = service.arrivals(job_id)
    at_s = to_first_step(service, message_id)
    done_s = service.events(message_id)[-1].timestamp
    return lengths(sent_s, at_s) | {
        "sent to first step": round(at_s["first step"] - sent_s, 2),
        "first step to run done": round(done_s - at_s["first step"], 2),
        "first step to first callback": round(told_s[0] - at_s["first step"], 2),
        "run done to last callback": round(told_s[-1] - done_s, 2),
    }


def put_sounds(service: Service) -> None:
    """A second of silence as background and speech."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((2, 2, 48_000, 48_000, "NONE", ""))
        file.writeframes(bytes(4 * 48_000))
    for name in ("bgm", "tts"):
        service.upload(f"{CLIPS}/0000_{name}.wav", content.getvalue())


if __name__ == "__main__":
    main()
