"""The sound of a file on the programme's clock, to the sample."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.media_clips import ffmpeg, lag_frames, leftovers, noise, numbered, write_noise
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.errors import InputError

pytestmark = pytest.mark.media

EXACT = 0.05  # frames at 48 kHz
ONE_TICK = 48_000 / 90_000 + EXACT  # MPEG transport streams tell times in 1/90000 s
ONE_MS = 48.0  # Matroska and FLV tell times in milliseconds


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    numbered(folder / "picture.mp4")
    return folder


def make(folder, target: Path, rate_hz, channels, *options, before_sound=(), before_picture=(), video=("-c:v", "copy")):
    """A clip of the numbered picture and the noise."""
    sound = write_noise(folder / f"{rate_hz}-{channels}.wav", rate_hz, channels)
    inputs = (*before_picture, "-i", folder / "picture.mp4", *before_sound, "-i", sound)
    ffmpeg(*inputs, *video, *options, target)
    return target


def extracted(tool, source: Path) -> np.ndarray:
    """The sound as the tool gives it, its format checked."""
    info, target = tool.probe(source), source.with_suffix(".flac")
    tool.extract_sound(source, info, target)
    written = soundfile.info(target)
    assert (written.format, written.subtype, written.samplerate) == ("FLAC", "PCM_24", 48_000)
    assert (written.frames, written.channels) == (info.sound_frames, info.track.channels)
    return soundfile.read(target, always_2d=True)[0]


AAC = ("-c:a", "aac", "-b:a", "256k")


@pytest.mark.parametrize(
    ("name", "rate_hz", "channels", "options", "tolerance"),
    [
        ("priming.mp4", 48_000, 2, AAC, EXACT),
        ("priming-44.mp4", 44_100, 1, AAC, EXACT),
        ("slow.mp4", 22_050, 2, AAC, EXACT),
        ("slower.mp4", 11_025, 1, ("-c:a", "aac"), EXACT),
        ("fast.mkv", 96_000, 2, ("-c:a", "flac"), EXACT),
        ("plain.mov", 44_100, 2, ("-c:a", "pcm_s16le"), EXACT),
        ("mp3.mp4", 44_100, 2, ("-c:a", "libmp3lame", "-b:a", "256k"), EXACT),
        ("opus.mkv", 48_000, 2, ("-c:a", "libopus", "-b:a", "256k"), ONE_MS),
        ("priming.mkv", 48_000, 2, AAC, ONE_MS),
        ("broadcast.ts", 48_000, 2, AAC, EXACT),
        ("old.mpg", 48_000, 2, ("-c:v", "mpeg2video", "-c:a", "mp2", "-b:a", "320k"), EXACT),
    ],
)
def test_sound_and_picture_begin_together(tool, folder, tmp_path, name, rate_hz, channels, options, tolerance):
    heard = extracted(tool, make(folder, tmp_path / name, rate_hz, channels, *options))

    for channel in range(channels):
        assert abs(lag_frames(heard[:, channel], noise(rate_hz, channels)[:, channel], rate_hz)) < tolerance


@pytest.mark.parametrize(
    ("name", "options"), [("late.mkv", ("-c:a", "flac")), ("late.mp4", AAC), ("late.ts", AAC), ("late.mov", AAC)]
)
def test_a_track_that_starts_late_is_padded(tool, folder, tmp_path, name, options):
    heard = extracted(tool, make(folder, tmp_path / name, 48_000, 2, *options, before_sound=("-itsoffset", "0.5")))

    assert abs(lag_frames(heard[:, 0], noise(48_000, 2)[:, 0], 48_000) - 24_000) < EXACT
    assert np.abs(heard[:22_000]).max() < 0.001


@pytest.mark.parametrize(
    ("name", "options"), [("early.mkv", ("-c:a", "flac")), ("early.mp4", AAC), ("early.ts", AAC), ("early.mov", AAC)]
)
def test_sound_before_the_first_picture_is_kept(tool, folder, tmp_path, name, options):
    clip = make(folder, tmp_path / name, 48_000, 2, *options, before_picture=("-itsoffset", "0.8"))

    heard = extracted(tool, clip)

    held = tool.probe(clip).held_ms
    assert abs(held - 800) <= 22  # an AAC frame of silence may precede the sound
    assert abs(lag_frames(heard[:, 0], noise(48_000, 2)[:, 0], 48_000) - (held - 800) * 48) < 48


@pytest.mark.parametrize("start_s", ["40000", "0.0333"])
def test_a_clock_that_starts_anywhere_is_no_matter(tool, folder, tmp_path, start_s):
    clip = make(folder, tmp_path / "broadcast.ts", 44_100, 1, *AAC, "-output_ts_offset", start_s)

    assert abs(lag_frames(extracted(tool, clip)[:, 0], noise(44_100)[:, 0], 44_100)) < ONE_TICK


def test_sound_that_an_edit_list_hides_is_cut(tool, folder, tmp_path):
    whole = make(folder, tmp_path / "whole.mp4", 48_000, 2, *AAC)
    cut = tmp_path / "cut.mp4"
    ffmpeg("-ss", "0.72", "-i", whole, "-c", "copy", cut)

    heard = extracted(tool, cut)

    assert abs(len(heard) - 2.28 * 48_000) <= 2 * 1024
    assert abs(lag_frames(heard[:, 0], noise(48_000, 2)[:, 0], 48_000) + 0.72 * 48_000) < EXACT


def test_gaps_are_silent_and_what_follows_stays_in_its_place(tool, folder, tmp_path):
    clip, holed = make(folder, tmp_path / "whole.mp4", 48_000, 2, "-c:a", "flac"), tmp_path / "holed.mp4"
    ffmpeg("-i", clip, "-c", "copy", "-bsf:a", "noise=drop=between(pts*tb\\,1\\,1.6)", holed)

    heard, whole = extracted(tool, holed), extracted(tool, clip)

    heard_at = np.flatnonzero(heard.any(axis=1))
    longest = int(np.diff(heard_at).argmax())
    gap = slice(heard_at[longest] + 1, heard_at[longest + 1])
    assert 0.5 * 48_000 < gap.stop - gap.start < 0.8 * 48_000
    assert abs(gap.start - 48_000) < 0.1 * 48_000
    assert np.array_equal(np.delete(heard, gap, axis=0), np.delete(whole, gap, axis=0))


def test_the_end_is_padded_to_that_of_the_picture(tool, folder, tmp_path):
    sound = tmp_path / "short.wav"
    soundfile.write(sound, noise(48_000)[: 2 * 48_000], 48_000, subtype="PCM_24")
    clip = tmp_path / "short.mkv"
    ffmpeg("-i", folder / "picture.mp4", "-i", sound, "-c:v", "copy", "-c:a", "flac", clip)

    heard = extracted(tool, clip)[:, 0]

    assert len(heard) == 3 * 48_000
    assert np.array_equal(heard[: 2 * 48_000], soundfile.read(sound)[0])
    assert not heard[2 * 48_000 :].any()


@pytest.mark.parametrize("channels", range(1, 9))
def test_every_channel_is_kept_in_its_place_and_lossless_sound_bit_by_bit(tool, folder, tmp_path, channels):
    clip = make(folder, tmp_path / "clip.mkv", 48_000, channels, "-c:a", "flac", "-sample_fmt", "s32")

    heard = extracted(tool, clip)

    assert np.array_equal(heard, soundfile.read(folder / f"48000-{channels}.wav", always_2d=True)[0])


def test_the_chosen_track_is_the_one_that_is_heard(tool, folder, tmp_path):
    first, second = (write_noise(tmp_path / f"{channels}.wav", 48_000, channels) for channels in (1, 2))
    clip = tmp_path / "tracks.mkv"
    inputs = ("-i", folder / "picture.mp4", "-i", first, "-i", second, "-map", 0, "-map", 1, "-map", 2)
    dispositions = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    ffmpeg(*inputs, "-c:v", "copy", "-c:a", "flac", "-sample_fmt", "s32", *dispositions, clip)

    assert np.array_equal(extracted(tool, clip), soundfile.read(second)[0])


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a", "talk.ogg", "talk.wav"])
def test_sound_without_a_picture_begins_with_the_first_sound(tool, tmp_path, name):
    sound, clip = write_noise(tmp_path / "noise.wav", 44_100, 2), tmp_path / name
    quality = () if name.endswith("wav") else ("-b:a", "192k")
    ffmpeg("-i", sound, *quality, clip)

    heard = extracted(tool, clip)

    assert abs(lag_frames(heard[:, 0], noise(44_100, 2)[:, 0], 44_100)) < EXACT


def test_a_track_that_changes_its_channels_half_way_is_mixed_to_the_first_ones(tool, folder, tmp_path):
    first, second = (
        make(folder, tmp_path / f"{channels}.ts", 48_000, channels, "-c:a", "ac3", "-output_ts_offset", start_s)
        for channels, start_s in ((2, 0), (6, 3))
    )
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())

    found = tool.extract_sound(both, tool.probe(both), tmp_path / "both.flac")

    heard = soundfile.read(tmp_path / "both.flac", always_2d=True)[0]
    overlap, channels = found.findings
    assert overlap == "0.1 s of the sound lie over each other and are cut, at 2.9 to 3.0 s"
    assert "from 2 to 6 channels at 2.9 s" in channels
    expected = -0.08 * 48_000  # the first picture of the first part comes 80 ms later than that of the second
    assert abs(lag_frames(heard[3 * 48_000 :, 0], noise(48_000, 6)[:, 0], 48_000) - expected) < ONE_MS


def test_a_failure_leaves_nothing_behind(tool, folder, tmp_path):
    clip = make(folder, tmp_path / "clip.mp4", 48_000, 2, *AAC)
    info = tool.probe(clip)
    out = tmp_path / "out"
    out.mkdir()
    ffmpeg("-i", folder / "picture.mp4", "-c", "copy", clip)  # the sound is gone in the meantime

    with pytest.raises(InputError, match=r"could not read clip\.mp4"):
        tool.extract_sound(clip, info, out / "sound.flac")

    assert leftovers(out) == []
