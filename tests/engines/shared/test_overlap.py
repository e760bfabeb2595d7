"""Processing in overlapping windows."""

from __future__ import annotations

import numpy as np
import pytest

from dub_assets.engines.shared.overlap import overlapped


def programme(frames: int, channels: int = 2):
    return np.random.default_rng(1).standard_normal((frames, channels)).astype(np.float32)


def cut(samples, frames: int):
    return [samples[start : start + frames] for start in range(0, len(samples), frames)]


def run(blocks, work=list, **how):
    pairs = list(overlapped(blocks, work, **({"window": 100, "overlap": 0.25, "batch": 3} | how)))
    assert all(known.shape == result.shape for known, result in pairs)
    return [np.concatenate(parts) for parts in zip(*pairs, strict=True)]


@pytest.mark.parametrize("frames", [1, 74, 75, 76, 99, 100, 101, 249, 250, 251, 1000, 1033])
def test_identity_process_returns_the_input(frames: int):
    samples = programme(frames)
    known, result = run([samples])
    assert np.array_equal(known, samples)
    assert np.allclose(result, samples, atol=1e-6)


@pytest.mark.parametrize("block", [1, 33, 100, 400])
@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_block_length_and_batch_do_not_change_the_result(block: int, at_once: int):
    samples = programme(777)

    def work(segments):
        assert len(segments) <= at_once
        return [segment * np.linspace(0, 1, 100, dtype=np.float32)[:, None] for segment in segments]

    _, result = run(cut(samples, block), work, batch=at_once)
    _, expected = run([samples], lambda segments: [s * np.linspace(0, 1, 100)[:, None] for s in segments], batch=1)
    assert np.allclose(result, expected, atol=1e-6)


def test_fades_neighbouring_windows_into_each_other():
    numbers = iter(range(100))
    _, result = run([programme(400, 1)], lambda segments: [np.full_like(s, next(numbers)) for s in segments])
    track = result[:, 0]
    assert track[10] == 0
    assert track[100] == 1, "behind the overlap there is only the next"
    assert np.all(np.diff(track) >= -1e-5)
    assert np.diff(track).max() < 0.1


def test_memory_does_not_grow_with_the_programme():
    held = 0

    def blocks():
        nonlocal held
        for _ in range(200):
            held += 50
            yield programme(50, 1)

    most = 0
    for known, _ in overlapped(blocks(), list, window=100, overlap=0.25, batch=3):
        most = max(most, held)
        held -= len(known)
    assert most <= 250 + 50 + 75


def test_yields_nothing_for_no_blocks():
    assert list(overlapped([], list, window=100, overlap=0.25, batch=3)) == []
