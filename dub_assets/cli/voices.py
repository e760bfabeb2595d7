"""``dub-assets voices``: the voices of a language, as ``dub --voice`` takes them."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from dub_assets.cli.tables import new_table, print_table
from dub_assets.cli.terminal import write_json
from dub_assets.core.errors import UnsupportedLanguageError
from dub_assets.core.language import parse_language
from dub_assets.engines.accelerator import accelerator_for
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.registry import EngineRegistry
from dub_assets.settings import Settings, settings_from


def show_voices(language: str, *, as_json: bool) -> None:
    """Print the voices of a language. Raises UnsupportedLanguageError if no installed engine has one."""
    settings = settings_from(os.environ)
    code = parse_language(language)
    rows = _rows(code, settings)
    if as_json:
        write_json({"language": code, "voices": rows})
        return
    table = new_table(("voice", "engine", "language", "sex", "pitch (Hz)", ""), whole=["voice", "engine"])
    for row in rows:
        pitch = "" if row["pitch_hz"] is None else f"{row['pitch_hz']:.0f}"
        usable = "" if row["usable"] else f"with SYNTHESIS_ENGINE={row['engine']}"
        table.add_row(row["voice"], row["engine"], row["language"], row["sex"] or "unknown", pitch, usable)
    print_table(table)


def _rows(language: str, settings: Settings) -> list[dict[str, Any]]:
    """Return the voices as ``voices --json`` prints them; those of the engine that a dub uses come first."""
    found = _registry(settings).voices(language, settings.options.engines.synthesis)
    if not found:
        raise UnsupportedLanguageError(f"no installed engine speaks {language!r}: `dub-assets engines` shows all")
    return [
        {
            "engine": offer.engine,
            "voice": voice.name,
            "language": language,
            "sex": voice.sex,
            "pitch_hz": voice.pitch_hz,
            "usable": offer.chosen,
        }
        for offer in found
        for voice in offer.voices
    ]


def _registry(settings: Settings) -> EngineRegistry:
    device = settings.options.device
    return EngineRegistry(
        EngineSettings(
            cache_dir=settings.paths.cache / "weights",
            weights_dir=settings.paths.weights,
            threads=os.cpu_count() or 1,
            models=settings.models,
            services=settings.services,
            accelerator=partial(accelerator_for, device.name, device.compute_type),
        )
    )
