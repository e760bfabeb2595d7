"""Whole jobs with the engines that are taken by name, on models that the tests write and services on local ports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from support.answering_server import answering
from support.copying_translator import write_copier
from support.piper_voice import write_voice
from support.translation_services import AmazonTranslate, backwards

from dub_assets.engines.many_languages import m2m100, nllb
from sample.build import Sample, build, cut

pytestmark = pytest.mark.models

START_S, END_S = 4.2, 11.8
"""Two phrases."""


@dataclass(frozen=True)
class Bench:
    """The excerpt, the folders of a user who has models of their own, and what was dubbed there."""

    sample: Sample
    root: Path

    @property
    def weights(self) -> Path:
        return self.root / "weights"

    def dub(self, **settings: str) -> dict[str, Any]:
        """The metadata document of the excerpt dubbed into Portuguese with these settings."""
        places = {"DUB_ASSETS_HOME": str(self.root / "home"), "DUB_ASSETS_WEIGHTS": str(self.weights)}
        command = [sys.executable, "-m", "dub_assets.cli", "dub", str(self.sample.video), "--from", "en", "--to", "pt"]
        run = subprocess.run(
            [*command, "--out", str(self.root / "out"), "--json"],
            env={**os.environ, **places, "SYNTHESIS_ENGINE": "piper", **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        files = json.loads(run.stdout)["files"]
        assert_whole(Path(files["video"]), self.sample)
        return json.loads(Path(files["metadata"]).read_text(encoding="utf-8"))


def assert_whole(video: Path, sample: Sample) -> None:
    """Picture, both sounds and both texts, as long as the excerpt."""
    with av.open(str(video)) as container:
        assert len(container.streams.video) == 1
        assert [stream.metadata.get("language") for stream in container.streams.audio] == ["por", "eng"]
        assert [stream.metadata.get("language") for stream in container.streams.subtitles] == ["por", "eng"]
        assert container.duration / 1_000_000 == pytest.approx(sample.duration_s, abs=0.04)


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """One home for all jobs: stems and transcript are made by the first of them, and kept by the others."""
    root = tmp_path_factory.mktemp("chosen")
    ctx = Bench(sample=cut(build(Path("build/sample")), START_S, END_S, root / "excerpt"), root=root)
    write_voice(ctx.weights / "piper", "pt_BR-tone-low", espeak="pt-br", family="pt")
    text = ctx.sample.transcript
    corpus = [text, text.lower(), text.replace(",", "."), text.title()] * 2
    for family in (nllb, m2m100):
        write_copier(ctx.weights / family.NAME, corpus, family.CODES.values(), positions=400)
    return ctx


def engine(document: dict[str, Any], stage: str) -> dict[str, Any]:
    """The only engine of a stage."""
    (found,) = document["engines"][stage]
    return found


def lines(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Original and translation of every segment; each of them is spoken."""
    segments = document["segments"]
    assert len(segments) >= 2
    assert all(segment["tts_key"] and segment["dub"]["end"] > segment["dub"]["start"] for segment in segments)
    return [(segment["segment_text"], segment["translate_context"]) for segment in segments]


@pytest.mark.parametrize(("family", "licence"), [(nllb, "CC-BY-NC-4.0"), (m2m100, "MIT")], ids=["nllb", "m2m100"])
def test_a_dub_through_a_model_of_many_languages_and_a_voice_of_piper(ctx: Bench, family, licence: str):
    document = ctx.dub(TRANSLATION_ENGINE=family.NAME, CHECK_SPEECH="false")
    assert all(text and text == said for said, text in lines(document))
    translation, synthesis = engine(document, "translation"), engine(document, "tts_segments")
    assert (translation["name"], translation["licence"]) == (family.NAME, licence)
    names = {weight["name"] for weight in translation["weights"]}
    assert {"model.bin", "config.json", "sentencepiece.bpe.model"} <= names
    assert (synthesis["name"], {weight["name"] for weight in synthesis["weights"]}) == (
        "piper",
        {"pt_BR-tone-low.onnx", "pt_BR-tone-low.onnx.json"},
    )
    failed = [check["name"] for check in document["quality"]["checks"] if not check["passed"]]
    assert "text_is_translated" in failed, "the model copies, and the checks see it"
    assert document["quality"]["refusal"] is None


def test_a_dub_through_amazon_translate(ctx: Bench):
    service = AmazonTranslate()
    with answering(service) as server:
        document = ctx.dub(
            TRANSLATION_ENGINE="amazon-translate",
            AMAZON_TRANSLATE_REGION="eu-west-1",
            AWS_ENDPOINT_URL_TRANSLATE=server.url,
            AWS_ACCESS_KEY_ID="testing",
            AWS_SECRET_ACCESS_KEY="testing",
        )
    assert all(text and text == backwards(said) for said, text in lines(document))
    assert engine(document, "translation")["name"] == "amazon-translate"
    usage = document["stages"]["translation"]["usage"]
    sent = [asked.document["Text"] for asked in server.asked]
    assert usage == {"characters": sum(map(len, sent)), "requests": len(sent)}
    assert all(asked.document["TargetLanguageCode"] == "pt" for asked in server.asked)
