"""Which pool an asset's step takes a slot of."""

from __future__ import annotations

import pytest

from dub_assets.core.errors import ConfigurationError
from dub_assets.resources.pools import pools_of
from dub_assets.settings import settings_from

MODELS = {"stems", "transcript", "translation", "tts_segments"}
OTHERS = {"segment_mixes", "final_video", "quality", "report"}


def pools(**variables: str) -> dict[str, str]:
    return pools_of(settings_from(variables).options)


def test_everything_is_the_processors_by_default():
    assert pools() == dict.fromkeys(MODELS | OTHERS, "cpu")


def test_models_on_a_gpu_and_services_have_pools_of_their_own():
    chosen = pools(ENGINE_DEVICE="cuda:1", TRANSLATION_ENGINE="chat", SYNTHESIS_ENGINE="speech-service")
    assert chosen == {
        "stems": "gpu",
        "transcript": "gpu",
        "translation": "paid_api",
        "tts_segments": "paid_api",
        **dict.fromkeys(OTHERS, "cpu"),
    }
    assert pools(TRANSLATION_ENGINE="amazon-translate")["translation"] == "paid_api"
    assert pools(ENGINE_DEVICE="cpu")["stems"] == "cpu"


def test_pools_can_be_named():
    chosen = pools(STAGE_POOLS="stems=gpu, transcript=gpu,translation=paid_api", ENGINE_DEVICE="auto")
    assert (chosen["stems"], chosen["transcript"], chosen["translation"], chosen["tts_segments"]) == (
        "gpu",
        "gpu",
        "paid_api",
        "cpu",
    )


@pytest.mark.parametrize(
    "text", ["stems", "stems=", "stem=gpu", "stems=tpu", "metadata=gpu", "stems=gpu;tts_segments=gpu"]
)
def test_a_pool_that_does_not_exist_is_refused(text: str):
    with pytest.raises(ConfigurationError, match="STAGE_POOLS"):
        pools(STAGE_POOLS=text)
