"""The contract of separators, for any weights. A test module defines the fixture ``separator`` and a subclass."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from support.recordings import blocks, noise, sound

from dub_assets.core.errors import InputError
from dub_assets.core.ports import Separator
from dub_assets.core.signal.sound import Sound


def separated(separator: Separator, mixture: Iterable[Sound]):
    """Return the joined vocals, and check that the mixtures that come with them are the input."""
    mixture = list(mixture)
    pairs = list(separator.separate(mixture))
    assert all(mixed.samples.shape == vocals.samples.shape for mixed, vocals in pairs)
    assert all(block.rate_hz == separator.capabilities.sample_rate_hz for pair in pairs for block in pair)
    whole = np.concatenate([block.samples for block in mixture])
    assert np.array_equal(np.concatenate([mixed.samples for mixed, _ in pairs]), whole)
    return np.concatenate([vocals.samples for _, vocals in pairs])


class SeparatorContract:
    """Shapes, lengths, repeatability and invalid input."""

    def mixture(self, separator: Separator, seconds: float, channels: int) -> Sound:
        rate_hz = separator.capabilities.sample_rate_hz
        tracks = [noise(round(seconds * rate_hz), seed) for seed in range(channels)]
        return sound(*tracks, rate_hz=rate_hz)

    @pytest.mark.parametrize("channels", [1, 2, 3, 6])
    def test_keeps_the_number_of_channels(self, separator: Separator, channels: int):
        vocals = separated(separator, [self.mixture(separator, 0.7, channels)])
        assert vocals.shape[1] == channels
        assert vocals.dtype == np.float32
        assert np.isfinite(vocals).all()

    def test_result_does_not_depend_on_the_length_of_blocks(self, separator: Separator):
        mixture = self.mixture(separator, 4.3, 2)
        whole = separated(separator, [mixture])
        assert np.allclose(separated(separator, blocks(mixture, 31_077)), whole, atol=1e-5)

    def test_silence_has_no_vocals(self, separator: Separator):
        silence = sound(np.zeros(48_000), rate_hz=separator.capabilities.sample_rate_hz)
        assert np.abs(separated(separator, [silence])).max() < 1e-6

    @pytest.mark.parametrize("frames", [1, 480, 1441])
    def test_keeps_the_length_of_short_sounds(self, separator: Separator, frames: int):
        short = sound(noise(frames), rate_hz=separator.capabilities.sample_rate_hz)
        assert separated(separator, [short]).shape == (frames, 1)

    def test_no_blocks_have_no_result(self, separator: Separator):
        assert list(separator.separate([])) == []

    def test_refuses_samples_that_are_not_finite(self, separator: Separator):
        broken = sound(np.array([0.0, np.nan, 0.0]), rate_hz=separator.capabilities.sample_rate_hz)
        with pytest.raises(InputError, match="not finite"):
            list(separator.separate([broken]))

    def test_works_again_after_closing(self, separator: Separator):
        mixture = self.mixture(separator, 1.0, 2)
        before = separated(separator, [mixture])
        separator.close()
        assert np.array_equal(separated(separator, [mixture]), before)

    def test_identity_names_its_weights(self, separator: Separator):
        assert separator.identity.weights
        assert all(len(file.sha256) == 64 and file.licence and file.origin for file in separator.identity.weights)
