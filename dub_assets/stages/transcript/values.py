"""The transcript: words with their times, and the segments that are dubbed one by one."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.engine import VoiceSex
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval
from dub_assets.subtitle_files.values import SubtitleFile


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord:
    """A word at ``[start_ms, end_ms)`` of the programme, never empty.

    ``ends_phrase`` marks the last word of a phrase, if the recogniser knows; ``speaker`` is None if diarisation did not
    run.
    """

    text: str
    start_ms: int
    end_ms: int
    probability: float | None
    ends_phrase: bool = False
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A speaker; the first one is ``A``.

    ``pitch_hz`` is the median pitch, None if no speech is voiced. ``sex`` is how the voice sounds, None if that is
    uncertain or nothing judged it.
    """

    name: str
    pitch_hz: float | None
    speech_ms: int
    sex: VoiceSex | None = None


def speaker_name(number: int) -> str:
    """Return the name of a speaker: A to Z, then AA, AB and so on."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptSegment:
    """A stretch of speech that is translated and spoken as one; ``index`` counts from 0.

    ``words`` lie inside ``interval`` and have one ``speaker``. ``probability`` is their mean, None if the recogniser
    gives none.
    """

    index: int
    interval: Interval
    text: str
    words: tuple[TimedWord, ...]
    probability: float | None
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The speech of a programme of ``duration_ms``.

    ``language`` is ISO 639-1, or ``"und"`` if there is no speech; its probability is 1 if the request names it.
    Segments are ordered by time, do not overlap and lie inside the programme; after edits their indices are in another
    order. ``speakers`` is empty if diarisation did not run. ``edits`` is the number of edits of segments;
    ``indices_used`` is greater than every index that an edited segment ever had.
    ``source_file`` is the job's copy of the subtitle file that replaced recognition, None if speech was recognised;
    ``findings`` say what was odd about the subtitle files of the job, a sentence each.
    """

    language: str
    language_probability: float
    duration_ms: int
    segments: tuple[TranscriptSegment, ...]
    speakers: tuple[Speaker, ...] = ()
    provenance: Provenance
    edits: int = 0
    indices_used: int = 0
    source_file: MediaObject | None = None
    findings: tuple[str, ...] = ()

    @property
    def next_index(self) -> int:
        """The index of the next new segment; no index is used again."""
        return max(self.indices_used, *(segment.index + 1 for segment in self.segments), 0)

    @property
    def data_version(self) -> str:
        """Fingerprint of the transcript with its edits; without edits, that of its provenance."""
        made_from = self.provenance.fingerprint
        if not self.edits:
            return made_from
        return fingerprint("edited_transcript", made_from=made_from, segments=self.segments, speakers=self.speakers)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSubtitles:
    """A subtitle file that a job brings: the job's copy, and its cues."""

    media: MediaObject
    file: SubtitleFile


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTexts:
    """The subtitle files that replace recognition and translation; None for what engines do."""

    transcript: GivenSubtitles | None = None
    translation: GivenSubtitles | None = None

    def by_name(self) -> dict[str, GivenSubtitles | None]:
        """Return the files by what they replace."""
        return {"transcript": self.transcript, "translation": self.translation}


NOTHING_GIVEN = GivenTexts()
"""A job without subtitle files."""
