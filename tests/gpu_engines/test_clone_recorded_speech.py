"""Recorded speech through the stages, its speaker cloned by XTTS (small random weights)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tiny_xtts
from support.fakes import FakeEngines, FakeTranslator
from support.recordings import SPEECH, SPEECH_MS, melody, sound, speech, under

from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.xtts.engine import Xtts

START_MS = 1_000


def words() -> list[RecognisedWord]:
    """What is read, spread evenly over its time."""
    texts = SPEECH.split()
    borders = np.linspace(START_MS, START_MS + SPEECH_MS, len(texts) + 1).astype(int).tolist()
    return [
        RecognisedWord(text=text, start_ms=start, end_ms=end, probability=0.95)
        for text, start, end in zip(texts, borders, borders[1:], strict=False)
    ]


def test_the_speaker_of_a_recording_is_cloned(new_harness, tmp_path: Path, monkeypatch):
    heard = np.pad(speech()[: SPEECH_MS * 48], (START_MS * 48, START_MS * 48))
    harness = new_harness(sound(heard, heard + under(heard, melody(len(heard)), 15.0)))
    tiny_xtts.write(tmp_path / "weights" / "xtts")
    xtts = Xtts(EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=2))
    given = []
    synthesise = xtts.synthesise
    monkeypatch.setattr(xtts, "synthesise", lambda utterances: given.extend(utterances) or synthesise(utterances))
    engines = FakeEngines(
        regions=[Interval(start_ms=START_MS, end_ms=START_MS + SPEECH_MS)],
        words=words(),
        translator=FakeTranslator(),
        synthesiser=xtts,
    )
    made = harness.run_stages(engines)
    assert {line.speech.voice for line in made.tts.segments} == {"cloned"}
    (reference,) = {utterance.reference for utterance in given}
    assert 6_000 <= reference.sound.duration_ms <= 15_000
    assert reference.sound.rate_hz == 24_000
    for line in made.tts.segments:
        clip = harness.ctx.sounds.read(harness.ctx.workspace.open(line.clip))
        assert np.abs(clip.samples).max() > 1e-3
    assert [engine.name for engine in made.tts.provenance.engines] == ["xtts"]
    given.clear()
    assert harness.run_stages(engines, made).tts is made.tts
    assert not given
