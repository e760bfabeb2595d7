"""A programme in pieces that can be worked on side by side, each with what is around it, and put together again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dub_assets.domain.signal.sound import Samples

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


def joined(made: Iterable[tuple[Piece, Samples]]) -> Iterator[tuple[Samples, Samples]]:
    """The bodies, and what was made of them: of each piece, shaped as its samples, faded into the next one's."""
    before = np.zeros((0, 1), np.float32)
    for piece, whole in made:
        body = whole[piece.lead : piece.lead + piece.body].copy()
        frames = min(len(before), len(body))
        if frames:
            rising = np.linspace(0, 1, frames + 2, dtype=np.float32)[1:-1, np.newaxis]
            body[:frames] = before[:frames] + rising * (body[:frames] - before[:frames])
        yield piece.own, body
        before = whole[piece.lead + piece.body :][:FADE_FRAMES]
