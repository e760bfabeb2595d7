"""What every separator does, whatever its weights: a test module binds ``separator`` and subclasses this."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from dub_assets.core.errors import InputError
from dub_assets.core.ports import Separator
from dub_assets.core.signal.sound import Sound


def sound(*channels, rate_hz: int) -> Sound:
    """Tracks as the channels of a sound."""
    return Sound(samples=np.stack(channels, axis=1).astype(np.float32), rate_hz=rate_hz)


def noise(frames: int, seed: int = 4):
    """White noise with a standard deviation of 0.05, the same at every call."""
    return (np.random.default_rng(seed).standard_normal(frames) * 0.05).astype(np.float32)


def blocks(whole: Sound, frames: int) -> list[Sound]:
    """A sound cut into blocks."""
    return [
        Sound(samples=whole.samples[start : start + frames], rate_hz=whole.rate_hz)
        for start in range(0, whole.frames, frames)
    ]


def separated(separator: Separator, mixture: Iterable[Sound]):
    """The vocals, joined; the mixtures that come with them are those that went in."""
    mixture = list(mixture)
    pairs = list(separator.separate(mixture))
    assert all(mixed.samples.shape == vocals.samples.shape for mixed, vocals in pairs)
    assert all(one.rate_hz == separator.capabilities.sample_rate_hz for pair in pairs for one in pair)
    whole = np.concatenate([block.samples for block in mixture])
    assert np.array_equal(np.concatenate([mixed.samples for mixed, _ in pairs]), whole)
    return np.concatenate([vocals.samples for _, vocals in pairs])


class SeparatorContract:
    """Shape, alignment in length, and what is not sound."""

    def mixture(self, separator: Separator, seconds: float, channels: int) -> Sound:
        rate_hz = separator.capabilities.sample_rate_hz
        tracks = [noise(round(seconds * rate_hz), seed) for seed in range(channels)]
        return sound(*tracks, rate_hz=rate_hz)

    @pytest.mark.parametrize("channels", [1, 2, 3, 6])
    def test_any_number_of_channels_goes_in_and_comes_out(self, separator: Separator, channels: int):
        vocals = separated(separator, [self.mixture(separator, 0.7, channels)])
        assert vocals.shape[1] == channels
        assert vocals.dtype == np.float32
        assert np.isfinite(vocals).all()

    def test_the_length_of_the_blocks_does_not_matter(self, separator: Separator):
        mixture = self.mixture(separator, 4.3, 2)
        whole = separated(separator, [mixture])
        assert np.allclose(separated(separator, blocks(mixture, 31_077)), whole, atol=1e-5)

    def test_silence_holds_no_speech(self, separator: Separator):
        silence = sound(np.zeros(48_000), rate_hz=separator.capabilities.sample_rate_hz)
        assert np.abs(separated(separator, [silence])).max() < 1e-6

    @pytest.mark.parametrize("frames", [1, 480, 1441])
    def test_a_short_sound_keeps_its_length(self, separator: Separator, frames: int):
        short = sound(noise(frames), rate_hz=separator.capabilities.sample_rate_hz)
        assert separated(separator, [short]).shape == (frames, 1)

    def test_no_sound_gives_nothing(self, separator: Separator):
        assert list(separator.separate([])) == []

    def test_samples_that_are_no_numbers_are_refused(self, separator: Separator):
        broken = sound(np.array([0.0, np.nan, 0.0]), rate_hz=separator.capabilities.sample_rate_hz)
        with pytest.raises(InputError, match="no numbers"):
            list(separator.separate([broken]))

    def test_it_works_again_after_closing(self, separator: Separator):
        mixture = self.mixture(separator, 1.0, 2)
        before = separated(separator, [mixture])
        separator.close()
        assert np.array_equal(separated(separator, [mixture]), before)

    def test_its_identity_names_its_weights(self, separator: Separator):
        assert separator.identity.weights
        assert all(len(file.sha256) == 64 and file.licence and file.origin for file in separator.identity.weights)
