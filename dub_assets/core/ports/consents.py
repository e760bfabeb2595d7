"""Protocol of the consents that apply to a job."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from dub_assets.core.consent import Consent


class Consents(Protocol):
    """The consents of persons whose voices a job may clone, as they are now."""

    def has_any(self) -> bool:
        """Return whether this job has a valid consent of any person."""
        ...

    def granted(self, speakers: Collection[str | None]) -> Mapping[str | None, tuple[str, Consent]]:
        """Return id and consent for each of the speakers whose voice the job may clone.

        ``speakers`` are all whose voices are cloned; None is the only one if speakers were not diarised. The job counts
        as user of the consents from now on.
        """
        ...
