"""WebRTC's voice activity detector, smoothed by majority."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Any

import numpy as np

from dub_assets.core.engine import EngineIdentity
from dub_assets.core.errors import ConfigurationError, EngineUnavailableError
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.timing import Interval, frames_to_ms
from dub_assets.engines.models.install import install_command

NAME = "webrtc-vad"
DISTRIBUTION = "webrtcvad-wheels"
RATE_HZ = 16_000
FRAMES_MS = (10, 20, 30)

WINDOW_MS = 300
VOICED_SHARE = 0.5
QUIET_SHARE = 0.9
"""Speech starts when half of a window is voiced and ends when nine tenths of one are not; both ends are then trimmed to
the first and last voiced frame. On separated vocals (aggressiveness 3, speech over music or noise at 0 to 10 dB) this
covers 0.94 to 0.98 of the speech and 0.05 to 0.09 of the pauses over 300 ms."""


class WebRtcVoiceActivityDetector:
    """A detector over WebRTC's: frames of 10, 20 or 30 ms, and an aggressiveness of 0 (finds most speech) to 3 (least).

    Raises ConfigurationError for other values.
    """

    def __init__(self, *, aggressiveness: int = 3, frame_ms: int = 30) -> None:
        if aggressiveness not in range(4):
            raise ConfigurationError(f"VAD aggressiveness is 0, 1, 2 or 3, not {aggressiveness}")
        if frame_ms not in FRAMES_MS:
            raise ConfigurationError(f"a VAD frame is 10, 20 or 30 ms, not {frame_ms}")
        self._aggressiveness = aggressiveness
        self._frame_ms = frame_ms

    @property
    def identity(self) -> EngineIdentity:
        """The detector by its package's version and its settings."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version(DISTRIBUTION),
            licence="BSD-3-Clause",
            settings=(("aggressiveness", str(self._aggressiveness)), ("frame_ms", str(self._frame_ms))),
        )

    @property
    def sample_rate_hz(self) -> int:
        """16 kHz, mono."""
        return RATE_HZ

    def regions(self, sound: Iterable[Sound]) -> list[Interval]:
        """Return disjoint, sorted intervals of speech, which start and end at frame edges or at the programme's end."""
        smoother = _Smoother(WINDOW_MS // self._frame_ms)
        length = 0
        for voiced, frames in self._voiced(sound):
            smoother.add(voiced)
            length += frames
        end_ms = frames_to_ms(length, RATE_HZ)
        return [
            Interval(start_ms=start * self._frame_ms, end_ms=min(end * self._frame_ms, end_ms))
            for start, end in smoother.finished()
            if start * self._frame_ms < end_ms
        ]

    def _voiced(self, sound: Iterable[Sound]) -> Iterator[tuple[bool, int]]:
        """Yield whether each detector frame is voiced, and its number of samples; the last frame is padded."""
        detector, size = _load(self._aggressiveness), self._frame_ms * RATE_HZ // 1000
        rest = np.empty((0, 1), dtype=np.float32)
        for block in sound:
            rest = np.concatenate([rest, _checked(block)])
            whole = len(rest) - len(rest) % size
            for start in range(0, whole, size):
                yield detector.is_speech(_pcm(rest[start : start + size]), RATE_HZ), size
            rest = rest[whole:]
        if len(rest):
            yield detector.is_speech(_pcm(np.pad(rest, ((0, size - len(rest)), (0, 0)))), RATE_HZ), len(rest)


class _Smoother:
    """Turns voiced and quiet frames into stretches ``[start, end)`` of speech, counted in frames."""

    def __init__(self, window: int) -> None:
        self._window: deque[bool] = deque(maxlen=window)
        self._size = window
        self._count = 0
        self._end = 0
        self._start: int | None = None
        self._stretches: list[tuple[int, int]] = []

    def add(self, voiced: bool) -> None:
        """Add the next frame."""
        self._window.append(voiced)
        self._count += 1
        self._end = self._count if voiced else self._end
        voiced_frames = sum(self._window)
        if self._start is None and voiced_frames >= VOICED_SHARE * self._size:
            self._start = self._count - len(self._window) + self._window.index(True)
            self._window.clear()
        elif self._start is not None and len(self._window) - voiced_frames >= QUIET_SHARE * self._size:
            self._finish(self._start)

    def finished(self) -> list[tuple[int, int]]:
        """Return all stretches, closing the last one."""
        if self._start is not None:
            self._finish(self._start)
        return self._stretches

    def _finish(self, start: int) -> None:
        self._stretches.append((start, self._end))
        self._start = None
        self._window.clear()


def _pcm(samples: Samples) -> bytes:
    return (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def _checked(sound: Sound) -> Samples:
    if sound.rate_hz != RATE_HZ or sound.channels != 1:
        raise ValueError(f"{NAME} takes mono sound at {RATE_HZ} Hz, not {sound.channels} channels, {sound.rate_hz} Hz")
    return sound.samples


def _load(aggressiveness: int) -> Any:
    try:
        import webrtcvad
    except ImportError as error:
        raise EngineUnavailableError(f"{NAME} is not installed: {install_command(DISTRIBUTION)}") from error
    return webrtcvad.Vad(aggressiveness)
