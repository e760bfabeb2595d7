"""``dub-assets credentials``, and dubs that are signed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import c2pa
import pytest
from support.command_line import CommandLine

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.stages.final_video.values import FinalVideo

pytestmark = pytest.mark.media


@pytest.fixture
def signing(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sign with a certificate for development; the path of its root."""
    for line in run("credentials", "init").splitlines():
        if line.startswith("export "):
            monkeypatch.setenv(*line.removeprefix("export ").split("=", 1))
    return run.folder / "home" / "credentials" / "root.pem"


def test_a_dub_is_signed_and_an_edit_is_signed_again(run: CommandLine, signing: Path):
    unsigned = run.manifest(FinalVideo, "final_video")
    run.dub("--quiet")
    video = "results/talk.pt.mp4"
    first = json.loads(run("credentials", "verify", video, "--trust", str(signing), "--json"))
    assert (first["state"], first["dub"]["revision"]) == ("trusted", unsigned.revision + 1)
    assert [action["action"] for action in first["actions"]] == ["c2pa.opened", "c2pa.translated", "c2pa.dubbed"]
    run.dub("--quiet")
    assert json.loads(run("credentials", "verify", video, "--json")) == first | {"state": "valid"}
    run("mix", run.job, "1", "--bgm-gain", "0.2", "--rebuild", "--quiet")
    edited = json.loads(run("credentials", "verify", video, "--trust", str(signing), "--json"))
    assert edited["actions"][-1]["parameters"] == {"revision": first["dub"]["revision"] + 1, "segments": ["0001"]}
    checks = {check.name: check for check in _checks(run)}
    assert checks["final_video_is_marked"].passed


def test_show_lists_the_revisions_with_what_changed(run: CommandLine, signing: Path):
    run.dub("--quiet")
    run("say", run.job, "1", "Boa tarde a todos.", "--rebuild", "--quiet")
    run("mix", run.job, "0", "--bgm-gain", "0.3", "--rebuild", "--quiet")
    shown = run("credentials", "show", "results/talk.pt.mp4").splitlines()
    assert [line for line in shown if line.startswith("revision ")] == [
        "revision 1: the whole dub",
        "revision 2: the whole dub",
        "revision 3: segments 0001",
        "revision 4: segments 0000",
    ]


def test_a_copy_in_another_container_is_signed_and_verified_by_its_sidecar(run: CommandLine, signing: Path):
    run.dub("--quiet")
    copy = Path("talk.mkv")
    subprocess.run(
        [str(find_ffmpeg()), "-v", "error", "-i", "results/talk.pt.mp4", "-map", "0:v", str(copy)], check=True
    )
    assert "only in a sidecar" in run("credentials", "verify", "talk.mkv", fails=True)
    assert run("credentials", "sign", "talk.mkv", "--from", "results/talk.pt.mp4") == "signed: talk.mkv.c2pa\n"
    verified = run("credentials", "verify", "talk.mkv", "--trust", str(signing))
    assert "made from: talk.pt.mp4" in verified
    assert "actions: c2pa.opened, c2pa.transcoded" in verified
    assert "c2pa.transcoded" in run("credentials", "show", "talk.mkv")
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    assert "changed since it was signed" in run("credentials", "verify", "talk.mkv", fails=True)


@pytest.mark.parametrize(
    ("file", "dub", "reason"),
    [
        ("talk.mkv", "results/talk.pt.mp4", "has no content credentials: name the signed dub"),
        ("talk.mkv", "nowhere.mp4", "cannot read nowhere.mp4"),
    ],
)
def test_only_copies_of_signed_dubs_are_signed(run: CommandLine, signing: Path, file: str, dub: str, reason: str):
    assert reason in run("credentials", "sign", file, "--from", dub, fails=True)


def test_nothing_is_signed_without_a_certificate(run: CommandLine):
    assert "CREDENTIALS_CERTIFICATE is unset" in run("credentials", "sign", "a.wav", "--from", "b.mp4", fails=True)


