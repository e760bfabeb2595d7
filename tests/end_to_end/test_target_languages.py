"""One source in eight languages: real engines throughout, with the installed model for all pairs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.firefox_registry import installed_model

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.dub import DubArguments, dub_video
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.engines.deepfilternet.engine import DeepFilterNet
from dub_assets.engines.espeak.engine import Espeak
from dub_assets.engines.firefox.engine import FirefoxTranslator
from dub_assets.engines.whisper.recogniser import WhisperRecogniser
from dub_assets.resources.shared_products import SharedProducts
from dub_assets.resources.storage import StorageResource
from dub_assets.settings import settings_from
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from sample.build import Sample, build, cut

pytestmark = pytest.mark.models

START_S, END_S = 4.2, 8.0
"""A phrase."""

LANGUAGES = ("pt", "es", "fr", "de", "it", "nl", "pl", "ro")


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    settings = {
        "DUB_ASSETS_HOME": str(tmp_path / "home"),
        "DUB_ASSETS_CACHE": str(tmp_path / "cache"),
        "DUB_ASSETS_WEIGHTS": str(tmp_path / "weights"),
        "SYNTHESIS_ENGINE": "espeak-ng",
        "CHECK_SPEECH": "false",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return settings


@pytest.fixture
def sample(tmp_path: Path, environment: dict[str, str]) -> Sample:
    for language in LANGUAGES[1:]:
        folder = Path(environment["DUB_ASSETS_WEIGHTS"]) / "firefox" / f"en{language}"
        folder.mkdir(parents=True)
        for name, content in installed_model(("en", "pt"), as_pair=("en", language)).items():
            folder.joinpath(name).write_bytes(content)
    return cut(build(Path("build/sample")), START_S, END_S, tmp_path / "excerpt")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The number of calls of each engine, which do their work."""
    counted: Counter[str] = Counter()

    def count(kind: type, method: str, name: Callable[..., str]) -> None:
        original = getattr(kind, method)

        def counting(self: Any, *arguments: Any, **options: Any) -> Any:
            counted[name(*arguments, **options)] += 1
            return original(self, *arguments, **options)

        monkeypatch.setattr(kind, method, counting)

    count(DeepFilterNet, "separate", lambda *_: "separation")
    count(WhisperRecogniser, "recognise", lambda _, language: f"recognition {language}")
    count(FirefoxTranslator, "translate", lambda lines, source, target, *_, **__: f"translation {target}")
    count(Espeak, "synthesise", lambda utterances: f"synthesis {utterances[0].language}" if utterances else "nothing")
    return counted


def test_a_source_is_separated_and_recognised_once_for_eight_languages(
    sample: Sample, environment: dict[str, str], calls: Counter[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def dub(*targets: str) -> list[dict[str, Any]]:
        arguments = DubArguments(
            video=sample.video,
            source="en",
            targets=targets,
            clips=False,
            speakers=None,
            voices=(),
            glossary=None,
            track=None,
        )
        dub_video(arguments, tmp_path / "out", quiet=True, as_json=True)
        summary = json.loads(capsys.readouterr().out)
        return summary.get("dubs", [summary])

    dubs = dub(*LANGUAGES[:7])
    archive = StorageResource.of(settings_from(environment)).archive
    delete(dubs[0]["job_id"], archive)
    dubs += dub(LANGUAGES[7])
    assert calls["separation"] == 1
    assert {name: count for name, count in calls.items() if name.startswith("recognition")} == {"recognition en": 1}
    for language in LANGUAGES:
        assert calls[f"translation {language}"] >= 1
        assert calls[f"synthesis {language}"] >= 1
    videos = [Path(dub["files"]["video"]) for dub in dubs]
    assert [video.name for video in videos] == [f"sample.{language}.mp4" for language in LANGUAGES]
    assert len({video.read_bytes() for video in videos}) == len(LANGUAGES)
    for job in dubs[1:]:
        keys = JobKeys(request=archive.load(DubRequest, job_record_key(job["job_id"])))
        stems = archive.load(Stems, keys.manifest("stems"))
        assert {media.key for media in (stems.original, stems.vocals, stems.background)} == {
            keys.stem(name) for name in ("original", "vocals", "background")
        }
        assert archive.load(Transcript, keys.manifest("transcript")).segments


def delete(job_id: str, archive: JobArchive) -> None:
    """Delete the objects of a job, as retention does."""
    keys = JobKeys(request=archive.load(DubRequest, job_record_key(job_id)))
    references = list(SharedProducts(archive=archive, keys=keys).references())
    assert len(references) == 2
    objects = [item.key for item in archive.store.list(f"{keys.root}/")]
    archive.store.delete([*references, *objects, job_record_key(job_id)])
