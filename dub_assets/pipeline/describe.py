"""``metadata``: the document that consumers and editors read."""

from __future__ import annotations

import json

from dub_assets.domain.document import document
from dub_assets.domain.figures import Provenance
from dub_assets.domain.fingerprint import fingerprint
from dub_assets.domain.mix import FinalVideo, Metadata
from dub_assets.domain.products import Products
from dub_assets.domain.quality import Quality
from dub_assets.ports import Workbench

STAGE = "metadata"


def describe(products: Products, final: FinalVideo, quality: Quality, *, bench: Workbench) -> Metadata:
    """Write the metadata document (UTF-8 JSON) of a finished job."""
    request = bench.keys.request
    with bench.meter.measure() as measurement:
        content = document(request, products, final, quality)
        written = bench.workspace.write(
            request.metadata_key, json.dumps(content, ensure_ascii=False, indent=2).encode()
        )
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
