from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.errors import ConfigurationError, InputError
from dub_assets.core.keys import JobKeys, KeyTemplates, job_record_key, segment_index, segment_name
from dub_assets.core.request import DubRequest, checked_id

REQUEST = DubRequest(
    job_id="j1",
    project_id="p1",
    input_key="projects/p1/inputs/talk.mp4",
    source_language="en",
    target_language="pt",
    result_key="projects/p1/outputs/videos/j1.mp4",
    metadata_key="projects/p1/outputs/metadata/j1.json",
    segment_prefix="projects/p1/interim/j1/segments",
    segment_clips=True,
)


@pytest.mark.parametrize("value", ["a", "A.b_c-9", "_x", "0" * 128])
def test_usable_ids(value: str):
    assert checked_id("job_id", value) == value


@pytest.mark.parametrize("value", ["", ".hidden", "a/b", "a b", "ä", "0" * 129, "a\n", ".."])
def test_unusable_ids_are_refused_by_name(value: str):
    with pytest.raises(InputError, match="job_id"):
        checked_id("job_id", value)


def test_the_contracts_keys():
    templates = KeyTemplates()
    assert templates.fill(templates.video, project_id="p", job_id="j") == "projects/p/outputs/videos/j.mp4"
    assert templates.fill(templates.metadata, project_id="p", job_id="j") == "projects/p/outputs/metadata/j.json"
    assert templates.fill(templates.segments, project_id="p", job_id="j") == "projects/p/interim/j/segments"
    keys = JobKeys(request=REQUEST)
    assert keys.clip(3, "bgm") == "projects/p1/interim/j1/segments/0003_bgm.wav"
    assert keys.clip(12345, "video") == "projects/p1/interim/j1/segments/12345_video.mp4"
    assert job_record_key("j1") == "jobs/j1.json"
    assert segment_name(7) == "0007"


def test_the_pipelines_own_keys_lie_beside_the_segments():
    keys = JobKeys(request=REQUEST)
    own = [keys.manifest("stems"), keys.stem("vocals"), keys.speech(1), keys.subtitles("pt", "vtt")]
    assert all(key.startswith("projects/p1/interim/j1/") for key in own)
    assert not any(key.startswith(REQUEST.segment_prefix) for key in own)


@given(st.lists(st.from_regex(r"[ab][ab.]{0,3}(\.json|\.report|\.html)?", fullmatch=True), min_size=2, max_size=2))
def test_a_report_lies_beside_its_document_and_in_nobodys_place(job_ids: list[str]):
    keys = [
        JobKeys(request=replace(REQUEST, job_id=job_id, metadata_key=f"projects/p1/outputs/metadata/{job_id}.json"))
        for job_id in job_ids
    ]
    reports = [one.report for one in keys]
    assert all(report.startswith("projects/p1/outputs/metadata/") for report in reports)
    assert len(set(reports)) == len(set(job_ids))
    assert not set(reports) & {one.request.metadata_key for one in keys}


@pytest.mark.parametrize("template", ["{job}", "{0}", "{job_id"])
def test_a_template_with_unknown_fields_is_an_error_that_names_the_known_ones(template: str):
    with pytest.raises(ConfigurationError, match=r"\{project_id\} and \{job_id\}"):
        KeyTemplates().fill(template, project_id="p", job_id="j")


@pytest.mark.parametrize("name", [3, "3", "0003", "00003"])
def test_a_segment_is_found_by_name_or_number(name: object):
    assert segment_index(name) == 3


@pytest.mark.parametrize("name", [-1, True, None, 1.0, "", "x", "-1", "+3", "3.0", "\u0663", "\u00b2", "9" * 10])
def test_an_unusable_segment_name_is_an_error_that_shows_both_forms(name: object):
    with pytest.raises(InputError, match="give a name such as 0003, or its number, 3"):
        segment_index(name)
