import inspect
import ntpath
import posixpath
import unicodedata
from urllib.parse import unquote, unquote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dub_assets.core import keys
from dub_assets.core.errors import ConfigurationError, InputError
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.service.callbacks.addresses import checked_callback_url
from dub_assets.service.message_keys import (
    PROJECT_PREFIX,
    KeyScope,
    checked_clip_key,
    checked_folder,
    checked_read_key,
    checked_result_key,
    outside_own_objects,
)
from dub_assets.settings import settings_from

ALL_PROJECTS = ("projects/",)
JOB = JobKeys(
    request=DubRequest(
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
)
OWN_KEYS = [
    JOB.manifest("stems"),
    JOB.stem("vocals"),
    JOB.speech(3),
    JOB.subtitles("pt", "vtt"),
    job_record_key("j1"),
    "Projects/p1/Interim/j1/STEMS/vocals.flac",
]


def within(*prefixes: str, project_id: str | None = None) -> KeyScope:
    return KeyScope(prefixes, project_id)


def pipeline_keys() -> list[str]:
    """Return an example of every key that ``core/keys.py`` makes, except for the clips, which messages may name."""
    functions = [function for name, function in inspect.getmembers(keys, inspect.isfunction) if name.endswith("_key")]
    methods = [
        method for name, method in inspect.getmembers(JOB, inspect.ismethod) if name != "clip" and name[0] != "_"
    ]
    examples = {"int": 3, "str": "name"}
    made = [
        function(*(examples[parameter.annotation] for parameter in inspect.signature(function).parameters.values()))
        for function in (*functions, *methods)
    ]
    return [*made, JOB.report]


def test_a_message_cannot_overwrite_any_key_of_the_pipeline():
    made = pipeline_keys()
    assert len(made) > 10
    for key in made:
        with pytest.raises(InputError, match="keeps its own objects"):
            outside_own_objects("output_key", key)


@pytest.mark.parametrize(
    "key",
    ["projects/p/inputs/talk.mp4", "projects/p/inputs/말하기 (1).mp4", "projects/p/..hidden/a..b.mp4", "projects/x"],
)
def test_accepts_plain_keys_below_the_prefix(key):
    assert checked_read_key("input_key", key, within(*ALL_PROJECTS)) == key


@pytest.mark.parametrize(
    "key",
    [
        "",
        "projects",
        "projects/",
        "/projects/a.mp4",
        "../projects/a.mp4",
        "projects/../secrets/a.mp4",
        "projects/p/./a.mp4",
        "projects//a.mp4",
        "projects/a\\..\\b.mp4",
        "projects/a\nb.mp4",
        "projects/a\0.mp4",
        "projects/\ud800.mp4",
        "projects/" + "k" * 1024,
        "projects-of-others/a.mp4",
        "Projects/a.mp4",
        "jobs/j.json",
        "s3://bucket/projects/a.mp4",
        "file:///etc/passwd",
    ],
)
def test_refuses_other_keys_on_one_printable_line(key):
    with pytest.raises(InputError, match=r"^input_key ") as caught:
        checked_read_key("input_key", key, within(*ALL_PROJECTS))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_other_prefixes_can_be_allowed():
    assert checked_read_key("input_key", "media/a.mp4", within("projects/", "media/")) == "media/a.mp4"
    assert checked_read_key("input_key", "a.mp4", within("")) == "a.mp4"
    for key in ("/a.mp4", "..", "../a.mp4", "a/../../b", ".", ""):
        with pytest.raises(InputError):
            checked_read_key("input_key", key, within(""))


def test_a_folder_may_end_with_one_slash():
    assert checked_folder("output_prefix", "projects/p/out/", within(*ALL_PROJECTS)) == "projects/p/out"
    assert checked_folder("output_prefix", "projects/p/out", within(*ALL_PROJECTS)) == "projects/p/out"
    assert checked_folder("output_prefix", "projects/", within(*ALL_PROJECTS)) == "projects"


@pytest.mark.parametrize("folder", ["", "/", "projects//", "projects/..", "projects/../x", "other", "projects/a\\"])
def test_refuses_a_folder_elsewhere(folder):
    with pytest.raises(InputError, match=r"^output_prefix "):
        checked_folder("output_prefix", folder, within(*ALL_PROJECTS))


@pytest.mark.parametrize("key", OWN_KEYS)
def test_refuses_to_write_the_pipelines_own_objects(key):
    with pytest.raises(InputError, match="own objects"):
        outside_own_objects("output_key", key)
    for check in (checked_clip_key, checked_result_key):
        with pytest.raises(InputError):
            check("output_key", key, within(""))


def test_clips_may_be_among_the_segments_and_results_may_not():
    key = JOB.clip(3, "mix")
    assert checked_clip_key("output_key", key, within(*ALL_PROJECTS)) == key
    with pytest.raises(InputError, match="interim"):
        checked_result_key("output_key", key, within(*ALL_PROJECTS))
    assert checked_result_key("output_key", JOB.request.result_key, within(*ALL_PROJECTS)) == JOB.request.result_key


# ------------------------------------------------------------------------------------------------------- projects

HIDDEN = [
    *("%2e%2e", "%2E%2E", ".%2e", "%252e%252e", "%25252e.", "\uff0e\uff0e", "\u2025", "\u2024\u2024", "%ef%bc%8e."),
    *(".\u200b.", "\u202e..", "..\ufeff", ".\u00ad.", "%e2%80%a5"),
]
"""Ways to write ``..`` that some reader may understand."""
SEPARATORS = ["/", "//", "\\", "%2f", "%2F", "%5c", "%252f", "\uff0f", "\uff3c", "/./", "%00"]


@pytest.mark.parametrize("dots", HIDDEN)
def test_refuses_a_hidden_parent_folder(dots):
    for key in (f"projects/p1/{dots}/p2/a.wav", f"projects/p1/{dots}", f"projects/p1/x{SEPARATORS[3]}{dots}/a.wav"):
        assert within(PROJECT_PREFIX, project_id="p1").fault(key)


@pytest.mark.parametrize("separator", SEPARATORS[1:])
def test_refuses_a_hidden_separator(separator):
    assert within(PROJECT_PREFIX, project_id="p1").fault(f"projects/p1/a{separator}b.wav")


@pytest.mark.parametrize(
    "name",
    [
        "100%.mp4",
        "100% sure.mp4",
        "caf%C3%A9.mp4",
        "말하기.mp4",
        "أ\u200cب.wav",
        "…txt",
        "a+b.wav",
        "½.wav",
        "👩‍👧.mp4",
    ],
)
def test_accepts_odd_names_that_hide_nothing(name):
    assert within(PROJECT_PREFIX, project_id="p1").fault(f"projects/p1/inputs/{name}") is None


parts = st.sampled_from(
    ["projects", "p1", "p2", "p10", "P1", "inputs", "..", ".", "", " ", "%", "a.wav", *HIDDEN, *SEPARATORS[3:]]
) | st.text(st.characters(), max_size=6)
separators = st.sampled_from(["/", "/", "/", *SEPARATORS])


@settings(max_examples=1500, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(parts, separators), min_size=1, max_size=7), st.booleans())
def test_a_key_is_below_the_projects_folder_however_it_is_read(pieces, rooted):
    key = ("projects/p1/" if rooted else "") + "".join(part + separator for part, separator in pieces).strip("/")
    if within(PROJECT_PREFIX, project_id="p1").fault(key) is not None:
        return
    readings = {key, unquote(key), unquote(unquote(key)), unicodedata.normalize("NFKC", key), unquote_plus(key)}
    readings |= {unicodedata.normalize("NFKC", reading) for reading in readings}
    readings |= {reading.replace("\u200b", "").replace("\ufeff", "") for reading in readings}
    for reading in readings:
        assert posixpath.normpath(reading).startswith("projects/p1/")
        assert ntpath.normpath(reading).startswith("projects\\p1\\")


