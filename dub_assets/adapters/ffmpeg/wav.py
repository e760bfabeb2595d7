"""The head of a WAV file of 16-bit PCM."""

from __future__ import annotations

import struct

_BIGGEST = 0xFFFFFFFF
_BYTES_A_SAMPLE = 2
_HEAD_BYTES = 80


def wav_header(data_bytes: int, *, channels: int, rate_hz: int) -> bytes:
    """80 bytes to stand before ``data_bytes`` of samples: RIFF, or RF64 (EBU Tech 3306) where they are 4 GiB or more.

    RIFF keeps a chunk ``JUNK`` where RF64 has ``ds64``, so that the two are of one length.
    """
    frame_bytes = channels * _BYTES_A_SAMPLE
    file_bytes = data_bytes + _HEAD_BYTES - 8
    pcm = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, 16)
    if file_bytes < _BIGGEST:
        riff = struct.pack("<4sI4s4sI28x", b"RIFF", file_bytes, b"WAVE", b"JUNK", 28)
        return riff + pcm + struct.pack("<4sI", b"data", data_bytes)
    sizes = struct.pack("<QQQI", file_bytes, data_bytes, data_bytes // frame_bytes, 0)
    rf64 = struct.pack("<4sI4s4sI", b"RF64", _BIGGEST, b"WAVE", b"ds64", 28) + sizes
    return rf64 + pcm + struct.pack("<4sI", b"data", _BIGGEST)
