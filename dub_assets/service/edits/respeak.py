"""The speech of an external segment, from the text and the sounds that a message names."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from dub_assets.core.engine_use import releasing
from dub_assets.core.errors import MediaError, ObjectCorruptError
from dub_assets.core.marking import CLIP_NOTICE
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import Engines, MediaTool, SoundFiles, Synthesiser, Workspace
from dub_assets.core.signal.level import active_speech_level_dbfs, apply_gain_db
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import Utterance
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from dub_assets.service.segment_request import SegmentTtsKeys, SegmentTtsRequest
from dub_assets.stages.tts_segments.clips import level_gain_db
from dub_assets.stages.tts_segments.fitting import UnplacedLine, place, speed_to_ask
from dub_assets.stages.tts_segments.options import FitOptions
from dub_assets.text_normalisation import verbalise
from dub_assets.text_normalisation.speaking_rate import ordinary_ms

_LEVEL_INTERVAL = Interval(start_ms=0, end_ms=300_000)
"""The part of a source that its level is measured on; no segment is longer."""


def respeak(
    request: SegmentTtsRequest,
    keys: SegmentTtsKeys,
    language: str,
    *,
    engines: Engines,
    options: FitOptions,
    workspace: Workspace,
    sounds: SoundFiles,
    media: MediaTool,
) -> MediaObject:
    """Write the speech of the request's text: 48 kHz mono, fitted to the slot if there is one, 16-bit WAV.

    Its level is that of the speech in the sources, or, without any, that of the engine. Words are never cut: what does
    not fit at the highest tempo is longer than its slot. Raises UnsupportedLanguageError.
    """
    target_dbfs = _speech_level(keys.source_keys, workspace, sounds)
    synthesiser = engines.synthesiser(language)
    with releasing(engines, synthesiser):
        natural = Utterance(text=verbalise(request.text, language), language=language, voice=engines.voice(language))
        sound = _spoken(natural, request.slot_ms, synthesiser, options, media)
    speech = sounds.resample(sound, SAMPLE_RATE_HZ)
    path = workspace.new(keys.tts_key)
    with sounds.writer(path, channels=1, rate_hz=SAMPLE_RATE_HZ, comment=CLIP_NOTICE) as file:
        file.write(apply_gain_db(speech, level_gain_db(speech, target_dbfs)))
    return workspace.seal(keys.tts_key)


def _spoken(
    natural: Utterance, slot_ms: int | None, synthesiser: Synthesiser, options: FitOptions, media: MediaTool
) -> Sound:
    """Synthesise the text; if there is a slot, fit it by the engine's own speed, then by a time stretch."""
    if slot_ms is None:
        (sound,) = synthesiser.synthesise([natural])
        return sound
    slot = Interval(start_ms=0, end_ms=slot_ms)
    (predicted_ms,) = synthesiser.predict_ms([natural])
    usual_ms = ordinary_ms(natural.text, natural.language)
    speed = speed_to_ask(predicted_ms, usual_ms, slot, max_speed=synthesiser.capabilities.max_speed, options=options)
    fitted = Utterance(text=natural.text, language=natural.language, voice=natural.voice, speed=speed)
    (sound,) = synthesiser.synthesise([fitted])
    line = UnplacedLine(segment=slot, slot=slot, ordinary_ms=usual_ms, speed=speed, duration_ms=sound.duration_ms)
    (placement,) = place([line], duration_ms=slot_ms + sound.duration_ms, options=options)
    return media.stretch(sound, placement.stretch) if placement.stretch > 1.0 else sound


def _speech_level(keys: Sequence[str], workspace: Workspace, sounds: SoundFiles) -> float | None:
    """Return the median level in dBFS of the speech in the sounds; None if none of them has speech."""
    levels: list[float] = []
    for key in keys:
        try:
            level = active_speech_level_dbfs(sounds.read(workspace.open(workspace.adopt(key)), _LEVEL_INTERVAL))
        except ObjectCorruptError as error:
            raise MediaError(f"{key} cannot be read as sound: name other source_keys, or none") from error
        if level is not None:
            levels.append(level)
    return median(levels) if levels else None
