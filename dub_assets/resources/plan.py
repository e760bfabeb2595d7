"""What is checked before any work: that the engines at hand can do this job."""

from __future__ import annotations

from dub_assets.core.errors import InputError
from dub_assets.core.ports import Engines
from dub_assets.core.request import DubRequest
from dub_assets.stages.tts_segments.casting import check_voices


def load_ahead(request: DubRequest, engines: Engines) -> None:
    """Have the models that a new job needs loaded while its first stage works, in the order of the stages."""
    engines.prepare(
        engines.recogniser(request.source_language),
        engines.turn_diariser(),
        engines.synthesiser(request.target_language),
        engines.language_identifier(),
    )


def check_engines(request: DubRequest, engines: Engines) -> None:
    """Raise UnsupportedLanguageError, naming what could serve, or ConfigurationError, where an engine is wanting.

    A source language yet to be detected is checked as soon as it is known.
    """
    source, target = request.source_language, request.target_language
    if source == target:
        raise InputError(f"the video is to be dubbed from {source!r} into the same language: name another target")
    engines.separator()
    engines.recogniser(source)
    if source != "auto":
        engines.translator(source, target)
    engines.synthesiser(target)
    engines.voice(target)
    check_voices(engines.synthesiser(target).capabilities.voices_for(target), request.voices)
