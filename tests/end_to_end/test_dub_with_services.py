"""A dub whose lines are translated and spoken by services: real HTTP, endpoints on local ports."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.answering_server import Answer, ServerRequest, answering

from sample.build import build, cut

pytestmark = pytest.mark.models

CHAT_KEY, SPEECH_KEY = "sk-chat-0123456789", "sk-speech-0123456789"
RATE_HZ = 24_000


def translated(asked: ServerRequest) -> Answer:
    """Every word becomes ``palavra``."""
    lines = json.loads(asked.document["messages"][1]["content"])["lines"]
    answered = [{"id": line["id"], "text": " ".join(["palavra"] * len(line["text"].split()))} for line in lines]
    content = json.dumps({"lines": answered})
    return Answer.of(
        {"choices": [{"message": {"content": content}}], "usage": {"prompt_tokens": 200, "completion_tokens": 50}}
    )


def spoken(asked: ServerRequest) -> Answer:
    """A tone of a quarter of a second a word."""
    length = int(RATE_HZ * 0.25 * len(asked.document["input"].split()) / asked.document["speed"])
    stream = io.BytesIO()
    soundfile.write(stream, 0.4 * np.sin(np.arange(length) * 0.1), RATE_HZ, format="WAV")
    return Answer(body=stream.getvalue())


def test_a_dub_goes_through_services_and_tells_what_they_counted(tmp_path: Path):
    sample = cut(build(Path("build/sample")), 20.2, 31.7, tmp_path / "excerpt")
    with answering(translated) as chat, answering(spoken) as speech:
        environment = {
            **os.environ,
            "DUB_ASSETS_HOME": str(tmp_path / "home"),
            "TRANSLATION_ENGINE": "chat",
            "TRANSLATION_CHAT_URL": f"{chat.url}/v1",
            "TRANSLATION_CHAT_MODEL": "a-model",
            "TRANSLATION_CHAT_KEY": CHAT_KEY,
            "TRANSLATION_CHAT_PRICE_IN": "1",
            "TRANSLATION_CHAT_PRICE_OUT": "4",
            "SYNTHESIS_ENGINE": "speech-service",
            "SPEECH_SERVICE_URL": f"{speech.url}/v1",
            "SPEECH_SERVICE_MODEL": "a-voice",
            "SPEECH_SERVICE_KEY": SPEECH_KEY,
        }
        command = [sys.executable, "-m", "dub_assets.cli", "dub", str(sample.video), "--from", "en", "--to", "pt"]
        run = subprocess.run(
            [*command, "--out", str(tmp_path / "out"), "--json"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    document = json.loads((tmp_path / "out" / f"{sample.video.stem}.pt.json").read_text(encoding="utf-8"))
    lines = [segment["translate_context"] for segment in document["segments"]]
    assert all(set(line.split()) == {"palavra"} for line in lines)
    engines = [engine for stage in document["engines"].values() for engine in stage]
    assert {"a-model", "a-voice"} <= {engine["version"] for engine in engines}
    translation, synthesis = (document["stages"][stage]["usage"] for stage in ("translation", "tts_segments"))
    calls = len(chat.asked)
    assert translation == {
        "cost_usd": pytest.approx(calls * (200 + 4 * 50) / 1e6),
        "requests": calls,
        "tokens_in": calls * 200,
        "tokens_out": calls * 50,
    }
    assert synthesis["requests"] == len(speech.asked) >= len(lines)
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if any(key.encode() in path.read_bytes() for key in (CHAT_KEY, SPEECH_KEY))]
    assert not any(key in run.stdout + run.stderr for key in (CHAT_KEY, SPEECH_KEY))
