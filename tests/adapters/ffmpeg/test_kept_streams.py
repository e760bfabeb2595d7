"""What of the original survives beside picture and sound."""

import av
import pytest
from support.media_clips import decoded, ffmpeg, numbered, opened, write_noise
from support.media_renditions import render, subtitles_in
from support.media_tool import media_tool

pytestmark = pytest.mark.media

TOOL = media_tool()
SRT = "1\n00:00:00,400 --> 00:00:01,200\nGood {}\n\n2\n00:00:01,500 --> 00:00:02,500\nsecond line\n\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    numbered(folder / "picture.mp4")
    write_noise(folder / "noise.wav", 48_000, 2)
    ffmpeg("-i", folder / "picture.mp4", "-i", folder / "noise.wav", "-c:v", "copy", "-c:a", "aac", folder / "clip.mp4")
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", 1, folder / "cover.jpg")
    for name in ("morning", "evening"):
        (folder / f"{name}.srt").write_text(SRT.format(name), encoding="utf-8")
    return folder


def with_subtitles(folder, path, *options):
    inputs = ("-i", folder / "clip.mp4", "-i", folder / "morning.srt", "-i", folder / "evening.srt")
    languages = ("-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=fra")
    ffmpeg(*inputs, "-map", 0, "-map", 1, "-map", 2, "-c", "copy", *options, *languages, path)
    return path


def subtitles(path):
    """Language and texts of each subtitle track, with their times in seconds."""
    with opened(path) as container:
        lines = {stream.index: [] for stream in container.streams.subtitles}
        for packet in container.demux():
            if packet.stream.index in lines and (text := bytes(packet)[2:].decode()):
                lines[packet.stream.index].append((float(packet.pts * packet.time_base), text))
        return [(stream.language, lines[stream.index]) for stream in container.streams.subtitles]


@pytest.mark.parametrize(
    ("suffix", "codecs"),
    [
        (".mkv", ("-c:s:0", "srt", "-c:s:1", "ass")),
        (".mkv", ("-c:s", "webvtt")),
        (".mp4", ("-c:s", "mov_text")),
        (".mkv", ("-c:s", "srt", "-output_ts_offset", "7")),
    ],
)
def test_subtitle_tracks_are_kept_after_those_of_the_dub(folder, tmp_path, suffix, codecs):
    path = with_subtitles(folder, tmp_path / f"talk{suffix}", *codecs)

    dubbed, _ = render(TOOL, path, tmp_path, subtitles=subtitles_in(tmp_path, "pt"))

    (dub, _), (first, lines), (second, other) = subtitles(dubbed)
    assert (dub, first, second) == ("por", "eng", "fra")
    assert lines == [(pytest.approx(0.4, abs=0.03), "Good morning"), (pytest.approx(1.5, abs=0.03), "second line")]
    assert other[0][1] == "Good evening"
    assert TOOL.probe(path).findings == ()


def test_subtitles_follow_the_clock_of_joined_files(folder, tmp_path):
    part = with_subtitles(folder, tmp_path / "part.mkv", "-c:s:0", "srt", "-c:s:1", "ass")
    path = tmp_path / "talk.mkv"
    path.write_bytes(part.read_bytes() * 2)

    dubbed, _ = render(TOOL, path, tmp_path)

    assert TOOL.probe(path).clock_jumps
    for _, lines in subtitles(dubbed):
        assert [time for time, _ in lines] == pytest.approx([0.4, 1.5, 3.4, 4.5], abs=0.06)
        assert [text for _, text in lines][1::2] == ["second line"] * 2


def test_drawn_subtitles_that_mp4_cannot_hold_are_a_finding(folder, tmp_path):
    path = with_subtitles(folder, tmp_path / "talk.mkv", "-c:s", "srt")
    path.write_bytes(path.read_bytes().replace(b"S_TEXT/UTF8", b"S_HDMV/PGS\0", 1))

    dubbed, _ = render(TOOL, path, tmp_path)

    assert TOOL.probe(path).findings == ("subtitle track 0 (hdmv_pgs_subtitle) cannot be kept in MP4",)
    assert [language for language, _ in subtitles(dubbed)] == ["fra"]


