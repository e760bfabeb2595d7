"""``tts_segments``: the translated lines spoken, each fitted to its slot and to the level of the original."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from dub_assets.core.batches import in_batches
from dub_assets.core.engine_use import made_by, released
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import Engines, StageContext, Synthesiser
from dub_assets.core.speech import Utterance
from dub_assets.core.timing import slots
from dub_assets.options import DubOptions
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.cast_voices import Cast, cast_of, parts_of
from dub_assets.stages.tts_segments.casting import Part
from dub_assets.stages.tts_segments.fit_speech import fit_speech
from dub_assets.stages.tts_segments.fitting import speed_to_ask
from dub_assets.stages.tts_segments.predict import Predictor
from dub_assets.stages.tts_segments.read_back import read_lines_back
from dub_assets.stages.tts_segments.rendering_choice import Candidates, choose
from dub_assets.stages.tts_segments.values import Prediction, SpokenLine, SynthesisedSpeech, TtsSegment, TtsSegments
from dub_assets.stages.tts_segments.voice_references import made_from, voice_references
from dub_assets.text_normalisation import spoken
from dub_assets.text_normalisation.speaking_rate import ordinary_ms

STAGE = "tts_segments"
_VERSION = 2


def synthesise(  # noqa: PLR0913  # what a stage works with, and what may be chosen of it
    stems: Stems,
    transcript: Transcript,
    translation: Translation,
    *,
    engines: Engines,
    options: DubOptions,
    ctx: StageContext,
    previous: TtsSegments | None,
    only: Collection[int] | None = None,
    voices: Mapping[str, str] | None = None,
) -> TtsSegments:
    """Speak every line, in the voice that its speaker is cast with, and fit it to its slot.

    A line whose text, voice, speed and engine are those of ``previous`` is not spoken again. ``only`` names segments
    to speak anew in any case, and keeps the speech of all others; lines are fitted again wherever that moves them.
    ``voices`` are chosen voices by speaker; where the engine clones voices, everyone else keeps their own.
    """
    synthesiser = engines.synthesiser(translation.target_language) if translation.lines else None
    cast_with = cast_of(transcript, translation, engines, voices or {})
    mark = _mark_before(stems, transcript, translation, synthesiser, cast_with, options)
    if only is None and previous is not None and _is_whole(previous, translation, mark):
        return previous
    segments: tuple[TtsSegment, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    with ctx.meter.measure() as measurement:
        if synthesiser is not None:
            with released(engines, synthesiser):
                parts = _parts(cast_with, transcript, translation, stems, synthesiser, ctx)
                lines, predictions = _lines(transcript, translation, parts, synthesiser, previous, options)
                speeches = _speeches(lines, _kept(lines, previous, only), synthesiser, engines, options, ctx)
            mark = _mark_after(lines, speeches, mark)
            segments = fit_speech(lines, speeches, stems, options=options, ctx=ctx, previous=previous)
    return TtsSegments(
        language=translation.target_language,
        segments=segments,
        predictions=predictions,
        provenance=made_by(synthesiser, mark, measurement.figures(media_ms=stems.info.duration_ms)),
    )


def _mark_before(
    stems: Stems,
    transcript: Transcript,
    translation: Translation,
    synthesiser: Synthesiser | None,
    cast_with: Cast,
    options: DubOptions,
) -> str:
    """The fingerprint of everything that the lines are made from."""
    return fingerprint(
        STAGE,
        version=_VERSION,
        lines=[
            translation.lines,
            _said(translation),
            [segment.interval for segment in transcript.segments],
            stems.vocals.sha256,
        ],
        spoken_by=[synthesiser and synthesiser.identity, cast_with.voices],
        cloned_from=made_from(transcript, stems, cast_with.own_voices),
        options=[options.fit, options.mix.level_range_db, options.mix.soft_range_db, options.checks.speech],
    )


def _said(translation: Translation) -> list[str]:
    """Every rendering as it is said: newer rules of reading aloud change it where the text stays the same."""
    return [spoken(text, translation.target_language) for line in translation.lines for text in line.renderings]


def _mark_after(lines: Sequence[SpokenLine], speeches: dict[int, SynthesisedSpeech], mark: str) -> str:
    """The fingerprint of what was made: another one where speech would not be made so now, or is still to be heard."""
    stale = sorted(line.index for line in lines if speeches[line.index].fingerprint != line.fingerprint)
    unheard = sorted(line.index for line in lines if speeches[line.index].unheard)
    return fingerprint(STAGE, made_from=mark, stale=stale, unheard=unheard) if stale or unheard else mark


def _is_whole(previous: TtsSegments, translation: Translation, mark: str) -> bool:
    """Whether nothing has changed since, and no line was lost."""
    return previous.provenance.fingerprint == mark and len(previous.segments) == len(translation.lines)


def _parts(
    cast_with: Cast,
    transcript: Transcript,
    translation: Translation,
    stems: Stems,
    synthesiser: Synthesiser,
    ctx: StageContext,
) -> list[Part]:
    """The part of each line, with what its voice is cloned from."""
    rate_hz = synthesiser.capabilities.sample_rate_hz
    references = voice_references(transcript, stems, cast_with.own_voices, rate_hz=rate_hz, ctx=ctx)
    return parts_of(transcript, translation, cast_with, references)


def _lines(
    transcript: Transcript,
    translation: Translation,
    parts: Sequence[Part],
    synthesiser: Synthesiser,
    previous: TtsSegments | None,
    options: DubOptions,
) -> tuple[list[SpokenLine], tuple[Prediction, ...]]:
    """Every line with its slot, the rendering that fits it, and the speed that its length asks for; the predictions."""
    predictor = Predictor(synthesiser, previous)
    language = translation.target_language
    segments = [segment.interval for segment in transcript.segments]
    room = slots(segments, duration_ms=transcript.duration_ms, pause_ms=options.fit.pause_ms)

    def natural(texts: Sequence[str]) -> list[Utterance]:
        return [part.says(text, language) for part, text in zip(parts, texts, strict=True)]

    predicted = predictor.natural_ms(natural([line.text for line in translation.lines]))
    candidates = [
        Candidates(line=line, segment=segment, slot=slot, predicted_ms=predicted_ms, language=language)
        for line, segment, slot, predicted_ms in zip(translation.lines, segments, room, predicted, strict=True)
    ]
    renderings = choose(candidates)
    utterances = natural([one.text(rendering) for one, rendering in zip(candidates, renderings, strict=True)])
    chosen_ms = predictor.natural_ms(utterances)
    lines = [
        _line(one, rendering, utterance, predicted_ms, synthesiser, options)
        for one, rendering, utterance, predicted_ms in zip(candidates, renderings, utterances, chosen_ms, strict=True)
    ]
    return lines, predictor.used


def _line(
    one: Candidates,
    rendering: int,
    natural: Utterance,
    predicted_ms: int,
    synthesiser: Synthesiser,
    options: DubOptions,
) -> SpokenLine:
    speed = speed_to_ask(
        predicted_ms,
        ordinary_ms(natural.text, natural.language),
        one.slot,
        max_speed=synthesiser.capabilities.max_speed,
        options=options.fit,
    )
    utterance = replace(natural, speed=speed)
    mark = fingerprint("speech", version=_VERSION, utterance=utterance, synthesiser=synthesiser.identity)
    return SpokenLine(
        index=one.line.index,
        segment=one.segment,
        slot=one.slot,
        rendering=rendering,
        text=one.text(rendering),
        utterance=utterance,
        fingerprint=mark,
    )


def _kept(
    lines: Sequence[SpokenLine], previous: TtsSegments | None, only: Collection[int] | None
) -> dict[int, SynthesisedSpeech]:
    """The speech of ``previous`` that need not be made again, by segment."""
    if previous is None:
        return {}
    earlier = {segment.index: segment.speech for segment in previous.segments}
    wanted = {line.index: line.fingerprint for line in lines}
    if only is not None:
        return {index: speech for index, speech in earlier.items() if index in wanted and index not in only}
    return {index: speech for index, speech in earlier.items() if wanted.get(index) == speech.fingerprint}


def _speeches(
    lines: Sequence[SpokenLine],
    kept: dict[int, SynthesisedSpeech],
    synthesiser: Synthesiser,
    engines: Engines,
    options: DubOptions,
    ctx: StageContext,
) -> dict[int, SynthesisedSpeech]:
    """The speech of every line by segment: spoken where it is not kept, and again where it is not heard as written."""
    spoken = _speak(lines, kept, synthesiser, ctx)
    return read_lines_back(lines, spoken, engines=engines, synthesiser=synthesiser, options=options.checks, ctx=ctx)


def _speak(
    lines: Sequence[SpokenLine],
    kept: dict[int, SynthesisedSpeech],
    synthesiser: Synthesiser,
    ctx: StageContext,
) -> dict[int, SynthesisedSpeech]:
    """The speech of every line by segment, new where it is not kept."""

    def speak(batch: Sequence[SpokenLine]) -> list[SynthesisedSpeech]:
        sounds = synthesiser.synthesise([line.utterance for line in batch])
        made = []
        for line, sound in zip(batch, sounds, strict=True):
            path = ctx.workspace.new(ctx.keys.speech(line.index))
            with ctx.sounds.writer(path, channels=1, rate_hz=sound.rate_hz) as file:
                file.write(sound)
            made.append(
                SynthesisedSpeech(
                    text=line.text,
                    voice=line.utterance.voice,
                    speed=line.utterance.speed,
                    duration_ms=sound.duration_ms,
                    media=ctx.workspace.seal(ctx.keys.speech(line.index)),
                    fingerprint=line.fingerprint,
                )
            )
        return made

    # The longest lines first: the last thread to finish then waits least for the others.
    missing = sorted(
        (line for line in lines if line.index not in kept), key=lambda line: len(line.utterance.text), reverse=True
    )
    threads = synthesiser.capabilities.concurrency
    spoken = in_batches(speak, missing, size=1, threads=threads, progress=ctx.progress, stage=STAGE)
    return kept | {line.index: speech for line, speech in zip(missing, spoken, strict=True)}
