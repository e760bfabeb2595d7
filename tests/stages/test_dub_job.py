"""The asset graph in Dagster: real storage, real ffmpeg, fake engines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import get_args

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from support.dagster_jobs import ASSETS, JOB, KEYS, SPEECH, WORDS, Jobs, reason
from support.fakes import FakeEngines, FakeProgress, FakeRecogniser, FakeSynthesiser

from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.definitions import definitions
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.settings import settings_from
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.quality.checks import CheckName
from dub_assets.stages.segment_mixes.values import SegmentMixes
from dub_assets.stages.tts_segments.values import TtsSegments

pytestmark = pytest.mark.media


def stage_version(asset: str) -> int:
    """Return the version of an asset's stage."""
    return import_module(f"dub_assets.stages.{asset}.stage").STAGE_VERSION


def test_definitions_load_and_every_asset_is_described():
    defs = definitions(settings_from({}), FakeProgress())
    dg.Definitions.validate_loadable(defs)
    graph = defs.resolve_asset_graph()
    names = {key.path[-1] for key in graph.get_all_asset_keys()}
    assert names == {"source_video", *ASSETS}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description
        assert node.owners
        assert node.kinds
        assert node.group_name == "dubbing"
        assert key.path[-1] == "source_video" or node.code_version == str(stage_version(key.path[-1]))


def test_a_job_makes_its_video_document_and_clips(jobs: Jobs):
    assert jobs.run().success
    final = jobs.archive.load(FinalVideo, KEYS.manifest("final_video"))
    assert final.video.key == KEYS.request.result_key
    document = json.loads(jobs.archive.store.get(KEYS.request.metadata_key))
    assert [segment["translate_context"] for segment in document["segments"]] == ["pt Good.", "pt Night."]
    for segment in document["segments"]:
        assert set(segment["assets"]) == {"source_key", "bgm_key", "tts_key", "mix_key", "video_key"}
        assert all(jobs.archive.store.head(key) for key in segment["assets"].values())


def test_materialisations_have_metadata_for_the_ui(jobs: Jobs):
    jobs.run()
    metadata = {
        name: jobs.instance.get_latest_materialization_event(dg.AssetKey(name)).asset_materialization.metadata
        for name in ASSETS
    }
    assert metadata["stems"]["duration_s"].value == 4.0
    assert "Good." in metadata["transcript"]["table"].value
    assert "pt Night." in metadata["translation"]["table"].value
    assert len(metadata["tts_segments"]["table"].value.splitlines()) == 2 + 2
    assert metadata["segment_mixes"]["clips"].value == 2
    assert metadata["final_video"]["true_peak_dbtp"].value <= -1.0
    assert metadata["report"]["segments_to_review"].value == 0
    assert metadata["report"]["page"].value.endswith(f"{JOB}.report.html")
    assert metadata["final_video"]["video"].value.startswith("http://127.0.0.1:3010/projects/")
    assert Path(metadata["final_video"]["video_path"].value).is_file()
    assert metadata["final_video"]["export"].value == f"dub-assets export {JOB} --out DIR"
    assert all("seconds" in values and "manifest" in values for values in metadata.values())


def test_checks_of_a_good_job_pass(jobs: Jobs):
    result = jobs.run()
    evaluations = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert evaluations == dict.fromkeys(get_args(CheckName), True)


class HearsNoPortuguese(FakeRecogniser):
    """Fails at the dub's language, though it says that it knows it."""

    def __init__(self) -> None:
        super().__init__(WORDS)
        self.capabilities = replace(self.capabilities, languages=frozenset({"en", "pt"}))

    def recognise(self, chunks, language):
        if language == "pt":
            raise RuntimeError("CUDA failed with error out of resources")
        return super().recognise(chunks, language)


def test_a_recogniser_that_fails_on_the_lines_does_not_fail_the_job(jobs: Jobs, monkeypatch: pytest.MonkeyPatch):
    engines = FakeEngines(regions=SPEECH, words=WORDS, recogniser=HearsNoPortuguese())
    monkeypatch.setattr(EnginesResource, "engines", lambda self, overrides=None: engines)
    result = jobs.run()
    assert result.success
    failed = [check.check_name for check in result.get_asset_check_evaluations() if not check.passed]
    assert failed == ["lines_say_their_text"]
    document = json.loads(jobs.archive.store.get(KEYS.request.metadata_key))
    assert [segment["issues"] for segment in document["segments"]] == [["unheard"], ["unheard"]]
    assert document["quality"]["refusal"] is None
    assert "error_code" not in document


def test_a_second_run_regenerates_nothing(jobs: Jobs):
    jobs.run()
    before = {item.key: item.sha256 for item in jobs.archive.store.list("projects/")}
    spoken = len(jobs.engines.synthesiser("pt").spoken)
    assert jobs.run().success
    assert {item.key: item.sha256 for item in jobs.archive.store.list("projects/")} == before
    assert len(jobs.engines.synthesiser("pt").spoken) == spoken


