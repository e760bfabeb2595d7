"""The commands in the project's documents: those of code blocks, and those in running text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    *(ROOT / name for name in ("README.md", "README.ko.md", "CONTRIBUTING.md", "benchmarks/README.md")),
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in {"aws.md", "kubernetes.md"}),
)
"""The guides to AWS and Kubernetes have tests of their own, in tests/deployment."""

PROGRAMS = (
    *("dub-assets", "make", "docker", "python", "uv", "pip", "dagster", "aws", "openssl", "apt-get", "curl", "celery"),
    *("cp", "export", ".", "git", "pg_dump", "helm", "kubectl"),
)
"""What a command may begin with. A block of code that begins with none of them is no shell."""

_HINT = re.compile(r"(?<![\w./-])dub-assets(?: [a-z-]+){1,2}|(?<=`)make [^`{\n]+(?=`)")
_ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=")
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command as a document has it; ``in_block`` tells those that a reader copies from those in running text."""

    document: str
    text: str
    in_block: bool

    @property
    def words(self) -> list[str]:
        """The words, without variables that are set for it and without redirections."""
        words = shlex.split(self.text.partition(" < ")[0])
        while words and _ASSIGNMENT.match(words[0]):
            words.pop(0)
        return words

    @property
    def variables(self) -> list[str]:
        """The names of the variables that are set for it."""
        names = []
        for word in shlex.split(self.text):
            if not _ASSIGNMENT.match(word):
                break
            names.append(word.partition("=")[0])
        return names


def commands() -> list[Command]:
    """Return every command of every document, in order."""
    return [command for path in DOCUMENTS for command in commands_of(path)]


def commands_of(path: Path) -> list[Command]:
    """Return the commands of a document: those of its blocks, then those of its text."""
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
    blocks = [line for block in shell_blocks(text) for line in _lines(block)]
    inline = [" ".join(span.split()) for span in _INLINE.findall(_FENCED.sub("", text))]
    return [
        *(Command(document=name, text=part, in_block=True) for line in blocks for part in _parts(line)),
        *(
            Command(document=name, text=part, in_block=False)
            for span in inline
            if is_shell(span)
            for part in _parts(span)
        ),
    ]


def hints() -> Iterator[tuple[str, str]]:
    """Yield the commands that the program and the files beside it name, each with the place."""
    folders = ("dub_assets", "stack", "sample", "setups", "deploy")
    inside = [path for name in folders for path in (ROOT / name).rglob("*")]
    files = [ROOT / name for name in ("compose.yaml", "Dockerfile", ".env.example", "dagster.yaml", "Makefile")]
    for path in [*inside, *files]:
        if path.suffix in {".py", ".yaml", ".html", ".js", ""} and path.is_file():
            for match in _HINT.finditer(path.read_text(encoding="utf-8")):
                yield str(path.relative_to(ROOT)), match[0]


def shell_blocks(text: str) -> Iterator[str]:
    """Yield the blocks of code that are shell."""
    for block in blocks_of(text):
        if any(is_shell(line) for line in block.splitlines()):
            yield block


def blocks_of(text: str) -> list[str]:
    """Return a document's blocks of code: indented ones, and fenced ones without another language."""
    fenced = [body for language, body in _FENCED.findall(text) if language in {"", "sh", "bash", "console"}]
    plain = _FENCED.sub("", text)
    indented = re.findall(r"(?:^\n)((?:^(?: {4}|\t).*\n?|^\n(?=(?: {4}|\t)))+)", plain, re.MULTILINE)
    return [*fenced, *(block for block in indented if block.strip())]


def is_shell(line: str) -> bool:
    """Whether a line begins as a command does."""
    words = line.split()
    while words and _ASSIGNMENT.match(words[0]):
        words.pop(0)
    return len(words) > 1 and words[0] in PROGRAMS and not words[1].endswith(":")


def _lines(block: str) -> Iterator[str]:
    """Yield a block's lines without comments; a line that ends with a backslash goes on in the next."""
    for line in block.replace("\\\n", " ").splitlines():
        bare = re.sub(r"(?:^|\s+)#.*$", "", line).strip()
        if is_shell(bare):
            yield bare


def _parts(line: str) -> Iterator[str]:
    yield from (part.strip() for part in re.split(r"&&|;|\|", line) if part.strip())


def mentions_of(path: Path) -> list[str]:
    """Return what a document's text has in code style and is no whole command: `--clips`, `models pull`."""
    spans = (" ".join(span.split()) for span in _INLINE.findall(_FENCED.sub("", path.read_text(encoding="utf-8"))))
    return [span for span in spans if not is_shell(span)]
