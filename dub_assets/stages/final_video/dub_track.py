"""The dub's track, encoded block by block, and edited packet by packet.

A block is encoded with some sound before it, so its packets depend on nothing but the mix around it. An edit compares
the checksums of the mix, encodes the packets of what has changed, and keeps all others. The track then decodes to the
same samples as before, up to one packet around the change. It differs from the track of a job that is made in one go by
the encoder's rounding within the changed packets.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.errors import MediaError
from dub_assets.core.media import AAC_FRAMES, EncodedSound, Loudness
from dub_assets.core.ports import MediaTool
from dub_assets.core.signal.level import true_peak_dbtp
from dub_assets.core.signal.limiter import limit_true_peak
from dub_assets.core.signal.loudness import KWeighting, hop_frames, integrated_lufs, powers
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.timing import FRAMES_PER_MS, SAMPLE_RATE_HZ, Interval
from dub_assets.stages.final_video.values import DubBlock

Result = TypeVar("Result")

TRACK_VERSION = 1
"""Version of the encoding: videos of another version are encoded as a whole."""

BLOCK_MS = 19_200
"""Length of a block: 900 packets of AAC, and 192 hops of the loudness measurement."""

_BLOCK_PACKETS = BLOCK_MS * FRAMES_PER_MS // AAC_FRAMES
_RUN_UP_MS = 704
"""Sound that is encoded before a block: after 33 packets, the encoder's bit rate has settled."""
_RUN_UP_PACKETS = _RUN_UP_MS * FRAMES_PER_MS // AAC_FRAMES
_LOOK_AHEAD_MS = 128
"""Sound that is encoded after a block: the encoder chooses windows by what follows."""
_LOOK_AHEAD_PACKETS = _LOOK_AHEAD_MS * FRAMES_PER_MS // AAC_FRAMES

_TOLERANCE_DB = 0.1
"""Distance of a measured true peak from the limit: meters differ by this much."""
_CONTEXT_PACKETS = 6
"""Packets before a block that are decoded to measure it: the memory of the K-weighting, and one to start with."""

_MAX_SEAM_PACKETS = 8
"""Packets by which a change is widened at most until its seams are as exact as the packets around them."""
_SEAM_RATIO, _SEAM_FLOOR = 4.0, 1e-4
"""A seam whose error is over this multiple of the errors around it, and over -80 dBFS, would be heard."""

