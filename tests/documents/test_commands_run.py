"""Runs the commands of the documents as a reader would, on one small dub; every other one is listed with the reason.

Which command runs is decided by its beginning, so that a new one of `dub-assets` runs without a change here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from commands import ROOT, Command, commands
from support.aws_server import REGION

from sample.build import build, cut

START_S, END_S = 0, 31.7
"""Enough of the sample for four segments."""

SETS_A_VARIABLE = "changes the reader's shell; the variables are checked"
SERVES = "serves until it is stopped; "
NOT_RUN: Mapping[str, str] = {
    r"make (demo|test|unit|format|fuzz|lock|quality|stack|stack-demo|faults|kills|workers|layers|models)\b.*": (
        "takes minutes, changes the checkout or runs these tests themselves; the target is checked by a dry run"
    ),
    r"make (install|schemas|test-\S+)\b.*": "installs packages or rewrites the checkout; checked by a dry run",
    r"docker .*": "there is no Docker here; stages, services, profiles and the inner commands are checked",
    r"python benchmarks/.*": "takes minutes on an idle machine; scripts and options are checked",
    r"export .*": SETS_A_VARIABLE,
    r"\. \S+/activate": SETS_A_VARIABLE,
    r"cp \.env\.example \.env": "writes into the checkout; the file is checked",
    r"apt-get install .*": "changes the system",
    r"dub-assets dev\b.*": SERVES + "tests/cli/test_dev.py runs it",
    r"dub-assets segment .*": "changes segments that other commands name; tests/cli/test_segment_commands.py runs it",
    r"dub-assets revisions JOB --.*": "needs these revisions; tests/cli/test_segment_commands.py runs it",
    r"dub-assets edit\b.*": SERVES + "tests/browser/test_editor.py runs it",
    r"dagster dev\b.*": SERVES + "tests/cli/test_dev.py runs it through dub-assets dev",
    r"dub-assets metrics\b.*": SERVES + "tests/service/metrics/test_metrics.py runs it",
    r".*dub-assets worker\b.*": SERVES + "tests/workers runs it",
    r"dub-assets models pull --pair .*": "fetches models; tests/engines/firefox runs it against a local hub",
    r"dub-assets check( --pull)?": "fails without the default pair; tests/cli runs it against a local hub",
    r"dub-assets callbacks replay .*": "needs the callbacks of a service; tests/cli/test_job_control.py runs it",
    r"dub-assets credentials sign .*": "needs the variables of that export; tests/cli/test_credentials.py runs it",
    r"dub-assets credentials verify .*": "needs the variables of that export; tests/cli/test_credentials.py runs it",
    r"dub-assets consent revoke .*": "needs the id that `consent add` prints; tests/cli/test_consents.py runs it",
    r"dub-assets dub .*--from ko .*": "needs the model of that pull",
    r"dub-assets dub .*--to pt --to es.*": "needs more models; tests/end_to_end/test_target_languages.py runs it",
    r"dub-assets dub --glossary FILE": "names no video",
    r"dub-assets dub .*--transcript .*": "needs subtitles of the reader; tests/stages/transcript runs their stages",
    r"dagster instance (migrate|concurrency set .*)": "changes the reader's database; its options are checked",
}
"""What does not run here, and why."""

PLACEHOLDERS = {"ENGINE": "kokoro", "LANG": "pt", "FILE": "terms.json", "DIR": "exported"}
MESSAGE = {
    "job_id": "talk-1",
    "project_id": "shop",
    "input_key": "projects/shop/inputs/talk.mp4",
    "callback_url": "https://api.example.com/jobs/{job_id}/callback",
}


@dataclass
class Reader:
    """A reader's terminal in an empty folder with a video; ``job`` is the job that the first dub made."""

    folder: Path
    environment: dict[str, str]
    job: str = ""
    failures: list[str] = field(default_factory=list)

    def types(self, command: Command) -> None:
        """Run a command with the placeholders filled in, and keep why it failed."""
        values = PLACEHOLDERS | {"JOB": self.job}
        text = re.sub(r"\b[A-Z]{3,}\b", lambda match: values.get(match[0], match[0]), command.text)
        folder = ROOT if text.startswith("cp ") else self.folder
        done = subprocess.run(
            ["bash", "-c", text], cwd=folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            self.failures.append(f"{command.document}: {command.text}\n{done.stderr[-2000:]}")
        if not self.job and text.startswith("dub-assets dub"):
            document = json.loads((self.folder / "results" / "talk.pt.json").read_text(encoding="utf-8"))
            self.job = document["job_id"]


def runnable() -> list[Command]:
    """Return the commands to run, once each: the README's first, since it makes the job that others name."""
    unique = {command.text: command for command in commands() if why_not(command.text) is None and is_whole(command)}
    return list(unique.values())


def why_not(text: str) -> str | None:
    """Return why a command does not run here, or None."""
    return next((reason for pattern, reason in NOT_RUN.items() if re.fullmatch(pattern, text)), None)


def is_whole(command: Command) -> bool:
    """Whether a reader could run it; text also names commands without their arguments."""
    return command.in_block or len(command.text.split()) > 2


def test_every_command_runs_or_says_why_not():
    known = re.compile(r"dub-assets [a-z-]|make help|openssl rand|cp setups/")
    strange = [command.text for command in commands() if not why_not(command.text) and not known.match(command.text)]
    assert not strange
    idle = [pattern for pattern in NOT_RUN if not any(re.fullmatch(pattern, command.text) for command in commands())]
    assert set(idle) <= {r"dub-assets models pull --pair .*", r"dub-assets dub .*--from ko .*"}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, aws_endpoint: str) -> Reader:
    folder = tmp_path_factory.mktemp("reader")
    video = cut(build(ROOT / "build" / "sample"), START_S, END_S, folder / "cut").video
    shutil.copy(video, folder / "talk.mp4")
    (folder / "message.json").write_text(json.dumps(MESSAGE), encoding="utf-8")
    (folder / "terms.json").write_text('{"glossary": {"sea": "oceano"}}', encoding="utf-8")
    (folder / "dagster").mkdir()
    queue = boto3.client("sqs", region_name=REGION, endpoint_url=aws_endpoint).create_queue(QueueName="readers")
    environment = {
        **os.environ,
        "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DUB_ASSETS_HOME": str(folder / "home"),
        "DAGSTER_HOME": str(folder / "dagster"),
        "JOB_QUEUE_URL": queue["QueueUrl"],
        "AWS_ENDPOINT_URL": aws_endpoint,
    }
    return Reader(folder=folder, environment=environment)


@pytest.mark.models
def test_the_commands_run_as_written(reader: Reader):
    for command in runnable():
        reader.types(command)
    assert not reader.failures, "\n\n".join(reader.failures)
    results = {path.name for path in (reader.folder / "results").iterdir()}
    assert {f"talk.pt.{suffix}" for suffix in ("mp4", "srt", "vtt", "json", "html")} <= results
    assert any((reader.folder / "pages").iterdir())
