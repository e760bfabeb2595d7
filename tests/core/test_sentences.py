from __future__ import annotations

import pytest

from dub_assets.core.sentences import ends_sentence, join_words


@pytest.mark.parametrize(
    ("before", "following"),
    [
        ("end.", "Next"),
        ("end.", "lower"),
        ("end?", "Next"),
        ('end!"', "he"),
        ("end.”", "Next"),
        ("end…", "Next"),
        ("1990.", "Then"),
        ("I.", "Then"),
        ("No.", "Never"),
        ("etc.", "Then"),
        ("p.m.", "Then"),
        ("です。", "次"),
        ("吗？", "好"),  # noqa: RUF001 - a full-width sign is meant
        ("है।", "वह"),
        ("Dr.", None),
    ],
)
def test_a_sentence_ends(before: str, following: str | None) -> None:
    assert ends_sentence(before, following)


@pytest.mark.parametrize(
    ("before", "following"),
    [
        ("end", "Next"),
        ("end,", "Next"),
        ("Mr.", "Darnay"),
        ("(Dr.", "Manette)"),
        ("Sra.", "Silva"),
        ("J.", "Smith"),
        ("U.S.", "Army"),
        ("e.g.", "this"),
        ("p.m.", "and"),
        ("etc.", "and"),
        ("Well...", "maybe"),
        ("3.", "14"),
        ("3.14", "is"),
        ("", "Next"),
        ("...and", "then"),
    ],
)
def test_a_sentence_goes_on(before: str, following: str) -> None:
    assert not ends_sentence(before, following)


@pytest.mark.parametrize(
    ("words", "language", "text"),
    [
        (["It", "was", "so."], "en", "It was so."),
        (["안녕", "하세요."], "ko", "안녕 하세요."),
        (["これ", "は", "本", "です。"], "ja", "これは本です。"),
        (["我们", "用", "Open", "Source", "的"], "zh", "我们用Open Source的"),
        (["สวัสดี", "ครับ"], "th", "สวัสดีครับ"),
        ([], "en", ""),
    ],
)
def test_words_are_joined_as_their_language_is_written(words: list[str], language: str, text: str) -> None:
    assert join_words(words, language) == text
