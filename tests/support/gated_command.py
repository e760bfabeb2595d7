"""The command line with fake engines whose every line of speech waits for a file ``GATES/N``; all else is real.

Tests start it as a process: ``python tests/support/gated_command.py dub talk.mp4 ...``. Before it waits for gate N it
writes ``GATES/N.waiting``. While it speaks it writes noise to standard output and error, as libraries do.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

if True:  # the imports need the path
    from support.fakes import FakeEngines, FakeSynthesiser

    from dub_assets.cli import main
    from dub_assets.core.signal.sound import Sound
    from dub_assets.core.speech import RecognisedWord, Utterance
    from dub_assets.core.timing import Interval
    from dub_assets.resources.engines import EnginesResource

SPEECH = [Interval(start_ms=200, end_ms=900), Interval(start_ms=2000, end_ms=2800)]
WORDS = [
    RecognisedWord(text=text, start_ms=part.start_ms, end_ms=part.end_ms, probability=0.9)
    for text, part in zip(("Good.", "Night."), SPEECH, strict=True)
]


class GatedSynthesiser(FakeSynthesiser):
    """Speaks a line when its gate is there."""

    def __init__(self, gates: Path) -> None:
        super().__init__()
        self._gates = gates
        self._lines = 0

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        number, self._lines = self._lines, self._lines + 1
        os.write(1, b"noise of a library on standard output\n")
        os.write(2, b"noise of a library on standard error\n")
        (self._gates / f"{number}.waiting").touch()
        while not (self._gates / str(number)).exists():
            time.sleep(0.05)
        return super().synthesise(utterances)


def run() -> None:
    engines = FakeEngines(regions=SPEECH, words=WORDS)
    speaks = GatedSynthesiser(Path(os.environ["GATES"]))
    engines.synthesiser = lambda language: speaks
    EnginesResource.engines = lambda self, overrides=None: engines
    main()


if __name__ == "__main__":
    run()
