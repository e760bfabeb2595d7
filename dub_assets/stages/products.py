"""The products that a job's video is made from."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.marking import notice_text
from dub_assets.core.provenance import NOT_MADE, Provenance
from dub_assets.core.timing import Interval
from dub_assets.stages.segment_mixes.background import undubbed_speech
from dub_assets.stages.segment_mixes.values import SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegments

_ORDER = ("transcript", "translation", "tts_segments", "segment_mixes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """The values of all stages before the video, of the same job."""

    stems: Stems
    transcript: Transcript
    translation: Translation
    tts: TtsSegments
    mixes: SegmentMixes

    def texts(self) -> dict[int, str]:
        """Return the text of each segment in the target language: as it is spoken, else as it was translated."""
        translated = {line.index: line.text for line in self.translation.lines}
        return translated | {segment.index: segment.speech.text for segment in self.tts.segments}

    def undubbed(self) -> list[Interval]:
        """Return the stretches of speech that have no segment, and stay as they are in the original."""
        return undubbed_speech(self.stems, (segment.interval for segment in self.transcript.segments))

    def notice(self) -> str | None:
        """Return the sentence that marks the dub as synthetic; None if it has no line, and is the original sound."""
        if not self.tts.segments:
            return None
        return notice_text(self.translation.source_language, self.translation.target_language)


def products_until(asset: str, products: Products, *, target_language: str) -> Products:
    """Return the products of a job up to ``asset``; those after it have no lines, and are not read."""
    made = _ORDER[: _ORDER.index(asset) + 1] if asset in _ORDER else _ORDER
    transcript = products.transcript
    translation = Translation(
        source_language=transcript.language, target_language=target_language, lines=(), provenance=NOT_MADE
    )
    tts = TtsSegments(language=target_language, segments=(), provenance=NOT_MADE)
    mixes = SegmentMixes(segments=(), provenance=NOT_MADE)
    return Products(
        stems=products.stems,
        transcript=transcript,
        translation=products.translation if "translation" in made else translation,
        tts=products.tts if "tts_segments" in made else tts,
        mixes=products.mixes if "segment_mixes" in made else mixes,
    )


def is_made(provenance: Provenance) -> bool:
    """Return whether a product was made, and does not stand for one after the end of a job."""
    return bool(provenance.fingerprint)
