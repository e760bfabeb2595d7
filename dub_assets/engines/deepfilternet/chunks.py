"""A programme in chunks that are processed in parallel, each with its surroundings, and joined with crossfades."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dub_assets.core.signal.sound import Samples

BODY_FRAMES = 30 * 48_000
"""Length of a chunk's body: 30 s at 48 kHz. It depends neither on the blocks that come in nor on the threads."""

CONTEXT_FRAMES = 2 * 48_000
"""Frames before the body. A recurrent network then knows as much as if it had processed everything before."""

FADE_FRAMES = 960
"""Frames after the body, which fade into the next chunk: 20 ms."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chunk:
    """A stretch of a programme: samples of shape ``(context + body + fade, channels)``."""

    samples: Samples
    context: int
    body: int

    @property
    def body_samples(self) -> Samples:
        """The samples of the body."""
        return self.samples[self.context : self.context + self.body]


def split(blocks: Iterable[Samples]) -> Iterator[Chunk]:
    """Yield the programme in chunks, whose joined bodies are the joined blocks."""
    context = 0
    buffered: list[Samples] = []
    for block in blocks:
        buffered.append(block)
        if sum(map(len, buffered)) < context + BODY_FRAMES + FADE_FRAMES:
            continue
        samples = np.concatenate(buffered)
        while len(samples) >= (end := context + BODY_FRAMES) + FADE_FRAMES:
            yield Chunk(samples=samples[: end + FADE_FRAMES], context=context, body=BODY_FRAMES)
            samples, context = samples[end - CONTEXT_FRAMES :], CONTEXT_FRAMES
        buffered = [samples]
    samples = np.concatenate(buffered) if buffered else np.zeros((0, 1), np.float32)
    while len(samples) > context:
        body = min(BODY_FRAMES, len(samples) - context)
        yield Chunk(samples=samples, context=context, body=body)
        samples, context = samples[max(0, context + body - CONTEXT_FRAMES) :], min(CONTEXT_FRAMES, context + body)


def join(chunks: Iterable[tuple[Chunk, Iterable[Samples]]]) -> Iterator[tuple[Samples, Samples]]:
    """Yield ``(programme, result)`` in blocks of equal shape, as results come in; chunks are crossfaded.

    The results of a chunk come in blocks that together are as long as its samples.
    """
    previous_tail = np.zeros((0, 1), np.float32)
    for chunk, results in chunks:
        fade = previous_tail[: chunk.body]
        tail: list[Samples] = []
        start = -chunk.context
        for result in results:
            body_start, body_end = max(0, -start), max(0, chunk.body - start)
            body = result[body_start:body_end]
            tail.append(result[body_end:])
            if len(body):
                offset = max(0, start)
                yield chunk.body_samples[offset : offset + len(body)], _fade_in(fade, body, offset)
            start += len(result)
        previous_tail = np.concatenate(tail)[:FADE_FRAMES]


def _fade_in(fade: Samples, block: Samples, offset: int) -> Samples:
    """Return a block, ``offset`` frames into a body, crossfaded from ``fade``, which starts with the body."""
    previous = fade[offset : offset + len(block)]
    if not len(previous):
        return block
    faded = block.copy()
    rising = np.linspace(0, 1, len(fade) + 2, dtype=np.float32)[1:-1, np.newaxis][offset : offset + len(block)]
    faded[: len(previous)] = previous + rising * (block[: len(previous)] - previous)
    return faded
