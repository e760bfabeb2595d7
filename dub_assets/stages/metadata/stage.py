"""``metadata``: writes the document that consumers and editors read."""

from __future__ import annotations

import json

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.metadata.document import metadata_document
from dub_assets.stages.metadata.values import Metadata
from dub_assets.stages.products import Products
from dub_assets.stages.quality.values import Quality

STAGE = "metadata"
STAGE_VERSION = 3
"""Version of this stage's code: Dagster's code version. The fingerprint covers the document, which every run writes."""


def write_metadata(products: Products, final: FinalVideo | None, quality: Quality, *, ctx: StageContext) -> Metadata:
    """Write the metadata document (UTF-8 JSON) of a job; ``final`` is None if a check ended it before its video."""
    request = ctx.keys.request
    with ctx.meter.measure() as measurement:
        content = metadata_document(request, products, final, quality)
        document = ctx.workspace.write(request.metadata_key, json.dumps(content, ensure_ascii=False, indent=2).encode())
    return Metadata(
        document=document,
        segments_count=len(products.transcript.segments),
        issues_count=sum(len(segment["issues"]) for segment in content["segments"]),
        flagged_count=sum(bool(segment["issues"]) for segment in content["segments"]),
        provenance=Provenance(
            fingerprint=fingerprint(STAGE, document=document.sha256),
            engines=(),
            figures=measurement.figures(media_ms=products.stems.info.duration_ms),
        ),
    )
