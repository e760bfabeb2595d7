"""The dubbed video: what is in it, where, how long, how loud."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.media_clips import (
    decoded,
    ffmpeg,
    lag_frames,
    noise,
    numbered,
    numbers,
    opened,
    packet_hashes,
    write_noise,
)
from support.media_renditions import render, subtitles_in
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool

pytestmark = pytest.mark.media

FRAME_S = 0.041  # of the picture, at 25 frames a second
AAC_FRAME = 1024 / 48_000


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Clips of numbered frames with noise for sound; the dub is other noise."""
    folder = tmp_path_factory.mktemp("clips")
    picture = numbered(folder / "picture.mp4")
    sound = write_noise(folder / "noise.wav", 48_000, 2)
    inputs = ("-i", picture, "-i", sound)
    aac = ("-c:v", "copy", "-c:a", "aac", "-b:a", "256k")
    ffmpeg(*inputs, *aac, "-metadata", "title=A talk", folder / "clip.mp4")
    ffmpeg("-i", folder / "clip.mp4", "-c", "copy", folder / "clip.mkv")
    ffmpeg("-i", folder / "clip.mp4", "-c", "copy", folder / "clip.ts")
    ffmpeg("-i", picture, "-itsoffset", "0.5", "-i", sound, *aac, folder / "late.mkv")
    ffmpeg("-itsoffset", "0.8", *inputs, *aac, folder / "early.mp4")
    ffmpeg("-ss", "0.72", "-i", folder / "clip.mp4", "-c", "copy", folder / "edited.mp4")
    ffmpeg(*inputs, "-c:v", "copy", "-c:a", "pcm_s16le", folder / "pcm.mov")
    numbered(folder / "hevc.mp4", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
    numbered(folder / "divx.avi", "-c:v", "mpeg4", "-bf", "2", "-q:v", "2")
    numbered(folder / "vp9.webm", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-b:v", "1M")
    numbered(folder / "old.webm", "-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M")
    for name, codec in (
        ("hevc.mp4", "aac"),
        ("divx.avi", "libmp3lame"),
        ("vp9.webm", "libopus"),
        ("old.webm", "vorbis"),
    ):
        silent = (folder / name).rename(folder / f"silent-{name}")
        lossy = ("-c:a", codec, "-b:a", "256k", "-strict", "experimental")
        ffmpeg("-i", silent, "-i", sound, "-c:v", "copy", *lossy, folder / name)
    return folder


def test_tracks_languages_titles_and_defaults(tool, clips, tmp_path):
    dubbed, _ = render(tool, clips / "clip.mp4", tmp_path, subtitles=subtitles_in(tmp_path, "pt", "en"))

    with opened(dubbed) as container:
        found = [
            (stream.type, stream.codec_context.codec.canonical_name, stream.language, bool(stream.disposition & 1))
            for stream in container.streams
        ]
        assert [stream.metadata.get("name") for stream in container.streams.audio] == ["Dub", "Original"]
        assert container.metadata["title"] == "A talk"
    assert found == [
        ("video", "h264", "und", True),
        ("audio", "aac", "por", True),
        ("audio", "aac", "eng", False),
        ("subtitle", "mov_text", "por", False),
        ("subtitle", "mov_text", "eng", False),
    ]


def test_the_subtitles_are_those_that_were_given(tool, clips, tmp_path):
    dubbed, _ = render(tool, clips / "clip.ts", tmp_path, subtitles=subtitles_in(tmp_path, "pt"))

    with opened(dubbed) as container:
        packets = [packet for packet in container.demux(subtitles=0) if packet.size > 2]
        times = [(packet.pts * packet.time_base, packet.duration * packet.time_base) for packet in packets]
    assert times == [(Fraction(1, 2), 1)]
    assert bytes(packets[0])[2:].decode() == "Olá, mundo"


def test_subtitles_without_a_line_are_left_out(tool, clips, tmp_path):
    dubbed, _ = render(tool, clips / "clip.mp4", tmp_path, subtitles=subtitles_in(tmp_path, "pt", text=""))

    with opened(dubbed) as container:
        assert not container.streams.subtitles


@pytest.mark.parametrize(
    "name", ["clip.mp4", "clip.mkv", "late.mkv", "early.mp4", "edited.mp4", "hevc.mp4", "vp9.webm"]
)
def test_the_picture_is_copied_bit_by_bit(tool, clips, tmp_path, name):
    dubbed, _ = render(tool, clips / name, tmp_path)

    assert packet_hashes(dubbed) == packet_hashes(clips / name)


@pytest.mark.parametrize(
    ("name", "tag"),
    [("clip.ts", "avc1"), ("hevc.mp4", "hvc1"), ("divx.avi", "mp4v"), ("vp9.webm", "vp09"), ("old.webm", "avc1")],
)
def test_every_frame_is_shown_at_its_time_in_whatever_codec(tool, clips, tmp_path, name, tag):
    dubbed, _ = render(tool, clips / name, tmp_path)

    expected = numbers(clips / name)
    frames = numbers(dubbed)
    assert [number for _, number in frames] == [number for _, number in expected]
    assert frames[0][0] == 0
    assert all(abs(a - b + expected[0][0]) < 0.001 for (a, _), (b, _) in zip(frames, expected, strict=True))
    with opened(dubbed) as container:
        assert container.streams.video[0].codec_context.codec_tag == tag


@pytest.mark.parametrize(
    ("name", "original_starts_s"),
    [
        ("clip.mp4", 0),
        ("clip.mkv", 0),
        ("clip.ts", 0),
        ("late.mkv", 0.5),
        ("early.mp4", 0),
        ("edited.mp4", -0.72),
        ("pcm.mov", 0),
        ("old.webm", 0),
        ("vp9.webm", 0),
    ],
)
def test_dub_and_original_are_in_step_with_the_picture(tool, clips, tmp_path, name, original_starts_s):
    dubbed, _ = render(tool, clips / name, tmp_path)
    other = dubbed.rename(tmp_path / "other.mp4")

    assert abs(_heard_lag(tool, other, 0, noise(48_000, 1, 5)[:, 0])) < 0.05
    assert abs(_heard_lag(tool, other, 1, noise(48_000, 2)[:, 0]) - original_starts_s * 48_000) < 49


def _heard_lag(tool, path: Path, track: int, reference: np.ndarray) -> float:
    """Where a track's noise lies, in frames after time 0; through ffmpeg, which heeds every edit list."""
    alone, sound = path.with_name(f"track-{track}.mp4"), path.with_name(f"track-{track}.flac")
    ffmpeg("-i", path, "-map", "0:v:0", "-map", f"0:a:{track}", "-c", "copy", alone)
    tool.extract_sound(alone, tool.probe(alone), sound)
    return lag_frames(soundfile.read(sound, always_2d=True)[0][:, 0], reference, 48_000)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "late.mkv", "early.mp4", "pcm.mov", "divx.avi", "old.webm"])
