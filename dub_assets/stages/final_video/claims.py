"""What the credentials of a final video say about it."""

from __future__ import annotations

from pathlib import PurePosixPath

from dub_assets.core.consent import VoiceConsent
from dub_assets.core.credentials import DubClaims
from dub_assets.core.keys import segment_name
from dub_assets.core.ports import StageContext
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.values import GainChange
from dub_assets.stages.tts_segments.casting import is_cloned


def dub_claims(
    products: Products, consents: tuple[VoiceConsent, ...], *, revision: int, ctx: StageContext
) -> DubClaims:
    """Return the claims of the ``revision``-th video of a job."""
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
        revision=revision,
        edited=tuple(map(segment_name, _edited(products))),
    )


def _edited(products: Products) -> list[int]:
    """Return the indexes of the segments whose text or gains a person edited."""
    texts = {line.index for line in products.translation.lines if line.written_for is not None}
    gains = {mix.index for mix in products.mixes.segments if mix.edited != GainChange()}
    return sorted(texts | gains)
