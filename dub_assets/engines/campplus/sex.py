"""Whether a voice sounds like a woman's or a man's, by a direction in the space of CAM++'s voiceprints.

The direction was fitted by ridge regression on the voiceprints of 26 people (the actors of a game, readers of telephone
prompts, a reader), as recorded, through a telephone's band, and with their pitch moved by -3, 3 and 5 semitones while
the formants stay. So it depends little on pitch. ``benchmarks/quality/casting.py`` measures it.
"""

from __future__ import annotations

import base64

import numpy as np

from dub_assets.core.engine import VoiceSex
from dub_assets.core.signal.voiceprints import Voiceprint

_SCALE = 0.0065222814
_WEIGHTS = (
    "PCIm0zsNIxT+FRX5QukIyDgYTjLfAf8g8QnP0eocFRMVCkUVR7PU3fvyseAEAjbyNdvU8wL8KuUE4icC38z63dG9Cxnrsia/L9vEC+p/4x8BC8wZ"
    "Me4dyW3EwsTw2wv48/Ej3M4NCVLv9j7s7NoKABvvG7UO3QkAlDFw9b7xxOFEIOP4LfrOKe/44jHo+8M16/Ws0hNUFw3A5yIs7O3aFB4T5tTTF0fZ"
    "DOYcH/sf5vklHtH3wa3yJgLILBezMfu6"
)
_DIRECTION = np.frombuffer(base64.b64decode(_WEIGHTS), np.int8).astype(np.float32) * np.float32(_SCALE)
_OFFSET = -0.0636

_CLEAR = 0.1
"""Least distance from the border, on a scale on which women are at 1 and men at -1."""


def sex_of(voice: Voiceprint) -> VoiceSex | None:
    """Return how a voice sounds; None if it is near the border."""
    score = float(voice @ _DIRECTION) + _OFFSET
    if abs(score) < _CLEAR:
        return None
    return "female" if score > 0 else "male"
