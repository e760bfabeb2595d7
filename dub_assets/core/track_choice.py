"""The choice of the sound track to dub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dub_assets.core.errors import InputError, UnsupportedLanguageError
from dub_assets.core.language import parse_language
from dub_assets.core.media import SoundTrack

_MAX_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackChoice:
    """What decides which sound track is dubbed.

    ``wanted`` is the index or language of a track, as ``parse_track`` returns it, or None. ``language`` is the spoken
    language (ISO 639-1), or ``"auto"``.
    """

    wanted: str | None = None
    language: str = "auto"

    def of(self, tracks: Sequence[SoundTrack]) -> SoundTrack:
        """Return the wanted track, else one that is tagged with the language, else any.

        Among several, main tracks precede commentaries, and default tracks the others. Raises InputError if the wanted
        track does not exist.
        """
        candidates = tracks if self.wanted is None else _named(tracks, self.wanted)
        if self.wanted is None and self.language != "auto":
            candidates = [track for track in tracks if spoken_language(track) == self.language] or tracks
        return min(candidates, key=lambda track: (track.secondary, not track.default, track.index))

    def findings(self, track: SoundTrack) -> tuple[str, ...]:
        """Return a finding if the tag of the chosen track contradicts the language."""
        tagged = spoken_language(track)
        if self.language == "auto" or tagged in {None, self.language}:
            return ()
        return (f"sound track {track.index} is tagged as {tagged}, but dubbed as {self.language}",)


def parse_track(text: str) -> str:
    """Return the index or the language (ISO 639-1) that a request names a track by. Raises InputError."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS:
        return str(int(text))
    try:
        return parse_language(text)
    except UnsupportedLanguageError as error:
        raise InputError(f"{text[:40]!r} is neither the index of a sound track, from 0 on, nor a language") from error


DEFAULT_TRACK = TrackChoice()
"""The default track, in whatever language."""


def spoken_language(track: SoundTrack) -> str | None:
    """Return the ISO 639-1 code of a track's tag; None if it has none or an unknown one."""
    try:
        return parse_language((track.language or "").split(",")[0])
    except UnsupportedLanguageError:
        return None


def _named(tracks: Sequence[SoundTrack], wanted: str) -> Sequence[SoundTrack]:
    named = [track for track in tracks if wanted in {str(track.index), spoken_language(track)}]
    if not named:
        available = ", ".join(f"{track.index} ({track.language or 'no language'}, {track.codec})" for track in tracks)
        raise InputError(f"there is no sound track {wanted!r} to dub: the file has {available}")
    return named
