"""Every command in the documents: it parses, and what it names exists. test_commands_run.py runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_checks import command_names, dub_assets_fault, fault, option_names
from commands import DOCUMENTS, ROOT, Command, blocks_of, commands, commands_of, hints, is_shell, mentions_of

UNIQUE = {(command.text, command.in_block): command for command in commands()}
NO_SHELL = ("source_video ─▶", "FROM ", '{"timestamp"', "queues:", "ct2-")
"""How the blocks begin that are no commands."""
OPTIONS_OF_OTHERS = {"--log-format", "--build-arg", "--setups"}
"""Options of Dagster, Docker and benchmarks/workers.py."""


WORDS_AFTER_THE_NAME = {"does"}
"""What follows the program's name in sentences about it."""


@pytest.mark.parametrize("command", UNIQUE.values(), ids=lambda command: command.text)
def test_a_command_is_as_the_program_has_it(command: Command):
    assert fault(command) is None, command.document


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_line_of_a_block_is_a_command_or_the_block_is_no_shell(path: Path):
    for block in blocks_of(path.read_text(encoding="utf-8")):
        lines = [line.strip() for line in block.replace("\\\n", " ").splitlines()]
        unknown = [line for line in lines if line and not line.startswith("#") and not is_shell(line)]
        assert not unknown or block.strip().startswith(NO_SHELL), block


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_options_and_commands_in_the_text_exist(path: Path):
    for span in mentions_of(path):
        first, *others = span.split()
        if first.startswith("--"):
            name = first.partition("=")[0]
            assert name in option_names() | OPTIONS_OF_OTHERS, span
        elif first in command_names() and others and re.fullmatch(r"--[a-z-]+|pull", others[0]):
            assert dub_assets_fault(span.split(), whole=False) is None, span


def test_the_commands_that_the_program_names_exist():
    """A hint may have words of its sentence behind it: what follows the commands is not looked at."""
    found = set(hints())
    assert len(found) > 20
    for place, text in found:
        program, *words = text.split()
        if program == "make":
            assert fault(Command(document=place, text=text, in_block=True)) is None, place
        elif words[0] in command_names() or words[0] in WORDS_AFTER_THE_NAME:
            continue
        else:
            pytest.fail(f"{place}: {text}")


def test_both_readmes_have_the_same_commands():
    def plain(name: str) -> list[str]:
        blocks = [command.text for command in commands_of(ROOT / name) if command.in_block]
        return [re.sub(r'"[^"]*"', '"text"', text) for text in blocks]

    assert plain("README.ko.md") == plain("README.md")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dub-assets dub talk.mp4 --frm en", "No such option"),
        ("dub-assets sing talk.mp4", "no command 'sing'"),
        ("dub-assets report", "Missing parameter"),
        ("make demonstrate", "demonstrate"),
        ("make demo VIDOE=my.mp4", "does not read VIDOE"),
        ("docker compose up --build werker", "no service werker"),
        ("docker compose --profile far up", "no profile far"),
        ("docker compose run --rm worker dub-assets model pull", "no command 'model'"),
        ("docker build --target tpu .", "no stage tpu"),
        ("python benchmarks/dub.py", "there is no benchmarks/dub.py"),
        ("python benchmarks/dub_sample.py --round 2", "no option --round"),
        ("export SYNTHESIS_MOTOR=xtts", "nothing reads SYNTHESIS_MOTOR"),
        ("SYNTHESIS_MOTOR=xtts dub-assets dev", "unknown variables"),
        (". venv/bin/activate", "does not make"),
        ("pip install 'dub-assets[gpu]'", "no check knows"),
        ("dagster instance migrat", "migrat"),
    ],
)
def test_a_broken_command_is_found(text: str, said: str):
    assert is_shell(text)
    assert said in (fault(Command(document="x", text=text, in_block=True)) or "")


def test_commands_are_found_in_blocks_lists_and_text(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "Text with `make test` and `make\ndemo`.\n\n    make install && . .venv/bin/activate   # here\n\n"
        "1. a list\n\n       dub-assets models # what\n\n```sh\naws s3 ls \\\n  --debug\n```\n\n```json\n{}\n```\n",
        encoding="utf-8",
    )
    found = {(command.text, command.in_block) for command in commands_of(page)}
    blocks = {"make install", ". .venv/bin/activate", "dub-assets models", "aws s3 ls    --debug"}
    assert found == {("make test", False), ("make demo", False)} | {(text, True) for text in blocks}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(path: Path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"\w+://|#", link):
            assert (path.parent / link.partition("#")[0]).exists(), link
