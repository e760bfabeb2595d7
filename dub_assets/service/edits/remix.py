"""A mix of any two sounds: what a message asks for where the segment is not one of a job of ours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import numpy as np

from dub_assets.core.errors import InputError, ObjectCorruptError
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import SoundFiles, Workspace
from dub_assets.core.signal.limiter import limit_true_peak
from dub_assets.core.signal.mixing import mix, to_stereo
from dub_assets.core.signal.sound import Sound, silence
from dub_assets.core.timing import SAMPLE_RATE_HZ
from dub_assets.stages.segment_mixes.values import Gains

_BLOCK_FRAMES = 10 * SAMPLE_RATE_HZ

_CHANNELS = 2

_MOST_CHANNELS = 8
"""Layouts up to 7.1 have a way to stereo."""

_FULL_SCALE_DBTP = 0.0
"""The mix is limited only where it would clip: gains are exact."""


def remix(
    background: MediaObject,
    speech: MediaObject,
    gains: Gains,
    mix_key: str,
    *,
    workspace: Workspace,
    sounds: SoundFiles,
) -> MediaObject:
    """Write the mix of two sounds of any rate: 48 kHz stereo, as long as the longer of them, 16-bit WAV.

    Worked through in blocks. Raises InputError where one of them is no sound that can be read.
    """
    pairs = zip_longest(
        _stereo_blocks(background, workspace, sounds),
        _stereo_blocks(speech, workspace, sounds),
        fillvalue=silence(0, _CHANNELS, SAMPLE_RATE_HZ),
    )
    mixed = (mix(below, above, gains.background, gains.speech) for below, above in pairs)
    with sounds.writer(workspace.new(mix_key), channels=_CHANNELS, rate_hz=SAMPLE_RATE_HZ) as file:
        for block in limit_true_peak(mixed, _FULL_SCALE_DBTP):
            file.write(block)
    return workspace.seal(mix_key)


def _stereo_blocks(media: MediaObject, workspace: Workspace, sounds: SoundFiles) -> Iterator[Sound]:
    """A sound at 48 kHz on two channels, in blocks of equal length but for the last."""
    path, waiting = workspace.open(media), silence(0, _CHANNELS, SAMPLE_RATE_HZ).samples
    try:
        if sounds.channels(path) > _MOST_CHANNELS:
            raise InputError(f"{media.key} has more than {_MOST_CHANNELS} channels: bring it to stereo first")
        for block in sounds.blocks(path, rate_hz=SAMPLE_RATE_HZ):
            waiting = np.concatenate([waiting, to_stereo(block).samples])
            while len(waiting) >= _BLOCK_FRAMES:
                yield Sound(samples=waiting[:_BLOCK_FRAMES], rate_hz=SAMPLE_RATE_HZ)
                waiting = waiting[_BLOCK_FRAMES:]
    except ObjectCorruptError as error:
        raise InputError(f"{media.key} is no sound that can be read: name a WAV or FLAC file") from error
    if len(waiting):
        yield Sound(samples=waiting, rate_hz=SAMPLE_RATE_HZ)
