"""The quality of a dub as the metadata document tells it."""

from __future__ import annotations

from typing import Any

from dub_assets.core.keys import segment_name
from dub_assets.core.timing import seconds
from dub_assets.stages.quality.values import Check, DubFigures, Quality

Json = dict[str, Any]


def quality_facts(quality: Quality) -> Json:
    """The ``quality`` object: whether all checks passed, whether the dub is refused, the figures, every check."""
    return {
        "passed": quality.passed,
        "refusal": quality.refusal,
        "figures": _figures(quality.figures),
        "checks": [_check(check) for check in quality.checks],
    }


def _figures(figures: DubFigures) -> Json:
    return {
        "unspoken": seconds(figures.unspoken_ms),
        "text_language": figures.text_language,
        "agreement": figures.agreement,
        "leftover_db": figures.leftover_db,
        "sound_lag_ms": figures.sound_lag_ms,
        "length_difference_ms": figures.length_difference_ms,
    }


def _check(check: Check) -> Json:
    return {
        "name": check.name,
        "passed": check.passed,
        "severity": check.severity,
        "blocking": check.blocking,
        "reason": check.reason,
        "segments": [segment_name(index) for index in check.segments],
        "measured": check.measured,
        "limit": check.limit,
        "unit": check.unit,
    }
