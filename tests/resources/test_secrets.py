"""Keys of services: read from the environment, and in nothing that Dagster shows or stores."""

from __future__ import annotations

import pytest
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._serdes import serialize_value

from dub_assets.adapters.telemetry.progress import LoggedProgress
from dub_assets.definitions import definitions
from dub_assets.settings import settings_from

KEYS = {
    "TRANSLATION_CHAT_KEY": "sk-of-the-chat",
    "SPEECH_SERVICE_KEY": "sk-of-the-speech",
    "CREDENTIALS_KEY": "-----BEGIN PRIVATE KEY-----",
}


@pytest.mark.filterwarnings("ignore:Property `ScheduleDefinition.environment_vars`")  # Dagster's own call of it
def test_secrets_are_in_no_snapshot_of_the_code_location(tmp_path):
    settings = settings_from(
        {"DUB_ASSETS_HOME": str(tmp_path), "AWS_REGION": "a-region-to-find", "CREDENTIALS_CERTIFICATE": "c.pem"} | KEYS
    )
    assert settings.services.chat.key == "sk-of-the-chat"
    location = definitions(settings, LoggedProgress())
    snapshot = serialize_value(RepositorySnap.from_def(location.get_repository_def()))
    assert "a-region-to-find" in snapshot, "what is configured is shown"
    assert not [key for key in KEYS.values() if key in snapshot + repr(settings)]
