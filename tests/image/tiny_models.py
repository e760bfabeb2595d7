"""Run in the image's environment: write a tiny Demucs and a tiny aligning model of Korean into a folder."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import tiny_demucs
import tiny_wav2vec2

SYLLABLES = "".join(map(chr, range(0xAC00, 0xD7A4)))

if __name__ == "__main__":
    root = Path(sys.argv[1])
    tiny_demucs.write(root / "demucs", voice=0.9)
    (weights,) = (root / "demucs").glob("*.th")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    weights.rename(weights.with_name(f"955717e8-{digest[:8]}.th"))  # Demucs holds a file to the digits in its name
    tiny_wav2vec2.write(root / "align-ko", SYLLABLES)
