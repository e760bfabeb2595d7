"""Playing faster or slower with the pitch kept."""

import numpy as np
import pytest
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.signal.sound import Sound

pytestmark = pytest.mark.media

RATE_HZ = 24_000


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


def hum(seconds: float, channels: int = 1, pitch_hz: float = 200.0) -> Sound:
    """A tone with two overtones that swells twice a second."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * pitch_hz * n * time) / n for n in (1, 2, 3)) * (1 + np.sin(4 * np.pi * time)) / 8
    return Sound(samples=np.repeat(tone[:, None], channels, axis=1).astype(np.float32), rate_hz=RATE_HZ)


def pitch_hz(sound: Sound) -> float:
    spectrum = np.abs(np.fft.rfft(sound.samples[:, 0] * np.hanning(sound.frames)))
    return float(np.fft.rfftfreq(sound.frames, 1 / sound.rate_hz)[spectrum.argmax()])


@pytest.mark.parametrize("tempo", [0.5, 0.9, 0.97, 1.03, 1.25, 1.6, 2.0])
@pytest.mark.parametrize("seconds", [0.3, 2.0, 8.0])
def test_the_length_is_within_20_ms_of_the_exact_one(tool, tempo, seconds):
    sound = hum(seconds)

    stretched = tool.stretch(sound, tempo)

    assert stretched.rate_hz == RATE_HZ
    assert stretched.samples.dtype == np.float32
    assert abs(stretched.frames - sound.frames / tempo) <= 0.02 * RATE_HZ


@pytest.mark.parametrize("tempo", [0.9, 1.25, 1.6])
def test_the_pitch_and_the_level_are_kept(tool, tempo):
    sound = hum(3)

    stretched = tool.stretch(sound, tempo)

    assert abs(pitch_hz(stretched) - 200) < 3
    level_db = 20 * np.log10(np.std(stretched.samples) / np.std(sound.samples))
    assert abs(level_db) < 0.5


def test_channels_stay_apart(tool):
    left, right = hum(1).samples[:, 0], hum(1, pitch_hz=330).samples[:, 0]

    stretched = tool.stretch(Sound(samples=np.stack([left, right], axis=1), rate_hz=RATE_HZ), 1.2)

    assert stretched.channels == 2
    for channel, expected_hz in enumerate((200, 330)):
        alone = Sound(samples=stretched.samples[:, channel : channel + 1], rate_hz=RATE_HZ)
        assert abs(pitch_hz(alone) - expected_hz) < 5


def test_nothing_changes_at_tempo_one(tool):
    sound = hum(0.5)

    assert tool.stretch(sound, 1.0) is sound


def test_silence_of_no_length_stays_so(tool):
    nothing = hum(0)

    assert tool.stretch(nothing, 1.2).frames == 0


def test_the_same_sound_gives_the_same_samples(tool):
    sound = hum(2)

    assert np.array_equal(tool.stretch(sound, 1.13).samples, tool.stretch(sound, 1.13).samples)


@pytest.mark.parametrize("tempo", [0.49, 2.01, float("nan")])
def test_a_tempo_out_of_range_is_an_error(tool, tempo):
    with pytest.raises(ValueError, match="tempo"):
        tool.stretch(hum(0.5), tempo)
