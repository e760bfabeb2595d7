"""Asset checks: what must hold of a dub. The rules are the domain's, in ``stages/quality/checks.py``."""

from collections.abc import Iterator
from typing import get_args

import dagster as dg

from dub_assets.stages.quality.asset import quality as quality_asset
from dub_assets.stages.quality.values import Check, CheckName, Quality

_SEVERITIES = {"warning": dg.AssetCheckSeverity.WARN, "error": dg.AssetCheckSeverity.ERROR}


def _spec(name: CheckName) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=quality_asset, description=f"{name.replace('_', ' ').capitalize()}.")


@dg.multi_asset_check(name="quality_checks", specs=[_spec(name) for name in get_args(CheckName)])
def quality_checks(quality: Quality) -> Iterator[dg.AssetCheckResult]:
    """What each check found; the job fails where one that blocks did not pass.

    All are told before that, and the metadata document is written all the same: an editor has to see what is wrong.
    """
    for check in quality.checks:
        yield result_of(check)
    if quality.refusal is not None:
        raise dg.Failure(description=quality.refusal, allow_retries=False)


def result_of(check: Check) -> dg.AssetCheckResult:
    """A check as Dagster shows it."""
    numbers = {"measured": check.measured, "limit": check.limit}
    return dg.AssetCheckResult(
        check_name=check.name,
        asset_key=quality_asset.key,
        passed=check.passed,
        severity=_SEVERITIES[check.severity],
        description=check.reason,
        metadata={
            "blocking": check.blocking,
            "segments": ", ".join(f"{index:04d}" for index in check.segments) or "none",
            **{f"{name}_{check.unit}": value for name, value in numbers.items() if value is not None},
        },
    )


def evaluation_of(check: Check, partition: str) -> dg.AssetCheckEvaluation:
    """The same for ops, which log what they made of a job: an edit never fails by a check, and shows what it did."""
    result = result_of(check)
    return dg.AssetCheckEvaluation(
        asset_key=quality_asset.key,
        check_name=check.name,
        passed=result.passed,
        severity=result.severity,
        description=result.description,
        metadata=result.metadata,
        partition=partition,
    )


ALL = [quality_checks]
