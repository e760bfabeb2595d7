import dataclasses

import pytest

from dub_assets.core.errors import InputError
from dub_assets.service.segment_request import (
    SegmentMixKeys,
    SegmentMixOrder,
    SegmentMixRequest,
    SegmentTtsKeys,
    SegmentTtsRequest,
    segment_mix_keys,
    segment_tts_keys,
)
from dub_assets.stages.segment_mixes.values import GainChange, Gains

PREFIX = "projects/p/interim/j/segments"
GAINS = Gains(background=0.35, speech=1.0)


def order(sent_index: str = "3", **given) -> SegmentMixOrder:
    nothing = {"bgm_key": None, "tts_key": None, "mix_key": None, "gains": GAINS}
    return SegmentMixOrder(index=int(sent_index), sent_index=sent_index, **nothing | given)


def mix(*orders: SegmentMixOrder, prefix: str | None = PREFIX, output_prefix: str | None = None) -> SegmentMixRequest:
    return SegmentMixRequest(
        job_id="j",
        project_id=None,
        callback_url="http://api.example/",
        segments=orders or (order(),),
        intermediate_prefix=prefix,
        output_prefix=output_prefix,
        rebuild_video=False,
    )


def speech(**given) -> SegmentTtsRequest:
    usual = SegmentTtsRequest(
        job_id="j",
        project_id=None,
        callback_url="http://api.example/",
        index=3,
        sent_index="3",
        text="words",
        target_language=None,
        slot_ms=None,
        segment_prefix=PREFIX,
        source_keys=(),
        bgm_key=None,
        tts_key=None,
        mix_key=None,
        gains=GainChange(),
        rebuild_video=False,
    )
    return dataclasses.replace(usual, **given)


class Objects:
    """The objects that are there; remembers which were asked for."""

    def __init__(self, *names: str) -> None:
        self._keys = {f"{PREFIX}/{name}" for name in names}
        self.asked: list[str] = []

    def __call__(self, key: str) -> bool:
        self.asked.append(key.removeprefix(f"{PREFIX}/"))
        return key in self._keys


def test_padded_keys_are_inferred_first():
    there = Objects("0003_bgm.wav", "3_bgm.wav", "0003_tts.wav", "3_tts.wav")
    assert segment_mix_keys(mix(), there) == (
        SegmentMixKeys(
            index=3,
            bgm_key=f"{PREFIX}/0003_bgm.wav",
            tts_key=f"{PREFIX}/0003_tts.wav",
            mix_key=f"{PREFIX}/0003_mix.wav",
            gains=GAINS,
        ),
    )
    assert there.asked == ["0003_bgm.wav", "0003_tts.wav"]


@pytest.mark.parametrize("sent_index", ["3", "03", "00003"])
def test_infers_the_index_as_sent_if_there_is_no_padded_object(sent_index):
    there = Objects(f"{sent_index}_bgm.wav", f"{sent_index}_tts.wav")
    (keys,) = segment_mix_keys(mix(order(sent_index)), there)
    assert keys.bgm_key == f"{PREFIX}/{sent_index}_bgm.wav"
    assert keys.tts_key == f"{PREFIX}/{sent_index}_tts.wav"
    assert keys.mix_key == f"{PREFIX}/{sent_index}_mix.wav"


def test_indexes_may_have_more_than_four_digits():
    (keys,) = segment_mix_keys(mix(order("12345")), Objects("12345_bgm.wav", "12345_tts.wav"))
    assert keys.mix_key == f"{PREFIX}/12345_mix.wav"


@pytest.mark.parametrize(("there", "part"), [(["0003_tts.wav"], "bgm"), (["0003_bgm.wav"], "tts")])
def test_the_error_names_both_inferred_keys(there, part):
    with pytest.raises(InputError) as caught:
        segment_mix_keys(mix(), Objects(*there))
    message = str(caught.value)
    assert f"segment 0003 has no {part}_key" in message
    assert f"{PREFIX}/0003_{part}.wav" in message
    assert f"{PREFIX}/3_{part}.wav" in message


def test_the_error_names_the_key_of_a_padded_index_once():
    with pytest.raises(InputError) as caught:
        segment_mix_keys(mix(order("0003")), Objects())
    assert str(caught.value).count("_bgm.wav") == 1


def test_the_error_says_if_there_is_neither_key_nor_prefix():
    with pytest.raises(InputError, match="segment 0003 has no bgm_key, and there is no prefix"):
        segment_mix_keys(mix(prefix=None), Objects())


def test_given_keys_are_used_without_a_request_to_the_store():
    given = order(bgm_key="projects/a/music.wav", tts_key="projects/b/voice.wav", mix_key="projects/c/out.wav")
    there = Objects()
    (keys,) = segment_mix_keys(mix(given), there)
    assert (keys.bgm_key, keys.tts_key, keys.mix_key) == (given.bgm_key, given.tts_key, given.mix_key)
    assert there.asked == []


