"""Automation: an edit brings its job up to date by itself, if that is set."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg
import pytest
from support.dagster_jobs import JOB, Jobs
from support.fakes import FakeProgress

from dub_assets.definitions import definitions
from dub_assets.resources.rebuild import REBUILT
from dub_assets.resources.tags import EDIT

pytestmark = pytest.mark.media

LAST = {"final_video", "quality", "metadata", "report"}


class Automation:
    """Evaluates the conditions of the definitions as Dagster's daemon does, tick by tick."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._cursor: object = None

    def tick(self) -> set[str]:
        """Return the assets of the job that are requested."""
        result = dg.evaluate_automation_conditions(
            self._jobs.definitions,
            self._jobs.instance,
            asset_selection=dg.AssetSelection.assets(*REBUILT),
            cursor=self._cursor,
        )
        self._cursor = result.cursor
        keys = {dg.AssetKey(name): name for name in REBUILT}
        return {name for key, name in keys.items() if JOB in result.get_requested_partitions(key)}


@pytest.fixture
def automation(jobs: Jobs) -> Automation:
    defaults = replace(jobs.settings.defaults, rebuild=True)
    jobs.definitions = definitions(replace(jobs.settings, defaults=defaults), FakeProgress())
    return Automation(jobs)


def test_it_is_off_unless_it_is_set(jobs: Jobs):
    graph = jobs.definitions.resolve_asset_graph()
    assert not [key for key in graph.get_all_asset_keys() if graph.get(key).automation_condition]
    assert "rebuild_sensor" not in {sensor.name for sensor in jobs.definitions.sensors}


def test_an_edited_gain_rebuilds_the_video_once(jobs: Jobs, automation: Automation):
    automation.tick()
    jobs.run()
    assert automation.tick() == set(), "a full run is up to date"
    assert automation.tick() == set()
    jobs.run(assets=["segment_mixes"], config={"segment_mixes": {"segments": [1], "bgm_gain": 0.2}})
    assert automation.tick() == LAST
    assert automation.tick() == set(), "it is requested once"
    assert jobs.run(assets=LAST, tags={EDIT: "true"}).success
    assert automation.tick() == set()


def test_an_edited_text_is_spoken_mixed_and_rebuilt(jobs: Jobs, automation: Automation):
    jobs.run()
    automation.tick()
    jobs.run(assets=["translation"], config={"translation": {"texts": {"0001": "Boa noite."}}})
    assert automation.tick() == {"tts_segments", "segment_mixes", *LAST}
    assert jobs.run(assets=REBUILT, tags={EDIT: "true"}).success
    assert automation.tick() == set()
    assert [segment["translate_context"] for segment in jobs.document()["segments"]][1] == "Boa noite."


def test_a_run_that_changes_nothing_requests_nothing(jobs: Jobs, automation: Automation):
    jobs.run()
    automation.tick()
    jobs.run(assets=["segment_mixes"])
    assert automation.tick() == set()


def test_a_job_that_a_check_stopped_is_left_alone(jobs: Jobs, automation: Automation):
    automation.tick()
    jobs.engines.synthesiser("pt").amplitude = 0.0
    assert not jobs.run().success
    assert automation.tick() == set()
    assert automation.tick() == set()
