"""``make fuzz``: mutants of every container, and a report of what becomes of them; faults are kept."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from fuzz.mutations import mutant
from fuzz.seeds import SEEDS, write_seeds
from fuzz.trial import Outcome, outcome_of

PROGRESS_EVERY = 100


def mutant_of(seeds: dict[str, bytes], seed: int, number: int) -> tuple[str, bytes]:
    """Return name and content of a mutant: the same for the same seed, number and seed files."""
    random = Random(f"{seed}/{number}")
    name = list(SEEDS)[number % len(SEEDS)]
    return f"{number:06}-{name}", mutant(Path(name).suffix, seeds[name], random)


def tried(name: str, content: bytes, kept: Path, *, renders: bool = True) -> Outcome:
    """Return the outcome of a mutant; a fault's file is written to ``kept``."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        outcome = outcome_of(path, renders=renders)
    if outcome.is_fault:
        (kept / name).write_bytes(content)
    return outcome


def main() -> int:
    """Try mutants; return 1 if there is a fault."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="mutants to try")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other mutants")
    parser.add_argument("--only", type=int, help="try the mutant of this number alone, to repeat a fault")
    parser.add_argument("--start", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at once")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="folder of the report and of faults")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fuzz-seeds-") as folder:
        seeds = write_seeds(Path(folder))
    numbers = range(arguments.start, arguments.start + arguments.count)
    if arguments.only is not None:
        numbers = range(arguments.only, arguments.only + 1)
    counts, started = Counter[str](), time.monotonic()
    with (arguments.out / f"seed-{arguments.seed}.jsonl").open("a", encoding="utf-8") as report:

        def run(number: int) -> tuple[str, Outcome]:
            name, content = mutant_of(seeds, arguments.seed, number)
            return name, tried(name, content, arguments.out)

        with ThreadPoolExecutor(arguments.jobs) as pool:
            for done, (name, outcome) in enumerate(pool.map(run, numbers), 1):
                counts[outcome.kind] += 1
                print(
                    json.dumps({"name": name, "kind": outcome.kind, "detail": outcome.detail}), file=report, flush=True
                )
                if outcome.is_fault or arguments.only is not None:
                    print(f"{name}: {outcome.kind}: {outcome.detail}", flush=True)
                if done % PROGRESS_EVERY == 0:
                    print(f"{done} mutants in {time.monotonic() - started:.0f} s: {dict(counts)}", flush=True)
    faults = sum(count for kind, count in counts.items() if kind not in {"accepted", "finding", "refused"})
    print(
        f"{sum(counts.values())} mutants of seed {arguments.seed}: {dict(counts)}; {faults} faults in {arguments.out}"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