def data_versions(jobs: Jobs) -> dict[str, str]:
    """Return the data version of each asset of the job, as Dagster knows it."""
    events = {name: jobs.instance.get_latest_materialization_event(dg.AssetKey(name)) for name in ASSETS}
    return {name: event.asset_materialization.tags["dagster/data_version"] for name, event in events.items()}


def fingerprints(jobs: Jobs) -> dict[str, str]:
    """Return the fingerprint in each manifest of the job."""
    manifests = {name: json.loads(jobs.archive.store.get(KEYS.manifest(name))) for name in ASSETS}
    return {name: manifest["provenance"]["fingerprint"] for name, manifest in manifests.items()}


def stale(jobs: Jobs) -> set[str]:
    """Return the assets of the job that Dagster's UI shows as stale."""
    graph = jobs.definitions.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(jobs.instance, graph, LoadingContextForTest(jobs.instance))
    return {name for name in ASSETS if resolver.get_status(dg.AssetKey(name), JOB) != StaleStatus.FRESH}


def test_data_versions_are_the_stored_fingerprints_and_a_rerun_keeps_them(jobs: Jobs):
    jobs.run()
    first = data_versions(jobs)
    assert first == fingerprints(jobs)
    assert stale(jobs) == set()
    jobs.run()
    assert data_versions(jobs) == first
    assert stale(jobs) == set()


def test_an_edit_makes_the_assets_after_it_stale_until_the_video_is_rebuilt(jobs: Jobs):
    jobs.run()
    before = data_versions(jobs)
    jobs.run(assets=["segment_mixes"], config={"segment_mixes": {"segments": [1], "bgm_gain": 0.2}})
    edited = data_versions(jobs)
    assert {name for name in ASSETS if edited[name] != before[name]} == {"segment_mixes"}
    assert stale(jobs) == {"final_video", "quality", "metadata", "report"}
    jobs.run(assets=["final_video", "quality", "metadata", "report"])
    rebuilt = data_versions(jobs)
    assert {name for name in ASSETS if rebuilt[name] != edited[name]} == {
        "final_video",
        "quality",
        "metadata",
        "report",
    }
    assert rebuilt == fingerprints(jobs)
    assert stale(jobs) == set()


def test_an_edited_text_makes_the_assets_that_read_it_stale(jobs: Jobs):
    jobs.run()
    jobs.run(assets=["translation"], config={"translation": {"texts": {"0001": "Boa noite."}}})
    assert stale(jobs) == {"tts_segments", "final_video", "quality", "metadata", "report"}
    jobs.run()
    assert stale(jobs) == set()


@pytest.mark.parametrize("name", ["0001", 1])
def test_the_launchpad_regenerates_one_segment_and_keeps_the_others(jobs: Jobs, name: str | int):
    jobs.run()
    before = jobs.archive.load(SegmentMixes, KEYS.manifest("segment_mixes"))
    config = {"segment_mixes": {"segments": [name], "bgm_gain": 0.2}}
    assert jobs.run(assets=["segment_mixes"], config=config).success
    after = jobs.archive.load(SegmentMixes, KEYS.manifest("segment_mixes"))
    assert after.segments[0] == before.segments[0]
    assert after.segments[1].gains.background == 0.2
    assert after.segments[1].clips.mix.sha256 != before.segments[1].clips.mix.sha256


def test_an_unknown_segment_is_an_error(jobs: Jobs):
    jobs.run()
    result = jobs.run(assets=["tts_segments"], config={"tts_segments": {"segments": ["0009"]}})
    assert reason(result) == "there is no segment 0009 in this job; its segments are 0000 to 0001"


def test_a_missing_object_fails_the_stage_that_reads_it(jobs: Jobs):
    jobs.run()
    tts = jobs.archive.load(TtsSegments, KEYS.manifest("tts_segments"))
    jobs.archive.store.delete([tts.segments[0].clip.key])
    result = jobs.run(assets=["segment_mixes"])
    assert not result.success
    assert tts.segments[0].clip.key in reason(result)


def test_a_run_of_the_whole_job_regenerates_a_missing_object(jobs: Jobs):
    jobs.run()
    tts = jobs.archive.load(TtsSegments, KEYS.manifest("tts_segments"))
    jobs.archive.store.delete([tts.segments[0].clip.key])
    assert jobs.run().success
    assert jobs.archive.load(TtsSegments, KEYS.manifest("tts_segments")).segments[0].clip == tts.segments[0].clip


def test_a_job_without_a_record_fails_and_says_what_to_do(jobs: Jobs):
    jobs.instance.add_dynamic_partitions(jobs_partitions.name, ["other"])
    assert "dub-assets dub" in reason(jobs.run(job="other"))


