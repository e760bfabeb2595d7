"""Flash and click stay together in the result, whatever the clock of the source does: containers x oddities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.flash_and_click import FLASHES_S, clicks_of, flashes_of, write_dub, write_picture, write_sound
from support.media_clips import ffmpeg, packet_hashes
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.media import MediaInfo, PictureCut, Rendition
from dub_assets.core.timing import Interval

pytestmark = pytest.mark.media

SYNC_S = 0.04
COPIED = ("-c:v", "copy", "-c:a", "aac")
CODECS = {
    ".webm": ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "200k", "-c:a", "libopus"),
    ".mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    ".avi": ("-c:v", "mpeg4", "-c:a", "mp3"),
    ".wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    ".mxf": ("-c:v", "mpeg2video", "-c:a", "pcm_s16le"),
    ".ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
}
"""Options of containers that cannot hold H.264 with AAC."""


class Studio:
    """Makes clips in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def clip(
        self,
        name: str,
        *options: object,
        flashes_s: Sequence[float] = FLASHES_S,
        clicks_s: Sequence[float] = FLASHES_S,
        picture_s: float = 4.0,
        sound_s: float = 4.0,
        picture_late_s: float = 0,
        sound_late_s: float = 0,
    ) -> Path:
        """Write a clip; the times of flashes and clicks are those of their own streams."""
        picture = write_picture(self.folder / "picture.mp4", flashes_s=flashes_s, length_s=picture_s)
        sound = write_sound(self.folder / "sound.wav", clicks_s=clicks_s, length_s=sound_s)
        target = self.folder / name
        inputs = ("-itsoffset", picture_late_s, "-i", picture, "-itsoffset", sound_late_s, "-i", sound)
        codecs = CODECS.get(target.suffix, COPIED)
        ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-fps_mode", "passthrough", *codecs, *options, target)
        return target

    def filtered(self, clip: Path, *options: object) -> Path:
        """Copy a clip through bitstream filters."""
        target = clip.with_name(f"filtered-{clip.name}")
        ffmpeg("-i", clip, "-map", 0, "-c", "copy", *options, target)
        return target


def moved(times_s: Sequence[float], by_s: float) -> list[float]:
    return [time_s + by_s for time_s in times_s]


def plain(studio: Studio, suffix: str) -> Path:
    return studio.clip(f"clip{suffix}")


def sound_first(studio: Studio, suffix: str) -> Path:
    """A click 1.1 s before the picture begins."""
    clicks = (0.4, *moved(FLASHES_S, 1.5))
    return studio.clip(f"clip{suffix}", picture_late_s=1.5, clicks_s=clicks, sound_s=5.5)


def sound_8_s_first(studio: Studio, suffix: str) -> Path:
    clicks = (0.4, *moved(FLASHES_S, 8))
    return studio.clip(f"clip{suffix}", picture_late_s=8, clicks_s=clicks, sound_s=12)


def picture_first(studio: Studio, suffix: str) -> Path:
    clicks = moved(FLASHES_S, -0.5)
    return studio.clip(f"clip{suffix}", sound_late_s=0.5, clicks_s=clicks, sound_s=3.5)


def sound_longer(studio: Studio, suffix: str) -> Path:
    return studio.clip(f"clip{suffix}", clicks_s=(*FLASHES_S, 5.5), sound_s=6)


def gap_in_the_sound(studio: Studio, suffix: str) -> Path:
    return studio.filtered(plain(studio, suffix), "-bsf:a", r"noise=drop=between(pts*tb\,2.3\,2.8)")


def gap_in_the_picture(studio: Studio, suffix: str) -> Path:
    return studio.filtered(plain(studio, suffix), "-bsf:v", r"noise=drop=between(pts*tb\,2.3\,2.8)")


def edit_list(studio: Studio, suffix: str) -> Path:
    target = studio.folder / f"cut{suffix}"
    ffmpeg("-ss", "0.7", "-i", plain(studio, suffix), "-map", 0, "-c", "copy", target)
    return target


def fragments(studio: Studio, suffix: str) -> Path:
    return studio.clip(f"clip{suffix}", "-movflags", "+frag_keyframe+empty_moov")


def far_start(studio: Studio, suffix: str) -> Path:
    return studio.clip(f"clip{suffix}", "-output_ts_offset", 40_000)


def wrap(studio: Studio, suffix: str) -> Path:
    """The 33 bits of the clock wrap after 1.8 s."""
    return studio.clip(f"clip{suffix}", "-output_ts_offset", 2**33 / 90_000 - 3.2)


def joined(studio: Studio, suffix: str) -> Path:
    content = plain(studio, suffix).read_bytes()
    target = studio.folder / f"joined{suffix}"
    target.write_bytes(content + content)
    return target


def joined_from_three_clocks(studio: Studio, suffix: str) -> Path:
    first, late = plain(studio, suffix).read_bytes(), far_start(studio, suffix).read_bytes()
    target = studio.folder / f"joined{suffix}"
    target.write_bytes(late + first + late)
    return target


