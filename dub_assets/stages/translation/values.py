"""The translated text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.stages.transcript.values import TranscriptSegment


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatedLine:
    """The translation of segment ``index``: the full text, and shorter ones in case time is short.

    Segments of one sentence are translated as one ``passage``, named by the index of its first segment. Their shorter
    renderings go together: the first with the first, and so on. ``doubtful`` says that the text may not mean what the
    segment means. ``written_for`` is the ``segment_fingerprint`` of the
    segment for which an editor wrote this text, None if the translator wrote it. An editor's text is kept as long as a
    segment has that fingerprint.
    """

    index: int
    passage: int
    text: str
    shorter: tuple[str, ...] = ()
    written_for: str | None = None
    doubtful: bool = False

    @property
    def renderings(self) -> tuple[str, ...]:
        """All texts to choose from, the full one first."""
        return (self.text, *self.shorter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """One line for each segment of the transcript, in the same order. Languages are ISO 639-1.

    The fingerprint of its provenance covers the translator's input, not editors' texts. ``voices`` are those that
    editors chose for single lines, by ``segment_fingerprint``.
    ``source_file`` is the job's copy of the subtitle file that replaced the translator, None if there is none.
    """

    source_language: str
    target_language: str
    lines: tuple[TranslatedLine, ...]
    provenance: Provenance
    voices: Mapping[str, str] = field(default_factory=dict)
    source_file: MediaObject | None = None

    @property
    def data_version(self) -> str:
        """Fingerprint of the translation with its edited lines and voices; without edits, that of its provenance."""
        edited = [line for line in self.lines if line.written_for is not None]
        made_from = self.provenance.fingerprint
        if self.voices:
            made_from = fingerprint("edited_voices", made_from=made_from, voices=self.voices)
        return fingerprint("edited_translation", made_from=made_from, edited=edited) if edited else made_from


def segment_fingerprint(segment: TranscriptSegment) -> str:
    """Return the fingerprint of time and text of a segment, for which editors write their texts."""
    return fingerprint("source_segment", interval=segment.interval, text=segment.text)
