"""Which picture and which sound are taken, and streams that are odd."""

import numpy as np
import pytest
from support.media_clips import SIZE, ffmpeg, numbered, numbers, opened, packet_hashes, write_noise
from support.media_renditions import render
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.core.errors import InputError
from dub_assets.core.media import PictureCut
from dub_assets.core.timing import Interval
from dub_assets.core.track_choice import TrackChoice

pytestmark = pytest.mark.media

TOOL = media_tool()
COPIED = ("-c:v", "copy", "-c:a", "aac")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    numbered(folder / "picture.mp4")
    write_noise(folder / "noise.wav", 48_000, 2)
    ffmpeg("-i", folder / "picture.mp4", "-i", folder / "noise.wav", *COPIED, folder / "clip.mp4")
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", 1, folder / "cover.jpg")
    return folder


FLAGGED = ("-disposition:v:0", "attached_pic")


@pytest.mark.parametrize(
    ("suffix", "flags"), [(".mkv", ()), (".mp4", ()), (".mov", ()), (".mkv", FLAGGED), (".mp4", FLAGGED)]
)
def test_a_cover_that_comes_first_is_no_picture_flagged_or_not(folder, tmp_path, suffix, flags):
    path = tmp_path / f"covered{suffix}"
    maps = ("-map", "0:v", "-map", "1:v", "-map", "1:a")
    ffmpeg("-i", folder / "cover.jpg", "-i", folder / "clip.mp4", *maps, *flags, "-c", "copy", path)

    info = TOOL.probe(path)
    dubbed, _ = render(TOOL, path, tmp_path)
    TOOL.cut_picture(
        PictureCut(source=path, interval=Interval(start_ms=1000, end_ms=1100), picture=info.picture),
        tmp_path / "cut.mp4",
    )

    assert info.picture is not None
    assert (info.picture.codec, len(info.covers)) == ("h264", 1)
    assert packet_hashes(dubbed) == packet_hashes(folder / "picture.mp4")
    assert [number for _, number in numbers(tmp_path / "cut.mp4")] == [25, 26, 27]
    with opened(dubbed) as container:
        assert [stream.codec_context.name for stream in container.streams.video] == ["h264", "mjpeg"]


def test_a_still_picture_alone_is_the_picture(folder, tmp_path):
    path = tmp_path / "still.mkv"
    ffmpeg("-i", folder / "cover.jpg", "-i", folder / "noise.wav", "-c:v", "copy", "-c:a", "flac", path)

    info = TOOL.probe(path)

    assert info.picture is not None
    assert (info.picture.codec, info.covers) == ("mjpeg", ())
    render(TOOL, path, tmp_path)


def test_the_default_picture_is_taken(folder, tmp_path):
    path = tmp_path / "two.mkv"
    other = ("-f", "lavfi", "-i", "testsrc=size=320x240:duration=3")
    maps = ("-map", "0:v", "-map", "1:v", "-map", "1:a", "-disposition:v:0", "0", "-disposition:v:1", "default")
    ffmpeg(*other, "-i", folder / "clip.mp4", *maps, "-c:a", "copy", path)

    info = TOOL.probe(path)

    assert info.picture is not None
    assert (info.picture.index, info.picture.width) == (1, SIZE[0])
    dubbed, _ = render(TOOL, path, tmp_path)
    assert len(numbers(dubbed)) == 75


@pytest.fixture(scope="module")
def two_languages(folder):
    path = folder / "languages.mkv"
    tone = ("-f", "lavfi", "-i", "sine=440:duration=3")
    languages = ("-metadata:s:a:0", "language=fra", "-metadata:s:a:1", "language=eng")
    flags = ("-disposition:a:0", "default", "-disposition:a:1", "0")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2:a")
    ffmpeg("-i", folder / "picture.mp4", *tone, "-i", folder / "noise.wav", *maps, *languages, *flags, *COPIED, path)
    return path


@pytest.mark.parametrize(("choice", "channels"), [({}, 1), ({"language": "en"}, 2), ({"wanted": "1"}, 2)])
def test_the_chosen_track_is_decoded_and_kept(two_languages, tmp_path, choice, channels):
    info = TOOL.probe(two_languages, TrackChoice(**choice))

    TOOL.extract_sound(two_languages, info, tmp_path / "sound.flac")

    assert info.track.channels == channels
    assert SoundfileSoundFiles().channels(tmp_path / "sound.flac") == channels


def test_a_track_that_does_not_exist_is_refused(two_languages):
    with pytest.raises(InputError, match=r"no sound track 'de' to dub: the file has 0 \(fra, aac\), 1 \(eng, aac\)"):
        TOOL.probe(two_languages, TrackChoice(wanted="de"))


