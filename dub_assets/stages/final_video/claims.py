"""What the credentials of a final video say about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from dub_assets.core.consent import VoiceConsent
from dub_assets.core.credentials import DubClaims, VideoRevision
from dub_assets.core.errors import ObjectMissingError
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.keys import segment_name
from dub_assets.core.ports import StageContext
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.values import GainChange
from dub_assets.stages.tts_segments.casting import is_cloned


def dub_claims(
    products: Products, consents: tuple[VoiceConsent, ...], history: tuple[VideoRevision, ...], *, ctx: StageContext
) -> DubClaims:
    """Return the claims of the video that is the last of ``history``."""
    source = products.stems.source
    stages = (products.stems, products.transcript, products.translation, products.tts)
    return DubClaims(
        title=PurePosixPath(ctx.keys.request.result_key).name,
        original=ctx.workspace.open(source),
        original_name=source.key,
        original_sha256=source.sha256,
        source_language=products.translation.source_language,
        target_language=products.translation.target_language,
        synthetic=products.notice() is not None,
        cloned_voices=any(is_cloned(line.speech.voice) for line in products.tts.segments),
        consents=consents,
        engines=tuple(dict.fromkeys(engine for stage in stages for engine in stage.provenance.engines)),
        revision=history[-1].number,
        history=history,
        original_credentials=_sidecar(source.key, ctx),
        edited=tuple(map(segment_name, _edited(products))),
    )


def _edited(products: Products) -> list[int]:
    """Return the indexes of the segments whose text or gains a person edited."""
    texts = {line.index for line in products.translation.lines if line.written_for is not None}
    gains = {mix.index for mix in products.mixes.segments if mix.edited != GainChange()}
    return sorted(texts | gains)


def line_fingerprints(products: Products) -> dict[str, str]:
    """Return a fingerprint of the text and the gains of each segment, by its name."""
    texts = products.texts()
    return {
        segment_name(mix.index): fingerprint("line", text=texts[mix.index], gains=mix.gains)
        for mix in products.mixes.segments
    }


def revisions(previous: FinalVideo | None, lines: Mapping[str, str]) -> tuple[VideoRevision, ...]:
    """Return the history of a job's videos with a new one whose segments have these fingerprints.

    Videos of versions that kept no history have only their number.
    """
    before = previous.lines if previous else {}
    changed = sorted(name for name in {*before, *lines} if before.get(name) != lines.get(name)) if before else []
    new = VideoRevision(number=previous.revision + 1 if previous else 1, segments=tuple(changed))
    return (*(previous.history if previous else ()), new)


def _sidecar(key: str, ctx: StageContext) -> Path | None:
    """Return the sidecar that lies beside the original in the store, None if there is none."""
    try:
        return ctx.workspace.open(ctx.workspace.adopt(f"{key}.c2pa"))
    except ObjectMissingError:
        return None
