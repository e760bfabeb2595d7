"""External segments, mixed and spoken from the sounds that a message names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import SoundFiles
from dub_assets.core.signal.level import decibels
from dub_assets.resources.job_context import JobResources
from dub_assets.service.callbacks.bodies import SpokenSegment
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.service.edits.remix import remix
from dub_assets.service.edits.respeak import respeak
from dub_assets.service.segment_request import (
    MESSAGE_GAINS,
    SegmentMixKeys,
    SegmentMixOrder,
    SegmentMixRequest,
    SegmentTtsKeys,
    SegmentTtsRequest,
    segment_mix_keys,
    segment_tts_keys,
)
from dub_assets.stages.segment_mixes.values import Gains
from dub_assets.stages.tts_segments.values import TtsSegments


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalSegments:
    """Mixes and speaks external segments.

    ``job`` is the job of this system that the message names, if any: its clips are not overwritten, and its manifest
    follows if its mixes are replaced.
    """

    job_resources: JobResources
    job: OwnJob | None

    def mix_keys(self, request: SegmentMixRequest, orders: Sequence[SegmentMixOrder]) -> list[SegmentMixKeys]:
        """Return what to mix, and where to. Raises InputError if a sound is missing or a key may not be written."""
        keys = segment_mix_keys(replace(request, segments=tuple(orders)), self._exists)
        self._check([segment.mix_key for segment in keys])
        return list(keys)

    def tts_keys(self, request: SegmentTtsRequest) -> SegmentTtsKeys:
        """Return what to speak and mix from, and where to. Raises InputError like ``mix_keys``."""
        keys = segment_tts_keys(request, self._exists)
        self._check([keys.tts_key, keys.mix_key])
        return keys

    def mix(self, segments: Sequence[SegmentMixKeys]) -> None:
        """Mix all segments, then publish the mixes."""
        mixes = []
        for keys in segments:
            background, speech = (self._workspace.adopt(key) for key in (keys.bgm_key, keys.tts_key))
            mixes.append(self._mixed(background, speech, keys.gains, keys.mix_key))
        self._publish(mixes)

    def say(self, request: SegmentTtsRequest, keys: SegmentTtsKeys, language: str) -> SpokenSegment:
        """Speak the request's text and mix it, then publish both."""
        gains = request.gains.applied_to(MESSAGE_GAINS)
        background = self._workspace.adopt(keys.bgm_key)
        speech = respeak(
            replace(request, slot_ms=request.slot_ms or self._stored_slot_ms(request, keys)),
            keys,
            language,
            engines=self.job_resources.engines.engines(),
            options=self.job_resources.options.fit,
            workspace=self._workspace,
            sounds=self._sounds,
            media=self.job_resources.media.tool(),
        )
        self._publish([speech, self._mixed(background, speech, gains, keys.mix_key)])
        return SpokenSegment(
            index=request.index,
            segment_id=request.segment_id,
            text=request.text,
            tts_key=keys.tts_key,
            mix_key=keys.mix_key,
            tts_gain_db=round(decibels(gains.speech), 2),
        )

    def _stored_slot_ms(self, request: SegmentTtsRequest, keys: SegmentTtsKeys) -> int | None:
        """Return the slot of a segment in the folder of another job of this system; None if it is in none."""
        folder = PurePosixPath(request.segment_prefix or PurePosixPath(keys.bgm_key).parent)
        tts = self.job_resources.storage.archive.find(TtsSegments, f"{folder.parent}/manifests/tts_segments.json")
        slots = [line.slot.duration_ms for line in (tts.segments if tts else ()) if line.index == request.index]
        return slots[0] if slots else None

    def _mixed(self, background: MediaObject, speech: MediaObject, gains: Gains, mix_key: str) -> MediaObject:
        return remix(background, speech, gains, mix_key, workspace=self._workspace, sounds=self._sounds)

    def _exists(self, key: str) -> bool:
        return self.job_resources.storage.archive.store.head(key) is not None

    def _check(self, written: Sequence[str]) -> None:
        if self.job is not None:
            self.job.check_writable(written)

    def _publish(self, written: Sequence[MediaObject]) -> None:
        if self.job is not None:
            self.job.replace_mixes(written)
        for media in written:
            self._workspace.publish(media)

    @property
    def _workspace(self) -> LocalWorkspace:
        return self.job_resources.storage.archive.workspace

    @property
    def _sounds(self) -> SoundFiles:
        return self.job_resources.media.sounds()
