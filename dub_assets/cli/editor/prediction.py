"""The predicted length and tempo of a text that is being written."""

from __future__ import annotations

from typing import Any

from dub_assets.core.ports import Synthesiser
from dub_assets.stages.tts_segments.casting import LineVoice, is_cloned
from dub_assets.stages.tts_segments.fitting import speed_to_ask
from dub_assets.stages.tts_segments.options import MAX_SPEED_UP, ON_TIME_MS, FitOptions
from dub_assets.stages.tts_segments.values import TtsSegment
from dub_assets.text_normalisation import verbalise
from dub_assets.text_normalisation.speaking_rate import ordinary_ms


def predict(
    text: str, line: TtsSegment, language: str, synthesiser: Synthesiser, options: FitOptions
) -> dict[str, Any]:
    """Return how long a text will last in a line's slot, and how fast it will be spoken, as JSON.

    ``level`` is ``ok``, ``fast`` over the free tempo, or ``over`` if it does not fit.
    """
    usual_ms = ordinary_ms(text, language)
    natural_ms = _natural_ms(text, line, language, synthesiser, usual_ms)
    max_speed = synthesiser.capabilities.max_speed
    speed = speed_to_ask(natural_ms, usual_ms, line.slot, max_speed=max_speed, options=options)
    room_ms = line.slot.duration_ms + ON_TIME_MS
    shortest_ms = max(usual_ms / options.max_tempo, natural_ms / MAX_SPEED_UP)
    length_ms = max(1, round(min(natural_ms / speed, max(room_ms, shortest_ms))))
    tempo = usual_ms / length_ms
    is_hurried = length_ms < natural_ms
    level = "over" if length_ms > room_ms else "fast" if is_hurried and tempo > options.free_tempo else "ok"
    return {
        "length_ms": length_ms,
        "slot_ms": line.slot.duration_ms,
        "tempo": round(tempo, 2),
        "level": level,
    }


def _natural_ms(text: str, line: TtsSegment, language: str, synthesiser: Synthesiser, usual_ms: int) -> int:
    """Return the expected length at speed 1: the engine's; for a cloned voice, that of the line in proportion."""
    if is_cloned(line.speech.voice):
        return round(line.speech.duration_ms * line.speech.speed * usual_ms / max(1, line.ordinary_ms))
    if not verbalise(text, language).strip():
        return 1
    known = [voice.name for voice in synthesiser.capabilities.voices_for(language)]
    voice = line.speech.voice if line.speech.voice in known else known[0]  # another engine may have spoken the line
    return synthesiser.predict_ms([LineVoice(voice=voice).utterance(text, language)])[0]
