"""The choice of a synthesiser by the speakers of a programme."""

from __future__ import annotations

import pytest
from support.recordings import sound, speech

from dub_assets.core.engine import Voice
from dub_assets.engines.campplus.engine import CampPlus
from dub_assets.engines.chosen import ChosenEngines
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.options import EngineChoices, VoiceActivityOptions
from dub_assets.engines.registry import EngineRegistry, missing_voices

EN = frozenset({"en"})
WOMAN, MAN, ANY = (Voice(name=str(sex), languages=EN, sex=sex) for sex in ("female", "male", None))


@pytest.mark.parametrize(
    ("voices", "sexes", "missing"),
    [
        ([WOMAN], [], 0),
        ([WOMAN], ["female"], 0),
        ([WOMAN], [None], 0),
        ([WOMAN], ["male"], 1),
        ([WOMAN], ["female", "female"], 1),
        ([WOMAN, MAN], ["female", "male"], 0),
        ([WOMAN, ANY], ["male", "female"], 0),
        ([WOMAN, WOMAN, MAN], ["male", "male"], 1),
        ([WOMAN, MAN], ["male", "female", None], 1),
    ],
)
def test_counts_speakers_without_a_fitting_voice_of_their_own(voices, sexes, missing):
    assert missing_voices(voices, sexes) == missing


def engines(tmp_path, **choices) -> ChosenEngines:
    settings = EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=2)
    return ChosenEngines(
        registry=EngineRegistry(settings), choices=EngineChoices(**choices), voice_activity=VoiceActivityOptions()
    )


@pytest.mark.models
def test_a_man_is_not_dubbed_into_english_by_an_engine_with_a_single_womans_voice(tmp_path):
    auto = engines(tmp_path)
    assert auto.synthesiser("en").identity.name == "hibari"
    assert auto.for_speakers("en", []) is auto
    assert auto.for_speakers("en", ["female"]).synthesiser("en").identity.name == "hibari"
    for sexes in (["male"], ["female", "male"], ["female", "female"]):
        assert auto.for_speakers("en", sexes).synthesiser("en").identity.name == "kokoro"


@pytest.mark.models
def test_a_named_engine_or_voice_is_kept(tmp_path):
    for choices in ({"synthesis": "hibari"}, {"voice": "heart"}):
        named = engines(tmp_path, **choices)
        assert named.for_speakers("en", ["male"]) is named


@pytest.mark.models
def test_a_recorded_man_sounds_like_a_man(tmp_path):
    track = speech(16_000)[16_000 : 7 * 16_000]
    engine = CampPlus(EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=2))
    assert [engine.sex(voice) for voice in engine.embed([sound(track, rate_hz=16_000)])] == ["male"]
