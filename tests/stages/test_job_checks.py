"""The checks of a job: with the asset that they are about, before anything that follows it."""

from __future__ import annotations

import json
from dataclasses import replace

import dagster as dg
import pytest
from support.dagster_jobs import ASSETS, JOB, KEYS, SPEECH, WORDS, Jobs, reason
from support.fakes import FakeEngines, FakeRecogniser, FakeTranslator
from support.published_schemas import fault

from dub_assets.core.keys import job_record_key
from dub_assets.core.text import Rendering
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.tags import EDIT, JOB_ID, PROJECT_ID, REQUEST_KEY, TASK
from dub_assets.service.callbacks.callback_builders import callback_builder_of, new_callbacks
from dub_assets.service.callbacks.run_log import RunLog
from dub_assets.stages.quality.checks import CHECKS
from dub_assets.stages.quality.values import Quality

pytestmark = pytest.mark.media

ASSET_OF = {name: rule.asset for name, rule in CHECKS.items()}
GAINS = {"segment_mixes": {"gains": {"0001": {"bgm_gain": 0.2}}}}


def executed(result: dg.ExecuteInProcessResult) -> list[str]:
    """Return the steps that ran, in order."""
    return [event.step_key for event in result.all_events if event.is_step_start]


def test_every_check_is_of_its_asset_and_has_a_status_for_each_job(jobs: Jobs):
    graph = jobs.definitions.resolve_asset_graph()
    assert {key.name: key.asset_key.path[-1] for key in graph.asset_check_keys} == ASSET_OF
    for key in graph.asset_check_keys:
        assert graph.get_check_spec(key).partitions_def == jobs_partitions
    jobs.run()
    assert jobs.checks() == {name: (asset, True, severity(name)) for name, asset in ASSET_OF.items()}
    assert jobs.checks("another") == {}


def severity(name: str) -> str:
    """Return the severity with which Dagster shows a check by default."""
    return {"warning": "WARN", "error": "ERROR"}[CHECKS[name].severity]


def test_jobs_have_a_status_each(jobs: Jobs):
    other = replace(KEYS.request, job_id="other", result_key="projects/shop/outputs/videos/other.mp4")
    other = replace(other, metadata_key="projects/shop/outputs/metadata/other.json", segment_prefix="projects/shop/o")
    jobs.instance.add_dynamic_partitions(jobs_partitions.name, ["other"])
    jobs.archive.save(job_record_key("other"), other)
    assert jobs.run().success
    jobs.engines.synthesiser("pt").amplitude = 0.0
    assert not jobs.run(job="other").success
    assert jobs.checks()["lines_are_audible"] == ("tts_segments", True, "ERROR")
    assert jobs.checks("other")["lines_are_audible"] == ("tts_segments", False, "ERROR")
    assert "sound_and_picture_agree" not in jobs.checks("other")


def test_blocking_follows_the_setting(jobs: Jobs):
    jobs.block("text_is_translated,true_peak_is_kept")
    graph = jobs.definitions.resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    assert blocking == {"text_is_translated", "true_peak_is_kept"}


def test_a_blocking_check_stops_the_job_before_the_next_asset(jobs: Jobs):
    jobs.engines.synthesiser("pt").amplitude = 0.0
    result = jobs.run()
    assert not result.success
    assert executed(result) == ["stems", "transcript", "translation", "tts_segments"]
    assert reason(result) == (
        "the dub does not pass its checks: lines_are_audible (lines without audible speech: 0000, 0001)"
    )
    assert jobs.checks()["lines_are_audible"] == ("tts_segments", False, "ERROR")
    assert jobs.checks()["lines_never_overlap"] == ("tts_segments", True, "ERROR"), "all checks of the asset are shown"
    assert jobs.archive.store.head(KEYS.request.result_key) is None


def test_the_callback_of_a_job_that_is_stopped_says_why(jobs: Jobs):
    jobs.engines.synthesiser("pt").amplitude = 0.0
    result = jobs.run(tags={TASK: "full_pipeline", JOB_ID: JOB, PROJECT_ID: "shop", REQUEST_KEY: job_record_key(JOB)})
    log = RunLog.of(result.dagster_run, jobs.instance)
    callbacks = new_callbacks(log, callback_builder_of(log.run, jobs.archive), stored=(), is_final=True)
    bodies = [json.loads(callback.body) for callback in callbacks]
    assert [body["metadata"]["stage"] for body in bodies][-2:] == ["tts_completed", "failed"]
    failed = bodies[-1]
    assert fault(failed, "callback") is None
    assert (failed["stage_id"], failed["error_code"]) == ("tts", "quality_check")
    assert failed["error"] == jobs.document()["quality"]["refusal"]


def test_nothing_is_spoken_if_the_text_does_not_pass(jobs: Jobs, monkeypatch: pytest.MonkeyPatch):
    jobs.block("text_is_translated")
    words = [replace(word, text=text) for word, text in zip(WORDS, ["To be or", "not to be."], strict=True)]
    engines = FakeEngines(regions=SPEECH, words=words, translator=SameText())
    jobs.use(engines, monkeypatch)
    result = jobs.run()
    assert executed(result) == ["stems", "transcript", "translation"]
    assert reason(result).startswith("the dub does not pass its checks: text_is_translated (")
    assert engines.synthesiser("pt").spoken == []


