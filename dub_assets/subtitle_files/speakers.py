"""Who speaks in a cue: names before colons and in tags, and dashes between the lines of two people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dub_assets.subtitle_files.markup import SPEAKER

_LONGEST = 40
_DASH = re.compile(r"\s*(?:[-\u2010-\u2015\u2212]|>>+)\s*(?=\S)")
_PREFIX = re.compile(
    r"\s*(?:[-\u2010-\u2015\u2212]|>>+)?\s*(?P<name>[^\W\d_][\w.'\u2019-]*(?: [\w.'\u2019-]+){0,3})"
    r"(?:\s*[(\[][^)\]]{1,40}[)\]])?(?:\s*:(?:\s+|$)|\s*\uff1a\s*)"
)
_SPEECH_WORDS = frozenset(
    [
        "note",
        "notes",
        "remember",
        "warning",
        "question",
        "answer",
        "example",
        "step",
        "chapter",
        "part",
        "section",
        "tip",
        "fact",
        "rule",
        "result",
        "results",
        "conclusion",
        "summary",
        "ps",
        "first",
        "second",
        "third",
        "finally",
        "today",
        "tomorrow",
        "now",
        "title",
        "subtitle",
        "subtitles",
        "translation",
        "time",
        "nota",
        "atenção",
        "aviso",
        "pergunta",
        "resposta",
        "exemplo",
        "passo",
        "capítulo",
        "parte",
        "dica",
        "regra",
        "conclusão",
        "resumo",
        "aviso",
        "pregunta",
        "respuesta",
        "ejemplo",
        "paso",
        "regla",
        "conclusión",
        "resumen",
        "atención",
        "achtung",
        "hinweis",
        "frage",
        "antwort",
        "beispiel",
        "schritt",
        "kapitel",
        "teil",
        "regel",
        "fazit",
        "attention",
        "remarque",
        "réponse",
        "exemple",
        "étape",
        "chapitre",
        "partie",
        "règle",
        "참고",
        "주의",
        "질문",
        "대답",
        "답",
        "예",
        "제목",
        "번역",
        "자막",
        "시간",
    ]
)
"""Words before a colon that are seldom a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenPart:
    """What one person says in a cue; ``speaker`` is None if the cue does not name one."""

    text: str
    speaker: str | None = None


def names_in(texts: Sequence[str]) -> frozenset[str]:
    """Return the names before colons that stand for speakers.

    A name has capitals, or is in a script without them. One that occurs once among many cues is a name only if it is in
    capitals alone or if the file names other speakers: "Remember: no lights" is a sentence.
    """
    found = [name for text in texts for line in _starts(text) if (name := _prefix(line))]
    counts = Counter(found)
    prefixed = sum(any(_prefix(line) for line in _starts(text)) for text in texts)
    sure = {name for name, times in counts.items() if times > 1 or _is_shouted(name) or 2 * prefixed >= len(texts)}
    tagged = any(SPEAKER.search(text) for text in texts)
    return frozenset(counts if sure or tagged else ())


def spoken_parts(text: str, names: Collection[str]) -> list[SpokenPart]:
    """Return what each person says in a cue, in order; dashes before the lines of two people and names go."""
    lines = text.split("\n")
    dashed = sum(bool(_DASH.match(SPEAKER.sub("", line))) for line in lines) > 1
    parts: list[SpokenPart] = []
    for line in lines:
        for place, (speaker, words) in enumerate(_by_mark(line)):
            found = _PREFIX.match(words)
            if found and (name := _prefix(words)) in names:
                parts.append(SpokenPart(text=words[found.end() :], speaker=name))
            elif speaker is not None:
                parts.append(SpokenPart(text=words, speaker=speaker))
            elif dashed and _DASH.match(words):
                parts.append(SpokenPart(text=_DASH.sub("", words, count=1)))
            elif parts:
                joint = "\n" if place == 0 else " "
                parts[-1] = SpokenPart(text=f"{parts[-1].text}{joint}{words}", speaker=parts[-1].speaker)
            else:
                parts.append(SpokenPart(text=words))
    return [SpokenPart(text=part.text.strip(), speaker=part.speaker) for part in parts if part.text.strip()]


def _by_mark(line: str) -> list[tuple[str | None, str]]:
    """Return the stretches of a line between marks of speakers; None: no mark stands before the stretch."""
    before, *marked = SPEAKER.split(line)
    stretches: list[tuple[str | None, str]] = [(None, before.strip())] if before.strip() or not marked else []
    return stretches + [(name, text.strip()) for name, text in zip(marked[::2], marked[1::2], strict=True)]


def _starts(text: str) -> list[str]:
    return SPEAKER.sub("", text).split("\n")


def _prefix(line: str) -> str | None:
    """Return the name that a line begins with, as far as its letters tell."""
    found = _PREFIX.match(SPEAKER.sub("", line))
    if found is None:
        return None
    name = found["name"]
    words = name.split()
    if len(name) > _LONGEST or any(word[0].islower() for word in words) or words[0].casefold() in _SPEECH_WORDS:
        return None
    return name


def _is_shouted(name: str) -> bool:
    return name.isupper() and len(name) > 1