def test_subtitles_that_are_not_utf_8_are_a_finding(folder, tmp_path):
    path = with_subtitles(folder, tmp_path / "talk.mkv", "-c:s", "srt")
    path.write_bytes(
        path.read_bytes().replace(b"Good morning", b"Good caf\xe9   ").replace(b"Good evening", b"caf\xe9 caf\xe9 ab")
    )

    dubbed, _ = render(TOOL, path, tmp_path)

    assert len(TOOL.probe(path).findings) == 2
    assert "subtitle track 0 has text that is not UTF-8" in TOOL.probe(path).findings[0]
    assert [[text for _, text in lines] for _, lines in subtitles(dubbed)] == [["second line"], ["second line"]]


def test_lines_before_and_after_the_programme_are_left_out(folder, tmp_path):
    path, text = tmp_path / "talk.mkv", tmp_path / "talk.srt"
    times = ("00:00:01,000 --> 00:00:02,000", "00:00:06,000 --> 00:00:07,000", "09:00:00,000 --> 09:00:01,000")
    text.write_text("".join(f"{number}\n{time}\nline {number}\n\n" for number, time in enumerate(times)))
    ffmpeg("-itsoffset", 5, "-i", folder / "clip.mp4", "-i", text, "-map", 0, "-map", 1, "-c", "copy", "-copyts", path)

    dubbed, _ = render(TOOL, path, tmp_path)

    ((_, lines),) = subtitles(dubbed)
    assert lines == [(pytest.approx(1, abs=0.03), "line 1")]
    assert TOOL.probe(dubbed).duration_ms == pytest.approx(3000, abs=30)


def test_a_line_that_mp4_cannot_hold_is_a_finding(folder, tmp_path):
    path, text = tmp_path / "talk.mkv", tmp_path / "talk.srt"
    text.write_text(f"1\n00:00:01,000 --> 00:00:02,000\n{'long ' * 20_000}\n\n")
    ffmpeg("-i", folder / "clip.mp4", "-i", text, "-map", 0, "-map", 1, "-c", "copy", path)

    dubbed, _ = render(TOOL, path, tmp_path)

    assert TOOL.probe(path).findings == ("subtitle track 0 has a line of more than 32000 bytes and cannot be kept",)
    assert subtitles(dubbed) == []


@pytest.mark.parametrize(("size", "kept"), [(64, True), (6000, True), (11_000, False)])
def test_cover_art_is_kept_up_to_a_size(folder, tmp_path, size, kept):
    cover, path = tmp_path / "cover.jpg", tmp_path / "talk.mkv"
    ffmpeg("-f", "lavfi", "-i", f"color=red:size={size}x{size}", "-frames:v", 1, cover)
    ffmpeg("-i", folder / "clip.mp4", "-attach", cover, "-metadata:s:t", "mimetype=image/jpeg", "-c", "copy", path)

    dubbed, _ = render(TOOL, path, tmp_path)

    assert bool(TOOL.probe(path).covers) == kept
    assert bool(TOOL.probe(path).findings) != kept
    with opened(dubbed) as container:
        assert len(container.streams.video) == 1 + kept


def test_damaged_cover_art_is_a_finding(folder, tmp_path):
    cover, path = tmp_path / "cover.jpg", tmp_path / "talk.mkv"
    cover.write_bytes((folder / "cover.jpg").read_bytes()[:20] + bytes(range(256)))
    ffmpeg("-i", folder / "clip.mp4", "-attach", cover, "-metadata:s:t", "mimetype=image/jpeg", "-c", "copy", path)

    render(TOOL, path, tmp_path)

    assert "cover art (mjpeg) is damaged" in TOOL.probe(path).findings[0]


def test_a_cover_of_a_sound_file_is_kept(folder, tmp_path):
    path = tmp_path / "song.mp3"
    flags = ("-disposition:v", "attached_pic", "-c:v", "copy")
    ffmpeg("-i", folder / "noise.wav", "-i", folder / "cover.jpg", "-map", 0, "-map", 1, *flags, path)

    dubbed, _ = render(TOOL, path, tmp_path)

    with opened(dubbed) as container:
        (cover,) = container.streams.video
        assert cover.disposition & av.stream.Disposition.attached_pic
        assert len(container.streams.audio) == 2
    assert TOOL.probe(dubbed).picture is None


@pytest.mark.parametrize("offset", ["0", "5"])
def test_a_cover_does_not_move_the_programme(folder, tmp_path, offset):
    path = tmp_path / "covered.mkv"
    maps = ("-map", "0:v", "-map", "1:v", "-map", "1:a", "-disposition:v:0", "attached_pic")
    ffmpeg(
        "-i", folder / "cover.jpg", "-i", folder / "clip.mp4", *maps, "-c", "copy", "-output_ts_offset", offset, path
    )

    dubbed, _ = render(TOOL, path, tmp_path)

    with opened(dubbed) as container:
        starts = [packet.pts for packet in container.demux(video=0) if packet.pts is not None]
        assert min(starts) == 0
    assert TOOL.probe(dubbed).duration_ms == pytest.approx(3000, abs=30)


