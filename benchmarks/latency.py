"""Measure the time from sending a message to the first step of its run and to its callbacks, part by part.

    python benchmarks/latency.py [--messages N] [--out FILE]

The service is the stack of `make stack` (Dagster's daemon, code server and UI, moto's server for SQS and S3). Each
message asks for the mix of one segment from sounds in the bucket, which is the lightest task, and is sent to an idle
service at a random moment. The times are those of the claim in the bucket, of Dagster's event log, and of the arrival
of callbacks.
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

from benchmarks.service import Service, conditions, durations, running, times_to_first_step

CLIPS = "projects/bench/interim/talk/segments"


def main():
    parser = argparse.ArgumentParser(description="Measure the time from a message to its first step.")
    parser.add_argument("--messages", type=int, default=12)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "latency.json")
    arguments = parser.parse_args()
    report = conditions()
    with running() as service:
        upload_sounds(service)
        measure_message(service, "warm-up")
        messages = [measure_when_idle(service, number) for number in range(arguments.messages)]
    report["messages"] = messages
    report["median_s"] = {
        part: round(statistics.median(message[part] for message in messages), 2) for part in messages[0]
    }
    report["max_s"] = {part: max(message[part] for message in messages) for part in messages[0]}
    arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for part, seconds in report["median_s"].items():
        print(f"{part:<32} {seconds:6.2f} s, at most {report['max_s'][part]:.2f} s")


def measure_when_idle(service: Service, number: int) -> dict[str, float]:
    """Measure a message once the one before is done, at a random point between two ticks of the sensors."""
    time.sleep(random.Random(number).uniform(6, 31))
    return measure_message(service, f"talk-{number}")


def measure_message(service: Service, job_id: str) -> dict[str, float]:
    """Return the seconds of each part of a message's processing, and sums."""
    segment = {"index": 0, "bgm_key": f"{CLIPS}/0000_bgm.wav", "tts_key": f"{CLIPS}/0000_tts.wav"}
    message_id, sent_s = service.send(job_id=job_id, project_id="bench", task="segment_mix", segments=[segment])
    arrivals_s = service.arrivals(job_id)
    at_s = times_to_first_step(service, message_id)
    done_s = service.events(message_id)[-1].timestamp
    return durations(sent_s, at_s) | {
        "sent to first step": round(at_s["first step"] - sent_s, 2),
        "first step to run done": round(done_s - at_s["first step"], 2),
        "first step to first callback": round(arrivals_s[0] - at_s["first step"], 2),
        "run done to last callback": round(arrivals_s[-1] - done_s, 2),
    }


def upload_sounds(service: Service) -> None:
    """Upload a second of silence as background and as speech."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((2, 2, 48_000, 48_000, "NONE", ""))
        file.writeframes(bytes(4 * 48_000))
    for name in ("bgm", "tts"):
        service.upload(f"{CLIPS}/0000_{name}.wav", content.getvalue())


if __name__ == "__main__":
    main()
