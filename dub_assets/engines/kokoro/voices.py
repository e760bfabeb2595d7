"""Kokoro's voices: those that a package ships, and those in the user's own files."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dub_assets.core.engine import Voice, VoiceSex
from dub_assets.core.errors import EngineUnavailableError

PACKAGED = ("jm_kumo", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jf_alpha")
"""In order of preference: by word error rate in Portuguese 0.02, 0.02, 0.05, 0.12, 0.15. The first is a man."""

PACKAGED_LANGUAGES = frozenset({"pt", "es", "en"})
"""The voices were made from Japanese speech; these are the languages in which they were evaluated by ear."""

_LANGUAGES = {"a": "en", "b": "en", "e": "es", "f": "fr", "h": "hi", "i": "it", "p": "pt"}
"""Language by the first letter of a voice's name, as Kokoro's authors name voices. Japanese and Chinese voices (j, z)
need phonemes that espeak-ng does not have."""

_SEXES: Mapping[str, VoiceSex] = {"f": "female", "m": "male"}
"""Sex by the second letter of a voice's name."""

_ENDINGS = ("*.npz", "*.bin")


def own_files(folder: Path | None, packaged: str) -> list[Path]:
    """Return the files of voices in ``kokoro/`` of the weights folder, without one that replaces the packaged file.

    A file holds arrays by name, as numpy's ``savez`` and ``voices-v1.0.bin`` do.
    """
    if folder is None:
        return []
    return sorted(path for ending in _ENDINGS for path in (folder / "kokoro").glob(ending) if path.name != packaged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """A mix of two voices: ``share`` of the first one's style, the rest of the second one's."""

    first: str
    second: str
    share: float


BLENDS = {
    "jm_kumo75_jf_gongitsune25": Blend(first="jm_kumo", second="jf_gongitsune", share=0.75),
    "jm_kumo50_jf_gongitsune50": Blend(first="jm_kumo", second="jf_gongitsune", share=0.5),
}
"""Voices beside those of the weights. Word error rates in Portuguese, on five lines: 0.04 and 0.02."""

PITCHES_HZ = {
    "jm_kumo": 92.0,
    "jf_gongitsune": 229.0,
    "jf_nezumi": 229.0,
    "jf_tebukuro": 304.0,
    "jf_alpha": 266.0,
    "jm_kumo75_jf_gongitsune25": 117.0,
    "jm_kumo50_jf_gongitsune50": 148.0,
}
"""The median pitch of every voice and blend, measured on lines in Portuguese and English."""


def voices(folder: Path | None, packaged: str) -> tuple[Voice, ...]:
    """Return every voice; the user's own come first, if their names say their language."""
    own = [
        Voice(name=name, languages=frozenset({_LANGUAGES[name[0]]}), sex=_SEXES.get(name[1:2]))
        for path in own_files(folder, packaged)
        for name in _names(path)
        if name[:1] in _LANGUAGES
    ]
    names = {voice.name for voice in own}
    shipped = [
        Voice(name=name, languages=PACKAGED_LANGUAGES, pitch_hz=PITCHES_HZ[name], sex=_sex(name))
        for name in (*PACKAGED, *BLENDS)
        if name not in names
    ]
    return (*own, *shipped)


def _sex(name: str) -> VoiceSex | None:
    """Return the sex of a packaged voice; None for a blend."""
    return None if name in BLENDS else _SEXES.get(name[1:2])


def _names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile) as error:
        raise EngineUnavailableError(
            f"kokoro cannot read the voices in {path}: put a file of numpy's savez there"
        ) from error
