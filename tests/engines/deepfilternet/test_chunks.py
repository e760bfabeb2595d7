"""Programmes split into chunks and joined again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from dub_assets.engines.deepfilternet import chunks as chunks_module
from dub_assets.engines.deepfilternet.chunks import BODY_FRAMES, CONTEXT_FRAMES, FADE_FRAMES, join, split
from dub_assets.engines.deepfilternet.engine import HOP_FRAMES


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch):
    for name, frames in {"BODY_FRAMES": 100, "CONTEXT_FRAMES": 20, "FADE_FRAMES": 6}.items():
        monkeypatch.setattr(chunks_module, name, frames)


def programme(frames: int) -> np.ndarray:
    return np.arange(2 * frames, dtype=np.float32).reshape(frames, 2)


def blocks_of(samples: np.ndarray, length: int) -> list[np.ndarray]:
    return [samples[start : start + length] for start in range(0, len(samples), length)]


@pytest.mark.parametrize("frames", [0, 1, 6, 99, 100, 103, 106, 107, 200, 206, 250, 317])
@pytest.mark.parametrize("length", [1, 37, 100, 1000])
def test_bodies_are_the_programme_for_any_length_of_blocks(frames: int, length: int):
    whole = programme(frames)
    chunks = list(split(blocks_of(whole, length)))
    assert np.array_equal(np.concatenate([whole[:0], *(chunk.body_samples for chunk in chunks)]), whole)
    assert [chunk.body for chunk in chunks] == [100] * (frames // 100) + ([frames % 100] if frames % 100 else [])
    for number, chunk in enumerate(chunks):
        start = 100 * number
        assert chunk.context == min(20, start)
        assert np.array_equal(chunk.samples, whole[start - chunk.context : min(frames, start + chunk.body + 6)])


@pytest.mark.parametrize("length", [1, 7, 40, 1000])
@pytest.mark.parametrize("frames", [0, 5, 100, 103, 250])
def test_joining_unchanged_chunks_gives_the_programme(frames: int, length: int):
    whole = programme(frames)
    chunks = split([whole] if frames else [])
    results = [result for _, result in join((chunk, blocks_of(chunk.samples, length)) for chunk in chunks)]
    assert np.allclose(np.concatenate([whole[:0], *results]), whole, rtol=1e-6)


@pytest.mark.parametrize("length", [1, 4, 23, 1000])
def test_crossfades_chunks(length: int):
    levels = iter([0.0, 1.0, 3.0])
    chunks = (
        (chunk, blocks_of(np.full_like(chunk.samples, next(levels)), length)) for chunk in split([programme(300)])
    )
    result = np.concatenate([body for _, body in join(chunks)])[:, 0]
    assert np.all(result[:100] == 0)
    assert np.allclose(np.diff(result[99:107]), 1 / 7)
    assert np.all(result[106:200] == 1)
    assert np.allclose(np.diff(result[199:207]), 2 / 7)


def test_yields_results_before_their_chunk_is_finished():
    (chunk,) = split([programme(100)])

    def results() -> Iterator[np.ndarray]:
        yield chunk.samples[:40]
        raise AssertionError("the second block was requested before the first one was yielded")

    mixture, result = next(join([(chunk, results())]))
    assert np.array_equal(mixture, programme(100)[:40])
    assert np.array_equal(result, mixture)


def test_chunks_are_whole_hops_of_the_model():
    assert not any(frames % HOP_FRAMES for frames in (BODY_FRAMES, CONTEXT_FRAMES, FADE_FRAMES))