def test_nothing_is_translated_if_speech_is_missing(jobs: Jobs, monkeypatch: pytest.MonkeyPatch):
    options = replace(jobs.settings.options.checks, missing_ms=300)
    jobs.settings = replace(jobs.settings, options=replace(jobs.settings.options, checks=options))
    jobs.block("dialogue_is_complete")
    engines = FakeEngines(regions=SPEECH, words=WORDS[:1])
    jobs.use(engines, monkeypatch)
    result = jobs.run()
    assert executed(result) == ["stems", "transcript"]
    assert engines.translator("en", "pt").lines == []
    document = jobs.document()
    assert document["quality"]["refusal"] == reason(result)
    assert [segment["translate_context"] for segment in document["segments"]] == [""]


class SameText(FakeTranslator):
    """Translates nothing."""

    def translate(self, lines, source_language, target_language, terms=()):
        return [Rendering(text=line.text, shorter=()) for line in lines]


@pytest.mark.parametrize(
    ("check", "asset"),
    [
        ("text_is_translated", "translation"),
        ("lines_are_audible", "tts_segments"),
        ("original_speech_is_gone", "segment_mixes"),
        ("loudness_is_on_target", "final_video"),
    ],
)
def test_a_job_that_is_stopped_has_its_document(jobs: Jobs, monkeypatch: pytest.MonkeyPatch, check: str, asset: str):
    fail_every_check(jobs, monkeypatch)
    jobs.block(check)
    result = jobs.run()
    made = executed(result)
    assert made == list(ASSETS[: ASSETS.index(asset) + 1])
    document = jobs.document()
    assert fault(document, "metadata_document") is None
    assert document["quality"]["refusal"] == reason(result)
    assert document["error_code"] == "quality_check"
    assert [name for name in ASSETS if name in document["stages"]] == [*made, "quality"]
    evaluated = [checked["name"] for checked in document["quality"]["checks"]]
    assert evaluated == [name for name in CHECKS if ASSET_OF[name] in made]
    for segment in document["segments"]:
        assert all(jobs.archive.store.head(key) for key in segment["assets"].values())
        assert ("tts_key" in segment["assets"]) == ("tts_segments" in made)
    assert jobs.archive.load(Quality, KEYS.manifest("quality")).refusal == reason(result)
    assert (jobs.archive.store.head(KEYS.manifest("report")) is not None) == (asset == "final_video")


def fail_every_check(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a check of each asset fail."""
    options = jobs.settings.options
    checks = replace(options.checks, leftover_db=-60.0, loudness_lu=0.0)
    jobs.settings = replace(jobs.settings, options=replace(options, checks=checks))
    words = [replace(word, text=text) for word, text in zip(WORDS, ["To be or", "not to be."], strict=True)]
    recogniser = FakeRecogniser(words)
    recogniser.identity = replace(recogniser.identity, version="2")  # what an earlier run recognised is not kept
    jobs.use(FakeEngines(regions=SPEECH, recogniser=recogniser, translator=SameText()), monkeypatch)
    jobs.engines.synthesiser("pt").amplitude = 0.0


def test_an_earlier_dub_is_no_part_of_the_document_of_a_job_that_is_stopped(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
):
    assert jobs.run().success
    fail_every_check(jobs, monkeypatch)
    jobs.block("text_is_translated")
    assert not jobs.run().success
    document = jobs.document()
    assert document["loudness"] is None
    assert [segment["assets"] for segment in document["segments"]] == [{}] * len(document["segments"])


def test_a_job_that_was_stopped_goes_on_once_its_text_is_edited(jobs: Jobs, monkeypatch: pytest.MonkeyPatch):
    fail_every_check(jobs, monkeypatch)
    jobs.engines.synthesiser("pt").amplitude = 0.2
    jobs.block("text_is_translated")
    assert not jobs.run().success
    count = len(jobs.document()["segments"])
    texts = {f"{index:04}": f"Ser ou {index}." for index in range(count)}
    assert jobs.run(config={"translation": {"texts": texts}}, tags={EDIT: "true"}).success
    assert jobs.document()["quality"]["refusal"] is None
    assert jobs.run().success, "the edited texts are kept"


def test_an_edit_reports_the_same_status_and_succeeds(jobs: Jobs):
    jobs.engines.synthesiser("pt").amplitude = 0.0
    assert not jobs.run().success
    before = jobs.checks()
    edit = jobs.run(name="edit_segments_job", config=GAINS)
    assert edit.success
    after = jobs.checks()
    assert after["lines_are_audible"] == before["lines_are_audible"] == ("tts_segments", False, "ERROR")
    assert set(after) == set(CHECKS)


def test_an_edit_and_a_full_run_give_the_same_status(jobs: Jobs):
    jobs.run()
    full = jobs.checks()
    edit = jobs.run(name="edit_segments_job", config=GAINS)
    assert edit.success
    assert jobs.checks() == full
    assert len(edit.get_asset_check_evaluations()) == len(ASSET_OF)


def test_no_check_blocks_if_none_is_named(jobs: Jobs):
    jobs.block("none")
    jobs.engines.synthesiser("pt").amplitude = 0.0
    assert jobs.run().success
    assert jobs.checks()["lines_are_audible"] == ("tts_segments", False, "ERROR")


def test_levels_are_kept_unless_their_sound_changed(jobs: Jobs):
    jobs.run()
    first = jobs.archive.load(Quality, KEYS.manifest("quality")).lines
    jobs.run(name="edit_segments_job", config=GAINS)
    second = jobs.archive.load(Quality, KEYS.manifest("quality")).lines
    assert second[0] == first[0]
    assert second[1].level_of == first[1].level_of
    assert second[1].leftover_of != first[1].leftover_of
    assert second[1].leftover_db < first[1].leftover_db
