from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from dub_assets.core.errors import ConfigurationError
from dub_assets.engines.engine_sets import ENGINE_SETS
from dub_assets.resources.engines import EnginesResource
from dub_assets.settings import Settings, documented_variables, settings_from


def test_an_empty_environment_gives_the_documented_defaults():
    settings = settings_from({})
    assert settings.storage.bucket is None
    assert settings.storage.region == "ap-northeast-2"
    assert (settings.defaults.source_language, settings.defaults.target_language) == ("ko", "en")
    assert settings.keys.video == "projects/{project_id}/outputs/videos/{job_id}.mp4"
    assert settings.keys.metadata == "projects/{project_id}/outputs/metadata/{job_id}.json"
    assert settings.keys.segments == "projects/{project_id}/interim/{job_id}/segments"
    voice_activity = settings.options.voice_activity
    assert (voice_activity.aggressiveness, voice_activity.frame_ms, voice_activity.margin_ms) == (3, 30, 100)


def test_reads_a_list_and_checks_each_item():
    assert settings_from({"ALIGNMENT_LANGUAGES": " ko, en,ko,"}).models.alignment_languages == ("ko", "en")
    assert settings_from({}).models.alignment_languages == ()
    hosts = settings_from({"JOB_CALLBACK_ALLOWED_HOSTS": " api.internal, 10.0.0.5 ,,"}).callbacks.allowed_hosts
    assert hosts == ("api.internal", "10.0.0.5")
    with pytest.raises(
        ConfigurationError, match=r"ALIGNMENT_LANGUAGES='ko,th': 'th' is none of ar, cs, .*, ko, .*, zh"
    ):
        settings_from({"ALIGNMENT_LANGUAGES": "ko,th"})
    assert ("ALIGNMENT_LANGUAGES", "") in [row[:2] for row in documented_variables()]


def test_reads_values_into_their_types():
    settings = settings_from(
        {
            "DUB_ASSETS_HOME": "/somewhere",
            "AWS_S3_BUCKET": "dubs",
            "VAD_AGGR": "1",
            "VAD_FRAME_MS": "20",
            "STT_INTERVAL_MARGIN": "0.25",
            "FIT_MAX_TEMPO": "1.5",
            "SEPARATION_ENGINE": "",
        }
    )
    assert settings.paths.home == Path("/somewhere")
    assert settings.storage.bucket == "dubs"
    assert settings.options.voice_activity.aggressiveness == 1
    assert settings.options.voice_activity.frame_ms == 20
    assert settings.options.voice_activity.margin_ms == 250
    assert settings.options.fit.max_tempo == 1.5
    assert settings.options.engines.separation == "auto"


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("VAD_AGGR", "4", "is out of range: the highest value is 3"),
        ("WORKER_MAX_MEMORY_MIB", "9999999", "is out of range: the highest value is 1048576"),
        ("VAD_AGGR", "two", "cannot be read: a whole number is wanted"),
        ("VAD_AGGR", "1.5", "cannot be read: a whole number is wanted"),
        ("VAD_FRAME_MS", "15", "is none of 10, 20, 30"),
        ("STT_INTERVAL_MARGIN", "-0.1", "is out of range: the lowest value is 0"),
        ("STT_INTERVAL_MARGIN", "nan", "cannot be read: a finite number is wanted"),
        ("MEDIA_MAX_DURATION", "inf", "cannot be read: a finite number is wanted"),
        ("FIT_MAX_TEMPO", "fast", "cannot be read: a number is wanted"),
        ("MEDIA_MAX_SIZE", "0", "is out of range: the lowest value is 1"),
        ("ENGINE_KEEP", "perhaps", "cannot be read: true or false is wanted"),
        ("LOG_FORMAT", "xml", "is none of colored, json"),
    ],
)
def test_an_unreadable_value_is_an_error_with_variable_value_and_reason(variable: str, value: str, problem: str):
    with pytest.raises(ConfigurationError) as raised:
        settings_from({variable: value})
    assert str(raised.value) == f"{variable}={value!r} {problem}"


@pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("yes", True), ("off", False), ("0", False)])
def test_reads_switches(text: str, value: bool):
    assert settings_from({"ENGINE_KEEP": text}).options.device.keep is value


def test_names_all_unreadable_variables_at_once():
    with pytest.raises(ConfigurationError, match=r"VAD_AGGR='4'.*; SEGMENT_MIN_MS \(9000\).*; JOB_QUEUE_WAIT='soon'"):
        settings_from({"VAD_AGGR": "4", "SEGMENT_MIN_MS": "9000", "JOB_QUEUE_WAIT": "soon"})


def test_an_engine_set_replaces_defaults_only():
    settings = settings_from({"ENGINE_SET": "gpu", "WHISPER_MODEL": "large-v3-turbo", "SEPARATION_ENGINE": ""})
    assert settings.options.engines.separation == "demucs"
    assert settings.options.engines.recognition == "whisperx"
    assert settings.models.whisper == "large-v3-turbo"
    assert settings.models.alignment_languages == ("ko",), "the service's source language"
    assert settings_from({"ENGINE_SET": "gpu", "JOB_SOURCE_LANG": "th"}).models.alignment_languages == ()
    assert settings_from({"ENGINE_SET": "gpu", "ALIGNMENT_LANGUAGES": "en,ko"}).models.alignment_languages == (
        "en",
        "ko",
    )
    with pytest.raises(ConfigurationError, match="ENGINE_SET='large' is none of packaged, gpu"):
        settings_from({"ENGINE_SET": "large"})


@pytest.mark.parametrize("name", ENGINE_SETS)
def test_engines_of_a_set_permit_commercial_use_and_declare_their_memory(name: str, tmp_path: Path):
    settings = settings_from({"ENGINE_SET": name, "LICENCE_PROFILE": "commercial", "DUB_ASSETS_CACHE": str(tmp_path)})
    registry, choices = EnginesResource.of(settings).registry(), dataclasses.asdict(settings.options.engines)
    del choices["voice"]
    models = [found for found in registry.models(choices) if found.models]
    assert not [found.barred for found in models if found.barred]
    assert all(model.memory_mib for found in models for model in found.models)


@pytest.mark.parametrize(
    ("environment", "host"), [({}, "host.docker.internal"), ({"JOB_CALLBACK_LOCALHOST_HOST": ""}, "")]
)
def test_an_empty_variable_counts_if_it_may_be_empty(environment, host):
    assert settings_from(environment).callbacks.localhost_host == host


def test_repr_does_not_show_a_secret():
    secret = "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
    settings = settings_from({"JOB_CALLBACK_SECRET": secret})
    assert settings.callbacks.secret == secret
    assert secret not in repr(settings)


def test_every_setting_has_a_variable_and_a_meaning():
    rows = list(documented_variables())
    variables = [variable for variable, _, _ in rows]
    assert len(variables) == len(set(variables))
    assert {"VAD_AGGR", "AWS_S3_BUCKET", "JOB_RESULT_VIDEO_PREFIX", "SEGMENT_MAX_MS", "MEDIA_MAX_DURATION"} <= set(
        variables
    )
    assert all(meaning for _, _, meaning in rows)


def test_documents_every_variable_in_order():
    page = Path(__file__).parent.parent.joinpath("docs/settings.md").read_text(encoding="utf-8")
    documented = [line for line in page.splitlines() if line.startswith("| `")]
    assert documented == [f"| `{row[0]}` | {row[1]} | {row[2]} |" for row in documented_variables()]


def test_settings_are_values():
    assert settings_from({}) == Settings()
