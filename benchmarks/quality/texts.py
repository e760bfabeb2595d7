"""Translation and spoken form of written lines: how many of each class pass their checks.

The lines and their checks are in ``lines/``; ``text_lines.py`` explains them. ``python -m benchmarks.quality.texts``
prints the figures and the lines that fail.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from benchmarks.quality.text_lines import TextLine, read
from dub_assets.core.provenance import Provenance, StageFigures
from dub_assets.core.timing import Interval
from dub_assets.engines.chosen import ChosenEngines
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.options import EngineChoices, VoiceActivityOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.stages.transcript.values import Transcript, TranscriptSegment
from dub_assets.stages.translation.stage import translate
from dub_assets.text_normalisation import verbalise

TITLE = "Written lines of many kinds"
CLASSES = {
    "addresses": "addresses of mail and web: copied, and spoken",
    "handles": "handles and tags: copied",
    "code": "names of programs, files and variables: copied",
    "names": "names with letters that the model does not know: copied",
    "already": "lines in the target language: kept",
    "not already": "lines with foreign names in them: translated",
    "stock": "greetings, idioms, exclamations",
    "numbers": "numbers in words and figures",
    "roman": "Roman numerals: spoken as the language does",
    "not roman": "letters that look like Roman numerals",
    "capitals": "acronyms: spoken as letters or as a word",
    "interjections": "interjections without vowels",
    "scripts": "words in scripts that the voice cannot read",
    "exponents": "powers",
    "ids": "telephone numbers, cards, documents, codes: digit by digit",
    "money": "amounts with abbreviated millions",
    "ordinary": "ordinary lines",
}
MEANING = {name: f"{meaning} (correct of all)" for name, meaning in CLASSES.items()}
MEANING |= {
    "correct": "share of all lines that pass all their checks",
    "ms_a_line": "milliseconds of the process's CPU to translate a line",
}
_SLOT_MS = 30_000
_NOTHING = Provenance(
    fingerprint="", engines=(), figures=StageFigures(wall_s=0, cpu_s=0, real_time_factor=0, peak_memory_mib=0)
)


def measure(folder: Path) -> dict[str, dict[str, object]]:
    """Return the figures of each direction, and of spoken Spanish."""
    return {title: figures for title, figures, _ in _measured(folder)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for title, figures, failures in _measured(Path(folder)):
            sys.stdout.write(f"\n{title}: {figures}\n")
            for line, result, failed in failures:
                sys.stdout.write(f"{line.kind}: {line.text} -> {result} | {' '.join(failed)}\n")


Failure = tuple[TextLine, str, list[str]]


def _measured(folder: Path) -> Iterator[tuple[str, dict[str, object], list[Failure]]]:
    engines = ChosenEngines(
        registry=EngineRegistry(EngineSettings(cache_dir=folder, weights_dir=None, threads=2)),
        choices=EngineChoices(),
        voice_activity=VoiceActivityOptions(),
    )
    for source, target in (("en", "pt"), ("pt", "en")):
        lines, texts = read(f"{source}-{target}"), read(target)
        translated(lines[:1], source, target, engines)  # models are loaded
        start_s = time.process_time()
        results = translated(lines, source, target, engines)
        cpu_ms = 1000 * (time.process_time() - start_s) / len(lines)
        spoken = [verbalise(line.text, target) for line in texts]
        figures, failures = _figures([*lines, *texts], [*results, *spoken], target)
        yield f"{source} to {target}", {**figures, "ms_a_line": round(cpu_ms, 1)}, failures
    texts = read("es")
    figures, failures = _figures(texts, [verbalise(line.text, "es") for line in texts], "es")
    yield "es, spoken", figures, failures


def translated(lines: Sequence[TextLine], source: str, target: str, engines: ChosenEngines) -> list[str]:
    """Return the translations of lines, each a segment with much time and a pause around it."""
    segments = tuple(
        TranscriptSegment(
            index=index,
            interval=Interval(start_ms=2 * index * _SLOT_MS, end_ms=(2 * index + 1) * _SLOT_MS),
            text=line.text,
            words=(),
            probability=None,
        )
        for index, line in enumerate(lines)
    )
    transcript = Transcript(
        language=source,
        language_probability=1.0,
        duration_ms=2 * len(lines) * _SLOT_MS,
        segments=segments,
        provenance=_NOTHING,
    )
    product = translate(transcript, target, engines=engines, ctx=_context(), previous=None)
    return [line.text for line in product.lines]


def _context() -> SimpleNamespace:
    """Return a stage context that measures and reports nothing."""

    @contextmanager
    def measuring() -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(figures=lambda **_length: _NOTHING.figures)

    return SimpleNamespace(
        meter=SimpleNamespace(measure=measuring), progress=SimpleNamespace(report=lambda *_args, **_options: None)
    )


def _figures(
    lines: Sequence[TextLine], results: Sequence[str], language: str
) -> tuple[dict[str, object], list[Failure]]:
    failed = [(line, result, line.failed(result, language)) for line, result in zip(lines, results, strict=True)]
    figures: dict[str, object] = {}
    for name in CLASSES:
        of_class = [checks for line, _, checks in failed if line.kind == name]
        if of_class:
            figures[name] = f"{of_class.count([])} of {len(of_class)}"
    figures["correct"] = round(sum(not checks for _, _, checks in failed) / len(failed), 3)
    return figures, [failure for failure in failed if failure[2]]


if __name__ == "__main__":
    main()
