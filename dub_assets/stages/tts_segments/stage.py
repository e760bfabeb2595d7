"""``tts_segments``: every translated line spoken, fitted to its slot and at the level of the original."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from dub_assets.core.batches import in_batches
from dub_assets.core.engine_use import provenance_of, releasing
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import Engines, StageContext, Synthesiser
from dub_assets.core.speech import Utterance
from dub_assets.core.text import Pronunciation
from dub_assets.core.timing import slots
from dub_assets.options import DubOptions
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.casting import Cast, LineVoice, cast_lines, is_cloned, line_voices
from dub_assets.stages.tts_segments.clips import fit_speech
from dub_assets.stages.tts_segments.consent import consented
from dub_assets.stages.tts_segments.fitting import speed_to_ask
from dub_assets.stages.tts_segments.pronunciations import check_pronunciations
from dub_assets.stages.tts_segments.read_back import read_lines_back
from dub_assets.stages.tts_segments.rendering_choice import Candidates, LengthPredictor, choose
from dub_assets.stages.tts_segments.values import Prediction, SpokenLine, SynthesisedSpeech, TtsSegment, TtsSegments
from dub_assets.stages.tts_segments.voice_references import reference_inputs, voice_references
from dub_assets.text_normalisation import verbalise
from dub_assets.text_normalisation.speaking_rate import ordinary_ms

STAGE = "tts_segments"
STAGE_VERSION = 2
"""Version of this stage's code: part of the fingerprints of stage and speech, and Dagster's code version."""


def synthesise(  # noqa: PLR0913 - what a stage works with, and its choices
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
    pronunciations: tuple[Pronunciation, ...] = (),
) -> TtsSegments:
    """Speak every line in the voice of its speaker, and fit it to its slot.

    A line with the same text, voice, speed and engine as in ``previous`` is not spoken again. ``only`` names segments
    that are spoken again in any case; the speech of all others is then kept, and only fitted again if it moves.
    ``voices`` are chosen voices by speaker; if the engine clones voices, all other speakers who consented keep their
    own. Without chosen voices, the engine is the one whose voices fit most speakers. ``pronunciations`` say how terms
    are spoken; texts and subtitles keep the terms. Raises ConsentMissingError, and InputError if the engine cannot read
    a pronunciation.
    """
    if translation.lines and not voices:
        sexes = [speaker.sex for speaker in transcript.speakers]
        engines = engines.for_speakers(translation.target_language, sexes)
    synthesiser = engines.synthesiser(translation.target_language) if translation.lines else None
    if synthesiser is not None:
        check_pronunciations(pronunciations, synthesiser.identity.name, synthesiser.capabilities)
    cast = consented(cast_lines(transcript, translation, engines, voices or {}), options.consent, ctx)
    stage_fingerprint = _fingerprint(stems, transcript, translation, synthesiser, cast, options, pronunciations)
    if only is None and previous is not None and _is_current(previous, translation, stage_fingerprint):
        return previous
    segments: tuple[TtsSegment, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    with ctx.meter.measure() as measurement:
        if synthesiser is not None:
            with releasing(engines, synthesiser):
                voices_by_line = [
                    replace(voice, pronunciations=pronunciations)
                    for voice in _line_voices(cast, transcript, translation, stems, synthesiser, ctx)
                ]
                lines, predictions = _lines(transcript, translation, voices_by_line, synthesiser, previous, options)
                speeches = _speak(lines, _kept(lines, previous, only), synthesiser, ctx)
                speeches = read_lines_back(
                    lines, speeches, engines=engines, synthesiser=synthesiser, options=options.checks, ctx=ctx
                )
            stage_fingerprint = _fingerprint_of_result(lines, speeches, stage_fingerprint)
            segments = fit_speech(lines, speeches, stems, options=options, ctx=ctx, previous=previous)
    return TtsSegments(
        language=translation.target_language,
        segments=segments,
        predictions=predictions,
        provenance=provenance_of(synthesiser, stage_fingerprint, measurement.figures(media_ms=stems.info.duration_ms)),
    )


def _fingerprint(
    stems: Stems,
    transcript: Transcript,
    translation: Translation,
    synthesiser: Synthesiser | None,
    cast: Cast,
    options: DubOptions,
    pronunciations: tuple[Pronunciation, ...],
) -> str:
    # The texts in words are part of it: new rules of text normalisation change them, while the lines stay the same.
    texts = [text for line in translation.lines for text in line.renderings]
    return fingerprint(
        STAGE,
        version=STAGE_VERSION,
        lines=[
            translation.lines,
            [verbalise(text, translation.target_language) for text in texts],
            [segment.interval for segment in transcript.segments],
            stems.vocals.sha256,
        ],
        spoken_by=[synthesiser and synthesiser.identity, cast.voices],
        cloned_from=reference_inputs(transcript, stems, cast.cloned_speakers),
        options=[options.fit, options.mix.level_range_db, options.mix.soft_range_db, options.checks.speech],
        **({"chosen_lines": cast.chosen_lines} if cast.chosen_lines else {}),
        **({"pronunciations": pronunciations} if pronunciations else {}),
    )


def _fingerprint_of_result(
    lines: Sequence[SpokenLine], speeches: Mapping[int, SynthesisedSpeech], stage_fingerprint: str
) -> str:
    """Return the stage's fingerprint, or a different one if speech is out of date or was not read back.

    With a different fingerprint, the next run makes that speech again.
    """
    stale = sorted(line.index for line in lines if speeches[line.index].fingerprint != line.fingerprint)
    unheard = sorted(line.index for line in lines if speeches[line.index].unheard)
    if not stale and not unheard:
        return stage_fingerprint
    return fingerprint(STAGE, made_from=stage_fingerprint, stale=stale, unheard=unheard)


def _is_current(previous: TtsSegments, translation: Translation, stage_fingerprint: str) -> bool:
    """Return whether no input has changed and no line was lost."""
    is_complete = len(previous.segments) == len(translation.lines)
    return is_complete and previous.provenance.fingerprint == stage_fingerprint


def _line_voices(
    cast: Cast,
    transcript: Transcript,
    translation: Translation,
    stems: Stems,
    synthesiser: Synthesiser,
    ctx: StageContext,
) -> list[LineVoice]:
    rate_hz = synthesiser.capabilities.sample_rate_hz
    references = voice_references(transcript, stems, cast.cloned_speakers, rate_hz=rate_hz, ctx=ctx)
    return line_voices(transcript, translation, cast, references)


def _lines(
    transcript: Transcript,
    translation: Translation,
    voices: Sequence[LineVoice],
    synthesiser: Synthesiser,
    previous: TtsSegments | None,
    options: DubOptions,
) -> tuple[list[SpokenLine], tuple[Prediction, ...]]:
    """Return every line with its slot, chosen rendering and speed, and the predictions that were used."""
    predictor = LengthPredictor(synthesiser, previous)
    language = translation.target_language
    segments = [segment.interval for segment in transcript.segments]
    available = slots(segments, duration_ms=transcript.duration_ms, pause_ms=options.fit.pause_ms)

    def natural(texts: Sequence[str]) -> list[Utterance]:
        return [voice.utterance(text, language) for voice, text in zip(voices, texts, strict=True)]

    full_ms = predictor.natural_ms(natural([line.text for line in translation.lines]))
    candidates = [
        Candidates(line=line, segment=segment, slot=slot, predicted_ms=predicted_ms, language=language)
        for line, segment, slot, predicted_ms in zip(translation.lines, segments, available, full_ms, strict=True)
    ]
    renderings = choose(candidates)
    utterances = natural([line.text(rendering) for line, rendering in zip(candidates, renderings, strict=True)])
    chosen_ms = predictor.natural_ms(utterances)
    lines = [
        _line(line, rendering, utterance, predicted_ms, synthesiser, options)
        for line, rendering, utterance, predicted_ms in zip(candidates, renderings, utterances, chosen_ms, strict=True)
    ]
    return lines, predictor.used


def _line(
    candidates: Candidates,
    rendering: int,
    natural: Utterance,
    predicted_ms: int,
    synthesiser: Synthesiser,
    options: DubOptions,
) -> SpokenLine:
    speed = speed_to_ask(
        predicted_ms,
        ordinary_ms(natural.text, natural.language),
        candidates.slot,
        max_speed=synthesiser.capabilities.max_speed,
        options=options.fit,
    )
    utterance = replace(natural, speed=speed)
    return SpokenLine(
        index=candidates.line.index,
        segment=candidates.segment,
        slot=candidates.slot,
        rendering=rendering,
        text=candidates.text(rendering),
        utterance=utterance,
        fingerprint=fingerprint("speech", version=STAGE_VERSION, utterance=utterance, synthesiser=synthesiser.identity),
    )


def _kept(
    lines: Sequence[SpokenLine], previous: TtsSegments | None, only: Collection[int] | None
) -> dict[int, SynthesisedSpeech]:
    """Return the speech of ``previous``, by segment, that is not made again.

    A cloned voice whose speaker has another voice now is not kept: there is no consent to it any more.
    """
    if previous is None:
        return {}
    voices = {line.index: line.utterance.voice for line in lines}
    earlier = {
        segment.index: segment.speech
        for segment in previous.segments
        if not is_cloned(segment.speech.voice) or voices.get(segment.index) == segment.speech.voice
    }
    current = {line.index: line.fingerprint for line in lines}
    if only is not None:
        return {index: speech for index, speech in earlier.items() if index in current and index not in only}
    return {index: speech for index, speech in earlier.items() if current.get(index) == speech.fingerprint}


def _speak(
    lines: Sequence[SpokenLine],
    kept: Mapping[int, SynthesisedSpeech],
    synthesiser: Synthesiser,
    ctx: StageContext,
) -> dict[int, SynthesisedSpeech]:
    """Return the speech of every line, by segment; what is not kept is synthesised."""

    def speak(batch: Sequence[SpokenLine]) -> list[SynthesisedSpeech]:
        sounds = synthesiser.synthesise([line.utterance for line in batch])
        speeches = []
        for line, sound in zip(batch, sounds, strict=True):
            key = ctx.keys.speech(line.index)
            with ctx.sounds.writer(ctx.workspace.new(key), channels=1, rate_hz=sound.rate_hz) as file:
                file.write(sound)
            speeches.append(
                SynthesisedSpeech(
                    text=line.text,
                    voice=line.utterance.voice,
                    speed=line.utterance.speed,
                    duration_ms=sound.duration_ms,
                    media=ctx.workspace.seal(key),
                    fingerprint=line.fingerprint,
                )
            )
        return speeches

    # The longest lines come first: the last thread to finish then keeps the others waiting least.
    missing = sorted(
        (line for line in lines if line.index not in kept), key=lambda line: len(line.utterance.text), reverse=True
    )
    threads = synthesiser.capabilities.concurrency
    new = in_batches(speak, missing, size=1, threads=threads, progress=ctx.progress, stage=STAGE)
    return {**kept, **{line.index: speech for line, speech in zip(missing, new, strict=True)}}
