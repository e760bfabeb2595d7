"""``models pull --pair`` from a registry in Mozilla's layout, then a whole dub with what it fetched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.firefox_registry import MozillaRegistry, installed_model, split_vocabulary
from support.hub_server import running_hub

from sample.build import build, cut

pytestmark = pytest.mark.models

START_S, END_S = 4.2, 11.8
"""Two phrases."""


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dub_assets.cli", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def test_a_pulled_pair_dubs(tmp_path: Path):
    """The installed model from English to Portuguese stands in for one to Spanish, with a vocabulary for each side."""
    sample = cut(build(Path("build/sample")), START_S, END_S, tmp_path / "excerpt")
    places = {"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}
    dub = ("dub", str(sample.video), "--from", "en", "--to", "es", "--out", str(tmp_path / "out"), "--json")
    refused = run(places, *dub)
    assert refused.returncode == 1
    assert "run `dub-assets models pull --pair en-es`" in refused.stderr
    with running_hub() as hub:
        registry = MozillaRegistry(hub=hub)
        registry.add(("en", "es"), split_vocabulary(installed_model(("en", "pt"), as_pair=("en", "es"))))
        pulled = run(places | registry.environment, "models", "pull", "--pair", "en-es")
        assert pulled.returncode == 0, pulled.stderr
    done = run(places, *dub)
    assert done.returncode == 0, done.stderr
    document = json.loads(Path(json.loads(done.stdout)["files"]["metadata"]).read_text(encoding="utf-8"))
    assert (document["source_lang"], document["target_lang"]) == ("en", "es")
    assert all(segment["translate_context"] for segment in document["segments"])
    assert "translations-models-v2/en-es@3.0" in json.dumps(document)
