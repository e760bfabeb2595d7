"""``python -m stack.demo VIDEO``: what a producer sends, and what it gets; needs a running ``make stack``.

Uploads a video, sends a message of each kind, and prints callbacks and objects as they come.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import requests

from stack.places import BUCKET, Places
from stack.run import client

JOB, PROJECT = "demo-1", "demo"
INPUT = f"projects/{PROJECT}/inputs/sample.mp4"
CLIPS = f"projects/{PROJECT}/interim/{JOB}/segments"
_PATIENCE_S = 1800.0


class Demo:
    """A producer that also sees the consumer's callbacks."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._s3 = client(places, "s3")
        self._sqs = client(places, "sqs")
        self._seen = 0
        self._unseen: deque[dict[str, Any]] = deque()
        self._objects: set[str] = set()

    def upload(self, video: Path) -> None:
        """Upload the video under the key of the message."""
        self._s3.upload_file(str(video), BUCKET, INPUT)
        _say(f"uploaded {video} as {INPUT}")

    def send(self, **message: Any) -> None:
        """Send a message for the demo's job."""
        body = {"job_id": JOB, "project_id": PROJECT, "callback_url": f"{self._places.consumer}/jobs/{{job_id}}"}
        self._sqs.send_message(QueueUrl=self._places.queue_url("jobs"), MessageBody=json.dumps(body | message))
        _say(f"sent a message of the task {message.get('task', 'full_pipeline')}")

    def wait_for(self, *stages: str) -> dict[str, Any]:
        """Print callbacks until one of the given stages arrives."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            self._look()
            while self._unseen:
                body = self._unseen.popleft()
                _say(f"callback {body['status']}: {body['metadata']['stage']} {body.get('error', '')}")
                if body["metadata"]["stage"] in stages:
                    self._show_objects()
                    return body
                if body["status"] == "failed":
                    raise SystemExit("the job failed; the UI says more")
            self._show_objects()
            time.sleep(1)
        raise SystemExit(f"no callback {' or '.join(stages)} within {_PATIENCE_S:g} s")

    def _look(self) -> None:
        """Fetch the callbacks that arrived since the last call."""
        listed = requests.get(self._places.consumer, timeout=10).json()[self._seen :]
        self._seen += len(listed)
        self._unseen.extend(listed)

    def _show_objects(self) -> None:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"projects/{PROJECT}/")
        found = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", ())}
        for key in sorted(found.keys() - self._objects):
            _say(f"object   {found[key]:>10} bytes  {key}")
        self._objects |= found.keys()


def main(video: Path) -> None:
    """Return a dub, a mix of one segment, a new text for one segment, and an invalid message."""
    demo = Demo(Places())
    demo.upload(video)
    demo.send(input_key=INPUT, source_lang="en", target_lang="pt")
    done = demo.wait_for("completed")
    index = int(done["metadata"]["segments"][0]["segment_id"])
    segment = {"index": index, "bgm_gain": 0.2}
    demo.send(task="segment_mix", intermediate_prefix=CLIPS, segments=[segment], rebuild_video=True)
    demo.wait_for("segment_mix_completed")
    line = {"segment_index": index, "text": "Era o melhor dos tempos."}
    demo.send(task="segment_tts", segment_assets_prefix=CLIPS, segment=line, target_lang="pt", rebuild_video=True)
    demo.wait_for("segment_tts_completed")
    demo.send(task="segment_mix", segments=[])
    demo.wait_for("failed")
    _say("every message has been answered")


def _say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
