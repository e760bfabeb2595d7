"""The speakers on the page: their colours and letters, their turns in the timeline, what is known of each."""

from __future__ import annotations

from html import escape

from dub_assets.stages.report.page.clock import clock
from dub_assets.stages.report.values import ReportSegment, ReportSpeaker, ReportView

_COLOURS = 8
"""As many as the page's style has; further speakers share them, and are told apart by their letters."""


def badge(name: str | None, view: ReportView) -> str:
    """A speaker's letter on the speaker's colour; empty where nobody told speakers apart."""
    if name is None:
        return ""
    letter = f'<b class="{_colour(name, view)}" aria-hidden="true">{escape(name)}</b>'
    return f'<p class="speaker">{letter}Speaker {escape(name)}</p>'


def turn(segment: ReportSegment, view: ReportView) -> str:
    """A segment's stretch in the timeline's row of speakers."""
    if segment.speaker is None:
        return ""
    left, width = (100 * ms / view.duration_ms for ms in (segment.original.start_ms, segment.original.duration_ms))
    return (
        f'<span class="turn {_colour(segment.speaker, view)}" style="left:{left:.4f}%;width:{width:.4f}%">'
        f"{escape(segment.speaker)}</span>"
    )


def rows(view: ReportView) -> str:
    """The speakers as rows of a table."""
    total_ms = max(1, sum(speaker.speech_ms for speaker in view.speakers))
    return "".join(_row(speaker, speaker.speech_ms / total_ms, view) for speaker in view.speakers)


def _row(speaker: ReportSpeaker, share: float, view: ReportView) -> str:
    pitch = "unknown" if speaker.pitch_hz is None else f"{speaker.pitch_hz:.0f} Hz"
    voices = escape(", ".join(speaker.voices)) or "none"
    return (
        f'<tr><th scope="row">{badge(speaker.name, view)}</th>'
        f"<td>{clock(speaker.speech_ms)} <small>{share:.0%}</small></td><td>{pitch}</td>"
        f"<td>{voices}</td><td>{speaker.segments_count}</td></tr>"
    )


def _colour(name: str, view: ReportView) -> str:
    names = [speaker.name for speaker in view.speakers]
    return f"voice-{names.index(name) % _COLOURS if name in names else 0}"
