"""A hundred mutants through probe and extraction, some through rendering: the same at every run, four of each seed."""

from __future__ import annotations

import pytest

from fuzz.__main__ import mutant_of, tried
from fuzz.seeds import SEEDS, write_seeds

pytestmark = pytest.mark.media

EACH = 4
FOUND = ((7742, 240), (7742, 293), (7742, 532), (7742, 578), (7742, 1178), (7742, 1296))
"""Seeds and numbers of mutants that once were faults."""

RENDERED = 3
"""Every third mutant is rendered too, which takes most of the time; ``make fuzz`` renders all."""


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return write_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.mark.parametrize("seed_number", range(len(SEEDS)), ids=SEEDS)
def test_mutants_are_dubbed_or_refused_in_one_line(seeds, tmp_path, seed_number):
    """Repeat a failure by ``make fuzz ONLY=<number>``."""
    faults = []
    for number in range(seed_number, EACH * len(SEEDS), len(SEEDS)):
        name, content = mutant_of(seeds, 0, number)
        outcome = tried(name, content, tmp_path, renders=number % RENDERED == 0)
        if outcome.is_fault:
            faults.append(f"{name}: {outcome.kind}: {outcome.detail}")

    assert faults == []


@pytest.mark.parametrize(("seed", "number"), FOUND)
def test_former_faults_are_dubbed_or_refused_in_one_line(seeds, tmp_path, seed, number):
    outcome = tried(*mutant_of(seeds, seed, number), tmp_path)

    assert not outcome.is_fault, outcome.detail
