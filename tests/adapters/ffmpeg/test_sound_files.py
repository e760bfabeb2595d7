"""Reading and writing sound files."""

import resource
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.media_clips import lag_frames, leftovers, noise

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.core.errors import ObjectCorruptError, ObjectMissingError, OutOfSpaceError
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval

SOUNDS = SoundfileSoundFiles()


def sound(rate_hz: int = 48_000, channels: int = 2) -> Sound:
    return Sound(samples=noise(rate_hz, channels).astype(np.float32), rate_hz=rate_hz)


def write(path: Path, content: Sound, block_frames: int = 10_000) -> Path:
    with SOUNDS.writer(path, channels=content.channels, rate_hz=content.rate_hz) as writer:
        for start in range(0, content.frames, block_frames):
            writer.write(Sound(samples=content.samples[start : start + block_frames], rate_hz=content.rate_hz))
    return path


@pytest.mark.parametrize(
    ("suffix", "written", "subtype", "step"), [(".wav", "WAV", "PCM_16", 2**-15), (".flac", "FLAC", "PCM_24", 2**-23)]
)
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_reads_back_written_samples_to_half_a_step(tmp_path, suffix, written, subtype, step, channels):
    content = sound(channels=channels)

    path = write(tmp_path / f"한국어 %04d{suffix}", content)

    info = soundfile.info(path)
    assert (info.format, info.subtype, info.samplerate, info.channels) == (written, subtype, 48_000, channels)
    assert (info.frames, SOUNDS.channels(path)) == (content.frames, channels)
    read = SOUNDS.read(path)
    assert read.rate_hz == 48_000
    assert read.samples.dtype == np.float32
    assert np.abs(read.samples - content.samples).max() <= step / 2


def test_a_comment_changes_neither_the_header_nor_the_samples(tmp_path):
    content = sound()
    plain = write(tmp_path / "plain.wav", content).read_bytes()
    path = tmp_path / "marked.wav"
    with SOUNDS.writer(path, channels=2, rate_hz=48_000, comment="Contains synthetic speech.") as writer:
        writer.write(content)
    marked = path.read_bytes()
    assert marked[8 : len(plain)] == plain[8:]
    with soundfile.SoundFile(path) as file, wave.open(str(path)) as by_python:
        assert (file.comment, file.frames) == ("Contains synthetic speech.", content.frames)
        assert by_python.getnframes() == content.frames


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_rewriting_a_file_keeps_every_bit(tmp_path, suffix):
    first = write(tmp_path / f"first{suffix}", sound())

    second = write(tmp_path / f"second{suffix}", SOUNDS.read(first), block_frames=777)

    assert np.array_equal(SOUNDS.read(first).samples, SOUNDS.read(second).samples)


@pytest.mark.parametrize(("suffix", "step"), [(".wav", 2**-15), (".flac", 2**-23)])
def test_samples_over_full_scale_are_clipped(tmp_path, suffix, step):
    loud = np.array([[1.0], [1.5], [-1.0], [-1.5], [100.0]], dtype=np.float32)

    path = write(tmp_path / f"loud{suffix}", Sound(samples=loud, rate_hz=48_000))

    assert SOUNDS.read(path).samples[:, 0].tolist() == [1 - step, 1 - step, -1, -1, 1 - step]


def test_a_wav_file_is_plain_enough_for_the_oldest_reader(tmp_path):
    path = write(tmp_path / "plain.wav", sound())

    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (2, 2, 48_000, 144_000)


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "frames"),
    [(0, 3000, (0, 144_000)), (500, 750, (24_000, 36_000)), (2900, 9000, (139_200, 144_000)), (5000, 6000, (0, 0))],
)
def test_an_interval_is_read_to_the_frame(tmp_path, start_ms, end_ms, frames):
    path = write(tmp_path / "sound.flac", sound())

    part = SOUNDS.read(path, Interval(start_ms=start_ms, end_ms=end_ms))

    assert part.channels == 2
    assert np.array_equal(part.samples, SOUNDS.read(path).samples[slice(*frames)])


@pytest.mark.parametrize("block_ms", [1, 333, 10_000])
def test_blocks_joined_are_the_file(tmp_path, block_ms):
    path = write(tmp_path / "sound.flac", sound(rate_hz=24_000, channels=1))

    blocks = list(SOUNDS.blocks(path, block_ms=block_ms, rate_hz=24_000))

    assert {block.frames for block in blocks[:-1]} <= {block_ms * 24}
    assert np.array_equal(np.concatenate([block.samples for block in blocks]), SOUNDS.read(path).samples)


