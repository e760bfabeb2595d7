"""``dub-assets consent``, and jobs whose engine clones voices."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from support.command_line import CommandLine, copy_dubbed
from support.fakes import FakeEngines, FakeSynthesiser

from dub_assets.core.consent import today
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.resources.engines import EnginesResource
from dub_assets.stages.tts_segments.values import TtsSegments

pytestmark = pytest.mark.media

UNTIL = (today() + timedelta(days=30)).isoformat()
MINA = ("--person", "Mina Kim", "--until", UNTIL, "--document", "contract 17")
SPEECH = [Interval(start_ms=100, end_ms=1700), Interval(start_ms=2000, end_ms=3800)]
WORDS = [
    RecognisedWord(text=text, start_ms=region.start_ms, end_ms=region.end_ms, probability=0.9)
    for text, region in zip(("Good.", "Night."), SPEECH, strict=True)
]
"""Enough speech to clone a voice from."""


@pytest.fixture(scope="module")
def studio(dubbed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the dub of a video with that much speech, in a voice of the engine."""
    folder = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patch:
        run = CommandLine(folder, dubbed / "talk.mp4", patch)
        use(patch, FakeSynthesiser())
        run.dub("--quiet")
    return folder


@pytest.fixture
def cloning(studio: Path, dubbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line over a copy of that dub, with an engine that clones voices from now on."""
    copy_dubbed(studio, tmp_path)
    monkeypatch.chdir(tmp_path)
    run = CommandLine(tmp_path, dubbed / "talk.mp4", monkeypatch)
    use(monkeypatch, FakeSynthesiser(clones_voice=True))
    return run


def use(patch: pytest.MonkeyPatch, synthesiser: FakeSynthesiser) -> None:
    engines = FakeEngines(regions=SPEECH, words=WORDS, synthesiser=synthesiser)
    patch.setattr(EnginesResource, "engines", lambda self, overrides=None: engines)


def voices(run: CommandLine) -> list[str]:
    return [line.speech.voice for line in run.manifest(TtsSegments, "tts_segments").segments]


def document(run: CommandLine) -> str:
    return (run.folder / "results" / "talk.pt.json").read_text(encoding="utf-8")


def runs(run: CommandLine) -> object:
    return json.loads(run("jobs", "--json"))["jobs"][0]["last_run"]


def test_a_voice_is_not_cloned_without_consent(cloning: CommandLine):
    before = runs(cloning)
    error = cloning.dub("--quiet", fails=True)
    assert len(error.splitlines()) == 1
    assert f"no valid consent is recorded: record one with `dub-assets consent add {cloning.job}`" in error
    assert runs(cloning) == before, "refused before any work"
    assert voices(cloning) == ["anna", "anna"], "the finished dub is kept"


def test_a_studio_voice_is_taken_if_the_configuration_says_so(cloning: CommandLine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CONSENT_MISSING", "studio")
    cloning.dub("--quiet")
    assert voices(cloning) == ["anna", "anna"]


def test_a_consented_voice_is_cloned_and_results_refer_to_the_consent(cloning: CommandLine):
    paper = cloning.folder / "paper.pdf"
    paper.write_bytes(b"signed")
    added = cloning(
        "consent", "add", cloning.job, "--person", "Mina Kim", "--until", UNTIL, "--document-file", str(paper), "--json"
    )
    consent_id = json.loads(added)["id"]
    cloning.dub("--quiet")
    assert voices(cloning) == ["cloned", "cloned"]
    (voice,) = json.loads(document(cloning))["voices"]
    reference = {"id": consent_id, "valid_until": UNTIL, "document_sha256": sha256(b"signed").hexdigest()}
    assert voice == {"voice": "cloned", "cloned": True, "speakers": [], "consent": reference}
    for path in (cloning.folder / "home" / "objects" / "projects").rglob("*"):
        assert not path.is_file() or b"Mina Kim" not in path.read_bytes(), path


def test_a_person_who_wants_to_be_named_is_named(cloning: CommandLine):
    cloning("consent", "add", cloning.job, *MINA, "--purpose", "episode 1 in Portuguese", "--named")
    cloning.dub("--quiet")
    consent = json.loads(document(cloning))["voices"][0]["consent"]
    assert {name: consent[name] for name in ("person", "purpose", "document")} == {
        "person": "Mina Kim",
        "purpose": "episode 1 in Portuguese",
        "document": "contract 17",
    }


def test_a_signed_video_refers_to_the_consent(cloning: CommandLine, monkeypatch: pytest.MonkeyPatch):
    for line in cloning("credentials", "init").splitlines():
        if line.startswith("export "):
            monkeypatch.setenv(*line.removeprefix("export ").split("=", 1))
    consent_id = json.loads(cloning("consent", "add", cloning.job, *MINA, "--json"))["id"]
    cloning.dub("--quiet")
    shown = cloning("credentials", "show", "results/talk.pt.mp4")
    assert "cloned voices: yes" in shown
    (line,) = (line for line in shown.splitlines() if line.startswith("consents: "))
    assert f"id {consent_id}" in line
    assert UNTIL in line
    assert "Mina Kim" not in shown


@pytest.mark.parametrize("entry", ["dub", "say", "mix", "rebuild"])
def test_a_revoked_consent_ends_every_use_of_the_voice(cloning: CommandLine, entry: str):
    cloning("consent", "add", cloning.job, *MINA)
    cloning.dub("--quiet")
    (row,) = json.loads(cloning("consent", "list", "--json"))["consents"]
    assert (row["state"], row["used_by"][0]["job_id"]) == ("valid", cloning.job)
    revoked = cloning("consent", "revoke", row["id"][:8])
    assert f"job {cloning.job}: projects/local/outputs/videos/{cloning.job}.mp4 has the voice, and is kept" in revoked
    finished = document(cloning)
    error = {
        "dub": lambda: cloning.dub("--quiet", fails=True),
        "say": lambda: cloning("say", cloning.job, "1", "Boa tarde.", "--quiet", fails=True),
        "mix": lambda: cloning("mix", cloning.job, "1", "--bgm-gain", "0.2", "--quiet", fails=True),
        "rebuild": lambda: cloning("mix", cloning.job, "1", "--rebuild", "--quiet", fails=True),
    }[entry]()
    assert "consent" in error
    assert "dub-assets consent add" in error
    assert document(cloning) == finished


def test_lines_of_a_revoked_voice_are_spoken_again_by_a_studio_voice(cloning: CommandLine, monkeypatch):
    cloning("consent", "add", cloning.job, *MINA)
    cloning.dub("--quiet")
    (row,) = json.loads(cloning("consent", "list", "--json"))["consents"]
    cloning("consent", "revoke", row["id"])
    monkeypatch.setenv("CONSENT_MISSING", "studio")
    assert "is cloned in job" in cloning("mix", cloning.job, "1", "--rebuild", "--quiet", fails=True)
    cloning("say", cloning.job, "1", "Boa tarde.", "--rebuild", "--quiet")
    assert voices(cloning) == ["anna", "anna"], "the other line too"
    assert "consent" not in json.loads(document(cloning))["voices"][0]


def test_a_consent_of_another_project_is_none(cloning: CommandLine):
    cloning("consent", "add", cloning.job, *MINA, "--project", "shop")
    assert "no valid consent is recorded" in cloning.dub("--quiet", fails=True)
    assert "project local has no consents" in cloning("consent", "list")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("talk", "--person", "Mina", "--until", UNTIL), "give --document or --document-file"),
        (("talk", "--until", UNTIL, "--document", "x"), "--person is missing"),
        (("talk", "--person", "Mina", "--document", "x"), "--until is missing"),
        (MINA, "name the jobs"),
        (("talk", *MINA, "--every-job"), "name the jobs"),
        (("talk", "--person", "Mina", "--until", "2020-01-01", "--document", "x"), "--until 2020-01-01 has passed"),
        (("talk", *MINA, "--speaker", "a"), "'a' is no speaker"),
        (("a/b", *MINA), "'a/b' is not usable"),
        (("talk", *MINA, "--document-file", "nowhere.pdf"), "cannot read nowhere.pdf"),
        (("talk", *MINA, "--project", "../x"), "'../x' is not usable"),
    ],
)
def test_an_incomplete_consent_is_refused_in_one_line(run: CommandLine, arguments: tuple[str, ...], reason: str):
    error = run("consent", "add", *arguments, fails=True)
    assert reason in error
    assert len(error.splitlines()) == 1
    assert not Path("home/objects/consents").exists()


def test_consents_are_listed_and_a_revoked_one_cannot_be_added_again(run: CommandLine):
    added = run("consent", "add", "--every-job", *MINA, "--speaker", "B")
    consent_id = added.split()[2].rstrip(",")
    listed = run("consent", "list")
    for text in (consent_id, "Mina Kim", "every job", "valid", UNTIL):
        assert text in listed
    run("consent", "revoke", consent_id)
    assert "revoked" in run("consent", "list")
    assert "was revoked" in run("consent", "add", "--every-job", *MINA, "--speaker", "B", fails=True)
    assert "is no consent of this project" in run("consent", "revoke", "zz", fails=True)
