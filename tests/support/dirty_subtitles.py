"""Subtitle files as they come from the field: generated from known cues, with faults, the same ones at each call."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TEXTS = {
    "ko": (
        "안녕하세요, 여러분.",
        "오늘은 바다에 대해 이야기하겠습니다.",
        "정말요?",
        "네, 3시에 시작합니다.",
        "감사합니다!",
    ),
    "pt": ("Olá, você está bem?", "Não sei, amanhã é outro dia.", "São 15 h.", "Ação e reação: já!", "É só isso."),
    "ja": ("こんにちは、皆さん。", "今日は海の話をします。", "本当ですか?", "ありがとう!", "そうです。"),
    "en": ("Good morning, everyone.", "I <3 the sea & the sky.", "Really?", "1984", "That is all {for now}."),
}
ENCODINGS = {
    "ko": ("utf-8", "utf-8-sig", "utf-16", "cp949", "utf-16-le"),
    "pt": ("utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-be"),
    "ja": ("utf-8", "utf-8-sig", "utf-16", "cp932", "utf-16-le"),
    "en": ("utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le"),
}


@dataclass(frozen=True)
class Line:
    """A cue that a file is made of: times in milliseconds, text in lines, and who speaks."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str | None = None


@dataclass(frozen=True)
class DirtyFile:
    """A file with what a reader should find in it."""

    name: str
    content: bytes
    language: str
    lines: tuple[Line, ...]


def dirty_files(count: int) -> Iterator[DirtyFile]:
    """Yield files of every format, encoding and fault in turn."""
    for number in range(count):
        draw = random.Random(number)
        language = ("ko", "pt", "ja", "en")[number % 4]
        encoding = ENCODINGS[language][number // 4 % 5]
        kind, write = WRITERS[number // 3 % 3]
        lines = _lines(draw, language)
        text = write(lines, draw)
        newline = ("\n", "\r\n", "\r")[number % 3]
        yield DirtyFile(
            name=f"{number}.{kind}",
            content=text.replace("\n", newline).encode(encoding),
            language=language,
            lines=tuple(lines),
        )


def _lines(draw: random.Random, language: str) -> list[Line]:
    named = draw.random() < 0.5
    lines, at = [], draw.randrange(0, 3_000)
    for number in range(draw.randrange(3, 12)):
        text = draw.choice(TEXTS[language])
        if draw.random() < 0.3:
            text = f"{text}\n{draw.choice(TEXTS[language])}"
        length = draw.randrange(500, 4_000)
        speaker = draw.choice(("Anna", "BEN", "Cole Smith" if language != "ko" else "민수")) if named else None
        lines.append(Line(start_ms=at, end_ms=at + length, text=text, speaker=speaker))
        at += length + draw.choice((-400, 0, 1, 50, 2_000))
        at = max(at, lines[-1].start_ms + 100 + number)
    return lines


def _clock(ms: int, mark: str, draw: random.Random) -> str:
    hours, rest = divmod(ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, rest = divmod(rest, 1_000)
    mark = draw.choice((mark, mark, ".", ",")) if mark != "." else draw.choice((".", ","))
    if hours == 0 and draw.random() < 0.1:
        return f"{minutes:02d}:{seconds:02d}{mark}{rest:03d}"
    return f"{draw.choice((f'{hours:02d}', str(hours)))}:{minutes:02d}:{seconds:02d}{mark}{rest:03d}"


def _shuffled(lines: list[Line], draw: random.Random) -> list[Line]:
    return draw.sample(lines, len(lines)) if draw.random() < 0.15 else lines


def _write_srt(lines: list[Line], draw: random.Random) -> str:
    numbered, gap = draw.random() < 0.7, draw.choice(("\n\n", "\n\n", "\n\n\n", "\n \n"))
    arrow = draw.choice((" --> ", " --> ", "-->", " -> ", " --> ", " ==> "))
    blocks = []
    for number, line in enumerate(_shuffled(lines, draw), start=1):
        text = line.text.replace("&", draw.choice(("&", "&amp;")))
        text = draw.choice((text, f"<i>{text}</i>", f"{{\\an8}}{text}", f'<font color="#fff">{text}</font>'))
        if line.speaker:
            text = f"{line.speaker}: {text}"
        head = draw.choice((f"{number}", f"{number}", f"{number + 7}")) + "\n" if numbered else ""
        times = f"{_clock(line.start_ms, ',', draw)}{arrow}{_clock(line.end_ms, ',', draw)}"
        blocks.append(f"{head}{times}{draw.choice(('', ' ', ' X1:10 X2:20 Y1:3 Y2:9'))}\n{text}")
    if draw.random() < 0.3:
        blocks.insert(draw.randrange(len(blocks) + 1), "99\n01:00:00,000 --> 01:00:01,000\n" if numbered else "")
    return gap.join(blocks) + draw.choice(("", "\n", "\n\n\n"))


def _write_vtt(lines: list[Line], draw: random.Random) -> str:
    blocks = [draw.choice(("WEBVTT", "WEBVTT - a talk", "WEBVTT\nKind: captions"))]
    blocks += draw.choice(([], ["NOTE made by hand"], ["STYLE\n::cue { color: red }"]))
    for number, line in enumerate(_shuffled(lines, draw)):
        text = line.text.replace("&", "&amp;").replace("<3", "&lt;3")
        text = draw.choice((text, f"<c.yellow>{text}</c>", f"<b>{text}</b>"))
        if line.speaker:
            text = draw.choice((f"<v {line.speaker}>{text}</v>", f"<v.loud {line.speaker}>{text}"))
        head = draw.choice(("", f"{number}\n", f"cue-{number}\n"))
        times = f"{_clock(line.start_ms, '.', draw)} --> {_clock(line.end_ms, '.', draw)}"
        blocks.append(f"{head}{times}{draw.choice(('', ' align:start position:10%'))}\n{text}")
    return "\n\n".join(blocks) + "\n"


def _write_ass(lines: list[Line], draw: random.Random) -> str:
    head = "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
    head += "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    events = []
    for line in _shuffled(lines, draw):
        text = line.text.replace("\n", draw.choice(("\\N", "\\n"))).replace("{for now}", "for now")
        text = draw.choice((text, f"{{\\i1}}{text}{{\\i0}}", f"{{\\pos(10,20)\\fs20}}{text}"))
        fields = ["0", *(_ass_clock(ms) for ms in (line.start_ms, line.end_ms)), "Default", line.speaker or ""]
        events.append(f"Dialogue: {','.join(fields)},0,0,0,,{text}")
        if draw.random() < 0.1:
            events.append(f"Comment: 0,{_ass_clock(line.start_ms)},{_ass_clock(line.end_ms)},Default,,0,0,0,,not shown")
    return head + "\n".join(events) + "\n"


def _ass_clock(ms: int) -> str:
    seconds, rest = divmod(ms, 1_000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest // 10:02d}"


WRITERS: tuple[tuple[str, Callable[[list[Line], random.Random], str]], ...] = (
    ("srt", _write_srt),
    ("vtt", _write_vtt),
    ("ass", _write_ass),
)
