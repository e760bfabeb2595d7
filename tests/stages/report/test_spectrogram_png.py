from __future__ import annotations

import io

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dub_assets.stages.report.page.spectrogram_png import PALETTE, png


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_a_decoder_reads_the_same_pixels(width: int, height: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, len(PALETTE), (height, width), dtype=np.uint8)
    content = png(pixels.tobytes(), width=width, height=height, palette=PALETTE)
    with av.open(io.BytesIO(content), format="png_pipe") as container:
        (frame,) = container.decode(video=0)
    assert np.array_equal(frame.to_ndarray(format="rgb24"), np.array(PALETTE, dtype=np.uint8)[pixels])


def test_rejects_a_wrong_number_of_pixels() -> None:
    with pytest.raises(ValueError, match="5 pixels with 24 colours are not an image of 2 by 3"):
        png(bytes(5), width=2, height=3, palette=PALETTE)


def test_lightness_of_the_palette_increases() -> None:
    lightness = [0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in PALETTE]
    assert lightness == sorted(lightness)
