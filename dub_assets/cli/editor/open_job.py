"""A job that is open in the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.editor.edit_queue import EditQueue
from dub_assets.cli.editor.edits import EditRequest
from dub_assets.cli.editor.history import History
from dub_assets.cli.editor.job_view import JobProducts, job_view
from dub_assets.cli.editor.sounds import JobSounds
from dub_assets.core.keys import JobKeys, segment_index, segment_name
from dub_assets.core.media import MediaObject
from dub_assets.settings import Settings
from dub_assets.stages.stems.values import Stems

_WATCH_S = 1.0
_WATCHED = ("translation", "tts_segments", "segment_mixes", "final_video")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """Waveforms: of the original programme, and of each line by the checksum of its clip."""

    original: bytes
    lines: Mapping[str, bytes]


class OpenJob:
    """A job with its archive, its sounds, and its edits; ``person`` edits it unless the page says who does."""

    def __init__(self, keys: JobKeys, archive: JobArchive, settings: Settings, person: str) -> None:
        self.keys = keys
        self.archive = archive
        self.person = person
        self.edits = EditQueue(keys.request.job_id)
        self._agreement = settings.options.checks.speech_agreement
        self._sounds = JobSounds(keys, archive)
        self._history = History(keys, archive)
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the worker, and watch for changes that others make."""
        await self.edits.start()
        self._watch = asyncio.create_task(self._watch_manifests())

    async def close(self) -> None:
        """End the worker."""
        if self._watch is not None:
            self._watch.cancel()
        await self.edits.close()

    def view(self) -> dict[str, Any]:
        """Return the job as JSON."""
        return {**job_view(self.keys, self.archive, self._agreement), **self._history.outline()}

    def revisions(self) -> list[dict[str, Any]]:
        """Return the latest revisions as JSON, the latest first."""
        return self._history.latest()

    def compare(self, first: int, second: int) -> list[dict[str, Any]]:
        """Return what differs between two revisions. Raises InputError for an unknown one."""
        return self._history.compare(first, second)

    async def submit(self, change: Any, by: str) -> str:
        """Hand an edit to the worker and return its number. Raises InputError if it is malformed."""
        EditRequest.from_json(change)
        return await self.edits.submit(change, by)

    def video(self, track: str) -> MediaObject | None:
        """Return the video with the ``dub`` or the ``original`` sound, None if there is none."""
        if track == "dub":
            video = JobProducts.of(self.keys, self.archive).video
            return video.video if video else None
        stems = self._stems()
        return stems.source if stems and track == "original" else None

    def peaks(self) -> Peaks:
        """Return the waveforms."""
        stems, products = self._stems(), JobProducts.of(self.keys, self.archive)
        lines = {line.clip.sha256[:16]: self._sounds.line_peaks(line) for line in products.spoken.values()}
        return Peaks(original=self._sounds.original_peaks(stems) if stems else b"", lines=lines)

    def sound(self, segment: str, sound: str) -> bytes | None:
        """Return the ``mix.wav``, ``line.wav`` or ``original.wav`` of a segment; None if it is not made.

        Raises InputError if ``segment`` is no name of a segment.
        """
        index = segment_index(segment)
        products, stems = JobProducts.of(self.keys, self.archive), self._stems()
        speech, mix = products.spoken.get(index), products.mixed.get(index)
        if speech is None or stems is None or segment != segment_name(index):
            return None
        if sound == "line.wav":
            return self.archive.workspace.open(speech.clip).read_bytes()
        if sound == "original.wav":
            return self._sounds.original(stems, speech)
        return self._sounds.mixed(stems, speech, mix) if sound == "mix.wav" and mix else None

    def _stems(self) -> Stems | None:
        return self.archive.read(Stems, self.keys.manifest("stems"))

    async def _watch_manifests(self) -> None:
        """Tell the pages when a manifest changes, also by another process."""
        known = await asyncio.to_thread(self._checksums)
        while True:
            await asyncio.sleep(_WATCH_S)
            current = await asyncio.to_thread(self._checksums)
            if current != known:
                known = current
                self.edits.publish("changed")

    def _checksums(self) -> list[str | None]:
        stored = (self.archive.store.head(self.keys.manifest(asset)) for asset in _WATCHED)
        return [(item.sha256 or str(item.size_bytes)) if item else None for item in stored]
