"""The sound track that ``dub`` takes: of the spoken language, or the one that ``--track`` names."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
from support.command_line import CommandLine, make_video
from support.media_clips import ffmpeg

from dub_assets.stages.stems.values import Stems

pytestmark = pytest.mark.media


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line over a video with a French default track (mono) and an English one (stereo)."""
    one, two = make_video(tmp_path / "one.mp4", duration_s=3), tmp_path / "talk.mkv"
    english = ("-f", "lavfi", "-i", "sine=880:duration=3")
    maps = ("-map", "0:v", "-map", "0:a", "-map", "1:a", "-ac:a:1", "2", "-disposition:a:1", "0")
    languages = ("-metadata:s:a:0", "language=fra", "-metadata:s:a:1", "language=eng")
    ffmpeg("-i", one, *english, *maps, *languages, "-c:v", "copy", "-c:a", "aac", two)
    return CommandLine(tmp_path, two, monkeypatch)


def document(run: CommandLine) -> dict:
    return json.loads((run.folder / "results" / "talk.pt.json").read_text(encoding="utf-8"))


def test_a_track_in_the_spoken_language_is_dubbed_and_the_choice_is_recorded(run: CommandLine):
    run.dub("--quiet")

    source = document(run)["source"]
    assert (source["audio_track"], source["findings"]) == (1, [])
    assert [track["language"] for track in source["audio_tracks"]] == ["fra", "eng"]
    with av.open(str(run.folder / "results" / "talk.pt.mp4")) as container:
        assert [stream.codec_context.channels for stream in container.streams.audio] == [2, 2, 1]


def test_a_named_track_is_dubbed_and_another_one_regenerates_the_stems(run: CommandLine):
    run.dub("--quiet", "--track", "0")
    first = run.manifest(Stems, "stems")
    run.dub("--quiet", "--track", "fr")
    again = run.manifest(Stems, "stems")
    run.dub("--quiet", "--track", "eng")
    other = run.manifest(Stems, "stems")

    assert (first.info.track.index, other.info.track.index) == (0, 1)
    assert again == first
    assert other.original != first.original
    assert other.provenance.fingerprint != first.provenance.fingerprint


@pytest.mark.parametrize(
    ("track", "complaint"),
    [("2", "there is no sound track '2'"), ("de", "there is no sound track 'de'"), ("-1", "'-1' is neither the index")],
)
def test_a_track_that_does_not_exist_is_refused_before_any_work(run: CommandLine, track: str, complaint: str):
    errors = run.dub("--track", track, fails=True)

    assert complaint in errors
    assert list(run.archive.store.list("jobs/")) == []
