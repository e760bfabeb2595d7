"""Sound that begins or ends anywhere beside the picture: extracted, and in its place to the sample."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from support.media_clips import ffmpeg, lag_frames, noise, numbered, numbers, opened, write_noise
from support.media_renditions import render
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.extraction import write_sound
from dub_assets.adapters.ffmpeg.probe import read_info
from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.limits import MediaLimits
from dub_assets.core.track_choice import DEFAULT_TRACK

pytestmark = pytest.mark.media

RATE_HZ = 48_000
AAC_FRAME = 1024
PICTURES = 5
WHOLE_FRAMES = 4
"""Whole sound frames of a short clip, before the last one, which is not whole."""

TOLERANCE = {".mp4": 1, ".mov": 1, ".mkv": 48, ".ts": 1}
"""How exact the clocks of containers are, in samples."""

UNFOLLOWED = 0.05 * RATE_HZ
"""Gaps between joined sounds that are smaller are taken for rounding of the container."""

LATE_S = 0.02109375
"""About one AAC frame, by which the picture of real files is often late."""


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered(tmp_path_factory.mktemp("clips") / "picture.mp4")


def write_clip(path: Path, picture: Path, samples: np.ndarray, late: int) -> None:
    """Write PCM from time 0 in frames of 1,024 samples, and a picture that begins ``late`` samples after it."""
    timescales = {"movie_timescale": str(RATE_HZ), "video_track_timescale": str(RATE_HZ)}
    with av.open(str(picture)) as source, av.open(str(path), "w", format="mov", options=timescales) as target:
        shown = target.add_stream_from_template(source.streams.video[0])
        heard = target.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        for packet in _first_pictures(source):
            tick = packet.time_base
            packet.pts, packet.dts = (
                round(time * tick * RATE_HZ) + late for time in (packet.pts, packet.dts) if time is not None
            )
            packet.time_base, packet.stream = Fraction(1, RATE_HZ), shown
            target.mux(packet)
        for start in range(0, len(samples), AAC_FRAME):
            block = samples[start : start + AAC_FRAME].reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            target.mux(heard.encode(frame))
        target.mux(heard.encode(None))


def _first_pictures(source: av.container.InputContainer) -> Iterator[av.Packet]:
    packets = (packet for packet in source.demux(video=0) if packet.size)
    return (packet for _, packet in zip(range(PICTURES), packets, strict=False))


def extracted(clip: Path) -> np.ndarray:
    """The sound of a clip as the tool gives it: 16-bit values, shape (frames, channels)."""
    target = clip.with_suffix(".flac")
    # In this process: a child for each clip would take minutes.
    write_sound(clip, read_info(clip, MediaLimits().max_pixels, DEFAULT_TRACK), target)
    return soundfile.read(target, always_2d=True, dtype="int16")[0]


def test_every_rest_of_a_first_and_last_frame_is_extracted_to_the_sample(picture, tmp_path):
    random = np.random.default_rng(0)
    samples = random.integers(-20_000, 20_000, (WHOLE_FRAMES + 1) * AAC_FRAME, dtype=np.int16)

    def extracted_right(rest: int) -> bool:
        clip = tmp_path / f"{rest}.mov"
        sound = samples[: WHOLE_FRAMES * AAC_FRAME + rest]  # the last frame keeps `rest` samples
        write_clip(clip, picture, sound, late=AAC_FRAME - rest)  # and so does the first one
        heard, expected = extracted(clip)[:, 0], sound[AAC_FRAME - rest :]
        clip.unlink()
        return np.array_equal(heard[: len(expected)], expected) and not heard[len(expected) :].any()

    rests = range(1, AAC_FRAME)
    with ThreadPoolExecutor(4) as pool:
        wrong = [rest for rest, right in zip(rests, pool.map(extracted_right, rests), strict=True) if not right]

    assert wrong == []


@pytest.mark.parametrize("rest", [1, 11, 15, 16, 1023])
def test_such_a_clip_is_rendered_with_its_original_sound(tool, picture, tmp_path, rest):
    clip = tmp_path / "clip.mov"
    write_clip(clip, picture, np.full(WHOLE_FRAMES * AAC_FRAME + rest, 9_000, np.int16), late=AAC_FRAME - rest)

    dubbed, _ = render(tool, clip, tmp_path)

    with opened(dubbed) as container:
        pictures = list(container.decode(video=0))
        assert [len(container.streams.video), len(container.streams.audio)] == [1, 2]
    assert (len(pictures), pictures[0].pts) == (PICTURES, 0)


def write_late_picture(folder: Path, picture: Path, target: Path) -> Path:
    sound = write_noise(folder / "noise.wav", RATE_HZ)
    streams = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-b:a", "256k")
    ffmpeg("-itsoffset", LATE_S, "-i", picture, "-i", sound, *streams, target)
    return target


def picture_start_s(clip: Path) -> float:
    with opened(clip) as container:
        return float(min(frame.pts * frame.time_base for frame in container.decode(video=0)))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts"])
def test_a_picture_that_is_late_by_an_aac_frame(picture, tmp_path, suffix):
    clip = write_late_picture(tmp_path, picture, tmp_path / f"late{suffix}")
    sound_start_s = {".ts": picture_start_s(clip) - LATE_S}.get(suffix, 0)

    heard = extracted(clip)[:, 0]

    expected = (sound_start_s - picture_start_s(clip)) * RATE_HZ
    assert abs(lag_frames(heard, noise(RATE_HZ)[:, 0], RATE_HZ) - expected) < TOLERANCE[suffix]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_clips_joined_by_the_concat_demuxer_keep_sound_and_picture_together(picture, tmp_path, suffix):
    part = write_late_picture(tmp_path, picture, tmp_path / f"part{suffix}")
    joined, playlist = tmp_path / f"joined{suffix}", tmp_path / "parts.txt"
    playlist.write_text(f"file '{part}'\nfile '{part}'\n")
    ffmpeg("-f", "concat", "-safe", "0", "-i", playlist, "-c", "copy", joined)
    first, second = (float(time) for time, number in numbers(joined) if number == 0)

    heard = extracted(joined)[:, 0]

    middle = round((second - first) * RATE_HZ)
    lags = [lag_frames(half, noise(RATE_HZ)[:, 0], RATE_HZ) for half in (heard[:middle], heard[middle:])]
    assert abs(lags[0] + LATE_S * RATE_HZ) < 48
    assert abs(lags[1] - lags[0]) < UNFOLLOWED