_MAX_ATTEMPTS = 5
_MARGIN_DB = 0.1
"""Margin of the ceiling beyond a block's excess, doubled at each attempt, since limiting moves peaks too."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncodedBlock:
    """The packets of a block, its measurement, and the encoded sound that they are part of."""

    packets: tuple[bytes, ...]
    measured: DubBlock
    encoded: EncodedSound


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedBlock:
    """The packets of the track that an edit of a block replaces, by their numbers, and the block's measurement."""

    packets: Mapping[int, bytes]
    measured: DubBlock


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockEncoder:
    """Encodes the blocks of a programme with their true peak under a limit.

    ``read`` returns an interval of the mix, ``fingerprint`` that of everything that changes it.
    """

    read: Callable[[Interval], Sound]
    fingerprint: Callable[[Interval], str]
    duration_ms: int
    limit_dbtp: float
    media: MediaTool

    def encode(self, block: Interval) -> EncodedBlock:
        """Encode a block. Raises MediaError if no ceiling keeps its peak under the limit."""
        context = self._context(block)
        sound = self.read(context)
        inside = slice(block.start_frame - context.start_frame, block.end_frame - context.start_frame)

        def attempt(limited: Sound) -> tuple[EncodedSound, Samples]:
            encoded = self.media.encode(limited)
            return encoded, encoded.decoded.samples[: inside.stop]

        encoded, decoded = self._under_the_limit(sound, attempt, inside.start)
        return EncodedBlock(
            packets=_packets(encoded, block, duration_ms=self.duration_ms),
            measured=self._measured(block, sound.samples[inside], decoded, inside.start),
            encoded=encoded,
        )

    def edit(self, block: Interval, earlier: DubBlock, track: Callable[[int, int], list[bytes]]) -> EditedBlock:
        """Encode what has changed in a block; ``track`` returns packets of the earlier track from one to another."""
        context = self._context(block)
        sound = self.read(context)
        mix = sound.samples[block.start_frame - context.start_frame : block.end_frame - context.start_frame]
        changed = _differences(earlier.frames, _checksums(mix))
        if changed is None:
            return EditedBlock(packets={}, measured=replace(earlier, fingerprint=self.fingerprint(block)))
        number = block.start_frame // AAC_FRAMES
        end = number + -(-len(mix) // AAC_FRAMES)
        old_first = max(0, number + 1 - _CONTEXT_PACKETS)
        old, before = track(old_first, end + 1), block.start_frame - old_first * AAC_FRAMES
        # A frame is decoded from the packet of its number and the one after it.
        first, last = number + changed[0], number + changed[1] + 1
        for widened in range(_MAX_SEAM_PACKETS + 1):

            def attempt(limited: Sound, span: tuple[int, int] = (first, last)) -> tuple[dict[int, bytes], Samples]:
                encoded, offset = self._encoded_span(limited, context, span)
                new = {packet: encoded.packets[packet - offset] for packet in range(span[0], span[1] + 1)}
                packets = [new.get(old_first + place, packet) for place, packet in enumerate(old)]
                return new, self.media.decode(packets, encoded).samples[: before + len(mix)]

            packets, decoded = self._under_the_limit(sound, attempt, before)
            errors = _errors(decoded[before:], mix)
            early, late = _is_audible(errors, first - 1 - number), _is_audible(errors, last - number)
            if widened == _MAX_SEAM_PACKETS or not (early or late):
                break
            first, last = max(number, first - early), min(end, last + late)
        return EditedBlock(packets=packets, measured=self._measured(block, mix, decoded, before))

    def _context(self, block: Interval) -> Interval:
        return Interval(
            start_ms=max(0, block.start_ms - _RUN_UP_MS),
            end_ms=min(self.duration_ms, block.end_ms + _LOOK_AHEAD_MS),
        )

    def _encoded_span(self, sound: Sound, context: Interval, span: tuple[int, int]) -> tuple[EncodedSound, int]:
        """Encode a part of a sound around packets of the track; return it, and the number of its first packet."""
        start = context.start_frame // AAC_FRAMES
        offset = max(start, span[0] - _RUN_UP_PACKETS)
        part = slice((offset - start) * AAC_FRAMES, (span[1] + _LOOK_AHEAD_PACKETS - start) * AAC_FRAMES)
        return self.media.encode(Sound(samples=sound.samples[part], rate_hz=SAMPLE_RATE_HZ)), offset

    def _under_the_limit(
        self, sound: Sound, attempt: Callable[[Sound], tuple[Result, Samples]], before: int
    ) -> tuple[Result, Samples]:
        """Return the result of an attempt whose decoded samples keep the limit from frame ``before`` on.

        If encoding raises the peak over the limit, the peaks of the sound are limited further.
        """
        result, decoded = attempt(sound)
        excess_db = self._excess_db(decoded[before:])
        if excess_db <= 0:
            return result, decoded
        ceiling_dbtp = min(self.limit_dbtp, true_peak_dbtp(sound.samples))  # a higher one would limit nothing
        for number in range(_MAX_ATTEMPTS):
            ceiling_dbtp -= excess_db + _MARGIN_DB * 2**number
            (limited,) = limit_true_peak([sound], ceiling_dbtp)
            result, decoded = attempt(limited)
            excess_db = self._excess_db(decoded[before:])
            if excess_db <= 0:
                return result, decoded
        raise MediaError(f"the dub cannot be kept under {self.limit_dbtp} dBTP: ask for a lower level")

    def _excess_db(self, samples: Samples) -> float:
        return true_peak_dbtp(samples) + _TOLERANCE_DB - self.limit_dbtp

    def _measured(self, block: Interval, mix: Samples, decoded: Samples, before: int) -> DubBlock:
        peak_dbtp = true_peak_dbtp(decoded[before:])
        weighed = KWeighting().weigh(decoded)[before:]
        whole = weighed[: hop_frames(len(weighed))]
        return DubBlock(
            fingerprint=self.fingerprint(block),
            frames=base64.b64encode(_checksums(mix)).decode(),
            powers=base64.b64encode(powers(whole, whole).astype("<f4").tobytes()).decode(),
            true_peak_dbtp=peak_dbtp if np.isfinite(peak_dbtp) else None,
        )


def track_loudness(blocks: Iterable[DubBlock]) -> Loudness:
    """Return the loudness of a track from the measurements of its blocks, rounded to 0.1 dB."""
    blocks = list(blocks)
    hops = [np.frombuffer(base64.b64decode(block.powers), dtype="<f4").astype(np.float64) for block in blocks]
    lufs = integrated_lufs(np.concatenate(hops)) if hops else None
    peaks = [block.true_peak_dbtp for block in blocks if block.true_peak_dbtp is not None]
    return Loudness(
        integrated_lufs=None if lufs is None else round(lufs, 1),
        true_peak_dbtp=round(max(peaks), 1) if peaks else None,
    )


def _packets(encoded: EncodedSound, block: Interval, *, duration_ms: int) -> tuple[bytes, ...]:
    """Return the packets that end within a block; the first block has the one before the programme too."""
    first = 0 if block.start_ms == 0 else _RUN_UP_PACKETS + 1
    last = (0 if block.start_ms == 0 else _RUN_UP_PACKETS) + _BLOCK_PACKETS + 1
    return encoded.packets[first : None if block.end_ms == duration_ms else last]


def _checksums(mix: Samples) -> bytes:
    """Return four bytes for each packet's frames."""
    sums = [zlib.crc32(mix[start : start + AAC_FRAMES].tobytes()) for start in range(0, len(mix), AAC_FRAMES)]
    return np.array(sums, dtype="<u4").tobytes()


def _differences(earlier: str, sums: bytes) -> tuple[int, int] | None:
    """Return the first and the last packet whose checksums differ; None if all are the same."""
    old, new = np.frombuffer(base64.b64decode(earlier), "<u4"), np.frombuffer(sums, "<u4")
    changed = np.flatnonzero(old != new) if len(old) == len(new) else np.arange(len(new))
    return (int(changed[0]), int(changed[-1])) if len(changed) else None


def _errors(decoded: Samples, mix: Samples) -> NDArray[np.float64]:
    """Return the RMS of what encoding changed, packet by packet."""
    squares = np.square(decoded - mix).mean(axis=1, dtype=np.float64)
    padded = np.pad(squares, (0, -len(squares) % AAC_FRAMES))
    return np.asarray(np.sqrt(padded.reshape(-1, AAC_FRAMES).mean(axis=1)), dtype=np.float64)


def _is_audible(errors: NDArray[np.float64], seam: int) -> bool:
    """Return whether the error of a seam stands out from those around it."""
    if not 0 <= seam < len(errors):
        return False
    around = np.concatenate([errors[max(0, seam - 4) : seam], errors[seam + 1 : seam + 5]])
    return bool(errors[seam] > max(_SEAM_FLOOR, _SEAM_RATIO * around.max(initial=0.0)))
