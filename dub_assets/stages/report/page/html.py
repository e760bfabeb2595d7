"""The report as an HTML document: everything inline, texts escaped, scripts bound by a content security policy."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Any

from dub_assets.core.language import language_name
from dub_assets.stages.report.page.clock import clock
from dub_assets.stages.report.page.palette import PALETTE
from dub_assets.stages.report.page.png import png
from dub_assets.stages.report.page.segment import TRACK_NAMES, bar, card, facts, ribbon
from dub_assets.stages.report.page.speakers import rows, turn
from dub_assets.stages.report.values import (
    SHADES,
    Fact,
    Lane,
    ReportCheck,
    ReportView,
    SoundPiece,
    Track,
    by_attention,
    tempo_figures,
)
from dub_assets.stages.report.view import TIMES, tempo_text

_SCRIPTS = ("pictures.js", "player.js", "segments.js")

_TILE_COLUMNS = 4096
"""Browsers draw no wider pictures reliably."""


def page(view: ReportView, lanes: Sequence[Lane], sounds: Sequence[SoundPiece]) -> bytes:
    """The page, in UTF-8. Segments come sorted by what needs attention; the page's script can sort them by time."""
    script = "\n".join(map(_part, _SCRIPTS))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    heard = {track for track in TRACK_NAMES if any(sound.track == track for sound in sounds)}
    filled = Template(_part("page.html")).substitute(
        policy="default-src 'none'; img-src data:; media-src blob:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        title=f"{escape(view.job_id)}: dub report",
        style=_part("style.css"),
        script=script,
        job=escape(view.job_id),
        source_language=escape(_language(view.source_language)),
        target_language=escape(_language(view.target_language)),
        length=clock(view.duration_ms),
        duration_ms=max(1, view.duration_ms),
        tiles=_tiles(view),
        **_checks(view.checks),
        speakers_hidden="" if view.speakers else "hidden",
        speakers=rows(view),
        turns="".join(turn(one, view) for one in view.segments),
        original_bars="".join(bar(one, one.original, view.duration_ms, link=True) for one in view.segments),
        dub_bars="".join(bar(one, one.placed, view.duration_ms, link=False) for one in view.segments),
        ribbons="".join(map(ribbon, view.segments)),
        segments="".join(card(one, view, sounds) for one in by_attention(view.segments)),
        none_hidden="hidden" if view.segments else "",
        none="No speech was found: the original sound is kept." if not view.segments else "Nothing to look at.",
        tracks="".join(_track(track, enabled=track in heard) for track in TRACK_NAMES),
        engines=facts(view.engines),
        data=_json(_data(view, lanes, sounds)),
    )
    return filled.encode()


def look() -> str:
    """A hash over how pages look: their template, style and script."""
    return hashlib.sha256("\0".join(map(_part, ("page.html", "style.css", *_SCRIPTS))).encode()).hexdigest()


@cache
def _part(name: str) -> str:
    return (resources.files("dub_assets.stages.report.page") / name).read_text(encoding="utf-8")


def _language(code: str) -> str:
    return "Unknown language" if code == "und" else language_name(code)


def _tiles(view: ReportView) -> str:
    flagged, tempos = len(view.flagged), tempo_figures(view.segments)
    first = _tile(Fact(name="Segments", value=str(len(view.segments))))
    second = _tile(Fact(name="To look at", value=str(flagged)), "look" if flagged else "fine")
    tempo_facts = zip(("Median tempo", "Highest tempo"), tempos or (), strict=False)
    shown = [*(Fact(name=name, value=tempo_text(tempo), unit=TIMES) for name, tempo in tempo_facts), *view.facts]
    return "".join([first, second, *map(_tile, shown)])


def _tile(fact: Fact, kind: str = "") -> str:
    unit = f" <small>{escape(fact.unit)}</small>" if fact.unit else ""
    return f'<div class="tile {kind}"><dt>{escape(fact.name)}</dt><dd>{escape(fact.value)}{unit}</dd></div>'


def _checks(checks: Sequence[ReportCheck]) -> dict[str, str]:
    """The checks folded up, with how many passed; open where one refuses the dub."""
    passed = sum(check.passed for check in checks)
    rows = "".join(
        f'<li class="{kind}"><strong>{escape(check.name)}</strong><span class="verdict">{verdict}</span>'
        f"<span>{escape(check.reason)}</span></li>"
        for check in checks
        for kind, verdict in (_verdict(check),)
    )
    return {
        "checks": rows,
        "checks_open": "open" if any(_verdict(check)[1] == "refused" for check in checks) else "",
        "checks_kind": "fine" if passed == len(checks) else "look",
        "checks_passed": f"{passed} of {len(checks)} passed",
    }


def _verdict(check: ReportCheck) -> tuple[str, str]:
    if check.passed:
        return "fine", "passed"
    return ("problem", "refused") if check.blocking else ("look", "to look at")


def _track(track: Track, *, enabled: bool) -> str:
    state = ("checked" if track == "mix" else "") if enabled else "disabled"
    return f'<label><input type="radio" name="track" value="{track}" {state}><span>{TRACK_NAMES[track]}</span></label>'


def _data(view: ReportView, lanes: Sequence[Lane], sounds: Sequence[SoundPiece]) -> dict[str, Any]:
    """What the script draws and plays."""
    return {
        "duration": view.duration_ms,
        "lanes": {lane.track: _pictures(lane) for lane in lanes},
        "sounds": [
            {
                "track": sound.track,
                "start": sound.interval.start_ms,
                "end": sound.interval.end_ms,
                "data": base64.b64encode(sound.content).decode(),
            }
            for sound in sounds
        ],
    }


def _pictures(lane: Lane) -> dict[str, Any]:
    """A lane's peaks, and its shades as PNG tiles from left to right."""
    tiles = []
    for first in range(0, lane.columns, _TILE_COLUMNS):
        width = min(_TILE_COLUMNS, lane.columns - first)
        rows = [lane.shades[row * lane.columns + first :][:width] for row in range(lane.bands)]
        tiles.append(png(b"".join(rows), width=width, height=lane.bands, palette=PALETTE[:SHADES]))
    return {
        "columns": lane.columns,
        "tileColumns": _TILE_COLUMNS,
        "peaks": base64.b64encode(lane.peaks).decode(),
        "tiles": [base64.b64encode(tile).decode() for tile in tiles],
    }


def _json(value: object) -> str:
    """JSON that can stand inside a script element whatever it says."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
