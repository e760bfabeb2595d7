"""``metadata``: the document that consumers and editors read."""

from __future__ import annotations

import json

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.stages.metadata.values import document
from dub_assets.stages.products import Products
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.segment_mixes.values import FinalVideo, Metadata

STAGE = "metadata"


def describe(products: Products, final: FinalVideo, quality: Quality, *, ctx: StageContext) -> Metadata:
    """Write the metadata document (UTF-8 JSON) of a finished job."""
    request = ctx.keys.request
    with ctx.meter.measure() as measurement:
        content = document(request, products, final, quality)
        written = ctx.workspace.write(request.metadata_key, json.dumps(content, ensure_ascii=False, indent=2).encode())
    return Metadata(
        document=written,
        segments_count=len(products.transcript.segments),
        issues_count=sum(len(segment["issues"]) for segment in content["segments"]),
        flagged_count=sum(bool(segment["issues"]) for segment in content["segments"]),
        provenance=Provenance(
            fingerprint=fingerprint(STAGE, document=written.sha256),
            engines=(),
            figures=measurement.figures(media_ms=products.stems.info.duration_ms),
        ),
    )
