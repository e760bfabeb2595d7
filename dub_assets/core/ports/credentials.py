"""Protocol of the signer of content credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from dub_assets.core.credentials import DubClaims


class CredentialSigner(Protocol):
    """Signs videos."""

    @property
    def certificate_sha256(self) -> str:
        """Identify the certificate chain that signs."""
        ...

    def sign(self, video: Path, claims: DubClaims) -> None:
        """Replace a video by the same one with signed credentials."""
        ...
