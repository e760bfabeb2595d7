"""The products that a job's video is made from."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.stages.segment_mixes.values import SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegments


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
