"""What the credentials of a dub say, as tests need it."""

from __future__ import annotations

from pathlib import Path

from dub_assets.core.credentials import DubClaims


def dub_claims(original: Path) -> DubClaims:
    """Return the claims of a first dub of a file, by no engine."""
    return DubClaims(
        title="talk.pt.mp4",
        original=original,
        original_name="talk.mp4",
        original_sha256="0" * 64,
        source_language="en",
        target_language="pt",
        synthetic=True,
        cloned_voices=False,
        engines=(),
        revision=1,
        edited=(),
    )
