"""Builds the view of a report: the products of a job as texts and figures for an editor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dub_assets.core.engine import EngineIdentity
from dub_assets.core.request import DubRequest
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.issues import ISSUES, Issue
from dub_assets.stages.products import Products
from dub_assets.stages.quality.values import Check, LineQuality, Quality
from dub_assets.stages.report.values import Fact, Finding, ReportCheck, ReportSegment, ReportSpeaker, ReportView
from dub_assets.stages.segment_mixes.values import GainChange, Gains, SegmentMix
from dub_assets.stages.transcript.values import TranscriptSegment
from dub_assets.stages.translation.values import TranslatedLine
from dub_assets.stages.tts_segments.options import ON_TIME_MS, FitOptions
from dub_assets.stages.tts_segments.values import FitMethod, TtsSegment

TIMES = "\N{MULTIPLICATION SIGN}"
_UNCERTAIN = 0.6
"""Recognition probability below which a segment should be reviewed."""

_FIT_METHODS: Mapping[FitMethod, str] = {
    "full": "none needed",
    "shorter": "shorter translation",
    "pause": "pauses around the line",
    "speed": "faster speech",
    "stretch": "time-stretching",
}


def tempo_text(tempo: float) -> str:
    """Return a tempo with two decimals, or three if the third is not 0: one over a limit never looks equal to it."""
    text = f"{tempo:.3f}"
    return text.removesuffix("0")


def report_view(
    request: DubRequest,
    products: Products,
    final: FinalVideo,
    quality: Quality,
    *,
    free_tempo: float = FitOptions().free_tempo,
) -> ReportView:
    """Return the view of a finished job; ``free_tempo`` is the tempo up to which its lines are not flagged."""
    texts = products.texts()
    lines = {line.index: line for line in products.translation.lines}
    spoken = {segment.index: segment for segment in products.tts.segments}
    mixed = {segment.index: segment for segment in products.mixes.segments}
    measured = {line.index: line for line in quality.lines}

    def view_of(segment: TranscriptSegment) -> ReportSegment:
        index = segment.index
        return _SegmentBuilder(
            segment=segment,
            line=lines.get(index),
            text=texts.get(index, ""),
            speech=spoken.get(index),
            mix=mixed.get(index),
            measured=measured.get(index),
            free_tempo=free_tempo,
        ).build()

    return ReportView(
        job_id=request.job_id,
        source_language=products.translation.source_language,
        target_language=products.translation.target_language,
        duration_ms=products.stems.info.duration_ms,
        segments=tuple(map(view_of, products.transcript.segments)),
        checks=tuple(map(_check, quality.checks)),
        facts=tuple(_facts_of_whole(products, final)),
        engines=tuple(_engines(products)),
        speakers=tuple(_speakers(products)),
        issue_help=tuple(_issue_help(products, quality)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SegmentBuilder:
    """Builds the view of one segment from the results of all stages."""

    segment: TranscriptSegment
    line: TranslatedLine | None
    text: str
    speech: TtsSegment | None
    mix: SegmentMix | None
    measured: LineQuality | None
    free_tempo: float

    def build(self) -> ReportSegment:
        segment, speech = self.segment, self.speech
        return ReportSegment(
            index=segment.index,
            original=segment.interval,
            slot=speech.slot if speech else segment.interval,
            placed=speech.placed if speech else None,
            text=segment.text,
            translated=self.text,
            tempo=speech.tempo if speech else None,
            findings=(*self._findings(), *self._notes()),
            facts=tuple(self._facts()),
            speaker=segment.speaker,
        )

    def _findings(self) -> Iterator[Finding]:
        if self.speech is None:
            yield Finding(level="problem", text="not dubbed" if self.text else "not dubbed: there is no text")
        for issue in (*(self.speech.issues if self.speech else ()), *(self.measured.issues if self.measured else ())):
            yield self._issue(issue)
        probability = self.segment.probability
        if probability is not None and probability < _UNCERTAIN:
            excess = 1 - probability / _UNCERTAIN
            yield Finding(level="review", text=f"recognised with {probability:.0%} certainty", excess=excess)

    def _issue(self, name: str) -> Finding:
        """Return the finding for an issue; the name of an issue of another version is shown as it is."""
        speech = self.speech
        tempo, late_ms = (speech.tempo, speech.late_ms) if speech else (1.0, 0)
        over_ms = speech.placed.end_ms - speech.slot.end_ms if speech else 0
        issue = ISSUES.get(name)
        text = (issue.finding if issue else name.replace("_", " ")).format(
            tempo=tempo_text(tempo),
            free_tempo=tempo_text(self.free_tempo),
            late_ms=late_ms,
            early_ms=-late_ms,
            on_time_ms=ON_TIME_MS,
            over_ms=over_ms,
        )
        excess = tempo - 1 if name == "fast_speech" else max(abs(late_ms), over_ms) / 2000
        return Finding(level=issue.level if issue else "review", text=text, excess=excess)

    def _notes(self) -> Iterator[Finding]:
        if self.line is not None and self.line.written_for is not None:
            yield Finding(level="note", text="text by an editor")
        if self.mix is not None and self.mix.edited != GainChange():
            yield Finding(level="note", text="gains by an editor")

    def _facts(self) -> Iterator[Fact]:
        if self.speech is not None:
            yield from _facts_of_line(self.speech)
        if self.measured is not None and self.measured.agreement is not None:
            yield Fact(name="Read back", value=f"{self.measured.agreement:.0%} as written")
        if self.measured is not None and self.measured.leftover_db is not None:
            yield Fact(name="Original left", value=f"{self.measured.leftover_db:.1f}", unit="dB")
        if self.mix is not None and self.mix.gains != Gains(background=1.0, speech=1.0):
            gains = self.mix.gains
            yield Fact(name="Gains", value=f"speech {gains.speech:g}, background {gains.background:g}")
        if self.segment.probability is not None:
            yield Fact(name="Certainty", value=f"{self.segment.probability:.0%}")


def _facts_of_line(speech: TtsSegment) -> Iterator[Fact]:
    room_ms = speech.slot.end_ms - min(speech.slot.start_ms, speech.placed.start_ms)
    used = speech.placed.duration_ms / max(1, room_ms)
    yield Fact(name="Fit method", value=_fit_method(speech))
    yield Fact(name="Engine speed", value=f"{speech.speech.speed:.2f}", unit=TIMES)
    yield Fact(name="Stretch", value=f"{speech.stretch:.2f}", unit=TIMES)
    yield Fact(name="Start", value=f"{speech.late_ms:+d} ms" if speech.late_ms else "on time")
    yield Fact(name="Slot", value=f"{used:.0%} of {room_ms / 1000:.1f} s")
    yield Fact(name="Level", value=f"{speech.gain_db:+.1f}", unit="dB")
    yield Fact(name="Voice", value=speech.speech.voice)


def _fit_method(speech: TtsSegment) -> str:
    """Return how a line was fitted into its slot; for a line that does not fit, every step that was taken."""
    if speech.rung != "flag":
        return _FIT_METHODS[speech.rung]
    steps: Mapping[FitMethod, bool] = {
        "shorter": speech.rendering > 0,
        "speed": speech.speech.speed > 1.0,
        "stretch": speech.stretch > 1.0,
    }
    taken = [_FIT_METHODS[step] for step, is_taken in steps.items() if is_taken]
    return f"{', '.join(taken)}; still outside the limits" if taken else "none; outside the limits"


def _speakers(products: Products) -> Iterator[ReportSpeaker]:
    speaker_of = {segment.index: segment.speaker for segment in products.transcript.segments}
    for speaker in products.transcript.speakers:
        lines = [line for line in products.tts.segments if speaker_of.get(line.index) == speaker.name]
        yield ReportSpeaker(
            name=speaker.name,
            speech_ms=speaker.speech_ms,
            pitch_hz=speaker.pitch_hz,
            segments_count=list(speaker_of.values()).count(speaker.name),
            voices=tuple(dict.fromkeys(line.speech.voice for line in lines)),
        )


def _issue_help(products: Products, quality: Quality) -> Iterator[Fact]:
    """Explain each issue that occurs in the job."""
    timing = {issue for line in products.tts.segments for issue in line.issues}
    names = timing.union(*(line.issues for line in quality.lines))
    for issue in ISSUES.values():
        if issue.name in names:
            yield Fact(name=issue.title, value=_sentences(issue))


def _sentences(issue: Issue) -> str:
    return " ".join(f"{part[0].upper()}{part[1:]}." for part in (issue.meaning, issue.remedy)).replace("`", "")


def _check(check: Check) -> ReportCheck:
    name = check.name.replace("_", " ").capitalize()
    return ReportCheck(name=name, passed=check.passed, blocking=check.blocking, reason=check.reason)


def _facts_of_whole(products: Products, final: FinalVideo) -> Iterator[Fact]:
    late = [line for line in products.tts.segments if "late_start" in line.issues]
    loudness = final.loudness
    yield Fact(name="Late starts", value=str(len(late)))
    yield _level("Loudness", loudness.integrated_lufs, "LUFS")
    yield _level("True peak", loudness.true_peak_dbtp, "dBTP")
    yield Fact(name="Voices", value=", ".join(sorted({line.speech.voice for line in products.tts.segments})) or "none")


def _level(name: str, value: float | None, unit: str) -> Fact:
    return Fact(name=name, value="silent") if value is None else Fact(name=name, value=f"{value:.1f}", unit=unit)


def _engines(products: Products) -> Iterator[Fact]:
    """Return the engines of each stage."""
    stages = {
        "Separation": products.stems.provenance,
        "Recognition": products.transcript.provenance,
        "Translation": products.translation.provenance,
        "Synthesis": products.tts.provenance,
    }
    for stage, provenance in stages.items():
        yield Fact(name=stage, value=", ".join(map(_engine, provenance.engines)) or "none")


def _engine(engine: EngineIdentity) -> str:
    return f"{engine.name} {engine.version} ({engine.licence})"
