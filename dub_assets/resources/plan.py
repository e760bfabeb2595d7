"""Checks before any work that the engines can do a job, and loads their models ahead."""

from __future__ import annotations

from dub_assets.core.errors import InputError
from dub_assets.core.language import parse_language
from dub_assets.core.ports import Consents, Engines
from dub_assets.core.request import DubRequest
from dub_assets.options import DubOptions
from dub_assets.stages.tts_segments.casting import check_voices
from dub_assets.stages.tts_segments.consent import check_any_consent
from dub_assets.stages.tts_segments.pronunciations import check_pronunciations


def load_ahead(request: DubRequest, engines: Engines) -> None:
    """Start to load the models that a new job needs, in the order of the stages, while its first stage works."""
    engines.prepare(
        *([] if request.transcript_key else [engines.recogniser(request.source_language)]),
        engines.turn_diariser(),
        engines.synthesiser(request.target_language),
        engines.language_identifier(),
    )


def check_job(request: DubRequest, engines: Engines, consents: Consents, options: DubOptions) -> None:
    """Raise an error with what to do if no engine can do a stage, or nobody consented to cloned voices.

    If the source language is still to be detected, the translator is checked once it is known. What the job's own
    subtitles replace needs no engine.
    """
    source, target = request.source_language, parse_language(request.target_language)
    if source == target:
        raise InputError(f"the video is to be dubbed from {source!r} into the same language: name another target")
    engines.separator()
    if request.transcript_key is None:
        engines.recogniser(source)
    if source != "auto" and request.translation_key is None:
        engines.translator(source, target)
    engines.voice(target)
    check_any_consent(request, engines, consents, options)
    synthesiser = engines.synthesiser(target)
    if request.pronunciations:  # the identity reads the weights, which may be written to the cache for that
        check_pronunciations(request.pronunciations, synthesiser.identity.name, synthesiser.capabilities)
    check_voices(synthesiser.capabilities.voices_for(target), request.voices)
