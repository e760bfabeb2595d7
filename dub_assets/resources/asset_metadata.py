"""Metadata that Dagster's UI shows of materialised products."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.core.keys import segment_name
from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval, seconds
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.tts_segments.values import TtsSegments

_PREVIEW_LINES = 12
_LINK_EXPIRES_S = 12 * 3600


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


def preview(lines: Iterable[tuple[Interval, str]]) -> dg.MarkdownMetadataValue:
    """Return the first lines of a text with their times, as a table."""
    rows = list(lines)
    shown = "\n".join(
        f"| {seconds(interval.start_ms):.1f} | {text.replace('|', '&#124;')} |"
        for interval, text in rows[:_PREVIEW_LINES]
    )
    more = f"\n\n... and {len(rows) - _PREVIEW_LINES} more" if len(rows) > _PREVIEW_LINES else ""
    return dg.MetadataValue.md(f"| at (s) | text |\n| --- | --- |\n{shown}{more}")


def lines_table(tts: TtsSegments) -> dict[str, Any]:
    """Return tempo, timing and level of every line, and totals."""
    tempos = sorted(segment.tempo for segment in tts.segments)
    records = [
        dg.TableRecord(
            {
                "segment": segment_name(segment.index),
                "start_s": seconds(segment.placed.start_ms),
                "end_s": seconds(segment.placed.end_ms),
                "late_s": seconds(segment.late_ms),
                "fit_method": segment.rung,
                "voice": segment.speech.voice,
                "tempo": segment.tempo,
                "stretch": segment.stretch,
                "gain_db": segment.gain_db,
                "issues": ", ".join(segment.issues),
            }
        )
        for segment in tts.segments
    ]
    return {
        "segments": len(tts.segments),
        "flagged": sum(bool(segment.issues) for segment in tts.segments),
        "late_starts": sum("late_start" in segment.issues for segment in tts.segments),
        "within_slot": sum(segment.placed.end_ms <= segment.slot.end_ms for segment in tts.segments),
        "fit_methods": ", ".join(f"{method} {count}" for method, count in tts.fit_methods().items()) or "none",
        "voices": ", ".join(sorted({segment.speech.voice for segment in tts.segments})) or "none",
        "median_tempo": tempos[len(tempos) // 2] if tempos else 0.0,
        "highest_tempo": tempos[-1] if tempos else 0.0,
        "lines": dg.MetadataValue.table(records, schema=_LINES_SCHEMA),
    }


_LINES_SCHEMA = dg.TableSchema(
    columns=[
        dg.TableColumn("segment", "string"),
        dg.TableColumn("start_s", "float"),
        dg.TableColumn("end_s", "float"),
        dg.TableColumn("late_s", "float", description="after the original's start"),
        dg.TableColumn("fit_method", "string", description="the last step that the line needed to fit its slot"),
        dg.TableColumn("voice", "string"),
        dg.TableColumn("tempo", "float", description="over the language's ordinary rate"),
        dg.TableColumn("stretch", "float", description="time stretch after synthesis"),
        dg.TableColumn("gain_db", "float", description="to the level of the original speech"),
        dg.TableColumn("issues", "string"),
    ]
)


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
    """Return metadata that leads to a media object: a link, or its key if the store has no links.

    For local files, the path is added: ``dub-assets dev`` serves the link, ``dagster dev`` does not.
    """
    url = archive.store.link(media.key, expires_s=_LINK_EXPIRES_S)
    links: dict[str, Any] = {name: dg.MetadataValue.url(url) if url else dg.MetadataValue.text(media.key)}
    if isinstance(archive.store, LocalObjectStore):
        links[f"{name}_path"] = dg.MetadataValue.path(str(archive.store.path_of(media.key)))
    return links
