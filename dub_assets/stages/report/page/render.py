"""Renders the report as one HTML document: style, scripts, images and sounds inline, every text escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from dub_assets.core.keys import segment_name
from dub_assets.core.language import language_name
from dub_assets.core.timing import Interval
from dub_assets.stages.report.page.spectrogram_png import TILE_COLUMNS, png_tiles
from dub_assets.stages.report.values import (
    Fact,
    ReportCheck,
    ReportSegment,
    ReportSpeaker,
    ReportView,
    SoundClip,
    Track,
    TrackImage,
    by_priority,
    tempo_figures,
)
from dub_assets.stages.report.view import TIMES, tempo_text

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "dub_assets.stages.report.page"
_TEMPLATES = ("report.html", "macros.html")
_SCRIPTS = ("pictures.js", "player.js", "segments.js")

_TRACK_NAMES: Mapping[Track, str] = {
    "original": "Original",
    "dub": "Dub",
    "background": "Background",
    "mix": "Mix",
}
"""Tracks in the order of the keys 1 to 4."""

_SPEAKER_COLOURS = 8
"""Number of speaker colours in the style; further speakers reuse them and are distinguished by their letters."""

_MARGIN_MS = 400
"""Time that is shown and played before and after a segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """A segment with the stretch of the programme that its card shows, and the tracks that can be played there."""

    segment: ReportSegment
    window: Interval
    playable: frozenset[Track]


def render_page(view: ReportView, images: Sequence[TrackImage], sounds: Sequence[SoundClip]) -> bytes:
    """Return the page in UTF-8. Its segments are ordered by priority; the page's script can order them by time."""
    script = "\n".join(map(_file, _SCRIPTS))
    template = _environment().get_template("report.html")
    return template.render(
        view=view,
        content_security_policy=_content_security_policy(script),
        style=_file("style.css"),
        script=script,
        tiles=_tiles(view),
        duration_ms=max(1, view.duration_ms),
        total_speech_ms=max(1, sum(speaker.speech_ms for speaker in view.speakers)),
        speaker_colours=_speaker_colours(view.speakers),
        cards=[_card(segment, view.duration_ms, sounds) for segment in by_priority(view.segments)],
        track_names=_TRACK_NAMES,
        tracks={sound.track for sound in sounds},
        data=_script_data(view, images, sounds),
    ).encode()


def template_hash() -> str:
    """Return a hash of the page's templates, style and scripts: a change of them makes a new report."""
    return hashlib.sha256("\0".join(map(_file, (*_TEMPLATES, "style.css", *_SCRIPTS))).encode()).hexdigest()


def clock(ms: int) -> str:
    """Return a time as minutes and seconds, with hours if there are any: ``1:02:03.4``."""
    tenths = ms // 100
    hours, minutes, seconds = tenths // 36_000, tenths // 600 % 60, f"{tenths // 10 % 60:02}.{tenths % 10}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only reports need it

    environment = Environment(
        loader=PackageLoader(_PACKAGE, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "clock": clock,
        "language": _language,
        "css_class": _css_class,
        "segment_name": segment_name,
        "tempo": tempo_text,
        "verdict": _verdict,
    }
    environment.filters |= filters
    return environment


@cache
def _file(name: str) -> str:
    return (resources.files(_PACKAGE) / name).read_text(encoding="utf-8")


def _content_security_policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; img-src data:; media-src blob:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def _tiles(view: ReportView) -> list[tuple[str, Fact]]:
    """Return the tiles at the top of the page, each with its CSS class."""
    flagged = len(view.flagged)
    tempos = zip(("Median tempo", "Highest tempo"), tempo_figures(view.segments) or (), strict=False)
    tempo_facts = [Fact(name=name, value=tempo_text(tempo), unit=TIMES) for name, tempo in tempos]
    return [
        ("", Fact(name="Segments", value=str(len(view.segments)))),
        ("review" if flagged else "ok", Fact(name="To review", value=str(flagged))),
        *(("", fact) for fact in (*tempo_facts, *view.facts)),
    ]


def _speaker_colours(speakers: Iterable[ReportSpeaker]) -> dict[str, str]:
    """Return the CSS class of each speaker's colour."""
    return {speaker.name: f"voice-{index % _SPEAKER_COLOURS}" for index, speaker in enumerate(speakers)}


def _card(segment: ReportSegment, duration_ms: int, sounds: Sequence[SoundClip]) -> _Card:
    placed = segment.placed or segment.original
    start, end = min(segment.original.start_ms, placed.start_ms), max(segment.original.end_ms, placed.end_ms)
    window = Interval(start_ms=start, end_ms=max(start, end)).widened(_MARGIN_MS, duration_ms)
    playable = {sound.track for sound in sounds if sound.interval.overlap_ms(window) == window.duration_ms}
    return _Card(segment=segment, window=window, playable=frozenset(playable))


def _language(code: str) -> str:
    return "Unknown language" if code == "und" else language_name(code)


def _css_class(segment: ReportSegment) -> str:
    return "ok" if segment.level in {None, "note"} else str(segment.level)


def _verdict(check: ReportCheck) -> tuple[str, str]:
    """Return the CSS class and the word for a check's outcome."""
    if check.passed:
        return "ok", "passed"
    return ("problem", "failed") if check.blocking else ("review", "to review")


def _script_data(view: ReportView, images: Sequence[TrackImage], sounds: Sequence[SoundClip]) -> dict[str, Any]:
    """Return the data that the page's script draws and plays."""
    return {
        "duration": view.duration_ms,
        "lanes": {
            image.track: {
                "columns": image.columns,
                "tileColumns": TILE_COLUMNS,
                "peaks": _base64(image.peaks),
                "tiles": list(map(_base64, png_tiles(image))),
            }
            for image in images
        },
        "sounds": [
            {
                "track": sound.track,
                "start": sound.interval.start_ms,
                "end": sound.interval.end_ms,
                "data": _base64(sound.content),
            }
            for sound in sounds
        ],
    }


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
