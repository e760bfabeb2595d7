"""Requests of the segment tasks, and the objects that external segments are read from and written to.

Keys that a request does not give are inferred from the objects that exist: ``{prefix}/0003_bgm.wav``, else
``{prefix}/3_bgm.wav`` with the index as it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from dub_assets.core.errors import InputError
from dub_assets.core.keys import segment_name
from dub_assets.service.message_keys import outside_own_objects
from dub_assets.stages.segment_mixes.values import GainChange, Gains

MESSAGE_GAINS = Gains(background=0.35, speech=1.0)
"""The gains of a segment if its message gives none."""

Exists = Callable[[str], bool]
"""Returns whether an object has this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMixOrder:
    """A segment to mix again. ``sent_index`` is the index as the message has it; a key that is None is inferred."""

    index: int
    sent_index: str
    bgm_key: str | None
    tts_key: str | None
    mix_key: str | None
    gains: Gains


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMixRequest:
    """The request of ``segment_mix``: segments to mix, external or not. The folders have no slash at their end."""

    job_id: str
    project_id: str | None
    callback_url: str = field(repr=False)
    segments: tuple[SegmentMixOrder, ...]
    intermediate_prefix: str | None
    output_prefix: str | None
    rebuild_video: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMixKeys:
    """The keys that a mix is made from and written to."""

    index: int
    bgm_key: str
    tts_key: str
    mix_key: str
    gains: Gains


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTtsRequest:
    """The request of ``segment_tts``: a new text for one segment.

    ``target_language`` (ISO 639-1), ``slot_ms`` and each of ``gains`` are None if the message gives none: the job's own
    apply, else the defaults. ``source_keys`` are reference sounds for the voice. ``segment_id`` is the consumer's id.
    """

    job_id: str
    project_id: str | None
    callback_url: str = field(repr=False)
    index: int
    sent_index: str
    text: str = field(repr=False)
    target_language: str | None
    slot_ms: int | None
    segment_prefix: str | None
    source_keys: tuple[str, ...]
    bgm_key: str | None
    tts_key: str | None
    mix_key: str | None
    gains: GainChange
    rebuild_video: bool
    segment_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTtsKeys:
    """The keys that the new speech of a segment and its mix are made from and written to."""

    source_keys: tuple[str, ...]
    bgm_key: str
    tts_key: str
    mix_key: str


def segment_mix_keys(request: SegmentMixRequest, exists: Exists) -> tuple[SegmentMixKeys, ...]:
    """Return the keys of every segment to mix. Raises InputError if objects are missing or would be overwritten."""
    keys = tuple(_mix_keys(request, order, exists) for order in request.segments)
    read = [key for segment in keys for key in (segment.bgm_key, segment.tts_key)]
    _require_separate(read=read, written=[segment.mix_key for segment in keys])
    return keys


def segment_tts_keys(request: SegmentTtsRequest, exists: Exists) -> SegmentTtsKeys:
    """Return the keys of a segment to speak. Raises InputError like ``segment_mix_keys``.

    Existing speech is replaced. If there is none, the speech is written beside the mix, named like the background.
    """

    def candidates(part: str) -> tuple[str, ...]:
        return _candidates(request.segment_prefix, request.index, request.sent_index, part)

    bgm = request.bgm_key or _required("bgm", request.index, candidates("bgm"), exists)
    shared = f"{request.segment_prefix or _folder(bgm)}/{_stem(bgm)}"
    keys = SegmentTtsKeys(
        source_keys=request.source_keys or tuple(filter(None, [_first(candidates("source"), exists)])),
        bgm_key=bgm,
        tts_key=request.tts_key or _first(candidates("tts"), exists) or f"{shared}_tts.wav",
        mix_key=request.mix_key or f"{shared}_mix.wav",
    )
    _require_separate(read=[*keys.source_keys, keys.bgm_key], written=[keys.tts_key, keys.mix_key])
    return keys


def _mix_keys(request: SegmentMixRequest, order: SegmentMixOrder, exists: Exists) -> SegmentMixKeys:
    def candidates(part: str) -> tuple[str, ...]:
        return _candidates(request.intermediate_prefix, order.index, order.sent_index, part)

    bgm = order.bgm_key or _required("bgm", order.index, candidates("bgm"), exists)
    folder = request.output_prefix or request.intermediate_prefix or _folder(bgm)
    return SegmentMixKeys(
        index=order.index,
        bgm_key=bgm,
        tts_key=order.tts_key or _required("tts", order.index, candidates("tts"), exists),
        mix_key=order.mix_key or f"{folder}/{_stem(bgm)}_mix.wav",
        gains=order.gains,
    )


def _candidates(prefix: str | None, index: int, sent_index: str, part: str) -> tuple[str, ...]:
    """Return the keys that a part of a segment may have, in the order in which they are tried."""
    if prefix is None:
        return ()
    return tuple(dict.fromkeys(f"{prefix}/{name}_{part}.wav" for name in (segment_name(index), sent_index)))


def _first(candidates: Iterable[str], exists: Exists) -> str | None:
    return next((key for key in candidates if exists(key)), None)


def _required(part: str, index: int, candidates: tuple[str, ...], exists: Exists) -> str:
    found = _first(candidates, exists)
    if found:
        return found
    absent = " and no ".join(f"object {key}" for key in candidates) or "prefix to infer it from"
    raise InputError(
        f"segment {segment_name(index)} has no {part}_key, and there is no {absent}: give the key, or put the object "
        "there"
    )


def _folder(key: str) -> str:
    return str(PurePosixPath(key).parent)


def _stem(bgm_key: str) -> str:
    """Return the name that a segment's objects share: ``0003`` of ``0003_bgm.wav``."""
    return PurePosixPath(bgm_key).stem.removesuffix("_bgm")


def _require_separate(*, read: Collection[str], written: Sequence[str]) -> None:
    taken = set(read)
    for key in written:
        if key in taken:
            raise InputError(f"{key} would be written over what is read or written beside it: name another output key")
        taken.add(outside_own_objects("the output key", key))
