"""A segment on the page: its bars and ribbon in the timeline, its card in the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from dub_assets.core.keys import segment_name
from dub_assets.core.timing import Interval
from dub_assets.stages.report.page.clock import clock
from dub_assets.stages.report.page.speakers import badge
from dub_assets.stages.report.values import Fact, Finding, ReportSegment, ReportView, SoundPiece, Track
from dub_assets.stages.report.view import TIMES, tempo_text

TRACK_NAMES: Mapping[Track, str] = {
    "original": "Original",
    "dub": "Dub",
    "background": "Background",
    "mix": "Mix",
}
"""What can be heard, in the order of the keys 1 to 4."""

_AROUND_MS = 400
"""Shown and heard before and after a segment."""


def facts(given: Iterable[Fact]) -> str:
    """Terms and descriptions for a ``dl``."""
    return "".join(
        f"<div><dt>{escape(fact.name)}</dt><dd>{escape(f'{fact.value} {fact.unit}'.strip())}</dd></div>"
        for fact in given
    )


def bar(segment: ReportSegment, interval: Interval | None, duration_ms: int, *, link: bool) -> str:
    """A segment's bar over the interval; a link to its card, or but a picture. Empty where there is none."""
    if interval is None:
        return ""
    place = f"left:{100 * interval.start_ms / duration_ms:.4f}%;width:{100 * interval.duration_ms / duration_ms:.4f}%"
    name = segment_name(segment.index)
    if not link:
        return f'<span class="bar {_kind(segment)}" data-segment="{name}" style="{place}"></span>'
    speaker = f", speaker {segment.speaker}" if segment.speaker else ""
    label = f"Segment {name}{speaker}, {clock(interval.start_ms)}: {'; '.join(_texts(segment.findings)) or 'fine'}"
    return f'<a class="bar {_kind(segment)}" href="#s{name}" style="{place}" aria-label="{escape(label)}">{name}</a>'


def ribbon(segment: ReportSegment) -> str:
    """What joins a segment's bars: slanted where the dub is not where the original is."""
    if segment.placed is None:
        return ""
    above, below = segment.original, segment.placed
    corners = f"{above.start_ms},0 {above.end_ms},0 {below.end_ms},10 {below.start_ms},10"
    return f'<polygon class="{_kind(segment)}" points="{corners}"/>'


def card(segment: ReportSegment, view: ReportView, sounds: Sequence[SoundPiece]) -> str:
    """A segment's card: what needs attention, both texts, pictures of both sounds, figures, players."""
    name = segment_name(segment.index)
    window = _window(segment, view.duration_ms)
    chips = "".join(f'<li class="{finding.weight}">{escape(finding.text)}</li>' for finding in segment.findings)
    translated = escape(segment.translated) or '<em lang="en">no text</em>'
    return f"""
<li id="s{name}" class="card segment {_kind(segment)}" tabindex="-1" data-start="{segment.original.start_ms}"
    data-attention="{segment.attention:.4f}" data-from="{window.start_ms}" data-to="{window.end_ms}">
  <div class="head"><h3>Segment {name}</h3>{badge(segment.speaker, view)}
    <p class="when">{clock(segment.original.start_ms)} to {clock(segment.original.end_ms)}</p>
    <ul class="chips" aria-label="Findings">{chips or '<li class="fine">fine</li>'}</ul></div>
  <div class="texts">
    <p lang="{escape(view.source_language)}" dir="auto">{escape(segment.text)}</p>
    <p lang="{escape(view.target_language)}" dir="auto">{translated}</p></div>
  <div class="pictures">
    {_picture("original", segment.original)}
    {_picture("mix", segment.placed or segment.original)}</div>
  {_tempo(segment)}<dl class="facts">{facts(segment.facts)}</dl>
  <div class="plays" role="group" aria-label="Play segment {name}">{_players(window, sounds)}</div>
</li>"""


def _picture(track: Track, marked: Interval) -> str:
    label = f"{'Original' if track == 'original' else 'Dub'}: waveform and spectrogram"
    marks = f'data-mark-from="{marked.start_ms}" data-mark-to="{marked.end_ms}"'
    return f'<canvas class="mini" data-lane="{track}" {marks} role="img" aria-label="{label}"></canvas>'


def _tempo(segment: ReportSegment) -> str:
    """A gauge of the tempo, from half the ordinary rate to one and a half; the ordinary one is in the middle."""
    if segment.tempo is None:
        return ""
    share = 100 * min(max(segment.tempo - 0.5, 0.0), 1.0)
    return (
        f'<div class="tempo"><span>Tempo</span><div class="gauge" aria-hidden="true"><i style="width:{share:.1f}%"></i>'
        f"</div><b>{tempo_text(segment.tempo)} {TIMES}</b></div>"
    )


def _players(window: Interval, sounds: Sequence[SoundPiece]) -> str:
    covered = {sound.track for sound in sounds if sound.interval.overlap_ms(window) == window.duration_ms}
    return "".join(
        f'<button type="button" data-play="{track}" {"" if track in covered else "disabled"}>{name}</button>'
        for track, name in TRACK_NAMES.items()
    )


def _window(segment: ReportSegment, duration_ms: int) -> Interval:
    placed = segment.placed or segment.original
    start, end = min(segment.original.start_ms, placed.start_ms), max(segment.original.end_ms, placed.end_ms)
    return Interval(start_ms=start, end_ms=max(start, end)).widened(_AROUND_MS, duration_ms)


def _kind(segment: ReportSegment) -> str:
    return "fine" if segment.weight in {None, "note"} else str(segment.weight)


def _texts(findings: Sequence[Finding]) -> list[str]:
    return [finding.text for finding in findings]
