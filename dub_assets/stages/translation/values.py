"""The translated text."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.provenance import Provenance
from dub_assets.stages.transcript.values import TranscriptSegment


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatedLine:
    """The translation of the transcript's segment ``index``: the full text, and shorter ones for want of time.

    Segments of one sentence are translated as one ``passage``, the index of its first; their shorter renderings go
    together, the first with the first and so on. ``written_for`` is the ``source_mark`` of the segment that an editor
    wrote this text for; None: the translator did. An editor's text outlasts later runs as long as there is a segment
    with that mark.
    """

    index: int
    passage: int
    text: str
    shorter: tuple[str, ...] = ()
    written_for: str | None = None

    @property
    def renderings(self) -> tuple[str, ...]:
        """All there is to choose from, the full text first."""
        return (self.text, *self.shorter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """One line for each segment of the transcript, in the same order. Languages are ISO 639-1.

    The fingerprint of its provenance covers what the translator was given, not what editors wrote.
    """

    source_language: str
    target_language: str
    lines: tuple[TranslatedLine, ...]
    provenance: Provenance

    @property
    def data_version(self) -> str:
        """The fingerprint of the translation with its edited lines; without edits, that of its provenance."""
        edited = [line for line in self.lines if line.written_for is not None]
        made_from = self.provenance.fingerprint
        return fingerprint("edited_translation", made_from=made_from, edited=edited) if edited else made_from


def source_mark(segment: TranscriptSegment) -> str:
    """What an editor's text is tied to: when the segment is, and what is said in it."""
    return fingerprint("source_segment", interval=segment.interval, text=segment.text)
