"""Videos with many channels of sound, from the first stage to the players of the report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import av
import pytest
from support.command_line import CommandLine, make_video

pytestmark = pytest.mark.media

SOUNDS = {
    "7.1 AAC": ("talk.mp4", 8, "pan=7.1", "aac"),
    "8 channels without a layout": ("talk.mkv", 8, "pan=8c", "pcm_s16le"),
    "6.1 AAC": ("talk.mp4", 7, "pan=6.1", "aac"),
}


@pytest.mark.parametrize(("name", "channels", "layout", "codec"), SOUNDS.values(), ids=SOUNDS)
def test_dubs_with_all_channels_and_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, channels: int, layout: str, codec: str
):
    spread = "|".join([layout, *(f"c{channel}=c0" for channel in range(channels))])
    video = make_video(tmp_path / name, "-af", spread, "-c:a", codec, duration_s=3)
    CommandLine(tmp_path, video, monkeypatch).dub("--quiet")
    with av.open(str(tmp_path / "results" / "talk.pt.mp4")) as container:
        assert container.streams.audio[0].codec_context.channels == channels
    page = (tmp_path / "results" / "talk.pt.html").read_text(encoding="utf-8")
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert data
    sounds = json.loads(data[1])["sounds"]
    assert [sound["track"] for sound in sounds] == ["original", "dub", "background", "mix"]
    assert all(len(sound["data"]) > 1000 for sound in sounds)