def test_a_permanent_error_is_not_retried(jobs: Jobs, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jobs.engines.synthesiser("pt"), "capabilities", FakeSynthesiser().capabilities)
    jobs.archive.store.put(KEYS.request.input_key, b"not a video at all", "video/mp4")
    result = jobs.run()
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]


@pytest.mark.parametrize(
    ("asset", "config", "said"),
    [
        (
            "segment_mixes",
            {"segments": [1], "bgm_gain": 50},
            "bgm_gain is 50: a gain is a factor from 0 (silence) to 10",
        ),
        ("segment_mixes", {"gains": {"0001": {"tts_gain": -1}}}, "tts_gain is -1: a gain"),
        ("segment_mixes", {"gains": {"one": {"tts_gain": 1}}}, "'one' is not a segment"),
        ("segment_mixes", {"segments": [1.5]}, "1.5 is not a segment"),
        ("segment_mixes", {"bgm_gain": 1}, "bgm_gain and tts_gain need segments"),
        ("segment_mixes", {"segments": [9]}, "there is no segment 0009 in this job; its segments are 0000 to 0001"),
        ("translation", {"texts": {"0009": "Boa noite."}}, "there is no segment 0009"),
    ],
)
def test_a_wrong_configuration_is_an_error_that_says_what_is_wrong(jobs: Jobs, asset: str, config: dict, said: str):
    jobs.run()
    result = jobs.run(assets=[asset], config={asset: config})
    assert said in reason(result)
    assert "Error occurred" not in reason(result)


def test_the_launchpad_prefills_nothing_that_is_wrong_for_a_job(jobs: Jobs):
    """Dagster's UI scaffolds the defaults of the configuration: those of the service are no part of it."""
    for name in ("dub_job", "edit_segments_job", "rebuild_video_job"):
        schema = jobs.definitions.resolve_job_def(name).run_config_schema.config_type
        resources = schema.fields["resources"].config_type.fields["job_resources"]
        assert "target_language" not in str(resources.config_type.fields)


def table(jobs: Jobs, asset: str) -> list[list[str]]:
    """Return the rows of the table that Dagster's UI shows of an asset, the header first."""
    event = jobs.instance.get_latest_materialization_event(dg.AssetKey(asset)).asset_materialization
    rows = [line.strip("| ").split(" | ") for line in event.metadata["table"].value.splitlines() if line[:1] == "|"]
    return [rows[0], *rows[2:]]


def test_every_segment_is_a_row_with_its_texts_gains_and_links(jobs: Jobs):
    jobs.run()
    header, first, second = table(jobs, "segment_mixes")
    assert header == ["segment", "from (s)", "to (s)", "text", "tempo", "bgm_gain", "tts_gain", "issues", "open"]
    assert (first[0], first[3], first[5:7]) == ("0000", "pt Good.", ["1", "1"])
    key = KEYS.clip(1, "mix")
    assert f"[mix](http://127.0.0.1:3010/{key})" in second[-1]
    assert all(jobs.archive.store.head(link) for link in re.findall(r"3010/([^)]+)\)", first[-1]))
    assert table(jobs, "translation")[1][3:] == ["pt Good.", "Good."]
    assert table(jobs, "tts_segments")[1][0] == "0000"


def test_an_edited_segment_is_recognisable(jobs: Jobs):
    jobs.run()
    edit = {"gains": {"0001": {"bgm_gain": 0.2}}}
    jobs.run(name="edit_segments_job", config={"segment_mixes": edit, "translation": {"texts": {"0000": "Boa."}}})
    assert [row[0] for row in table(jobs, "segment_mixes")[1:]] == ["0000", "**0001 edited**"]
    assert [row[0] for row in table(jobs, "translation")[1:]] == ["**0000 edited**", "0001"]
    assert [row[0] for row in table(jobs, "tts_segments")[1:]] == ["**0000 edited**", "0001"]
    jobs.run()
    assert [row[0] for row in table(jobs, "segment_mixes")[1:]] == ["0000", "**0001 edited**"], "later runs keep it"


@pytest.mark.parametrize("asset", [name for name in ASSETS if name != "stems"])
def test_an_asset_depends_on_what_it_reads_and_on_nothing_else(jobs: Jobs, asset: str, monkeypatch: pytest.MonkeyPatch):
    jobs.run()
    graph = jobs.definitions.resolve_asset_graph()
    jobs.archive.store.delete([KEYS.manifest(asset)])
    read: set[str] = set()
    get = LocalObjectStore.get

    def reading(store: LocalObjectStore, key: str) -> bytes:
        read.add(key)
        return get(store, key)

    monkeypatch.setattr(LocalObjectStore, "get", reading)
    assert jobs.run(assets=[asset]).success
    parents = {key.path[-1] for key in graph.get(dg.AssetKey(asset)).parent_keys}
    earlier = ASSETS[: ASSETS.index(asset)]
    assert {name for name in earlier if KEYS.manifest(name) in read} == parents
