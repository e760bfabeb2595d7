from fractions import Fraction

import pytest

from dub_assets.core.engine import EngineIdentity
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.signal.sound import silence
from dub_assets.core.speech import VoiceReference
from dub_assets.core.timing import Interval


def test_equal_inputs_give_equal_fingerprints_whatever_their_order():
    one = fingerprint("stems", version=1, languages=frozenset({"en", "pt"}), rate=Fraction(25, 1))
    two = fingerprint("stems", rate=Fraction(25, 1), languages=frozenset({"pt", "en"}), version=1)
    assert one == two
    assert len(one) == 64


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"slot": Interval(start_ms=0, end_ms=11)},
        {"engine": EngineIdentity(name="a", version="2", licence="MIT")},
        {"gain": 0.5},
        {"voice": None},
    ],
)
def test_every_input_counts(changed: dict[str, object]):
    usual: dict[str, object] = {
        "version": 1,
        "slot": Interval(start_ms=0, end_ms=10),
        "engine": EngineIdentity(name="a", version="1", licence="MIT"),
        "gain": 1.0,
        "voice": "anna",
    }
    assert fingerprint("speech", **usual) != fingerprint("speech", **{**usual, **changed})


def test_the_product_counts():
    assert fingerprint("stems", version=1) != fingerprint("mix", version=1)


def test_a_value_without_a_stable_form_is_an_error():
    with pytest.raises(TypeError, match="object"):
        fingerprint("stems", thing=object())


def test_a_field_that_is_not_compared_does_not_count():
    short, long = (VoiceReference(fingerprint="a", sound=silence(frames, 1, 24_000)) for frames in (1, 2))
    assert short == long
    assert fingerprint("speech", reference=short) == fingerprint("speech", reference=long)
    other = VoiceReference(fingerprint="b", sound=short.sound)
    assert fingerprint("speech", reference=other) != fingerprint("speech", reference=short)