@pytest.mark.parametrize(
    ("output_prefix", "prefix", "mix_key"),
    [
        ("projects/out", PREFIX, "projects/out/7_mix.wav"),
        (None, PREFIX, f"{PREFIX}/7_mix.wav"),
        (None, None, "projects/a/7_mix.wav"),
    ],
)
def test_the_folder_of_the_mix_is_output_prefix_else_intermediate_prefix_else_that_of_the_background(
    output_prefix, prefix, mix_key
):
    given = order(bgm_key="projects/a/7_bgm.wav", tts_key="projects/b/voice.wav")
    (keys,) = segment_mix_keys(mix(given, prefix=prefix, output_prefix=output_prefix), Objects())
    assert keys.mix_key == mix_key


def test_the_mix_is_named_like_the_background():
    given = order(bgm_key="projects/a/music.flac", tts_key="projects/b/voice.wav")
    (keys,) = segment_mix_keys(mix(given, prefix=None), Objects())
    assert keys.mix_key == "projects/a/music_mix.wav"


@pytest.mark.parametrize(
    "orders",
    [
        [order(bgm_key="projects/a.wav", tts_key="projects/b.wav", mix_key="projects/a.wav")],
        [order(bgm_key="projects/a.wav", tts_key="projects/b.wav", mix_key="projects/b.wav")],
        [
            order("1", bgm_key="projects/a.wav", tts_key="projects/b.wav", mix_key="projects/c.wav"),
            order("2", bgm_key="projects/c.wav", tts_key="projects/d.wav", mix_key="projects/e.wav"),
        ],
        [
            order("1", bgm_key="projects/a.wav", tts_key="projects/b.wav"),
            order("2", bgm_key="projects/a.wav", tts_key="projects/c.wav"),
        ],
    ],
    ids=["its background", "its speech", "another's background", "another's mix"],
)
def test_refuses_a_mix_that_overwrites_an_input_or_another_mix(orders):
    with pytest.raises(InputError, match="written over"):
        segment_mix_keys(mix(*orders, prefix=None), Objects())


def test_refuses_an_inferred_mix_among_the_pipelines_own_objects():
    given = order(bgm_key="projects/p/interim/j/stems/background.flac", tts_key="projects/b.wav")
    with pytest.raises(InputError, match="own objects"):
        segment_mix_keys(mix(given, prefix=None), Objects())


# --------------------------------------------------------------------------------------------------------- speech


def test_infers_the_keys_of_new_speech_from_existing_objects():
    there = Objects("0003_source.wav", "0003_bgm.wav", "0003_tts.wav")
    assert segment_tts_keys(speech(), there) == SegmentTtsKeys(
        source_keys=(f"{PREFIX}/0003_source.wav",),
        bgm_key=f"{PREFIX}/0003_bgm.wav",
        tts_key=f"{PREFIX}/0003_tts.wav",
        mix_key=f"{PREFIX}/0003_mix.wav",
    )


def test_new_speech_is_named_like_the_background():
    keys = segment_tts_keys(speech(), Objects("3_bgm.wav"))
    assert keys == SegmentTtsKeys(
        source_keys=(),
        bgm_key=f"{PREFIX}/3_bgm.wav",
        tts_key=f"{PREFIX}/3_tts.wav",
        mix_key=f"{PREFIX}/3_mix.wav",
    )


def test_existing_speech_is_replaced():
    keys = segment_tts_keys(speech(), Objects("0003_bgm.wav", "3_tts.wav"))
    assert (keys.tts_key, keys.mix_key) == (f"{PREFIX}/3_tts.wav", f"{PREFIX}/0003_mix.wav")


def test_given_keys_of_new_speech_are_used_without_a_request_to_the_store():
    given = {
        "source_keys": ("projects/a.wav", "projects/b.wav"),
        "bgm_key": "projects/c.wav",
        "tts_key": "projects/d.wav",
        "mix_key": "projects/e.wav",
    }
    there = Objects()
    assert segment_tts_keys(speech(**given), there) == SegmentTtsKeys(**given)
    assert there.asked == []


def test_new_speech_is_beside_the_background_without_a_prefix():
    keys = segment_tts_keys(speech(segment_prefix=None, bgm_key="projects/a/9_bgm.wav"), Objects())
    assert (keys.tts_key, keys.mix_key) == ("projects/a/9_tts.wav", "projects/a/9_mix.wav")


def test_the_background_is_required():
    with pytest.raises(InputError, match=r"0003_bgm\.wav and no object .*/3_bgm\.wav"):
        segment_tts_keys(speech(), Objects("0003_tts.wav"))


@pytest.mark.parametrize(
    "given",
    [
        {"tts_key": "projects/a.wav", "mix_key": "projects/a.wav"},
        {"tts_key": f"{PREFIX}/0003_bgm.wav"},
        {"source_keys": ("projects/a.wav",), "tts_key": "projects/a.wav"},
        {"mix_key": f"{PREFIX}/0003_source.wav"},
    ],
)
def test_refuses_new_speech_that_overwrites_another_object(given):
    with pytest.raises(InputError, match="written over"):
        segment_tts_keys(speech(**given), Objects("0003_bgm.wav", "0003_source.wav"))


def test_repr_of_a_request_contains_neither_text_nor_url():
    assert "words" not in repr(speech())
    assert "api.example" not in repr(speech()) + repr(mix())
