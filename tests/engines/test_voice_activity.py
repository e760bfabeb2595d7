"""Contract tests of voice activity detectors. Add another detector to ``DETECTORS``."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from support.recordings import blocks, loud_ms, melody, noise, sound, speech, under

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.ports import VoiceActivityDetector
from dub_assets.engines.deepfilternet import engine as deepfilternet
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.voice_activity.silero import SileroVoiceActivityDetector
from dub_assets.engines.voice_activity.webrtc import WebRtcVoiceActivityDetector

pytestmark = pytest.mark.models

DETECTORS = [
    WebRtcVoiceActivityDetector(),
    WebRtcVoiceActivityDetector(aggressiveness=3, frame_ms=20),
    WebRtcVoiceActivityDetector(aggressiveness=3, frame_ms=10),
    SileroVoiceActivityDetector(),
]
RATE_HZ = 16_000


@pytest.fixture(params=DETECTORS, ids=lambda detector: "-".join(value for _, value in detector.identity.settings))
def detector(request) -> VoiceActivityDetector:
    return request.param


def speech_then_silence() -> np.ndarray:
    """Twelve seconds of speech and three of silence."""
    return np.concatenate([speech(RATE_HZ)[: 12 * RATE_HZ], np.zeros(3 * RATE_HZ, np.float32)])


def covered(regions, length_ms: int) -> np.ndarray:
    mask = np.zeros(length_ms, dtype=bool)
    for region in regions:
        mask[region.start_ms : region.end_ms] = True
    return mask


def test_finds_speech_and_leaves_out_pauses(detector: VoiceActivityDetector):
    track = speech_then_silence()
    loud = loud_ms(track, RATE_HZ)
    found = covered(detector.regions([sound(track, rate_hz=RATE_HZ)]), len(loud))
    assert np.mean(found[loud]) > 0.9
    assert np.mean(found[~loud]) < 0.2
    assert not found[12_500:].any()


@pytest.mark.parametrize("bed", [melody, noise])
def test_finds_speech_in_separated_vocals_but_not_the_background(tmp_path, bed):
    voice = np.concatenate([speech()[: 48_000 * 12], np.zeros(48_000 * 3, np.float32)])
    mixture = voice + under(voice, bed(len(voice)), 5)
    settings = EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=2)
    pairs = deepfilternet.DeepFilterNet(settings).separate([sound(mixture)])
    vocals = np.concatenate([vocals.samples for _, vocals in pairs])[::3, 0]
    loud = loud_ms(voice, 48_000)
    found = covered(WebRtcVoiceActivityDetector().regions([sound(vocals, rate_hz=RATE_HZ)]), len(loud))
    assert np.mean(found[loud]) > 0.9
    assert np.mean(found[~loud]) < 0.2
    assert not found[12_500:].any()


def test_regions_are_sorted_disjoint_and_inside_the_sound(detector: VoiceActivityDetector):
    track = speech_then_silence()[: 4 * RATE_HZ + 77]
    regions = detector.regions([sound(track, rate_hz=RATE_HZ)])
    assert regions
    assert all(region.start_ms < region.end_ms <= 4004 for region in regions)
    assert all(one.end_ms < next_.start_ms for one, next_ in pairwise(regions))


def test_closes_speech_at_the_end_of_the_sound(detector: VoiceActivityDetector):
    track = speech(RATE_HZ)[RATE_HZ : 2 * RATE_HZ + 100]
    assert 900 < detector.regions([sound(track, rate_hz=RATE_HZ)])[-1].end_ms <= 1006


@pytest.mark.parametrize("frames", [1, 333, 16_000])
def test_block_length_does_not_change_the_regions(detector: VoiceActivityDetector, frames: int):
    whole = sound(speech(RATE_HZ)[: 2 * RATE_HZ], rate_hz=RATE_HZ)
    assert detector.regions(blocks(whole, frames)) == detector.regions([whole])


@pytest.mark.parametrize("track", [np.zeros(RATE_HZ), np.zeros(7), np.zeros(0)], ids=["silence", "instant", "nothing"])
def test_silence_has_no_speech(detector: VoiceActivityDetector, track):
    assert detector.regions([sound(track, rate_hz=RATE_HZ)]) == []


def test_empty_sound_has_no_speech(detector: VoiceActivityDetector):
    assert detector.regions([]) == []


def test_refuses_another_sample_rate(detector: VoiceActivityDetector):
    with pytest.raises(ValueError, match="16000 Hz"):
        detector.regions([sound(np.zeros(480))])


@pytest.mark.parametrize("settings", [{"aggressiveness": 4}, {"aggressiveness": -1}, {"frame_ms": 25}])
def test_refuses_settings_that_webrtc_does_not_have(settings: dict[str, int]):
    with pytest.raises(ConfigurationError, match="VAD"):
        WebRtcVoiceActivityDetector(**settings)
