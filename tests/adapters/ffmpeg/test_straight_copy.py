"""Copies on a straight clock, of files whose time stamps are damaged."""

import random
import re

import pytest
from support.media_clips import ffmpeg, numbered, packet_hashes, write_noise
from support.media_renditions import render
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.straight_copy import straight_copy

pytestmark = pytest.mark.media

TOOL = media_tool()


@pytest.fixture
def damaged(tmp_path):
    """A transport stream with a wrong bit in the presentation or decoding times of eight pictures."""
    picture, sound, clip = numbered(tmp_path / "picture.mp4"), tmp_path / "noise.wav", tmp_path / "clip.ts"
    write_noise(sound, 48_000)
    ffmpeg("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "aac", clip)
    content, chance = bytearray(clip.read_bytes()), random.Random(0)
    headers = [found.start() for found in re.finditer(b"\0\0\1\xe0", content)]
    for header in chance.sample(headers[10:], 8):
        content[header + 10 + chance.randrange(9)] ^= 1 << chance.randrange(8)
    clip.write_bytes(content)
    return clip


def test_every_picture_is_copied(damaged):
    assert len(packet_hashes(straight_copy(damaged))) == len(packet_hashes(damaged)) == 75


def test_such_a_file_is_dubbed(damaged, tmp_path):
    info = TOOL.probe(damaged)

    dubbed, _ = render(TOOL, damaged, tmp_path)

    assert any("the clock of the file jumps" in finding for finding in info.findings)
    assert len(packet_hashes(dubbed)) >= 70
