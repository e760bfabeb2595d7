from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval

pytestmark = pytest.mark.media

RATE_HZ = 48_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of stereo: a tone of 440 Hz from 2 s to 3 s, on both sides, over faint noise."""
    path = tmp_path_factory.mktemp("preview") / "sound.flac"
    samples = np.random.default_rng(0).normal(0, 1e-4, (6 * RATE_HZ, 2)).astype(np.float32)
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)
    samples[2 * RATE_HZ : 3 * RATE_HZ] += tone[:, None].astype(np.float32)
    with SoundfileSoundFiles().writer(path, channels=2, rate_hz=RATE_HZ) as file:
        file.write(Sound(samples=samples, rate_hz=RATE_HZ))
    return path


def decoded(content: bytes) -> np.ndarray:
    with av.open(io.BytesIO(content)) as container:
        (stream,) = container.streams
        assert (container.format.name, stream.codec_context.name) == ("matroska,webm", "opus")
        assert stream.codec_context.channels == 1
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(stream)])


def test_the_whole_is_as_long_and_has_its_tone_in_its_place(recording: Path) -> None:
    heard = decoded(media_tool().preview(recording, Interval(start_ms=0, end_ms=6_000)))
    assert len(heard) == pytest.approx(6 * RATE_HZ, abs=0.03 * RATE_HZ)
    loud = np.flatnonzero(np.abs(heard) > 0.25) / RATE_HZ
    assert (loud[0], loud[-1]) == (pytest.approx(2, abs=0.02), pytest.approx(3, abs=0.02))


def test_an_interval_begins_where_it_should(recording: Path) -> None:
    content = media_tool().preview(recording, Interval(start_ms=1_500, end_ms=3_500))
    heard = decoded(content)
    assert len(heard) == pytest.approx(2 * RATE_HZ, abs=0.03 * RATE_HZ)
    loud = np.flatnonzero(np.abs(heard) > 0.25) / RATE_HZ
    assert loud[0] == pytest.approx(0.5, abs=0.02)


def test_it_is_small_and_the_same_each_time(recording: Path) -> None:
    tool, whole = media_tool(), Interval(start_ms=0, end_ms=6_000)
    first = tool.preview(recording, whole)
    assert first == tool.preview(recording, whole)
    assert len(first) < 6 * 5_000
