"""New speech for a segment of others': its words, its length, its level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.fakes import FakeEngines, FakeMediaTool, FakeSynthesiser

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.errors import InputError, ObjectMissingError, UnsupportedLanguageError
from dub_assets.core.signal.level import active_speech_level_dbfs
from dub_assets.core.signal.sound import Sound, silence
from dub_assets.service.edits.respeak import respeak
from dub_assets.service.segment_request import SegmentTtsKeys, SegmentTtsRequest
from dub_assets.stages.segment_mixes.values import GainChange
from dub_assets.stages.tts_segments.options import FitOptions

PREFIX = "projects/p/interim/j/segments/0003"
TEXT = "Quarenta letras, mais ou menos, ao todo."
SOUNDS = SoundfileSoundFiles()


class JobResources:
    def __init__(self, folder: Path) -> None:
        self.store = LocalObjectStore(folder / "objects")
        self.workspace = LocalWorkspace(folder / "workspace", self.store)
        self._folder = folder

    def put(self, key: str, samples: np.ndarray, rate_hz: int) -> str:
        path = self._folder / "theirs.wav"
        soundfile.write(path, samples, rate_hz)
        self.store.put(key, path.read_bytes(), "audio/wav")
        return key

    def said(
        self,
        engines: FakeEngines,
        *,
        text: str = TEXT,
        slot_ms: int | None = None,
        sources: tuple[str, ...] = (),
        language: str = "pt",
    ) -> Sound:
        keys = SegmentTtsKeys(
            source_keys=sources, bgm_key=f"{PREFIX}_bgm.wav", tts_key=f"{PREFIX}_tts.wav", mix_key=f"{PREFIX}_mix.wav"
        )
        made = respeak(
            request(slot_ms, text),
            keys,
            language,
            engines=engines,
            options=FitOptions(),
            workspace=self.workspace,
            sounds=SOUNDS,
            media=FakeMediaTool(silence(48_000, 2, 48_000), SOUNDS),
        )
        assert made.key == keys.tts_key
        assert soundfile.info(self.workspace.open(made)).subtype == "PCM_16"
        return SOUNDS.read(self.workspace.open(made))


def request(slot_ms: int | None, text: str) -> SegmentTtsRequest:
    return SegmentTtsRequest(
        job_id="j",
        project_id=None,
        callback_url="https://consumer.example/j",
        index=3,
        sent_index="3",
        text=text,
        target_language=None,
        slot_ms=slot_ms,
        segment_prefix=None,
        source_keys=(),
        bgm_key=None,
        tts_key=None,
        mix_key=None,
        gains=GainChange(),
        rebuild_video=False,
    )


@pytest.fixture
def job_resources(tmp_path: Path) -> JobResources:
    return JobResources(tmp_path)


def voice(rate_hz: int, amplitude: float) -> np.ndarray:
    time = np.arange(rate_hz) / rate_hz
    return (amplitude * np.sin(2 * np.pi * 200 * time)).astype(np.float32)[:, None]


def test_speech_without_a_slot_has_its_natural_length(job_resources):
    engines = FakeEngines()
    sound = job_resources.said(engines)
    assert (sound.rate_hz, sound.channels) == (48_000, 1)
    assert sound.duration_ms == len(TEXT) * 60
    assert engines.synthesiser("pt").spoken == [TEXT]
    assert engines.synthesiser("pt").closed


@pytest.mark.parametrize("slot_ms", [None, 9000])
def test_numbers_are_spoken_in_words(job_resources, slot_ms):
    engines = FakeEngines()
    job_resources.said(engines, text="São R$ 3,50 por 2 horas.", slot_ms=slot_ms)
    assert engines.synthesiser("pt").spoken == ["São três reais e cinquenta centavos por duas horas."]


@pytest.mark.parametrize(("slot_ms", "expected_ms"), [(3000, 2400), (2000, 2000), (1000, 1832)])
def test_speech_is_sped_up_to_fit_its_slot_and_never_cut_nor_slowed(job_resources, slot_ms, expected_ms):
    """Its natural length is 2.4 s; its text ordinarily takes 2.47 s, and is spoken 1.35 times as fast at most."""
    sound = job_resources.said(FakeEngines(synthesiser=FakeSynthesiser(max_speed=1.2)), slot_ms=slot_ms)
    assert sound.duration_ms == pytest.approx(expected_ms, abs=3)


def test_speech_has_the_level_of_its_sources(job_resources):
    sources = [
        job_resources.put(f"projects/p/inputs/voice{number}.wav", voice(rate_hz, amplitude), rate_hz)
        for number, (rate_hz, amplitude) in enumerate([(16_000, 0.05), (44_100, 0.1), (48_000, 0.2)])
    ]
    level = active_speech_level_dbfs(job_resources.said(FakeEngines(), sources=tuple(sources)))
    assert level == pytest.approx(20 * np.log10(0.1 / 2**0.5), abs=0.1)


def test_sources_without_speech_do_not_change_the_level(job_resources):
    source = job_resources.put("projects/p/inputs/still.wav", np.zeros((48_000, 1), dtype=np.float32), 48_000)
    level = active_speech_level_dbfs(job_resources.said(FakeEngines(), sources=(source,)))
    assert level == pytest.approx(20 * np.log10(0.25 / 2**0.5), abs=0.1)


def test_an_unreadable_or_missing_source_is_an_error_with_its_key(job_resources):
    job_resources.store.put("projects/p/inputs/page.html", b"<html>", "text/html")
    with pytest.raises(InputError, match=r"page\.html cannot be read as sound"):
        job_resources.said(FakeEngines(), sources=("projects/p/inputs/page.html",))
    with pytest.raises(ObjectMissingError, match=r"gone\.wav"):
        job_resources.said(FakeEngines(), sources=("projects/p/inputs/gone.wav",))


def test_a_language_without_synthesiser_is_an_error(job_resources):
    with pytest.raises(UnsupportedLanguageError, match="'ko'"):
        job_resources.said(FakeEngines(), language="ko")
