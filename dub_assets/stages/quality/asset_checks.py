"""Dagster asset checks, one for each check in ``checks.py``."""

from collections.abc import Iterator

import dagster as dg

from dub_assets.core.errors import QualityCheckError
from dub_assets.core.keys import segment_name
from dub_assets.resources.job_context import dagster_failures
from dub_assets.resources.tags import EDIT
from dub_assets.stages.quality.asset import quality as quality_asset
from dub_assets.stages.quality.checks import CHECKS
from dub_assets.stages.quality.values import Check, Quality

_SEVERITIES = {"warning": dg.AssetCheckSeverity.WARN, "error": dg.AssetCheckSeverity.ERROR}


_SPECS = [
    dg.AssetCheckSpec(check.name, asset=quality_asset, description=check.requirement) for check in CHECKS.values()
]


@dg.multi_asset_check(name="quality_checks", specs=_SPECS)
def quality_checks(context: dg.AssetCheckExecutionContext, quality: Quality) -> Iterator[dg.AssetCheckResult]:
    """Report every check, then fail if a blocking one did not pass.

    A run that edits segments does not fail. The metadata document is written in any case, so that editors see what is
    wrong.
    """
    for check in quality.checks:
        yield result_of(check)
    with dagster_failures():
        if quality.refusal is not None and EDIT not in context.run.tags:
            raise QualityCheckError(quality.refusal)


def result_of(check: Check) -> dg.AssetCheckResult:
    """Return a check as Dagster shows it."""
    numbers = {"measured": check.measured, "limit": check.limit}
    return dg.AssetCheckResult(
        check_name=check.name,
        asset_key=quality_asset.key,
        passed=check.passed,
        severity=_SEVERITIES[check.severity],
        description=check.reason,
        metadata={
            "blocking": check.blocking,
            "segments": ", ".join(segment_name(index) for index in check.segments) or "none",
            **{f"{name}_{check.unit}": value for name, value in numbers.items() if value is not None},
        },
    )


ALL = [quality_checks]
