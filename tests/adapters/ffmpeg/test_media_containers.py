"""Every container of the table in ``core/containers.py`` can be probed, decoded, cut and dubbed."""

from fractions import Fraction

import pytest
from support.container_clips import CLIPS, write_container_clip
from support.media_clips import numbers
from support.media_renditions import render
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.core.containers import CONTAINERS, Length
from dub_assets.core.errors import InputError
from dub_assets.core.media import PictureCut
from dub_assets.core.object_key import content_type_of
from dub_assets.core.timing import Interval

pytestmark = pytest.mark.media

TOOL = media_tool()
BY_DEMUXER = {container.demuxers[0]: container for container in CONTAINERS}


def test_every_container_has_a_clip():
    """A failure names the container without a clip in ``tests/support/container_clips.py``."""
    assert set(CLIPS) == set(BY_DEMUXER)


def test_no_suffix_and_no_demuxer_belongs_to_two_containers():
    names = [name for container in CONTAINERS for name in (*container.demuxers, *container.content_types)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("demuxer", BY_DEMUXER)
def test_a_clip_is_probed_decoded_cut_and_dubbed(tmp_path, demuxer):
    container = BY_DEMUXER[demuxer]
    clip = write_container_clip(demuxer, tmp_path)

    info = TOOL.probe(clip)

    assert info.container.split(",")[0] == demuxer
    assert {info.track.codec, info.picture.codec if info.picture else "flac"} <= {*container.codecs.split(), "flac"}
    assert content_type_of(clip.name) == container.content_types[clip.suffix]
    assert abs(info.duration_ms - 3000) <= 80
    TOOL.extract_sound(clip, info, tmp_path / "sound.flac")
    assert SoundfileSoundFiles().read(tmp_path / "sound.flac").frames == info.sound_frames
    if info.picture:
        TOOL.cut_picture(PictureCut(source=clip, interval=Interval(start_ms=1000, end_ms=1200)), tmp_path / "cut.mp4")
        shown = numbers(clip)
        expected = [number for time, number in shown if 1 <= time - shown[0][0] < Fraction(6, 5)]
        assert [number for _, number in numbers(tmp_path / "cut.mp4")] == expected
    dubbed, _ = render(TOOL, clip, tmp_path)
    assert len(TOOL.probe(dubbed).tracks) == 2


@pytest.mark.parametrize("demuxer", [name for name in BY_DEMUXER if BY_DEMUXER[name].length is not Length.ESTIMATED])
def test_a_file_that_was_cut_short_is_refused_if_its_container_declares_a_length(tmp_path, demuxer):
    whole = write_container_clip(demuxer, tmp_path)
    short = tmp_path / f"short{whole.suffix}"
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])

    with pytest.raises(InputError, match="cut short"):
        TOOL.probe(short)
