"""Every engine. To add one, write its folder with an ``ENTRY``, and a line here."""

from __future__ import annotations

from dub_assets.engines.amazon import engine as amazon
from dub_assets.engines.campplus import engine as campplus
from dub_assets.engines.chat import engine as chat
from dub_assets.engines.deepfilternet import engine as deepfilternet
from dub_assets.engines.demucs import engine as demucs
from dub_assets.engines.entry import AnyEntry
from dub_assets.engines.espeak import engine as espeak
from dub_assets.engines.faster_whisper import engine as faster_whisper
from dub_assets.engines.firefox import engine as firefox
from dub_assets.engines.hibari import engine as hibari
from dub_assets.engines.kokoro import engine as kokoro
from dub_assets.engines.many_languages import m2m100, nllb
from dub_assets.engines.piper import engine as piper
from dub_assets.engines.pyannote import engine as pyannote
from dub_assets.engines.speech_service import engine as speech_service
from dub_assets.engines.vits import engine as vits
from dub_assets.engines.whisperx import engine as whisperx
from dub_assets.engines.xtts import engine as xtts

ENTRIES: tuple[AnyEntry, ...] = (
    # separation
    demucs.ENTRY,
    deepfilternet.ENTRY,
    # recognition
    whisperx.ENTRY,
    faster_whisper.ENTRY,
    # speakers
    pyannote.ENTRY,
    campplus.ENTRY,
    # translation
    firefox.ENTRY,
    m2m100.ENTRY,
    nllb.ENTRY,
    chat.ENTRY,
    amazon.ENTRY,
    # synthesis
    hibari.ENTRY,
    kokoro.ENTRY,
    piper.ENTRY,
    espeak.ENTRY,
    speech_service.ENTRY,
    vits.ENTRY,
    xtts.ENTRY,
)
"""In order of preference within a stage."""
