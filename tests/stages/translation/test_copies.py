"""What is copied letter for letter, counts in words, and sentences in the target language."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fakes import FakeTranslator

from dub_assets.core.speech import LanguageGuess
from dub_assets.core.text import SourceLine, Term
from dub_assets.stages.translation.copies import copied_terms, counts
from dub_assets.stages.translation.target_sentences import in_target_language, sentences
from dub_assets.stages.translation.terms import mask_terms, translate_with_terms

ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789éã.,'!?- ")


@pytest.mark.parametrize(
    ("text", "copies"),
    [
        ("Write to info@example.org.", ["info@example.org"]),
        ("Follow @dub_assets or #DubAssets.", ["@dub_assets", "#DubAssets"]),
        ("We use C#, C++ and Node.js.", ["C#", "C++", "Node.js"]),
        ("See https://a.example/b?id=42&lang=en now", ["https://a.example/b?id=42&lang=en"]),
        ("Call get_user() and maxRetryCount", ["get_user()", "maxRetryCount"]),
        ("Lech Wałęsa's wife met Atatürk.", ["Wałęsa", "Atatürk"]),
        ("Nguyễn Văn Linh and 東京", ["Nguyễn Văn", "東京"]),
        ("My CPF is 123.456.789-09.", ["123.456.789-09"]),
        ("About 10⁶ cells", ["10⁶"]),
        ("He went home.Then he slept. It is 5 p.m. in the U.S. now.", []),
        ("An ordinary line, isn't it? And/or not.", []),
    ],
)
def test_finds_what_is_copied(text, copies):
    assert [term.source for term in copied_terms(text, ALPHABET)] == copies


@pytest.mark.parametrize(
    ("text", "source", "target", "translated"),
    [
        ("Ten, nine, eight!", "en", "pt", ["Dez, nove, oito"]),
        ("ten nine eight seven", "en", "es", ["diez nueve ocho siete"]),
        ("três dois um", "pt", "en", ["three two one"]),
        ("two or three", "en", "pt", []),
        ("one two three", "en", "ko", []),
    ],
)
def test_counts_in_words_are_translated_as_numbers(text, source, target, translated):
    assert [term.target for term in counts(text, source, target)] == translated


FRAGMENTS = "info@example.org #Tag C# Wałęsa one two three XXA XX 東京 a_b 10⁶ ok \\1 + -v"
words = st.sampled_from(FRAGMENTS.split(" "))
texts = st.lists(words | st.text(max_size=6), max_size=10).map(" ".join)
phrases = words | st.text(min_size=1, max_size=5)
terms = st.lists(st.builds(Term, source=phrases, target=phrases))


@given(text=texts)
def test_copies_are_exact_whatever_the_text(text):
    (rendering,) = translate_with_terms(FakeTranslator(), [SourceLine(text=text)], "en", "ko", ())
    for term in copied_terms(text, None):
        assert term.source in rendering.text


@given(text=texts, terms=terms)
def test_any_glossary_is_masked_and_unmasked(text, terms):
    masked, placeholders = mask_terms(text, terms, copied_terms(text, ALPHABET))
    assert all(name in masked for name in placeholders)
    (rendering,) = translate_with_terms(FakeTranslator(), [SourceLine(text=text)], "en", "pt", terms)
    assert isinstance(rendering.text, str)


def test_a_line_of_copies_alone_is_not_translated():
    translator = FakeTranslator()
    (rendering,) = translate_with_terms(translator, [SourceLine(text="#DubAssets!")], "en", "pt", ())
    assert rendering.text == "#DubAssets!"
    assert translator.lines == []


class Identifier:
    """Takes every text for one language."""

    languages = frozenset({"en", "pt", "ko"})

    def __init__(self, language: str) -> None:
        self.language = language

    def identify(self, texts, among=None):
        return [LanguageGuess(language=self.language, probability=0.99) for _ in texts]


@pytest.mark.parametrize(
    ("text", "source", "target", "identified", "is_kept"),
    [
        ("Eu não sei o que dizer.", "en", "pt", "pt", True),
        ("Eu não sei o que dizer.", "en", "pt", "en", False),
        ("We ate feijoada and pão de queijo.", "en", "pt", "pt", False),
        ("Ronaldo, Rivaldo, Romário.", "en", "pt", "pt", False),
        ("Sim, claro.", "en", "pt", "pt", False),
        ("See you tomorrow then.", "ko", "en", "en", True),
        ("안녕하세요 여러분 반갑습니다", "ko", "en", "en", False),
    ],
)
def test_a_sentence_of_the_target_language_is_known_by_its_function_words(text, source, target, identified, is_kept):
    assert in_target_language([text], source, target, Identifier(identified)) == ({text} if is_kept else set())


@given(text=st.text(max_size=80))
def test_sentences_keep_every_word(text):
    assert " ".join(sentences(text)) == " ".join(text.split())


def test_a_lost_copy_makes_the_line_doubtful():
    class Forgetful(FakeTranslator):
        def translate(self, lines, source_language, target_language, terms=()):
            lines = [replace(line, text=line.text.replace("XXA", "it")) for line in lines]
            return super().translate(lines, source_language, target_language, terms)

    (rendering,) = translate_with_terms(Forgetful(), [SourceLine(text="Write to a@b.example.")], "en", "pt", ())
    assert rendering.doubtful
