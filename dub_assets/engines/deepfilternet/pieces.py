"""A programme in pieces that can be worked on side by side, each with what is around it, and put together again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dub_assets.core.signal.sound import Samples

BODY_FRAMES = 30 * 48_000
"""Of a piece: half a minute at 48 kHz. How it is cut does not depend on the blocks that come in, or on the threads."""

LEAD_FRAMES = 2 * 48_000
"""Heard before a piece begins: from there on a recurrent network knows as much as if it had heard all of it."""

FADE_FRAMES = 960
"""Heard after a piece ends, and faded into the next one: 20 ms."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A stretch of a programme: samples ``(lead + body + after, channels)``, of which the body is its own."""

    samples: Samples
    lead: int
    body: int

    @property
    def own(self) -> Samples:
        """The body's samples."""
        return self.samples[self.lead : self.lead + self.body]


def pieces(blocks: Iterable[Samples]) -> Iterator[Piece]:
    """The programme in pieces; the bodies, joined, are the blocks, joined."""
    lead = 0
    held: list[Samples] = []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) < lead + BODY_FRAMES + FADE_FRAMES:
            continue
        samples = np.concatenate(held)
        while len(samples) >= (end := lead + BODY_FRAMES) + FADE_FRAMES:
            yield Piece(samples=samples[: end + FADE_FRAMES], lead=lead, body=BODY_FRAMES)
            samples, lead = samples[end - LEAD_FRAMES :], LEAD_FRAMES
        held = [samples]
    samples = np.concatenate(held) if held else np.zeros((0, 1), np.float32)
    while len(samples) > lead:
        body = min(BODY_FRAMES, len(samples) - lead)
        yield Piece(samples=samples, lead=lead, body=body)
        samples, lead = samples[max(0, lead + body - LEAD_FRAMES) :], min(LEAD_FRAMES, lead + body)


def joined(made: Iterable[tuple[Piece, Iterable[Samples]]]) -> Iterator[tuple[Samples, Samples]]:
    """Yield the programme and its results in blocks of equal shape; pieces fade into each other.

    The results of a piece come in blocks that are together as long as its samples. They are yielded as they come.
    """
    before = np.zeros((0, 1), np.float32)
    for piece, results in made:
        fade = before[: piece.body]
        after: list[Samples] = []
        start = -piece.lead
        for result in results:
            own, rest = result[max(0, -start) : max(0, piece.body - start)], result[max(0, piece.body - start) :]
            after.append(rest)
            if len(own):
                at = max(0, start)
                yield piece.own[at : at + len(own)], _faded(fade, own, at)
            start += len(result)
        before = np.concatenate(after)[:FADE_FRAMES]


def _faded(fade: Samples, block: Samples, at: int) -> Samples:
    """Return a block that begins ``at`` frames into a piece, faded in from ``fade``, which begins with the piece."""
    before = fade[at : at + len(block)]
    if not len(before):
        return block
    faded = block.copy()
    rising = np.linspace(0, 1, len(fade) + 2, dtype=np.float32)[1:-1, np.newaxis][at : at + len(block)]
    faded[: len(before)] = before + rising * (block[: len(before)] - before)
    return faded
