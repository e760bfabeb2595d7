from __future__ import annotations

from dataclasses import replace

from dub_assets.core.timing import Interval
from dub_assets.stages.translation.values import TranslatedLine
from dub_assets.stages.tts_segments.rendering_choice import Candidates, choose

FULL = "ele abriu a janela lentamente e olhou para o mar"
NEAR = "abriu a janela lentamente e olhou para o mar"
FAR = "abriu a janela e viu o mar"
TINY = "viu o mar"
UNLIKE = "a janela foi aberta e o mar foi olhado"


def line(segment_ms: int, slot_ms: int, predicted_ms: int = 2000, *, index: int = 0, passage: int = 0) -> Candidates:
    return Candidates(
        line=TranslatedLine(index=index, passage=passage, text=FULL, shorter=(NEAR, FAR, TINY)),
        segment=Interval(start_ms=1000, end_ms=1000 + segment_ms),
        slot=Interval(start_ms=1000, end_ms=1000 + slot_ms),
        predicted_ms=predicted_ms,
        language="pt",
    )


def test_chooses_the_full_text_if_there_is_time():
    assert choose([line(2000, 2400)]) == [0]


def test_prefers_a_rendering_that_says_the_same_to_pauses_and_speed():
    assert choose([line(1800, 2400)]) == [1]
    assert choose([line(1000, 1760)]) == [1]


def test_prefers_pauses_to_leaving_something_out():
    assert choose([line(1300, 2000)]) == [0]


def test_prefers_an_unnoticed_speed_up_to_leaving_something_out():
    assert choose([line(1000, 1720)]) == [0]
    assert choose([line(1000, 1580)]) == [1]


def slow_voice(slot_ms: int, predicted_ms: int) -> Candidates:
    """A line that has no rendering which says less and fits."""
    of_three = TranslatedLine(index=0, passage=0, text=FULL, shorter=(NEAR, UNLIKE))
    return replace(line(1000, slot_ms, predicted_ms), line=of_three)


def test_keeps_a_brisk_rendering_that_says_the_same_if_all_have_to_be_hurried():
    assert choose([slow_voice(2360, 3400)]) == [1]  # 1.26 of the voice's own rate, 1.17 of Portuguese's
    assert choose([slow_voice(2360, 3600)]) == [2]  # 1.33 of the voice's
    assert choose([slow_voice(2260, 3200)]) == [2]  # 1.22 of Portuguese's


def test_chooses_a_shorter_rendering_over_a_noticeable_speed_up():
    assert choose([line(1000, 1250)]) == [2]
    assert choose([line(200, 250)]) == [3]


def test_lines_of_a_passage_have_the_same_rendering():
    assert choose([line(2000, 2400), line(1000, 1250, index=1)]) == [2, 2]
    assert choose([line(2000, 2400), line(1000, 1250, index=1, passage=1)]) == [0, 2]


def test_a_line_with_one_rendering_has_it():
    alone = TranslatedLine(index=0, passage=0, text=FULL)
    one = Candidates(
        line=alone,
        segment=Interval(start_ms=0, end_ms=1),
        slot=Interval(start_ms=0, end_ms=1),
        predicted_ms=2000,
        language="pt",
    )
    assert choose([one]) == [0]
