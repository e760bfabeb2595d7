"""Measurements and issues of single lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dub_assets.stages.segment_mixes.values import GainChange

NUMBERED = ("It was thirty years", "for 25 reais.")


def test_measures_lines_and_reports_leftover_speech(harness, engines):
    products = harness.run_stages(engines)
    loud = replace(products, mixes=harness.remix(products, {0: GainChange(background=9.0)}))
    first, second = harness.measure(loud).lines
    assert (first.issues, first.leftover_db) == (("leftover_speech",), 0.0), "a ninth of it, nine times as loud"
    assert (second.issues, second.leftover_db) == ((), pytest.approx(-19.1))
    assert all(-50 < line.level_dbfs < 0 for line in (first, second))


def test_reports_a_line_that_lost_a_number_of_its_passage(harness, engines):
    products = harness.run_stages(engines)
    heard = [replace(one, text=text) for one, text in zip(products.transcript.segments, NUMBERED, strict=True)]
    products = replace(products, transcript=replace(products.transcript, segments=tuple(heard)))

    def issues(*texts: str, passage: int) -> list[tuple[str, ...]]:
        one, two = products.tts.segments
        spoken = [
            replace(line, speech=replace(line.speech, text=text)) for line, text in zip((one, two), texts, strict=True)
        ]
        lines = [replace(line, passage=min(line.index, passage)) for line in products.translation.lines]
        job = replace(
            products,
            tts=replace(products.tts, segments=tuple(spoken)),
            translation=replace(products.translation, lines=tuple(lines)),
        )
        return [tuple(issue for issue in line.issues if issue == "lost_numbers") for line in harness.measure(job).lines]

    assert issues("Eram trinta anos.", "E R$ 25.", passage=1) == [(), ()]
    assert issues("Eram anos.", "E 25 reais.", passage=1) == [("lost_numbers",), ()], "the spoken text counts"
    assert issues("Eram vinte e cinco reais", "por 30 anos.", passage=1) == [("lost_numbers",), ("lost_numbers",)]
    assert issues("Eram vinte e cinco reais", "por 30 anos.", passage=0) == [(), ()], "moved within a sentence"


def test_reports_lines_in_the_wrong_language_and_untranslated_lines(harness, engines):
    products = harness.run_stages(engines)
    one, two = products.translation.lines
    lines = (replace(one, text="en not a word of it"), replace(two, text="And good night."))
    wrong = replace(products, translation=replace(products.translation, lines=lines))
    first, second = harness.measure(wrong).lines
    assert first.issues[0] == "wrong_language"
    assert second.issues[0] == "untranslated"
