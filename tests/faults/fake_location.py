"""The code location of the fault suite: the real definitions over fake engines, with kill points."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from killable import always, killable, reached
from support.fakes import FakeEngines, FakeProgress, FakeSeparator, FakeSynthesiser, FakeTranslator

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.engine import Voice
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.definitions import definitions
from dub_assets.resources.engines import EnginesResource
from dub_assets.service.callbacks.delivery_service import DeliveryService
from dub_assets.service.callbacks.sender import HttpCallbackSender
from dub_assets.service.queue import sensor as job_queue
from dub_assets.service.queue.sqs import SqsQueue
from dub_assets.settings import settings_from

LANGUAGES = ("pt", "es", "fr")
_SPOKEN = Interval(start_ms=200, end_ms=900)
_TRANSLATOR = FakeTranslator()
_TRANSLATOR.capabilities = replace(_TRANSLATOR.capabilities, pairs=frozenset(("en", into) for into in LANGUAGES))
_ENGINES = FakeEngines(
    translator=_TRANSLATOR,
    synthesiser=FakeSynthesiser(voices=(Voice(name="anna", languages=frozenset(LANGUAGES)),)),
    regions=[_SPOKEN],
    words=[RecognisedWord(text="Good.", start_ms=_SPOKEN.start_ms, end_ms=_SPOKEN.end_ms, probability=0.9)],
)


def _save(archive: JobArchive, key: str, value: object, **options: Any) -> None:
    """``JobArchive.save`` between two points, which are named after what is saved."""
    point = _saved(key)
    reached(f"save.{point}.before")
    _original_save(archive, key, value, **options)
    reached(f"save.{point}.after")


def _saved(key: str) -> str:
    if "/manifests/" in key:
        return key.rpartition("/")[2].removesuffix(".json")
    if key.startswith("jobs/refused/"):
        return "refusal"
    if key.startswith("jobs/callbacks/"):
        return "outbox"
    if key.startswith("jobs/cancellations/"):
        return "cancellation"
    if not key.startswith("jobs/requests/"):
        return "record"
    return "claim" if key.endswith(".claim.json") else "request"


def _has_receipts(args: tuple[Any, ...], result: Any) -> bool:
    return bool(args[1])


def _separate(separator: FakeSeparator, mixture: Iterable[Sound]) -> Iterator[tuple[Sound, Sound]]:
    """``FakeSeparator.separate`` after a point; each separation that ends is a line in a file."""
    reached("separate.before")
    yield from _original_separate(separator, mixture)
    with Path(os.environ["FAULTS"], "separations").open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")


_original_separate = FakeSeparator.separate
FakeSeparator.separate = _separate
EnginesResource.engines = lambda self, overrides=None: _ENGINES
_original_save = JobArchive.save
JobArchive.save = _save
killable(SqsQueue, "receive", "receive", after=lambda args, received: bool(received))
killable(SqsQueue, "delete", "delete", before=_has_receipts, after=_has_receipts)
killable(SqsQueue, "_copied", "copy", before=always, after=always)
killable(HttpCallbackSender, "send", "send", before=always, after=always)
killable(DeliveryService, "deliver_changes", "deliver", before=always, after=always)
killable(job_queue, "_sensor_result", "answer", after=lambda args, result: bool(args[0].runs))

defs = definitions(settings_from(os.environ), FakeProgress())
