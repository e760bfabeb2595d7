"""Damage of a sound track, counted while it is decoded."""

from __future__ import annotations

import numpy as np

from dub_assets.adapters.ffmpeg.places import Places
from dub_assets.core.errors import MediaError
from dub_assets.core.media import ExtractedSound
from dub_assets.core.signal.sound import Samples

MAX_LOST_SHARE = 0.5
"""Share of packets that cannot be decoded above which a file is refused."""

_MIN_SILENCE_S = 0.1
"""Gaps that are shorter in all are not worth a finding."""

_MIN_CUT_S = 0.05
"""Sound that is cut is a finding from this length on, in all."""

_MIN_BEFORE_S = 0.025
"""Less sound that is cut before the picture, about a packet, is not worth a finding."""

_AUDIBLE = 10 ** (-50 / 20)
"""Peak of sound that can be heard."""

_LARGEST_SAMPLE = 100.0
"""Samples beyond this level (40 dB over full scale) come from damaged packets."""


class Damage:
    """Counts packets that cannot be decoded and samples that are no sound; times are in seconds of the programme."""

    def __init__(self) -> None:
        self.gaps, self.overlaps = Places(), Places()
        self._packets = 0
        self._lost: list[int] = []
        self._lost_places = Places()
        self._silenced = 0
        self._silenced_places = Places()
        self._channels: list[str] = []
        self._before_s = 0.0
        self._heard_before = False

    def packet(self, start_s: float, length_s: float, *, lost: bool) -> None:
        """Count a packet."""
        if lost:
            self._lost.append(self._packets)
            self._lost_places.add(start_s, length_s)
        self._packets += 1

    def without_noise(self, samples: Samples, start_s: float, rate_hz: int) -> Samples:
        """Return samples with zeros instead of NaN, infinity and impossible levels, which are counted."""
        sound = np.abs(samples) <= _LARGEST_SAMPLE  # False for NaN too
        if sound.all():
            return samples
        silenced = np.flatnonzero(~sound.all(axis=1))
        self._silenced += len(silenced)
        self._silenced_places.add(start_s + silenced[0] / rate_hz, float(silenced[-1] - silenced[0]) / rate_hz)
        return np.where(sound, samples, np.float32(0))

    def cut_before_start(self, samples: Samples, rate_hz: int) -> None:
        """Count sound that is cut because it lies before time 0."""
        self._before_s += len(samples) / rate_hz
        self._heard_before |= bool(np.abs(samples).max(initial=0) >= _AUDIBLE)

    def channels_change(self, first: int, now: int, start_s: float) -> None:
        """Note that the track changes its number of channels."""
        self._channels.append(
            f"the sound changes from {first} to {now} channels at {start_s:.1f} s: all of it is mixed to {first}"
        )

    def judged(self, name: str) -> ExtractedSound:
        """Return the findings. Raises MediaError if too much is lost."""
        share = len(self._lost) / max(1, self._packets)
        if share > MAX_LOST_SHARE:
            raise MediaError(
                f"{name} is damaged: {share:.0%} of its sound cannot be decoded; copy or download it again"
            )
        findings = []
        if not {0, self._packets - 1}.issuperset(self._lost):  # recordings begin and end within a packet
            findings.append(f"{_percent(share)} of the sound cannot be decoded and is silent, {self._lost_places}")
        if self._heard_before and self._before_s >= _MIN_BEFORE_S:
            findings.append(f"the first {self._before_s * 1000:.0f} ms of the sound lie before the picture and are cut")
        if self._silenced:
            findings.append(
                f"{self._silenced} samples of the sound are no numbers and are silent, {self._silenced_places}"
            )
        if self.gaps.total_s >= _MIN_SILENCE_S:
            findings.append(f"the sound has no data for {self.gaps.total_s:.1f} s and is silent there, {self.gaps}")
        if self.overlaps.total_s >= _MIN_CUT_S:
            findings.append(
                f"{self.overlaps.total_s:.1f} s of the sound lie over each other and are cut, {self.overlaps}"
            )
        return ExtractedSound(findings=(*findings, *self._channels[:1]), intact=not self._lost and not self._silenced)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "less than 1%"
