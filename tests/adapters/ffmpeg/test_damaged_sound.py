"""Damaged sound: dubbed with a finding that names share and places, or refused before any work."""

from __future__ import annotations

from pathlib import Path
from random import Random

import av
import numpy as np
import pytest
import soundfile
from support.flash_and_click import FLASHES_S, clicks_of, clicks_s, write_picture, write_sound
from support.media_clips import ffmpeg, without_time_steps
from support.media_renditions import render
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.errors import MediaError
from dub_assets.core.media import ExtractedSound

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    picture, sound = write_picture(folder / "picture.mp4"), write_sound(folder / "sound.wav")
    for name in ("clip.mp4", "clip.ts"):
        ffmpeg("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "aac", folder / name)
    return folder


def extract(tool: FfmpegMediaTool, clip: Path) -> tuple[ExtractedSound, np.ndarray]:
    found = tool.extract_sound(clip, tool.probe(clip), clip.with_suffix(".flac"))
    return found, soundfile.read(clip.with_suffix(".flac"), always_2d=True)[0][:, 0]


def destroyed(clip: Path, target: Path, share: float, content: bytes = b"") -> Path:
    """Write a copy of which a share of the sound's packets is overwritten, by default with noise."""
    data, random = bytearray(clip.read_bytes()), Random(0)
    with av.open(str(clip)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(audio=0) if packet.size]
    for position, size in random.sample(packets[2:-2], round(share * len(packets))):
        data[position : position + size] = content * size or random.randbytes(size)
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("content", [b"", b"\xff"], ids=["noise", "ones"])
def test_destroyed_packets_are_silent_and_reported(tool, folder, tmp_path, content):
    clip = destroyed(folder / "clip.mp4", tmp_path / "holes.mp4", 0.3, content)

    found, _ = extract(tool, clip)
    dubbed, _ = render(tool, clip, tmp_path)

    assert "of the sound cannot be decoded and is silent, at " in found.findings[0]
    assert not found.intact
    with av.open(str(dubbed)) as container:
        assert [stream.codec_context.name for stream in container.streams.audio] == ["aac", "aac"]


def test_mostly_destroyed_sound_is_refused_with_the_share(tool, folder, tmp_path):
    clip = destroyed(folder / "clip.mp4", tmp_path / "holes.mp4", 0.85)

    with pytest.raises(MediaError, match=r"holes\.mp4 is damaged: \d+% of its sound cannot be decoded"):
        extract(tool, clip)


def test_a_damaged_adts_header_does_not_reach_the_muxer(tool, folder, tmp_path):
    data = bytearray((folder / "clip.ts").read_bytes())
    headers = [
        at for at in range(len(data) - 7) if data[at] == 0xFF and data[at + 1] == 0xF1 and data[at + 2] >> 6 == 1
    ]
    middle = headers[len(headers) // 2]
    data[middle : middle + 2] = bytes(2)
    clip = tmp_path / "header.ts"
    clip.write_bytes(data)

    dubbed, _ = render(tool, clip, tmp_path)

    assert len(clicks_of(dubbed, 1)) >= len(FLASHES_S) - 1


def test_sound_that_lost_its_times_is_refused(tool, folder, tmp_path):
    clip = tmp_path / "times.mp4"
    clip.write_bytes((folder / "clip.mp4").read_bytes())
    without_time_steps(clip, 1)

    with pytest.raises(MediaError, match=r"times\.mp4 is damaged: by its timestamps, no sound of track 0 lies within"):
        extract(tool, clip)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_numbers_are_silent_and_reported(tool, tmp_path, value):
    samples = soundfile.read(write_sound(tmp_path / "sound.wav"), dtype="float32")[0]
    samples[120_000:120_100] = value
    clip = tmp_path / "float.wav"
    soundfile.write(clip, samples, 48_000, subtype="FLOAT")

    found, heard = extract(tool, clip)
    dubbed, _ = render(tool, clip, tmp_path)

    assert found.findings == ("100 samples of the sound are no numbers and are silent, at 2.5 s",)
    assert not heard[120_000:120_100].any()
    assert clicks_s(heard) == pytest.approx(FLASHES_S, abs=0.001)
    assert clicks_of(dubbed, 1) == pytest.approx(FLASHES_S, abs=0.02)


def test_an_undamaged_file_has_no_findings_and_its_track_is_copied(tool, folder):
    found, heard = extract(tool, folder / "clip.mp4")

    assert found == ExtractedSound()
    assert clicks_s(heard) == pytest.approx(FLASHES_S, abs=0.001)


@pytest.mark.parametrize(("late_ms", "found"), [(10, False), (30, True)])
def test_sound_before_the_picture_that_is_cut_is_a_finding(tool, tmp_path, late_ms, found):
    picture, sound, path = write_picture(tmp_path / "picture.mp4"), tmp_path / "sound.wav", tmp_path / "late.mov"
    write_sound(sound, clicks_s=(0.0, 1.0))
    ffmpeg("-itsoffset", late_ms / 1000, "-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "pcm_s16le", path)

    extracted = tool.extract_sound(path, tool.probe(path), tmp_path / "sound.flac")

    assert any("of the sound lie before the picture and are cut" in finding for finding in extracted.findings) == found
