"""Hypothesis strategies for words as recognisers return them, possible or not."""

from __future__ import annotations

from hypothesis import strategies as st

from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval


def word(
    text: str, start_ms: int | None = None, end_ms: int | None = None, probability: float | None = 0.9
) -> RecognisedWord:
    """Return a recognised word."""
    return RecognisedWord(text=text, start_ms=start_ms, end_ms=end_ms, probability=probability)


maybe_ms = st.one_of(st.none(), st.integers(-3_000, 70_000))
recognised_words = st.builds(
    RecognisedWord,
    text=st.sampled_from(["a", "and", "word", "longer-word,", "end.", "Mr.", "really?", "本。", " ", "…", "étonnant"]),
    start_ms=maybe_ms,
    end_ms=maybe_ms,
    probability=st.one_of(st.none(), st.floats(0, 1)),
    ends_phrase=st.booleans(),
)
durations = st.integers(0, 60_000)


@st.composite
def steady_words(draw: st.DrawFn) -> list[RecognisedWord]:
    """Words in order with possible times, some untimed."""
    at, result = 0, []
    for text, gap, length, timed in draw(
        st.lists(
            st.tuples(
                st.sampled_from(["so", "word", "comma,", "and", "stop."]),
                st.integers(0, 900),
                st.integers(0, 1_200),
                st.sampled_from([True, True, True, False]),
            ),
            max_size=60,
        )
    ):
        at += gap
        result.append(word(text, at, at + length, 0.9) if timed else word(text))
        at += length
    return result


regions_of_speech = st.lists(
    st.builds(
        lambda start, length: Interval(start_ms=start, end_ms=start + length),
        st.integers(0, 60_000),
        st.integers(0, 9_000),
    ),
    max_size=8,
)
any_words = st.one_of(st.lists(recognised_words, max_size=40), steady_words())
