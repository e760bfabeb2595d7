"""Splitting lines into sentences, which sentence models translate one at a time."""

from __future__ import annotations

import re
from itertools import zip_longest

from dub_assets.core.sentences import LANGUAGES_WITHOUT_SPACES, ends_sentence
from dub_assets.engines.shared.source_text import joined_sentences

_UNSPACED_STOP = re.compile(r"([。！？｡]+[」』”’）)]*)(?=\S)")  # noqa: RUF001 - full-width signs are meant


def sentences_of(line: str) -> list[str]:
    """Return the sentences of a line, none longer than translators take; none for an empty line."""
    words = _UNSPACED_STOP.sub(r"\1 ", line).split()
    sentences: list[list[str]] = [[]]
    for word, following in zip_longest(words, words[1:]):
        sentences[-1].append(word)
        if following is not None and ends_sentence(word, following):
            sentences.append([])
    return joined_sentences([" ".join(sentence) for sentence in sentences])


def line_of(sentences: list[str], language: str) -> str:
    """Return translated sentences as a line of their language."""
    between = "" if language in LANGUAGES_WITHOUT_SPACES else " "
    return between.join(" ".join(sentence.split()) for sentence in sentences)
