"""Silero's voice activity model, from the wheel of faster-whisper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import EngineIdentity
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval
from dub_assets.engines.models.install import install_command
from dub_assets.engines.telemetry import disable_telemetry

NAME = "silero-vad"
DISTRIBUTION = "faster-whisper"
RATE_HZ = 16_000
SILERO_FRAMES = 512
SPEECH_PROBABILITY = 0.3
"""A track whose highest probability of speech is lower contains no words.

Measured at equal peaks: noise, hum, clicks and chords stay under 0.2; speech at 0 dB over noise is over 0.9.
"""

_END_PROBABILITY = 0.2
"""Speech that has begun goes on as long as the probability is at least this."""

_PEAK = 0.5
_MAX_GAIN = 30.0
"""Tracks are scaled to this peak, as levels matter to the model; in a programme by this factor at most."""

_CHUNK_FRAMES = 60 * RATE_HZ // SILERO_FRAMES * SILERO_FRAMES
_WARM_UP_FRAMES = 32 * SILERO_FRAMES
"""A programme is heard in chunks of a minute; each begins with the last second of the one before."""

_SHORTEST_MS = 90


class SileroVoiceActivityDetector:
    """A detector over Silero's model, for original sound: it finds speech over music and through narrow bands.

    On the original it misses less of a telephone, a radio and a crowd than WebRTC's detector on separated vocals, and
    more of singing and of high voices.
    """

    @property
    def identity(self) -> EngineIdentity:
        """The detector by the package that ships its model, and its thresholds."""
        try:
            version = metadata.version(DISTRIBUTION)
        except metadata.PackageNotFoundError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {install_command(DISTRIBUTION)}") from error
        return EngineIdentity(
            name=NAME, version=version, licence="MIT", settings=(("speech_probability", f"{SPEECH_PROBABILITY:g}"),)
        )

    @property
    def sample_rate_hz(self) -> int:
        """16 kHz, mono."""
        return RATE_HZ

    def regions(self, sound: Iterable[Sound]) -> list[Interval]:
        """Return disjoint, sorted intervals of speech, whose edges are multiples of 32 ms or the programme's end."""
        starts_ends: list[tuple[int, int]] = []
        at, start, frames = 0, None, 0
        for chunk, new_frames in _chunks(sound):
            frames += new_frames
            for probability in _probabilities(chunk, new_frames):
                if start is None and probability >= SPEECH_PROBABILITY:
                    start = at
                elif start is not None and probability < _END_PROBABILITY:
                    starts_ends.append((start, at))
                    start = None
                at += 1
        if start is not None:
            starts_ends.append((start, at))
        end_ms = frames * 1000 // RATE_HZ
        regions = (Interval(start_ms=_ms(first), end_ms=min(_ms(after), end_ms)) for first, after in starts_ends)
        return [region for region in regions if region.duration_ms >= _SHORTEST_MS]


def holds_speech(track: NDArray[np.float32], probability: float = SPEECH_PROBABILITY) -> bool:
    """Return whether a mono track at 16 kHz contains speech. It is scaled to a peak of 0.5, as levels matter."""
    peak = float(np.abs(track).max(initial=0.0))
    if peak == 0.0:
        return False
    return bool(_model_output(track * (_PEAK / peak)).max() >= probability)


def _chunks(sound: Iterable[Sound]) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield tracks, each with the end of the one before it in front, and the number of their new samples."""
    parts: list[NDArray[np.float32]] = []
    before = np.zeros(0, np.float32)
    frames = 0
    for block in sound:
        if block.rate_hz != RATE_HZ or block.channels != 1:
            raise ValueError(f"{NAME} takes mono sound at {RATE_HZ} Hz, not {block.channels} at {block.rate_hz} Hz")
        parts.append(block.samples[:, 0])
        frames += block.frames
        while frames >= _CHUNK_FRAMES:
            joined = np.concatenate(parts)
            chunk, parts = joined[:_CHUNK_FRAMES], [joined[_CHUNK_FRAMES:]]
            frames -= _CHUNK_FRAMES
            yield np.concatenate([before, chunk]), len(chunk)
            before = chunk[-_WARM_UP_FRAMES:]
    if frames:
        rest = np.concatenate(parts)
        yield np.concatenate([before, rest]), len(rest)


def _probabilities(chunk: NDArray[np.float32], new_frames: int) -> list[float]:
    """Return the probability of speech for each 32 ms of the chunk's last ``new_frames`` samples."""
    peak = float(np.abs(chunk).max(initial=0.0))
    gain = 1.0 if peak == 0.0 else min(_MAX_GAIN, max(1.0, _PEAK / peak))
    heard = _model_output(chunk * np.float32(gain))[(len(chunk) - new_frames) // SILERO_FRAMES :]
    return [float(probability) for probability in heard]


def _model_output(track: NDArray[np.float32]) -> NDArray[np.float32]:
    disable_telemetry()
    from faster_whisper.vad import get_vad_model

    frames = np.pad(track, (0, -len(track) % SILERO_FRAMES))
    probabilities: NDArray[np.float32] = np.asarray(get_vad_model()(frames), np.float32).reshape(-1)
    return probabilities


def _ms(frame: int) -> int:
    return frame * SILERO_FRAMES * 1000 // RATE_HZ