def test_a_picture_of_an_unknown_codec_is_refused(folder, tmp_path):
    path = tmp_path / "unknown.mp4"
    path.write_bytes((folder / "clip.mp4").read_bytes().replace(b"avc1", b"zzzz"))

    with pytest.raises(InputError, match="a picture of an unknown codec"):
        TOOL.probe(path)


def test_a_track_of_an_unknown_codec_beside_another_is_a_finding(two_languages, tmp_path):
    path = tmp_path / "unknown.mkv"
    content = two_languages.read_bytes()
    path.write_bytes(content.replace(b"A_AAC", b"A_ZZZ", 1))

    info = TOOL.probe(path)

    assert info.track.index == 1
    assert info.findings == ("sound track 0, from 0.0 to 3.0 s, cannot be decoded",)


def test_a_stream_that_appears_midway_is_no_error(folder, tmp_path):
    maps = ("-map", "0:v", "-map", "0:a", "-map", "0:a")
    parts = [tmp_path / f"{number}.ts" for number in range(3)]
    for number, part in enumerate(parts):
        both = maps if number == 1 else maps[:4]
        ffmpeg("-i", folder / "clip.mp4", *both, "-c", "copy", "-output_ts_offset", 3 * number, part)
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))

    info = TOOL.probe(path)
    TOOL.extract_sound(path, info, tmp_path / "sound.flac")
    dubbed, _ = render(TOOL, path, tmp_path, samples=np.zeros((info.sound_frames, 1)))

    assert abs(info.duration_ms - 9000) <= 80
    sound = SoundfileSoundFiles().read(tmp_path / "sound.flac").samples
    assert all(np.abs(second).max() > 0.1 for second in np.array_split(sound[: 9 * 48_000], 9))
    assert len(packet_hashes(dubbed)) == 225


def test_a_picture_whose_size_changes_is_a_finding(folder, tmp_path):
    path, parts = tmp_path / "sizes.webm", [tmp_path / "small.ivf", tmp_path / "large.ivf"]
    for part, size in zip(parts, ("160x96", "320x192"), strict=True):
        ffmpeg("-f", "lavfi", "-i", f"testsrc=size={size}:rate=25:duration=1.5", "-c:v", "libvpx", part)
    (tmp_path / "parts.txt").write_text("".join(f"file '{part}'\n" for part in parts))
    joined = ("-f", "concat", "-safe", "0", "-i", tmp_path / "parts.txt")
    ffmpeg(*joined, "-i", folder / "noise.wav", "-c:v", "copy", "-c:a", "libopus", path)

    assert TOOL.probe(path).findings == ("the size of the picture changes from 160 x 96 to 320 x 192 at 1.5 s",)


@pytest.mark.parametrize(("order", "words"), [("tff", "top field first"), ("bff", "bottom field first")])
def test_an_interlaced_picture_that_is_encoded_is_deinterlaced(folder, tmp_path, order, words):
    path = tmp_path / "interlaced.mov"
    moving = f"testsrc2=size=160x96:rate=50:duration=2,tinterlace=interleave_{'top' if order == 'tff' else 'bottom'}"
    fields = (f"{moving},setfield={order}", "-i", folder / "noise.wav", "-c:v", "prores_ks", "-flags", "+ildct")
    ffmpeg("-f", "lavfi", "-i", *fields, "-c:a", "copy", "-shortest", path)

    info = TOOL.probe(path)
    dubbed, _ = render(TOOL, path, tmp_path)

    assert info.picture is not None
    assert info.picture.field_order == words
    assert any(words in finding for finding in info.findings)
    assert combing(dubbed) < combing(path) / 2


def combing(path) -> float:
    """How much neighbouring lines differ more than every second line, on average over the frames."""
    with opened(path) as container:
        frames = [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]
    neighbours = np.mean([np.abs(np.diff(frame, axis=0)).mean() for frame in frames])
    seconds = np.mean([np.abs(frame[2:] - frame[:-2]).mean() for frame in frames])
    return max(0.0, float(neighbours - seconds / 2))


def test_an_encrypted_file_is_refused(folder, tmp_path):
    path = tmp_path / "encrypted.mp4"
    key = "00112233445566778899aabbccddeeff"
    ffmpeg(
        *("-i", folder / "clip.mp4", "-c", "copy", "-encryption_scheme", "cenc-aes-ctr"),
        *("-encryption_key", key, "-encryption_kid", key, path),
    )

    with pytest.raises(InputError, match=r"encrypted\.mp4 is encrypted"):
        TOOL.probe(path)


@pytest.mark.parametrize("suffix", [".adx", ".voc", ".rm"])
def test_a_format_that_is_not_accepted_is_named(folder, tmp_path, suffix):
    path = tmp_path / f"talk{suffix}"
    ffmpeg("-i", folder / "noise.wav", "-ac", 1, path)

    with pytest.raises(InputError, match=f"the format {suffix[1:]} is not accepted"):
        TOOL.probe(path)
