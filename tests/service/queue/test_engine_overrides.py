"""Engines that a job asks for by name, from its message to what works on it."""

from __future__ import annotations

import json

import pytest
from support.fakes import FakeSeparator

from dub_assets.core.codec import decode, encode
from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, MessageRefusedError
from dub_assets.core.request import DubRequest, EngineOverrides
from dub_assets.engines.options import EngineChoices
from dub_assets.resources.engines import EnginesResource
from dub_assets.service.queue.resources import QueueResource
from dub_assets.settings import settings_from

MESSAGE = {
    "job_id": "j1",
    "project_id": "p1",
    "input_key": "projects/p1/inputs/talk.mp4",
    "callback_url": "https://api.example/cb",
}


def read(environment: dict[str, str], **engines: str) -> DubRequest:
    message = MESSAGE | {"engines": engines}
    return QueueResource.of(settings_from(environment)).parse(json.dumps(message))


def test_a_message_may_name_engines(tmp_path):
    request = read({}, synthesis="espeak-ng", translation="chat")
    assert request.engines == EngineOverrides(synthesis="espeak-ng", translation="chat")
    assert decode(DubRequest, encode(request)) == request
    resource = EnginesResource.of(settings_from({"DUB_ASSETS_CACHE": str(tmp_path)}))
    assert resource.engines().synthesiser("pt").identity.name == "kokoro"
    assert resource.engines(request.engines).synthesiser("pt").identity.name == "espeak-ng"


def test_a_message_may_name_a_diariser(tmp_path):
    request = read({}, speakers="pyannote")
    engines = EnginesResource.of(settings_from({"DUB_ASSETS_CACHE": str(tmp_path)})).engines
    assert engines().turn_diariser().identity.name == "campplus"
    with pytest.raises(EngineUnavailableError, match="install pyannote: "):
        engines(request.engines).turn_diariser()


def test_an_unknown_engine_is_refused_with_the_known_ones():
    with pytest.raises(
        MessageRefusedError, match=r"engines\.synthesis 'kokorro' is no engine .*: auto, hibari, kokoro"
    ):
        read({}, synthesis="kokorro")


def test_refuses_a_message_with_an_engine_that_the_licence_profile_forbids():
    assert read({}, translation="nllb").engines.translation == "nllb"
    with pytest.raises(MessageRefusedError, match=r"engines\.translation 'nllb' is no engine that may be asked for"):
        read({"LICENCE_PROFILE": "commercial"}, translation="nllb")


@pytest.mark.parametrize(("environment", "closed"), [({}, False), ({"ENGINE_KEEP": "false"}, True)])
def test_closes_a_stages_engine_unless_models_are_kept(environment: dict[str, str], closed: bool):
    engine = FakeSeparator()
    EnginesResource.of(settings_from(environment)).engines().release(engine)
    assert engine.closed is closed


def test_reads_a_record_without_engine_overrides():
    document = json.loads(encode(read({})))
    del document["engines"]
    assert decode(DubRequest, json.dumps(document).encode()).engines == EngineOverrides()


def test_the_configured_voice_applies_to_the_configured_synthesiser_only(tmp_path):
    configured = EngineChoices(synthesis="kokoro", voice="jf_alpha")
    assert configured.with_overrides(EngineOverrides(synthesis="espeak-ng")).voice is None
    assert configured.with_overrides(EngineOverrides(synthesis="kokoro")).voice == "jf_alpha"
    assert configured.with_overrides(EngineOverrides(translation="nllb")).voice == "jf_alpha"
    settings = settings_from({"SYNTHESIS_VOICE": "nobody", "DUB_ASSETS_CACHE": str(tmp_path)})
    with pytest.raises(ConfigurationError, match="SYNTHESIS_VOICE='nobody'"):
        EnginesResource.of(settings).engines(EngineOverrides()).voice("pt")
