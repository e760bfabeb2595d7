"""The table of issues is complete."""

from __future__ import annotations

from typing import get_args

from dub_assets.stages.issues import ISSUES, LineIssue, TimingIssue


def test_explains_every_issue_that_a_stage_can_find():
    assert set(ISSUES) == {*get_args(TimingIssue), *get_args(LineIssue)}


def test_findings_only_name_known_figures():
    figures = dict.fromkeys(("tempo", "free_tempo", "late_ms", "early_ms", "on_time_ms", "over_ms"), 0)
    assert all(issue.finding.format(**figures) for issue in ISSUES.values())
