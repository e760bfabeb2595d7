"""A stretch of an encoded file's sound lies where the programme has it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval
from dub_assets.stages.quality.lag import lag_frames

pytestmark = pytest.mark.media

SECONDS = 8


@pytest.fixture(scope="module")
def programme() -> Sound:
    noise = np.random.default_rng(5).standard_normal((SECONDS * 48_000, 2)) * 0.1
    smooth = np.apply_along_axis(np.convolve, 0, noise, np.ones(8) / 8, "same")
    return Sound(samples=smooth.astype(np.float32), rate_hz=48_000)


def encoded(programme: Sound, folder: Path, delay_ms: int) -> Path:
    soundfile.write(folder / "sound.wav", programme.samples, 48_000)
    target = folder / "video.mp4"
    picture = ["-f", "lavfi", "-i", f"testsrc=size=160x120:rate=25:duration={SECONDS}"]
    sound = ["-itsoffset", f"{delay_ms / 1000}", "-i", str(folder / "sound.wav")]
    coding = ["-c:a", "aac", "-b:a", "256k", "-pix_fmt", "yuv420p", str(target)]
    subprocess.run([find_ffmpeg(), "-v", "error", *picture, *sound, *coding], check=True)
    return target


@pytest.mark.parametrize(
    ("layout", "channels", "codec"),
    [("7.1", 8, "aac"), ("7.1(wide)", 8, "aac"), ("6.1", 7, "aac"), ("7.1", 8, "flac"), ("5.1", 6, "ac3")],
)
def test_surround_sound_has_excerpts_with_all_its_channels(programme, tmp_path, layout, channels, codec):
    soundfile.write(tmp_path / "sound.wav", programme.samples, 48_000)
    spread = f"pan={layout}|" + "|".join(f"c{channel}=c{channel % 2}" for channel in range(channels))
    target = tmp_path / "sound.mp4"
    coding = ["-i", str(tmp_path / "sound.wav"), "-af", spread, "-c:a", codec, "-b:a", "640k", str(target)]
    subprocess.run([find_ffmpeg(), "-v", "error", *coding], check=True)
    interval = Interval(start_ms=3_333, end_ms=4_833)
    heard = media_tool().excerpt(target, interval)
    reference = Sound(samples=programme.samples[interval.start_frame : interval.end_frame], rate_hz=48_000)
    assert heard.channels == channels
    assert lag_frames(heard, reference) == 0


@pytest.mark.parametrize("delay_ms", [0, 120])
def test_an_excerpt_of_an_encoded_file_is_where_it_was_put(programme, tmp_path, delay_ms):
    video = encoded(programme, tmp_path, delay_ms)
    for start_ms in (0, 3_333, 6_000):
        interval = Interval(start_ms=start_ms, end_ms=start_ms + 1_500)
        heard = media_tool().excerpt(video, interval)
        reference = Sound(samples=programme.samples[interval.start_frame : interval.end_frame], rate_hz=48_000)
        assert heard.samples.shape == reference.samples.shape
        assert lag_frames(heard, reference) == delay_ms * 48


def test_gaps_of_the_track_are_silent(programme, tmp_path):
    video = encoded(programme, tmp_path, 0)
    interval = Interval(start_ms=SECONDS * 1000 - 500, end_ms=SECONDS * 1000 + 500)
    heard = media_tool().excerpt(video, interval).samples
    assert heard.shape == (48_000, 2)
    assert heard[:20_000].any()
    assert not heard[30_000:].any()
