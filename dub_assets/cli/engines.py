"""``dub-assets engines``: the engines, whether they are installed, and their languages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import groupby, permutations

from rich.text import Text

from dub_assets.cli.terminal import PlainConsole
from dub_assets.core.printable import printable
from dub_assets.engines.status import EngineStatus
from dub_assets.resources.engines import EnginesResource
from dub_assets.settings import settings_from

_SHOWN_LANGUAGES = 24


def show_engines() -> None:
    """Print all engines by stage, in order of preference."""
    console = PlainConsole()
    statuses = EnginesResource.of(settings_from(os.environ)).registry().statuses()
    for stage, engines in groupby(statuses, key=lambda status: status.stage):
        console.print(Text(stage, style="bold"))
        for engine in engines:
            for line in _lines(engine):
                console.print(line, soft_wrap=True)


def _lines(engine: EngineStatus) -> list[Text]:
    state = ("installed", "green") if engine.installed else (f"not installed: {engine.remedy}", "yellow")
    weights = [f"{file.name}: {file.source}" for file in engine.weights] or ["none"]
    memory = f"; about {engine.memory_mib} MiB of memory" if engine.memory_mib else ""
    barred = f"; refused by the licence profile: {', '.join(engine.barred)}" if engine.barred else ""
    return [
        _text("  ", (engine.name, "bold cyan"), f": {engine.summary}"),
        _text("    ", state, f"; licence {engine.licence}{memory}", (barred, "red")),
        _text(f"    languages  {_languages(engine)}"),
        *(_text(f"    weights    {line}") for line in weights),
    ]


def _text(*parts: str | tuple[str, str]) -> Text:
    """Return a line of parts, each a text or a text with its style; control characters are escaped."""
    escaped = [printable(part) if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts]
    return Text.assemble(*escaped)


def _languages(engine: EngineStatus) -> str:
    codes = sorted({code for pair in engine.languages for code in pair.split("-")})
    all_pairs = tuple(f"{source}-{target}" for source, target in permutations(codes, 2))
    if len(codes) > 2 and engine.languages == all_pairs:
        return f"between {_some(codes)}"
    return _some(engine.languages) or "any"


def _some(languages: Sequence[str]) -> str:
    shown = ", ".join(languages[:_SHOWN_LANGUAGES])
    more = len(languages) - _SHOWN_LANGUAGES
    return f"{shown} and {more} more" if more > 0 else shown