def test_container_and_tracks_are_as_long_as_the_input_to_one_frame(tool, clips, tmp_path, name):
    duration_s = tool.probe(clips / name).duration_ms / 1000
    with opened(clips / name) as container:
        last = [packet.pts * packet.time_base for packet in container.demux(video=0) if packet.pts is not None]
    picture_s = float(max(last) - min(last)) + 0.04 + tool.probe(clips / name).held_ms / 1000

    dubbed, _ = render(tool, clips / name, tmp_path)

    assert abs(tool.probe(dubbed).duration_ms / 1000 - duration_s) <= AAC_FRAME
    with opened(dubbed) as container:
        lengths = [float(stream.duration * stream.time_base) for stream in container.streams]
        assert abs(container.duration / 1e6 - duration_s) <= FRAME_S
    assert abs(lengths[0] - picture_s) <= FRAME_S
    assert abs(lengths[1] - duration_s) < 0.001
    first, samples = decoded(dubbed)
    assert first == 0
    assert 0 <= len(samples) / 48_000 - duration_s < AAC_FRAME


def test_a_phone_video_stays_turned(tool, clips, tmp_path):
    phone = tmp_path / "phone.mp4"
    ffmpeg("-display_rotation", "90", "-i", clips / "clip.mp4", "-c", "copy", phone)

    dubbed, _ = render(tool, phone, tmp_path)

    assert tool.probe(dubbed).picture == tool.probe(phone).picture
    assert packet_hashes(dubbed) == packet_hashes(phone)


