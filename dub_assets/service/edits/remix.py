"""The mix of an external segment, from any two sounds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import numpy as np

from dub_assets.core.errors import MediaError, ObjectCorruptError
from dub_assets.core.marking import CLIP_NOTICE
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
"""Layouts up to 7.1 can be mixed to stereo."""

_FULL_SCALE_DBTP = 0.0
"""The mix is limited only where it would clip, so gains are exact."""


def remix(
    background: MediaObject,
    speech: MediaObject,
    gains: Gains,
    mix_key: str,
    *,
    workspace: Workspace,
    sounds: SoundFiles,
) -> MediaObject:
    """Write the mix of two sounds of any rate: 48 kHz stereo, as long as the longer one, 16-bit WAV.

    The sounds are processed in blocks. Raises MediaError if one of them cannot be read.
    """
    pairs = zip_longest(
        _stereo_blocks(background, workspace, sounds),
        _stereo_blocks(speech, workspace, sounds),
        fillvalue=silence(0, _CHANNELS, SAMPLE_RATE_HZ),
    )
    mixed = (mix(bgm, voice, gains.background, gains.speech) for bgm, voice in pairs)
    path = workspace.new(mix_key)
    with sounds.writer(path, channels=_CHANNELS, rate_hz=SAMPLE_RATE_HZ, comment=CLIP_NOTICE) as file:
        for block in limit_true_peak(mixed, _FULL_SCALE_DBTP):
            file.write(block)
    return workspace.seal(mix_key)


def _stereo_blocks(media: MediaObject, workspace: Workspace, sounds: SoundFiles) -> Iterator[Sound]:
    """Yield a sound at 48 kHz on two channels, in blocks of equal length except the last."""
    path, pending = workspace.open(media), silence(0, _CHANNELS, SAMPLE_RATE_HZ).samples
    try:
        if sounds.channels(path) > _MOST_CHANNELS:
            raise MediaError(f"{media.key} has more than {_MOST_CHANNELS} channels: convert it to stereo first")
        for block in sounds.blocks(path, rate_hz=SAMPLE_RATE_HZ):
            pending = np.concatenate([pending, to_stereo(block).samples])
            while len(pending) >= _BLOCK_FRAMES:
                yield Sound(samples=pending[:_BLOCK_FRAMES], rate_hz=SAMPLE_RATE_HZ)
                pending = pending[_BLOCK_FRAMES:]
    except ObjectCorruptError as error:
        raise MediaError(f"{media.key} cannot be read as sound: name a WAV or FLAC file") from error
    if len(pending):
        yield Sound(samples=pending, rate_hz=SAMPLE_RATE_HZ)