def test_other_sound_tracks_are_kept_with_language_title_and_purpose(folder, tmp_path):
    path = tmp_path / "talk.mkv"
    maps = (
        "-map",
        "0:v",
        *("-map", "0:a") * 4,
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        "-c:a:2",
        "libvorbis",
        "-c:a:3",
        "pcm_s16le",
    )
    tags = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra", "-metadata:s:a:1", "title=Voix")
    described = (
        "-disposition:a:2",
        "visual_impaired",
        "-metadata:s:a:2",
        "language=eng",
        "-metadata:s:a:3",
        "language=deu",
    )
    ffmpeg("-i", folder / "clip.mp4", *maps, *tags, *described, path)

    dubbed, _ = render(TOOL, path, tmp_path)

    flags = av.stream.Disposition
    with opened(dubbed) as container:
        tracks = [
            (
                stream.language,
                bool(stream.disposition & flags.default),
                bool(stream.disposition & flags.visual_impaired),
            )
            for stream in container.streams.audio
        ]
        assert {stream.codec_context.name for stream in container.streams.audio} == {"aac"}
    assert tracks == [
        ("por", True, False),
        ("eng", False, False),
        ("fra", False, False),
        ("eng", False, True),
        ("deu", False, False),
    ]
    for track in range(5):
        start, samples = decoded(dubbed, track)
        assert abs(float(start)) < 0.03
        assert len(samples) == pytest.approx(3 * 48_000, abs=2048)


def test_a_track_of_too_many_channels_beside_another_is_a_finding(folder, tmp_path):
    path = tmp_path / "talk.mov"
    many = ("-c:a:1", "pcm_s16le", "-filter:a:1", "pan=24c|c0=c0")
    ffmpeg("-i", folder / "clip.mp4", "-map", "0:v", *("-map", "0:a") * 2, "-c:v", "copy", "-c:a:0", "aac", *many, path)

    render(TOOL, path, tmp_path)

    assert TOOL.probe(path).findings == ("sound track 1 has 24 channels and is not kept",)


def test_chapters_timecode_rotation_and_names_are_kept(folder, tmp_path):
    path, chapters = tmp_path / "talk.mov", tmp_path / "chapters.txt"
    chapters.write_text(";FFMETADATA1\ntitle=Talk\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=One\n")
    inputs = ("-display_rotation", 90, "-i", folder / "clip.mp4", "-i", chapters)
    ffmpeg(*inputs, "-map", "0", "-map_metadata", 1, "-c", "copy", "-timecode", "01:02:03:04", path)

    dubbed, _ = render(TOOL, path, tmp_path)

    info = TOOL.probe(dubbed)
    assert info.picture is not None
    assert info.picture.rotation_deg == 270
    with opened(dubbed) as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["One"]
        assert container.metadata["title"] == "Talk"
        assert container.streams.video[0].metadata["timecode"] == "01:02:03:04"


COLOUR = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv")
MASTERING = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("hdr.mkv", ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", f"{MASTERING}:log-level=none")),
        ("hdr.mov", ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le")),
        ("hdr.webm", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p10le", "-cpu-used", "8", "-deadline", "realtime")),
    ],
)
def test_colour_data_are_kept_whether_the_picture_is_copied_or_encoded(folder, tmp_path, name, codec):
    path = tmp_path / name
    sound = ("-c:a", "libopus") if name.endswith("webm") else ("-c:a", "aac")
    colour = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    ffmpeg("-i", folder / "clip.mp4", "-vf", colour, *codec, *COLOUR, *sound, "-t", "1", path)

    dubbed, _ = render(TOOL, path, tmp_path)

    assert colour_of(dubbed) == colour_of(path) == (9, 16, 9)
    if name == "hdr.mkv":
        assert light_of(dubbed) == light_of(path)


def colour_of(path):
    """Primaries, transfer characteristics and matrix of the picture (ITU-T H.273)."""
    with opened(path) as container:
        frame = next(container.decode(video=0))
    return frame.color_primaries, frame.color_trc, frame.colorspace


def light_of(path):
    """Names of the data about a mastering display and light levels."""
    with opened(path) as container:
        frame = next(container.decode(video=0))
        names = {data.type.name for data in frame.side_data}
    return sorted(name for name in names if name in {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"})