def test_a_variable_frame_rate_is_kept(tool, clips, tmp_path):
    variable = tmp_path / "variable.mkv"
    dropped = ("-vf", "select=not(mod(n*n\\,7))+lt(n\\,20)", "-fps_mode", "passthrough", "-enc_time_base", "1:1000")
    ffmpeg("-i", clips / "clip.mp4", *dropped, "-c:v", "libx264", "-c:a", "copy", variable)

    dubbed, _ = render(tool, variable, tmp_path)

    expected = numbers(variable)
    assert numbers(dubbed) == [(time - expected[0][0], number) for time, number in expected]


def test_the_chosen_track_is_the_original_and_the_other_comes_after_it(tool, clips, tmp_path):
    source = tmp_path / "tracks.mkv"
    mono = write_noise(tmp_path / "mono.wav", 48_000, 1)
    inputs = ("-i", clips / "picture.mp4", "-i", mono, "-i", clips / "noise.wav", "-map", 0, "-map", 1, "-map", 2)
    ffmpeg(*inputs, "-c:v", "copy", "-c:a", "aac", "-disposition:a:0", 0, "-disposition:a:1", "default", source)

    dubbed, _ = render(tool, source, tmp_path)

    with opened(dubbed) as container:
        assert [stream.codec_context.channels for stream in container.streams.audio] == [1, 2, 1]  # the dub is mono


def test_chapters_are_kept(tool, clips, tmp_path):
    source, chapters = tmp_path / "chapters.mkv", tmp_path / "chapters.txt"
    one, two = "START=0\nEND=1000\ntitle=One", "START=1000\nEND=3000\ntitle=Two"
    chapters.write_text("".join([";FFMETADATA1\n", *(f"[CHAPTER]\nTIMEBASE=1/1000\n{each}\n" for each in (one, two))]))
    ffmpeg("-i", clips / "early.mp4", "-i", chapters, "-map_chapters", 1, "-c", "copy", source)

    dubbed, _ = render(tool, source, tmp_path)

    with opened(dubbed) as container:
        found = [(each["start"] * each["time_base"], each["metadata"]["title"]) for each in container.chapters()]
    assert found == [(0, "One"), (Fraction(1), "Two")]  # the first picture of early.mp4 comes after 0.8 s


@pytest.mark.parametrize("name", ["talk.mp3", "talk.wav"])
def test_sound_without_a_picture_becomes_an_mp4_of_sound(tool, clips, tmp_path, name):
    source = tmp_path / name
    ffmpeg("-i", clips / "noise.wav", "-metadata", "title=A talk", source)

    dubbed, _ = render(tool, source, tmp_path, subtitles=subtitles_in(tmp_path, "pt"))

    with opened(dubbed) as container:
        assert [stream.type for stream in container.streams] == ["audio", "audio", "subtitle"]
        assert [stream.language for stream in container.streams] == ["por", "eng", "por"]
        assert container.metadata["title"] == "A talk"
    assert abs(tool.probe(dubbed).duration_ms - tool.probe(source).duration_ms) <= 1000 * AAC_FRAME


def test_the_index_is_at_the_front(tool, clips, tmp_path):
    dubbed, _ = render(tool, clips / "clip.mp4", tmp_path)

    content = dubbed.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
