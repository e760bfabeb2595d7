"""The command line with fake engines, in which line N of speech waits for the file ``GATES/N``; all else is real.

If ``EDITS_WAIT`` is set, edited videos are written once ``GATES/edit`` exists.

Tests start it as a process: ``python tests/support/gated_command.py dub talk.mp4 ...``. Before it waits for gate N it
writes ``GATES/N.waiting``. While it speaks it writes noise to standard output and error, as libraries do.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

if True:  # the imports need sys.path as set above
    from support.command_line import SPEECH, WORDS
    from support.fakes import FakeEngines, FakeSynthesiser

    from dub_assets.adapters.ffmpeg.mp4_splice import DubbedFile
    from dub_assets.cli import main
    from dub_assets.core.signal.sound import Sound
    from dub_assets.core.speech import Utterance
    from dub_assets.resources.engines import EnginesResource


class GatedSynthesiser(FakeSynthesiser):
    """Synthesises a line once its gate exists."""

    def __init__(self, gates: Path) -> None:
        super().__init__()
        self._gates = gates
        self._lines = 0

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        number, self._lines = self._lines, self._lines + 1
        os.write(1, b"noise of a library on standard output\n")
        os.write(2, b"noise of a library on standard error\n")
        wait_at_gate(self._gates, str(number))
        return super().synthesise(utterances)


def wait_at_gate(gates: Path, name: str) -> None:
    """Wait until the gate's file exists."""
    (gates / f"{name}.waiting").touch()
    while not (gates / name).exists():
        time.sleep(0.05)


def gate_edits(gates: Path) -> None:
    """Make each edited video wait for its gate before it is written."""
    write = DubbedFile.write

    def gated_write(video: DubbedFile, target: Path, packets: Mapping[int, bytes], subtitles: Path | None) -> None:
        wait_at_gate(gates, "edit")
        write(video, target, packets, subtitles)

    DubbedFile.write = gated_write


def run() -> None:
    gates = Path(os.environ["GATES"])
    if "EDITS_WAIT" in os.environ:
        gate_edits(gates)
    engines = FakeEngines(regions=SPEECH, words=WORDS)
    synthesiser = GatedSynthesiser(gates)
    engines.synthesiser = lambda language: synthesiser
    EnginesResource.engines = lambda self, overrides=None: engines
    main()


if __name__ == "__main__":
    run()
