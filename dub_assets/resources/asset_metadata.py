"""Metadata that Dagster's UI shows of materialised products."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.core.keys import segment_name
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import ObjectStore
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval, seconds
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.tts_segments.values import TtsSegments

_MAX_ROWS = 60
_MAX_LETTERS = 80
_SPECIAL = re.compile(r"[|<>&*_`~\[\]\\#]")
"""Letters that mean something in a table of Markdown."""


def provenance(origin: Provenance) -> dict[str, Any]:
    """Return engines, cost and fingerprint of a product; the cost is that of the run that made it."""
    figures = origin.figures
    return {
        "seconds": figures.wall_s,
        "real_time_factor": figures.real_time_factor,
        "peak_memory_mib": figures.peak_memory_mib,
        **dict(figures.usage),
        "engines": ", ".join(f"{engine.name} {engine.version}" for engine in origin.engines) or "none",
        "fingerprint": origin.fingerprint[:12],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """A segment in a table of the UI.

    ``cells`` are its further columns by name, ``media`` its objects by the name of their link. An ``edited`` segment is
    marked, and ``first`` if the table has room for some segments only.
    """

    index: int
    interval: Interval
    text: str
    cells: Mapping[str, str | float | None] = field(default_factory=dict)
    media: Mapping[str, MediaObject | None] = field(default_factory=dict)
    edited: bool = False
    first: bool = False


def segment_table(rows: Sequence[SegmentRow], store: ObjectStore) -> dg.MarkdownMetadataValue:
    """Return a table with a row for each segment.

    Tables are part of the event log, so that they have at most 60 rows, and 80 letters of a text. Edited segments and
    those to look at come before others; ``dub-assets segments`` lists all.
    """
    by_need = sorted(rows, key=lambda row: (not row.edited, not row.first, row.index))
    shown = sorted(by_need[:_MAX_ROWS], key=lambda row: row.index)
    columns = list(dict.fromkeys(name for row in shown for name in row.cells))
    has_media = any(row.media for row in shown)
    header = ["segment", "from (s)", "to (s)", "text", *columns, *(["open"] if has_media else [])]
    lines = [_line(header), _line(["---"] * len(header))]
    for row in shown:
        name = f"**{segment_name(row.index)} edited**" if row.edited else segment_name(row.index)
        times = [f"{seconds(row.interval.start_ms):.2f}", f"{seconds(row.interval.end_ms):.2f}"]
        cells = [_cell(row.cells.get(column)) for column in columns]
        links = [" ".join(_links(row.media, store))] if has_media else []
        lines.append(_line([name, *times, _cell(row.text), *cells, *links]))
    more = f"\n\n... and {len(rows) - len(shown)} more: `dub-assets segments JOB`" if len(rows) > len(shown) else ""
    return dg.MetadataValue.md("\n".join(lines) + more)


def edited_segments(rows: Iterable[SegmentRow]) -> str:
    """Return the names of the edited segments."""
    names = [segment_name(row.index) for row in rows if row.edited]
    more = f" and {len(names) - _MAX_ROWS} more" if len(names) > _MAX_ROWS else ""
    return ", ".join(names[:_MAX_ROWS]) + more or "none"


def _links(media: Mapping[str, MediaObject | None], store: ObjectStore) -> Iterator[str]:
    for name, item in media.items():
        url = store.link(item.key) if item else None
        if url:
            yield f"[{name}]({url.replace('(', '%28').replace(')', '%29')})"


def _cell(value: str | float | None) -> str:
    """Return a value as text that a table of Markdown shows as it is."""
    text = "" if value is None else " ".join((f"{value:g}" if isinstance(value, float) else value).split())
    text = f"{text[:_MAX_LETTERS]}..." if len(text) > _MAX_LETTERS else text
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", text)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def fit_figures(tts: TtsSegments) -> dict[str, Any]:
    """Return totals of tempo, timing and voices."""
    tempos = sorted(segment.tempo for segment in tts.segments)
    return {
        "segments": len(tts.segments),
        "flagged": sum(bool(segment.issues) for segment in tts.segments),
        "late_starts": sum("late_start" in segment.issues for segment in tts.segments),
        "within_slot": sum(segment.placed.end_ms <= segment.slot.end_ms for segment in tts.segments),
        "fit_methods": ", ".join(f"{method} {count}" for method, count in tts.fit_methods().items()) or "none",
        "voices": ", ".join(sorted({segment.speech.voice for segment in tts.segments})) or "none",
        "median_tempo": tempos[len(tempos) // 2] if tempos else 0.0,
        "highest_tempo": tempos[-1] if tempos else 0.0,
    }


def quality_table(quality: Quality) -> dict[str, Any]:
    """Return the measurements of a dub, and a table of its checks."""
    rows = "\n".join(
        f"| {check.name} | {'passed' if check.passed else check.severity} | {check.reason} |"
        for check in quality.checks
    )
    figures = {name: value for name, value in asdict(quality.figures).items() if value is not None}
    return {
        "passed": quality.passed,
        "checks": dg.MetadataValue.md(f"| check | result | found |\n| --- | --- | --- |\n{rows}"),
        **figures,
    }


def media_links(name: str, archive: JobArchive, media: MediaObject) -> dict[str, Any]:
    """Return metadata that leads to a media object: a link, or its key without a link server.

    For local files, the path is added: ``dub-assets dev`` serves the link, ``dagster dev`` does not.
    """
    url = archive.store.link(media.key)
    links: dict[str, Any] = {name: dg.MetadataValue.url(url) if url else dg.MetadataValue.text(media.key)}
    if isinstance(archive.store, LocalObjectStore):
        links[f"{name}_path"] = dg.MetadataValue.path(str(archive.store.path_of(media.key)))
    return links
