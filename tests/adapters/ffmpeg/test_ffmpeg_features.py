"""The list of ffmpeg's features that the product requires: complete, minimal, and checked against real programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ffmpeg as graphs
import numpy as np
import pytest
from support.media_clips import ffmpeg, noise, numbered, write_noise
from support.media_renditions import render, subtitles_in
from support.media_tool import ffmpeg_under_test, media_tool
from support.used_features import listed, used

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.adapters.ffmpeg.ffmpeg_features import REQUIRED, Features, missing_features
from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.media import PictureCut
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval

pytestmark = pytest.mark.media

INSERTED = {f"bitstream_filters {name}" for name in ("aac_adtstoasc", "extract_extradata", "vp9_superframe")}
"""What muxers and demuxers add by themselves: it is in no command."""


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Every command that is compiled during a test."""
    compiled, found = graphs.compile, []

    def recorded(*arguments: object, **options: object) -> list[str]:
        found.append(compiled(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(graphs, "compile", recorded)
    return found


def use_everything(tool: FfmpegMediaTool, folder: Path) -> None:
    """Call every method of the tool, on files that take each of its ways."""
    sound = write_noise(folder / "noise.wav", 48_000, 2)
    clips = [numbered(folder / "h264.mp4"), numbered(folder / "divx.avi", "-c:v", "mpeg4", "-bf", "2", "-q:v", "2")]
    clips += [numbered(folder / "old.mkv", "-c:v", "ffv1")]
    fields = ("-vf", "setfield=tff", "-c:v", "prores_ks", "-flags", "+ildct")
    clips += [numbered(folder / "interlaced.mkv", *fields)]
    hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
    clips += [numbered(folder / "hevc.mp4", *hevc)]
    for clip in clips:
        talk = clip.with_name(f"talk-{clip.stem}.mkv" if clip.suffix != ".avi" else f"talk-{clip.stem}.avi")
        maps = ("-map", "0:v", "-map", "1:a", "-map", "1:a")
        ffmpeg("-i", clip, "-i", sound, *maps, "-c:v", "copy", "-c:a", "pcm_s16le", talk)
        render(tool, talk, folder, subtitles=subtitles_in(folder, "pt"), samples=0.98 * 2 * noise(48_000, 2))
    for codec in ("libx264", "ffv1"):
        early = folder / f"early-{codec}.mkv"
        ffmpeg("-itsoffset", "0.5", "-i", clips[0], "-i", sound, "-c:v", codec, "-c:a", "aac", early)
        render(tool, early, folder)
    lossless = folder / "lossless.mkv"
    ffmpeg("-i", clips[0], "-i", sound, "-c:v", "copy", "-c:a", "flac", lossless)
    render(tool, lossless, folder, subtitles=subtitles_in(folder, "pt"), samples=noise(48_000, 2))
    surround = folder / "surround.mkv"
    six = write_noise(folder / "surround.wav", 48_000, 6)
    ffmpeg("-i", clips[0], "-i", six, "-c:v", "copy", "-c:a", "pcm_s16le", surround)
    render(tool, surround, folder)
    talk = folder / "talk-h264.mkv"
    tool.extract_sound(talk, tool.probe(talk), folder / "sound.flac")
    tool.stretch(Sound(samples=np.zeros((4_800, 1), np.float32), rate_hz=48_000), 1.2)
    tool.preview(sound, Interval(start_ms=500, end_ms=900))
    tool.cut_picture(PictureCut(source=talk, interval=Interval(start_ms=2_000, end_ms=2_200)), folder / "cut.mp4")


def test_every_listed_feature_is_used_and_every_used_one_is_listed(commands, tmp_path):
    use_everything(media_tool(), tmp_path)

    found = set().union(*(used(command) for command in commands))
    assert found | INSERTED == listed(REQUIRED)


@pytest.mark.parametrize("program", [find_ffmpeg, ffmpeg_under_test], ids=["packaged", "under-test"])
def test_the_program_offers_all_that_is_required(program):
    assert missing_features(program()) == []


def absent() -> Iterator[tuple[Features, str]]:
    """Requirements that no ffmpeg meets, and what is said of each."""
    yield replace(REQUIRED, filters={**REQUIRED.filters, "abracadabra": "level"}), "filter abracadabra"
    yield replace(REQUIRED, filters={"bwdif": "deint=loud"}), "option deint=loud of filter bwdif"
    yield replace(REQUIRED, filters={"trim": "end patience"}), "option patience of filter trim"
    yield replace(REQUIRED, encoders={"aac": "", "libh999": ""}), "encoder libh999"
    yield replace(REQUIRED, encoders={"libx264": "crf mood"}), "option mood of encoder libx264"
    yield replace(REQUIRED, muxers={"mp4": "movflags=fasterstart"}), "option movflags=fasterstart of muxer mp4"
    yield replace(REQUIRED, muxers={"mp5": ""}), "muxer mp5"
    yield replace(REQUIRED, demuxers="mov mp5"), "demuxer mp5"
    yield replace(REQUIRED, decoders="h264 h999"), "decoder h999"
    yield replace(REQUIRED, protocols="file carrier_pigeon"), "protocol carrier_pigeon"
    yield replace(REQUIRED, bitstream_filters="aac_to_gold"), "bitstream filter aac_to_gold"
    yield replace(REQUIRED, options="copyts copycat"), "option copycat"
    yield replace(REQUIRED, options="fflags=genpts fflags=genius"), "option fflags=genius"


@pytest.mark.parametrize(("required", "complaint"), [pytest.param(*case, id=case[1]) for case in absent()])
def test_missing_features_of_a_program_are_named(required, complaint):
    assert missing_features(ffmpeg_under_test(), required) == [complaint]
