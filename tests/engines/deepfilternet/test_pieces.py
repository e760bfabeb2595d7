"""Programmes cut into pieces and put together again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from dub_assets.engines.deepfilternet import pieces as rules
from dub_assets.engines.deepfilternet.pieces import BODY_FRAMES, FADE_FRAMES, LEAD_FRAMES, joined, pieces


@pytest.fixture(autouse=True)
def short(monkeypatch):
    for name, frames in {"BODY_FRAMES": 100, "LEAD_FRAMES": 20, "FADE_FRAMES": 6}.items():
        monkeypatch.setattr(rules, name, frames)


def programme(frames: int) -> np.ndarray:
    return np.arange(2 * frames, dtype=np.float32).reshape(frames, 2)


def cut(samples: np.ndarray, length: int) -> list[np.ndarray]:
    return [samples[start : start + length] for start in range(0, len(samples), length)]


@pytest.mark.parametrize("frames", [0, 1, 6, 99, 100, 103, 106, 107, 200, 206, 250, 317])
@pytest.mark.parametrize("length", [1, 37, 100, 1000])
def test_the_bodies_joined_are_the_programme_however_it_comes(frames: int, length: int):
    whole = programme(frames)
    made = list(pieces(cut(whole, length)))
    assert np.array_equal(np.concatenate([whole[:0], *(piece.own for piece in made)]), whole)
    assert [piece.body for piece in made] == [100] * (frames // 100) + ([frames % 100] if frames % 100 else [])
    for number, piece in enumerate(made):
        start = 100 * number
        assert piece.lead == min(20, start)
        assert np.array_equal(piece.samples, whole[start - piece.lead : min(frames, start + piece.body + 6)])


@pytest.mark.parametrize("length", [1, 7, 40, 1000])
@pytest.mark.parametrize("frames", [0, 5, 100, 103, 250])
def test_what_is_not_changed_comes_out_as_it_went_in(frames: int, length: int):
    whole = programme(frames)
    out = [
        made for _, made in joined((piece, cut(piece.samples, length)) for piece in pieces([whole] if frames else []))
    ]
    assert np.allclose(np.concatenate([whole[:0], *out]), whole, rtol=1e-6)


@pytest.mark.parametrize("length", [1, 4, 23, 1000])
def test_a_piece_fades_into_the_next_one(length: int):
    levels = iter([0.0, 1.0, 3.0])
    made = ((piece, cut(np.full_like(piece.samples, next(levels)), length)) for piece in pieces([programme(300)]))
    out = np.concatenate([body for _, body in joined(made)])[:, 0]
    assert np.all(out[:100] == 0)
    assert np.allclose(np.diff(out[99:107]), 1 / 7)
    assert np.all(out[106:200] == 1)
    assert np.allclose(np.diff(out[199:207]), 2 / 7)


def test_results_are_passed_on_before_their_piece_is_finished():
    (piece,) = pieces([programme(100)])

    def results() -> Iterator[np.ndarray]:
        yield piece.samples[:40]
        raise AssertionError("the second block was asked for before the first one was passed on")

    mixture, result = next(joined([(piece, results())]))
    assert np.array_equal(mixture, programme(100)[:40])
    assert np.array_equal(result, mixture)


def test_a_recurrent_network_hears_two_seconds_before_a_piece():
    assert (BODY_FRAMES, LEAD_FRAMES, FADE_FRAMES) == (1_440_000, 96_000, 960)
    assert not any(frames % 480 for frames in (BODY_FRAMES, LEAD_FRAMES, FADE_FRAMES)), "whole hops of 10 ms"
