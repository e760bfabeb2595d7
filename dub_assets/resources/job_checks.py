"""The checks of an asset, evaluated in the step that makes it, before the steps after it start.

If a blocking check fails, Dagster fails the step and skips everything after it. The metadata document then describes
the job as far as it was made. A run that edits segments reports the same results and goes on.
"""

import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args

import dagster as dg

from dub_assets.adapters.dagster_private import CheckEvent, report_only
from dub_assets.core.keys import segment_name
from dub_assets.resources.asset_metadata import media_links
from dub_assets.resources.job_context import JobContext
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.tags import EDIT
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.metadata.stage import write_metadata
from dub_assets.stages.products import Products, products_until
from dub_assets.stages.quality.checks import CHECKS, CheckedAsset
from dub_assets.stages.quality.stage import measure_assets
from dub_assets.stages.quality.values import Check, Quality
from dub_assets.stages.report.stage import write_report
from dub_assets.stages.report.values import Report

AssetEvents = Iterator[dg.Output[Any] | dg.AssetCheckResult | CheckEvent]
"""What an asset with checks yields: its output, then the results of its checks."""

_SEVERITIES = {"warning": dg.AssetCheckSeverity.WARN, "error": dg.AssetCheckSeverity.ERROR}
_ORDER = get_args(CheckedAsset)


def check_specs(asset: str, blocking: Collection[str]) -> list[dg.AssetCheckSpec]:
    """Return the checks of an asset, with a status for each job."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)  # partitioned checks are in preview
        return [
            dg.AssetCheckSpec(
                check.name,
                asset=asset,
                description=check.requirement,
                blocking=check.name in blocking,
                partitions_def=jobs_partitions,
            )
            for check in CHECKS.values()
            if check.asset == asset
        ]


def check_results(
    context: dg.AssetExecutionContext,
    job: JobContext,
    asset: CheckedAsset,
    products: Products,
    final: FinalVideo | None = None,
) -> AssetEvents:
    """Evaluate the checks of an asset that has been stored, and yield their results.

    Later products are not read; ``final`` is the video of the asset ``final_video``.
    """
    is_edit = EDIT in context.run.tags
    quality = _measured(job, [asset], products, final)
    ends_job = quality.refusal is not None and not is_edit
    document = _write_documents(job, asset, products, final) if ends_job else {}
    for check in quality.checks:
        result = _result_of(check, asset, document if check.blocking and not check.passed else {})
        if is_edit:
            yield from report_only(result, context)
        else:
            yield result


def _result_of(check: Check, asset: str, document: Mapping[str, Any]) -> dg.AssetCheckResult:
    """Return a check as Dagster shows it, with a link to the document of the job that it ends."""
    numbers = {"measured": check.measured, "limit": check.limit}
    return dg.AssetCheckResult(
        check_name=check.name,
        asset_key=asset,
        passed=check.passed,
        severity=_SEVERITIES[check.severity],
        description=check.reason,
        metadata={
            "blocking": check.blocking,
            "segments": ", ".join(segment_name(index) for index in check.segments) or "none",
            **{f"{name}_{check.unit}": value for name, value in numbers.items() if value is not None},
            **document,
        },
    )


def _measured(
    job: JobContext, assets: Collection[CheckedAsset], products: Products, final: FinalVideo | None
) -> Quality:
    return measure_assets(
        products,
        final,
        assets=assets,
        engines=job.engines,
        options=job.options,
        ctx=job.ctx,
        previous=job.previous(Quality, "quality"),
    )


def _write_documents(
    job: JobContext, asset: CheckedAsset, products: Products, final: FinalVideo | None
) -> dict[str, Any]:
    """Store the quality and the metadata document of a job that ends here, and its report if it has a video.

    Return the link to the document.
    """
    made = products_until(asset, products, target_language=job.request.target_language)
    quality = _measured(job, _ORDER[: _ORDER.index(asset) + 1], made, final)
    metadata = write_metadata(made, final, quality, ctx=job.ctx)
    job.archive.save(job.ctx.keys.manifest("quality"), quality)
    job.archive.save(job.ctx.keys.manifest("metadata"), metadata)
    if final is not None:
        previous = job.previous(Report, "report")
        report = write_report(made, final, quality, ctx=job.ctx, previous=previous, fit=job.options.fit)
        job.archive.save(job.ctx.keys.manifest("report"), report)
    return media_links("document", job.archive, metadata.document)
