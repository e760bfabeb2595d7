"""How products are shown in the UI: as metadata of their materialisations."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval
from dub_assets.core.timing import seconds as in_seconds
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.tts_segments.values import TtsSegments

_PREVIEW_LINES = 12
_LINK_EXPIRES_S = 12 * 3600


def seconds(ms: int) -> float:
    """Milliseconds as seconds."""
    return in_seconds(ms)


def provenance(made: Provenance) -> dict[str, Any]:
    """What a product was made by, and what that cost; the figures are of the run that made it."""
    figures = made.figures
    return {
        "seconds": figures.wall_s,
        "real_time_factor": figures.real_time_factor,
        "peak_memory_mib": figures.peak_memory_mib,
        **dict(figures.usage),
        "engines": ", ".join(f"{engine.name} {engine.version}" for engine in made.engines) or "none",
        "fingerprint": made.fingerprint[:12],
    }


def preview(lines: Iterable[tuple[Interval, str]]) -> dg.MarkdownMetadataValue:
    """The first lines of a text with their times, as a table."""
    rows = list(lines)
    shown = "\n".join(
        f"| {in_seconds(interval.start_ms):.1f} | {text.replace('|', '&#124;')} |"
        for interval, text in rows[:_PREVIEW_LINES]
    )
    more = f"\n\n... and {len(rows) - _PREVIEW_LINES} more" if len(rows) > _PREVIEW_LINES else ""
    return dg.MetadataValue.md(f"| at (s) | text |\n| --- | --- |\n{shown}{more}")


def lines_table(made: TtsSegments) -> dict[str, Any]:
    """Tempo, timing and level of every line."""
    tempos = sorted(segment.tempo for segment in made.segments)
    records = [
        dg.TableRecord(
            {
                "segment": f"{segment.index:04d}",
                "start_s": in_seconds(segment.placed.start_ms),
                "end_s": in_seconds(segment.placed.end_ms),
                "late_s": in_seconds(segment.late_ms),
                "rung": segment.rung,
                "voice": segment.speech.voice,
                "tempo": segment.tempo,
                "stretch": segment.stretch,
                "gain_db": segment.gain_db,
                "issues": ", ".join(segment.issues),
            }
        )
        for segment in made.segments
    ]
    return {
        "segments": len(made.segments),
        "flagged": sum(bool(segment.issues) for segment in made.segments),
        "late_starts": sum("late_start" in segment.issues for segment in made.segments),
        "within_slot": sum(segment.placed.end_ms <= segment.slot.end_ms for segment in made.segments),
        "rungs": ", ".join(f"{rung} {count}" for rung, count in made.fit_methods().items()) or "none",
        "voices": ", ".join(sorted({segment.speech.voice for segment in made.segments})) or "none",
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
        dg.TableColumn("rung", "string", description="the last step that the line needed to fit"),
        dg.TableColumn("voice", "string"),
        dg.TableColumn("tempo", "float", description="over the language's ordinary rate"),
        dg.TableColumn("stretch", "float", description="the last part of the hurry, which is not the engine's own"),
        dg.TableColumn("gain_db", "float", description="to the level of the original speech"),
        dg.TableColumn("issues", "string"),
    ]
)


def quality_table(made: Quality) -> dict[str, Any]:
    """The figures, and every check in words."""
    rows = "\n".join(
        f"| {check.name} | {'passed' if check.passed else check.severity} | {check.reason} |" for check in made.checks
    )
    figures = {name: value for name, value in asdict(made.figures).items() if value is not None}
    return {
        "passed": made.passed,
        "checks": dg.MetadataValue.md(f"| check | result | found |\n| --- | --- | --- |\n{rows}"),
        **figures,
    }


def media_links(name: str, archive: JobArchive, media: MediaObject) -> dict[str, Any]:
    """Return metadata that leads to a media object: a link, or its key if the store has no links.

    The path of a local file is beside it: ``dub-assets dev`` serves what the link names, ``dagster dev`` does not.
    """
    url = archive.store.link(media.key, expires_s=_LINK_EXPIRES_S)
    links: dict[str, Any] = {name: dg.MetadataValue.url(url) if url else dg.MetadataValue.text(media.key)}
    if isinstance(archive.store, LocalObjectStore):
        links[f"{name}_path"] = dg.MetadataValue.path(str(archive.store.path_of(media.key)))
    return links