@pytest.mark.parametrize(
    ("prefix", "fault"),
    [
        ("projects/{project_id}", "without a slash after"),
        ("projects/{project}/", "only {project_id} can"),
        ("projects/{job_id}/", "only {project_id} can"),
        ("projects/{}/", "only {project_id} can"),
        ("projects/{project_id!r}/", "more than a name"),
        ("projects/{project_id:>9}/", "more than a name"),
        ("projects/{project_id/", "expected '}'"),
        ("projects/../{project_id}/", "has an empty, '.' or '..' part"),
        ("/{project_id}/", "is absolute"),
    ],
)
def test_refuses_an_unusable_prefix_at_start_up(prefix, fault):
    with pytest.raises(ConfigurationError, match=fault) as caught:
        settings_from({"JOB_KEY_PREFIXES": f"media/,{prefix}"})
    assert str(caught.value).startswith(f"JOB_KEY_PREFIXES='media/,{prefix}': '{prefix}' is unusable")


@pytest.mark.parametrize("variable", ["JOB_RESULT_VIDEO_PREFIX", "JOB_INTERIM_SEGMENT_PREFIX"])
@pytest.mark.parametrize("template", ["out/{job}", "out/{job_id", "out/{}", "out/{job_id.x}", "out/{project_id[a]}"])
def test_refuses_an_unusable_key_template_at_start_up(variable, template):
    with pytest.raises(ConfigurationError, match=f"^{variable}=.* is unusable: "):
        settings_from({variable: template})


