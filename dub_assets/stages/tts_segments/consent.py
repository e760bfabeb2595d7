"""Consent to cloned voices: a stage that makes or uses one asks for it each time that it begins."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from dub_assets.core.consent import ConsentOptions, VoiceConsent, voice_consent
from dub_assets.core.errors import ConsentMissingError
from dub_assets.core.ports import Consents, Engines, StageContext
from dub_assets.core.request import DubRequest
from dub_assets.options import DubOptions
from dub_assets.stages.tts_segments.casting import Cast, cloned_speaker, is_cloned
from dub_assets.stages.tts_segments.values import TtsSegment


def check_any_consent(request: DubRequest, engines: Engines, consents: Consents, options: DubOptions) -> None:
    """Raise ConsentMissingError, before any work, if a job would clone voices and no consent is for it.

    Which speakers there are is not known yet; a job that gives some of them voices is checked once they are.
    """
    chosen = request.voices or options.speakers.voices
    if options.consent.missing != "refuse" or chosen or not engines.clones(request.target_language):
        return
    if not consents.has_any():
        raise ConsentMissingError(
            f"the engine clones the speakers' voices, and no valid consent is recorded: {_advice(request.job_id, None)}"
        )


def consented(cast: Cast, options: ConsentOptions, ctx: StageContext) -> Cast:
    """Return a cast in which only speakers who consented are cloned; the others keep their voice of the engine.

    Raises ConsentMissingError instead if the options say so.
    """
    if not cast.cloned_speakers:
        return cast
    granted = ctx.consents.granted(cast.cloned_speakers)
    missing = [speaker for speaker in cast.cloned_speakers if speaker not in granted]
    if missing and options.missing == "refuse":
        raise ConsentMissingError(
            f"{_named(missing)} would be cloned without a valid consent: {_advice(ctx.keys.request.job_id, missing[0])}"
        )
    return replace(cast, cloned_speakers=tuple(speaker for speaker in cast.cloned_speakers if speaker in granted))


def voice_consents(lines: Iterable[TtsSegment], ctx: StageContext) -> tuple[VoiceConsent, ...]:
    """Return the consents to the cloned voices that speak these lines.

    Raises ConsentMissingError if one is no longer valid: only a new run of the job replaces the voice.
    """
    voices = dict.fromkeys(line.speech.voice for line in lines if is_cloned(line.speech.voice))
    if not voices:
        return ()
    speakers = [cloned_speaker(voice) for voice in voices]
    granted = ctx.consents.granted(speakers)
    missing = [speaker for speaker in speakers if speaker not in granted]
    if missing:
        job_id = ctx.keys.request.job_id
        raise ConsentMissingError(
            f"{_named(missing)} is cloned in job {job_id}, and no consent to it is valid any more: record one with "
            "`dub-assets consent add`, or run the whole job again with another voice"
        )
    return tuple(voice_consent(voice, *granted[cloned_speaker(voice)]) for voice in voices)


def _named(speakers: Collection[str | None]) -> str:
    named = sorted(speaker for speaker in speakers if speaker)
    if not named:
        return "the speaker's voice"
    return f"the voice of speaker {named[0]}" if len(named) == 1 else f"the voices of speakers {', '.join(named)}"


def _advice(job_id: str, speaker: str | None) -> str:
    of = f" --speaker {speaker}" if speaker else ""
    return (
        f"record one with `dub-assets consent add {job_id}{of}`, name a voice of the engine (`dub --voice "
        f"{speaker or 'A'}=...`), or set CONSENT_MISSING=studio"
    )