@pytest.mark.parametrize(
    ("rate_hz", "to_hz"), [(48_000, 16_000), (48_000, 24_000), (44_100, 48_000), (11_025, 48_000), (48_000, 44_100)]
)
def test_blocks_at_another_rate_have_no_seam_and_no_lag(tmp_path, rate_hz, to_hz):
    path = write(tmp_path / "sound.flac", sound(rate_hz=rate_hz, channels=2))

    blocks = list(SOUNDS.blocks(path, block_ms=170, rate_hz=to_hz))

    joined = np.concatenate([block.samples for block in blocks])
    assert {block.rate_hz for block in blocks} == {to_hz}
    assert len(joined) == 3 * to_hz
    whole = SOUNDS.resample(SOUNDS.read(path), to_hz)
    assert np.abs(joined - whole.samples).max() < 1e-6
    if to_hz == 48_000:
        assert abs(lag_frames(joined[:, 0], noise(rate_hz, 2)[:, 0], rate_hz)) < 0.01


@pytest.mark.parametrize("frames", [1, 7, 479, 4801])
def test_even_a_short_file_has_its_length_at_another_rate(tmp_path, frames):
    content = sound(rate_hz=44_100)
    path = write(tmp_path / "short.wav", Sound(samples=content.samples[:frames], rate_hz=44_100))

    assert sum(block.frames for block in SOUNDS.blocks(path, rate_hz=48_000)) == round(frames * 48_000 / 44_100)


def test_a_file_without_a_frame_has_no_block(tmp_path):
    path = write(tmp_path / "nothing.wav", Sound(samples=np.zeros((0, 2), np.float32), rate_hz=48_000))

    assert soundfile.info(path).frames == 0
    assert list(SOUNDS.blocks(path)) == []
    assert list(SOUNDS.blocks(path, rate_hz=16_000)) == []


def test_resampling_to_the_same_rate_changes_nothing():
    assert SOUNDS.resample(sound(), 48_000).samples is sound().samples or np.array_equal(
        SOUNDS.resample(sound(), 48_000).samples, sound().samples
    )


# ---------------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_file_appears_only_when_it_is_whole(tmp_path, suffix):
    path = tmp_path / f"sound{suffix}"
    with SOUNDS.writer(path, channels=2, rate_hz=48_000) as writer:
        writer.write(sound())
        assert not path.exists()

    assert leftovers(tmp_path, [path]) == []


def write_half(path: Path) -> None:
    with SOUNDS.writer(path, channels=2, rate_hz=48_000) as writer:
        writer.write(sound())
        raise KeyError


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path, suffix):
    path = write(tmp_path / f"sound{suffix}", sound())
    before = path.read_bytes()

    with pytest.raises(KeyError):
        write_half(path)

    assert path.read_bytes() == before
    assert leftovers(tmp_path, [path]) == []


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_disk_that_fills_up_is_an_error_that_names_the_file(tmp_path, suffix):
    path = tmp_path / f"sound{suffix}"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutOfSpaceError, match=f"cannot use .*sound{suffix}"):
            write(path, sound())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert leftovers(tmp_path) == []


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ObjectMissingError, match=r"gone\.flac"):
        SOUNDS.channels(tmp_path / "gone.flac")


def test_a_file_without_sound_is_an_error_that_names_it(tmp_path):
    (tmp_path / "text.flac").write_text("a letter")

    with pytest.raises(ObjectCorruptError, match=r"text\.flac"):
        SOUNDS.read(tmp_path / "text.flac")


def test_a_flac_file_that_was_never_finished_is_an_error(tmp_path):
    path = tmp_path / "half.flac"
    with soundfile.SoundFile(path, "w", 48_000, 2, "PCM_24", format="FLAC") as file:
        file.write(sound().samples)
        path.with_name("copy.flac").write_bytes(path.read_bytes())

    with pytest.raises(ObjectCorruptError, match=r"copy\.flac"):
        SOUNDS.channels(tmp_path / "copy.flac")


def test_other_formats_are_not_written(tmp_path):
    with (
        pytest.raises(ValueError, match=r"sound\.mp3"),
        SOUNDS.writer(tmp_path / "sound.mp3", channels=1, rate_hz=48_000),
    ):
        pass