def test_prefixes_with_and_without_a_project():
    prefixes = ("shared/", "tenants/{project_id}/media/", "{project_id}/both-{project_id}/")
    for key in ("shared/a.wav", "tenants/p1/media/a.wav", "p1/both-p1/a.wav"):
        assert within(*prefixes, project_id="p1").fault(key) is None
    for key in ("tenants/p2/media/a.wav", "p1/both-p2/a.wav", "p2/both-p2/a.wav", "tenants/p1/a.wav"):
        assert "does not lie below shared/ or tenants/p1/media/" in within(*prefixes, project_id="p1").fault(key)


# --------------------------------------------------------------------------------------------- callback addresses


@pytest.mark.parametrize(
    ("url", "filled"),
    [
        ("http://localhost:8000/cb", "http://localhost:8000/cb"),
        ("HTTPS://Api.example/{job_id}/cb?job={job_id}", "HTTPS://Api.example/j.1/cb?job=j.1"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("https://api.example", "https://api.example"),
        ("https://api.example/a@b", "https://api.example/a@b"),
    ],
)
def test_fills_the_jobs_id_into_a_callback_url(url, filled):
    assert checked_callback_url(url, "j.1") == filled


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example/cb",
        "/cb",
        "//api.example/cb",
        "ftp://api.example/cb",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///cb",
        "http://:80/cb",
        "http://user:word@api.example/cb",
        "http://user@api.example/cb",
        "http://@api.example/cb",
        "http://api.example:99999/cb",
        "http://api.example:0/cb",
        "http://api.example:port/cb",
        "http://[::1/cb",
        "http://api.example/a b",
        "http://api.example/a\nb",
        "http://api.example\\@other.example/",
        "http://api.example\\.other.example/",
        "http://api.example/\ud800",
        "https://" + "a" * 2050,
    ],
)
def test_refuses_an_unusable_callback_url_without_repeating_it(url):
    with pytest.raises(InputError, match=r"^callback_url ") as caught:
        checked_callback_url(url, "j1")
    assert "word" not in str(caught.value)


def test_a_job_id_cannot_change_the_host_of_a_callback_url():
    assert checked_callback_url("http://api.example/{job_id}/cb", "../x?y#z") == "http://api.example/..%2Fx%3Fy%23z/cb"
    with pytest.raises(InputError, match="credentials"):
        checked_callback_url("http://{job_id}:x@api.example/", "j")