def hidden_pictures_and_sound_first(studio: Studio, suffix: str) -> Path:
    """An edit list hides half a second before the first picture, and the sound begins before that."""
    sound = write_sound(studio.folder / "early.wav", clicks_s=(0.4, *moved(FLASHES_S, 0.8)), length_s=5)
    target = studio.folder / f"hidden{suffix}"
    ffmpeg(
        "-itsoffset", 1.5, "-i", edit_list(studio, suffix), "-i", sound, "-map", "0:v", "-map", "1:a", *COPIED, target
    )
    return target


CASES: list[tuple[Callable[[Studio, str], Path], str, int, int]] = [
    *((plain, suffix, 3, 3) for suffix in (".webm", ".mpg", ".avi", ".wmv", ".mxf", ".ogv")),
    *((sound_first, suffix, 3, 4) for suffix in (".mp4", ".mkv", ".webm", ".ts", ".mpg", ".flv")),
    *((sound_8_s_first, suffix, 3, 4) for suffix in (".mkv", ".ts")),
    *((picture_first, suffix, 3, 3) for suffix in (".mov", ".ts", ".flv")),
    (sound_longer, ".mp4", 3, 4),
    *((gap_in_the_sound, suffix, 3, 3) for suffix in (".mp4", ".mkv", ".flv")),
    *((gap_in_the_picture, suffix, 3, 3) for suffix in (".mp4", ".ts")),
    (edit_list, ".mp4", 3, 3),
    (hidden_pictures_and_sound_first, ".mp4", 3, 4),
    (fragments, ".mp4", 3, 3),
    (far_start, ".ts", 3, 3),
    *((wrap, suffix, 3, 3) for suffix in (".ts", ".mpg")),
    *((joined, suffix, 6, 6) for suffix in (".ts", ".mpg", ".mkv", ".webm")),
    (joined_from_three_clocks, ".ts", 9, 9),
]
"""Oddity, container, and the numbers of flashes and of clicks."""


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


def dub(tool: FfmpegMediaTool, clip: Path, folder: Path) -> tuple[Path, MediaInfo, tuple[str, ...]]:
    """Dub a clip: a click where the original has one. Return the result, and what is said of the clip."""
    info, original = tool.probe(clip), folder / "original.flac"
    extracted = tool.extract_sound(clip, info, original)
    rendition = Rendition(
        source=clip,
        info=info,
        dub=write_dub(folder / "dub.flac", original),
        original=original,
        source_language="en",
        target_language="pt",
        subtitles=(),
        intact=extracted.intact,
    )
    tool.render(rendition, folder / "dubbed.mp4")
    return folder / "dubbed.mp4", info, (*info.findings, *extracted.findings)


@pytest.mark.parametrize(
    ("oddity", "suffix", "flashes", "clicks"), CASES, ids=[f"{case[0].__name__}{case[1]}" for case in CASES]
)
def test_every_click_is_kept_and_sounds_with_its_flash(tool, tmp_path, oddity, suffix, flashes, clicks):
    clip = oddity(Studio(tmp_path), suffix)

    dubbed, info, findings = dub(tool, clip, tmp_path)

    flashed, dub_clicks, original_clicks = flashes_of(dubbed), clicks_of(dubbed, 0), clicks_of(dubbed, 1)
    assert (len(flashed), len(dub_clicks), len(original_clicks)) == (flashes, clicks, clicks)
    assert all(min(abs(click_s - flash_s) for click_s in dub_clicks) <= SYNC_S for flash_s in flashed)
    assert dub_clicks == pytest.approx(original_clicks, abs=SYNC_S)
    assert any("clock of the file jumps" in finding for finding in findings) == info.clock_jumps
    assert info.clock_jumps == oddity.__name__.startswith("joined")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_picture_is_copied_though_its_first_frame_is_held(tool, tmp_path, suffix):
    clip = sound_first(Studio(tmp_path), suffix)

    dubbed, info, _ = dub(tool, clip, tmp_path)

    assert packet_hashes(dubbed) == packet_hashes(clip)
    assert info.held_ms == pytest.approx(1500, abs=25)


def test_clips_of_a_held_picture_begin_with_it(tool, tmp_path):
    clip = sound_first(Studio(tmp_path), ".mp4")
    held_ms = tool.probe(clip).held_ms
    interval = Interval(start_ms=held_ms - 500, end_ms=held_ms + 1500)

    tool.cut_picture(PictureCut(source=clip, interval=interval, held_ms=held_ms), tmp_path / "cut.mp4")

    assert flashes_of(tmp_path / "cut.mp4") == pytest.approx([1.5], abs=0.001)


def test_clips_of_a_file_whose_clock_jumps_are_found_after_the_jump(tool, tmp_path):
    clip = joined(Studio(tmp_path), ".ts")
    dubbed, info, _ = dub(tool, clip, tmp_path)
    fourth_ms = round(flashes_of(dubbed)[3] * 1000)
    interval = Interval(start_ms=fourth_ms - 300, end_ms=fourth_ms + 300)

    tool.cut_picture(PictureCut(source=clip, interval=interval, clock_jumps=info.clock_jumps), tmp_path / "cut.mp4")

    assert flashes_of(tmp_path / "cut.mp4") == pytest.approx([0.3], abs=SYNC_S)