def test_credentials_beside_the_original_are_kept(run: CommandLine, signing: Path):
    run.dub("--quiet")
    video = Path("talk.mkv")
    subprocess.run([str(find_ffmpeg()), "-v", "error", "-i", run.video, "-c", "copy", str(video)], check=True)
    run("credentials", "sign", "talk.mkv", "--from", "results/talk.pt.mp4")
    run("dub", "talk.mkv", "--from", "en", "--to", "pt", "--out", "second", "--quiet")
    with Path("second/talk.pt.mp4").open("rb") as file, c2pa.Reader("video/mp4", file) as reader:
        manifests = json.loads(reader.json())["manifests"].values()
    assert "talk.mkv" in {manifest["title"] for manifest in manifests}
    assert '"valid"' in run("credentials", "verify", "second/talk.pt.mp4", "--json")


def _checks(run: CommandLine):
    from dub_assets.stages.quality.values import Quality

    return run.manifest(Quality, "quality").checks


def test_show_prints_credentials_and_marks_and_verify_finds_a_changed_byte(run: CommandLine, signing: Path):
    run.dub("--quiet")
    video = run.folder / "results" / "talk.pt.mp4"
    shown = run("credentials", "show", str(video))
    assert "a certificate for development" in shown
    assert "c2pa.dubbed" in shown
    assert "cloned voices: no" in shown
    assert "digital source type: http://cv.iptc.org/" in shown
    content = bytearray(video.read_bytes())
    content[content.index(b"mdat") + 2000] ^= 1
    video.write_bytes(content)
    error = run("credentials", "verify", str(video), fails=True)
    assert "talk.pt.mp4: changed since it was signed" in error
    assert len(error.splitlines()) == 1


def test_an_unsigned_dub_is_marked_and_has_no_credentials(run: CommandLine):
    shown = json.loads(run("credentials", "show", "results/talk.pt.mp4", "--json"))
    assert shown["state"] == "none"
    assert shown["marks"]["comment"] == "Contains synthetic speech: dubbed by AI from en to pt."
    assert "has no content credentials" in run("credentials", "verify", "results/talk.pt.mp4", fails=True)
    document = json.loads((run.folder / "results" / "talk.pt.json").read_text(encoding="utf-8"))
    assert document["ai_generated"] is True
    assert document["notice"] == shown["marks"]["comment"]
    assert document["voices"] == [{"voice": document["segments"][0]["dub"]["voice"], "cloned": False, "speakers": []}]


def test_init_keeps_a_chain_and_hides_the_key(run: CommandLine, signing: Path):
    key = signing.with_name("key.pem")
    assert key.stat().st_mode & 0o777 == 0o600
    assert "exists: keep using it" in run("credentials", "init", fails=True)
    assert "other/key.pem" in run("credentials", "init", "--out", "other")


def test_an_unusable_certificate_is_refused_before_any_work(run: CommandLine, signing: Path, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_KEY", str(signing))
    runs = json.loads(run("jobs", "--json"))["jobs"][0]["last_run"]
    assert "CREDENTIALS_KEY is no private key" in run.dub("--quiet", fails=True)
    monkeypatch.delenv("CREDENTIALS_KEY")
    assert "belong together" in run.dub("--quiet", fails=True)
    monkeypatch.delenv("CREDENTIALS_CERTIFICATE")
    assert json.loads(run("jobs", "--json"))["jobs"][0]["last_run"] == runs


@pytest.mark.parametrize(
    ("file", "reason"), [("nothing.mp4", "cannot read nothing.mp4"), ("results/talk.pt.srt", "no talk.pt.srt.c2pa")]
)
def test_files_that_cannot_be_verified(run: CommandLine, file: str, reason: str):
    assert reason in run("credentials", "verify", file, fails=True)
