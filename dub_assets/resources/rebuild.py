"""Brings a job up to date by itself after an edit, if ``JOB_REBUILD`` is set."""

import dagster as dg

from dub_assets.resources.tags import EDIT

REBUILT = ("tts_segments", "segment_mixes", "final_video", "quality", "metadata", "report")
"""The assets that an edit of a text or a gain leaves behind."""


def rebuild_condition() -> dg.AutomationCondition:
    """Return when Dagster makes an asset of a job again: once the content of an asset that it reads has changed.

    Only jobs that were dubbed before are rebuilt, and not while a run works on them: a job that failed is left alone.
    """
    changed = dg.AutomationCondition.data_version_changed() | dg.AutomationCondition.will_be_requested()
    return (
        dg.AutomationCondition.any_deps_match(changed).since_last_handled()
        & ~dg.AutomationCondition.missing()
        & ~dg.AutomationCondition.in_progress()
        & ~dg.AutomationCondition.any_deps_missing()
        & ~dg.AutomationCondition.any_deps_in_progress()
    ).with_label("rebuild_after_edit")


rebuild_sensor = dg.AutomationConditionSensorDefinition(
    "rebuild_sensor",
    target=dg.AssetSelection.assets(*REBUILT),
    default_status=dg.DefaultSensorStatus.RUNNING,
    run_tags={EDIT: "true"},
    description="Brings speech, mixes, video and document of a job up to date after an edit.",
)
