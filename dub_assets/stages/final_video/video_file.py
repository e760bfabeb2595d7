"""The file of the dubbed video: rendered as a whole, or edited where the dub and its subtitles have changed."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dub_assets.core.batches import map_in_order
from dub_assets.core.errors import NotSpliceableError, ObjectCorruptError, ObjectMissingError
from dub_assets.core.files import temporary_folder
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.media import Rendition, Subtitles
from dub_assets.core.timing import FRAMES_PER_MS, Interval
from dub_assets.stages.final_video.dub_track import BLOCK_MS, TRACK_VERSION, BlockEncoder, EditedBlock
from dub_assets.stages.final_video.programme_mix import ProgrammeMix, blocks_of
from dub_assets.stages.final_video.values import DubBlock, FinalVideo, SubtitleFiles

STAGE = "final_video"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoParts:
    """What a video is made of: the mix, the subtitle tracks, and the subtitles of source and target."""

    mix: ProgrammeMix
    tracks: tuple[Subtitles, ...]
    source: SubtitleFiles
    target: SubtitleFiles

    @property
    def container(self) -> str:
        """Fingerprint of everything in the file apart from the dub and its subtitles."""
        products = self.mix.layers.products
        return fingerprint(
            "dubbed_container",
            track=TRACK_VERSION,
            stems=[products.stems.source.sha256, products.stems.original.sha256, products.stems.background.sha256],
            info=products.stems.info,
            intact=products.stems.extracted.intact,
            languages=[products.translation.source_language, products.translation.target_language],
            notice=products.notice(),
            subtitles=[self.source.srt.sha256, bool(self.target.srt.size_bytes)],
        )

    @property
    def encoder(self) -> BlockEncoder:
        """The encoder of the dub."""
        layers = self.mix.layers
        return BlockEncoder(
            read=self.mix.read,
            fingerprint=self.mix.fingerprint,
            duration_ms=layers.duration_ms,
            limit_dbtp=layers.options.true_peak_dbtp,
            media=layers.ctx.media,
        )

    def rendition(self, dub: Path) -> Rendition:
        """Return the rendition with a dub."""
        products, ctx = self.mix.layers.products, self.mix.layers.ctx
        return Rendition(
            source=ctx.workspace.open(products.stems.source),
            info=products.stems.info,
            dub=dub,
            original=ctx.workspace.open(products.stems.original),
            source_language=products.translation.source_language,
            target_language=products.translation.target_language,
            subtitles=self.tracks,
            notice=products.notice(),
            intact=products.stems.extracted.intact,
        )


def write_video(parts: VideoParts, previous: FinalVideo | None) -> tuple[Path, tuple[DubBlock, ...]]:
    """Write the video, and return its path and the measurements of its dub.

    If only a part of the dub differs from ``previous``, its file is copied with other packets.
    """
    ctx = parts.mix.layers.ctx
    if previous is not None and previous.container == parts.container:
        try:
            return _edit(parts, previous)
        except (NotSpliceableError, ObjectMissingError, ObjectCorruptError) as error:
            _LOG.info("the video is rendered again: %s", error)
    target = ctx.workspace.new(ctx.keys.request.result_key)
    with temporary_folder(target.parent) as folder:
        dub = folder / "dub.m4a"
        blocks = _write_dub(parts, dub)
        ctx.media.render(parts.rendition(dub), target)
    return target, blocks


def _write_dub(parts: VideoParts, target: Path) -> tuple[DubBlock, ...]:
    """Encode the dub, and return the measurements of its blocks."""
    layers, measured = parts.mix.layers, list[DubBlock]()
    intervals = blocks_of(layers.duration_ms, BLOCK_MS)
    blocks = map_in_order(parts.encoder.encode, intervals, threads=os.cpu_count() or 1)
    first = next(blocks)
    with layers.ctx.media.dub_track(target, first.encoded, layers.duration_ms * FRAMES_PER_MS) as track:
        for block in chain([first], blocks):
            track.write(block.packets)
            measured.append(block.measured)
            _report(parts, intervals[len(measured) - 1].end_ms)
    return tuple(measured)


def _edit(parts: VideoParts, previous: FinalVideo) -> tuple[Path, tuple[DubBlock, ...]]:
    """Write the video with the packets that differ from those of ``previous``. Raises NotSpliceableError."""
    ctx = parts.mix.layers.ctx
    intervals = blocks_of(parts.mix.layers.duration_ms, BLOCK_MS)
    changed = _changed(parts.mix, intervals, previous.blocks)
    earlier = ctx.workspace.open(previous.video)
    subtitles = None if previous.target_subtitles.srt == parts.target.srt else ctx.workspace.open(parts.target.srt)
    _report(parts, 0)
    with ctx.media.dubbed(earlier, parts.rendition(earlier)) as video:
        packets: dict[int, bytes] = {}
        blocks = list(previous.blocks)
        for number in changed:
            edited: EditedBlock = parts.encoder.edit(intervals[number], blocks[number], video.packets)
            packets |= edited.packets
            blocks[number] = edited.measured
            _report(parts, intervals[number].end_ms)
        _report(parts, parts.mix.layers.duration_ms)
        target = ctx.workspace.new(ctx.keys.request.result_key)
        video.write(target, packets, subtitles)
    return target, tuple(blocks)


def _report(parts: VideoParts, done_ms: int) -> None:
    """Report the stage's progress, in seconds of the programme."""
    layers = parts.mix.layers
    layers.ctx.progress.report(STAGE, done_ms // 1000, layers.duration_ms // 1000)


def _changed(mix: ProgrammeMix, intervals: Sequence[Interval], blocks: Sequence[DubBlock]) -> list[int]:
    """Return the numbers of the blocks whose mix may differ. Raises NotSpliceableError if these are most."""
    if len(intervals) != len(blocks):
        raise NotSpliceableError("it has other blocks")
    fingerprints = map(mix.fingerprint, intervals)
    changed = [n for n, current in enumerate(fingerprints) if current != blocks[n].fingerprint]
    if len(changed) > max(4, len(blocks) // 2):
        raise NotSpliceableError("most of it has changed")
    return changed
