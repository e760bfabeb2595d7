"""Parsing of valid and invalid messages."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from support.published_schemas import fault

from dub_assets.core.consent import Consent
from dub_assets.core.errors import ConfigurationError, MessageRefusedError, PermanentError
from dub_assets.core.keys import KeyTemplates
from dub_assets.core.request import DubRequest, EngineOverrides
from dub_assets.core.text import Term
from dub_assets.service.queue.message_models import DubRequests
from dub_assets.service.queue.messages import parse
from dub_assets.service.segment_request import SegmentMixOrder, SegmentMixRequest, SegmentTtsRequest
from dub_assets.settings import JobDefaults
from dub_assets.stages.segment_mixes.values import GainChange, Gains

SEGMENTS = "projects/p1/interim/j1/segments"
DUB = {
    "job_id": "j1",
    "project_id": "p1",
    "input_key": "projects/p1/inputs/talk.mp4",
    "callback_url": "https://api.example/jobs/{job_id}/status",
}
MIX = {
    "task": "segment_mix",
    "job_id": "j1",
    "callback_url": "https://api.example/cb",
    "intermediate_prefix": SEGMENTS,
    "segments": [{"index": 3}],
}
TTS = {
    "task": "segment_tts",
    "job_id": "j1",
    "callback_url": "https://api.example/cb",
    "segment": {"segment_index": 3, "text": "Bom dia."},
}
ABSENT = object()
SCHEMA_OF = {
    DubRequest: "full_pipeline",
    DubRequests: "full_pipeline",
    SegmentMixRequest: "segment_mix",
    SegmentTtsRequest: "segment_tts",
}


def read(message: Any, **options: Any):
    """What a message asks for; the published schema has to accept each message that is taken."""
    body = message if isinstance(message, str | bytes) else json.dumps(message)
    request = parse(body, **{"defaults": JobDefaults(), "templates": KeyTemplates()} | options)
    if isinstance(message, dict) and "Message" not in message:
        assert fault(message, f"message.{SCHEMA_OF[type(request)]}") is None
    return request


def refusal(message: Any) -> MessageRefusedError:
    with pytest.raises(MessageRefusedError) as caught:
        read(message)
    assert caught.value.reason.isprintable()
    assert str(caught.value) == caught.value.reason
    return caught.value


def changed(message: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The message with the value at a path (``segments.0.index``) set, or removed where it is ABSENT."""
    copy = json.loads(json.dumps(message))
    *parents, name = path.split(".")
    part: Any = copy
    for parent in parents:
        part = part[int(parent)] if isinstance(part, list) else part.setdefault(parent, {})
    if value is ABSENT:
        part.pop(name, None)
    else:
        part[name] = value
    return copy


# --------------------------------------------------------------------------------------------------------- engines

ENGINES = {"translation": ["auto", "firefox", "nllb"], "synthesis": ["auto", "kokoro"]}


def test_a_message_may_name_the_engines_of_its_job():
    message = DUB | {"engines": {"translation": "nllb", "synthesis": None}}
    assert read(message, engines=ENGINES).engines == EngineOverrides(translation="nllb")
    assert read(DUB, engines=ENGINES).engines == EngineOverrides()


@pytest.mark.parametrize(
    ("engines", "reason"),
    [
        ({"translation": "nlb"}, "engines.translation 'nlb' is no engine that may be asked for: auto, firefox, nllb"),
        ({"translation": "kokoro"}, "engines.translation 'kokoro' is no engine"),
        ({"recognition": "auto"}, "engines.recognition 'auto' is no engine that may be asked for: none may"),
        ({"dubbing": "nllb"}, "engines.dubbing: extra inputs are not permitted"),
        ("nllb", "engines: "),
        ({"translation": 3}, "engines.translation: "),
    ],
)
def test_refuses_unknown_engines(engines: Any, reason: str):
    with pytest.raises(MessageRefusedError) as refused:
        read(DUB | {"engines": engines}, engines=ENGINES)
    assert refused.value.reason.startswith(reason)
    assert refused.value.job_id == "j1"


# ------------------------------------------------------------------------------------------------- golden examples


def test_full_pipeline_with_required_fields():
    assert read(DUB) == DubRequest(
        job_id="j1",
        project_id="p1",
        input_key="projects/p1/inputs/talk.mp4",
        source_language="ko",
        target_language="en",
        result_key="projects/p1/outputs/videos/j1.mp4",
        metadata_key="projects/p1/outputs/metadata/j1.json",
        segment_prefix="projects/p1/interim/j1/segments",
        segment_clips=True,
        callback_url="https://api.example/jobs/j1/status",
    )


def test_full_pipeline_with_all_fields():
    message = DUB | {
        "task": "Full_Pipeline",
        "job_id": 1024,
        "project_id": 7,
        "target_lang": "pt-BR",
        "source_lang": "auto",
        "input_key": "projects/7/inputs/talk.mp4",
        "output_key": "projects/7/exports/final.mp4",
        "metadata_key": "projects/7/exports/final.json",
        "priority": {"nobody": ["reads", "this"]},
    }
    assert read(message) == DubRequest(
        job_id="1024",
        project_id="7",
        input_key="projects/7/inputs/talk.mp4",
        source_language="auto",
        target_language="pt",
        result_key="projects/7/exports/final.mp4",
        metadata_key="projects/7/exports/final.json",
        segment_prefix="projects/7/interim/1024/segments",
        segment_clips=True,
        callback_url="https://api.example/jobs/1024/status",
    )


@pytest.mark.parametrize(("sent", "read_as"), [(1, "1"), ("1", "1"), ("Portuguese", "pt"), ("eng", "en"), (None, None)])
def test_a_sound_track_is_named_by_index_or_language(sent, read_as):
    assert read(DUB | {"audio_track": sent}).audio_track == read_as


@pytest.mark.parametrize("sent", [-1, 1.5, True, "first", [1]])
def test_anything_else_names_no_sound_track(sent):
    with pytest.raises(MessageRefusedError, match="audio_track"):
        read(DUB | {"audio_track": sent})


# ------------------------------------------------------------------------------------------------- several languages


def languages(message: Any, **options: Any) -> dict[str, str]:
    """The language of each job that a message asks for."""
    request = read(message, **options)
    dubs = request.dubs if isinstance(request, DubRequests) else (request,)
    return {dub.job_id: dub.target_language for dub in dubs}


@pytest.mark.parametrize(
    ("fields", "jobs"),
    [
        ({"target_langs": ["pt", "es", "fr"]}, {"j1": "pt", "j1.es": "es", "j1.fr": "fr"}),
        ({"target_langs": ["pt"]}, {"j1": "pt"}),
        ({"target_langs": []}, {"j1": "en"}),
        ({"target_langs": None}, {"j1": "en"}),
        ({"target_langs": ["pt-BR", "Spanish", "por", "es_MX", "PT"]}, {"j1": "pt", "j1.es": "es"}),
        ({"target_lang": "es", "target_langs": ["pt", "es"]}, {"j1": "es", "j1.pt": "pt"}),
        ({"target_lang": "es", "target_langs": []}, {"j1": "es"}),
        ({"target_lang": "es", "target_langs": ["fr"]}, {"j1": "es", "j1.fr": "fr"}),
        ({"target_langs": ["pt", "Klingon", "es"]}, {"j1": "pt", "j1.klingon": "klingon", "j1.es": "es"}),
        ({"target_langs": ["xx-YY", "es"]}, {"j1": "xx-yy", "j1.es": "es"}),
    ],
)
def test_a_message_with_several_languages_asks_for_a_job_each(fields, jobs):
    assert languages(DUB | fields) == jobs


@pytest.mark.parametrize(
    ("existing", "wanted", "jobs"),
    [
        ("pt", ["es", "pt"], {"j1.es": "es", "j1": "pt"}),
        ("pt", ["fr"], {"j1.fr": "fr"}),
        ("pt", ["pt", "fr"], {"j1": "pt", "j1.fr": "fr"}),
        ("klingon", ["fr", "klingon"], {"j1.fr": "fr", "j1": "klingon"}),
    ],
)
def test_a_job_keeps_its_language(existing, wanted, jobs):
    found = {"j1": existing}
    assert languages(DUB | {"target_langs": wanted}, language_of=found.get) == jobs
    assert languages(DUB | {"target_lang": "es"}, language_of=found.get) == {"j1": "es"}, "as ever"


def test_the_jobs_of_several_languages_differ_in_language_keys_and_callback_url():
    message = DUB | {
        "target_langs": ["pt", "es"],
        "voices": {"A": "anna"},
        "speakers": 2,
        "do_not_translate": ["Dagster"],
    }
    first, second = read(message).dubs
    assert first == read(message | {"target_langs": ["pt"]})
    assert second == replace(
        first,
        job_id="j1.es",
        target_language="es",
        result_key="projects/p1/outputs/videos/j1.es.mp4",
        metadata_key="projects/p1/outputs/metadata/j1.es.json",
        segment_prefix="projects/p1/interim/j1.es/segments",
        callback_url="https://api.example/jobs/j1.es/status",
    )


def test_named_result_keys_get_the_language_of_each_further_job():
    named = {"output_key": "projects/p1/out/final.cut.mp4", "metadata_key": "projects/p1/out/final"}
    request = read(DUB | named | {"target_langs": ["pt", "es"]})
    assert [dub.result_key for dub in request.dubs] == [
        "projects/p1/out/final.cut.mp4",
        "projects/p1/out/final.cut.es.mp4",
    ]
    assert [dub.metadata_key for dub in request.dubs] == ["projects/p1/out/final", "projects/p1/out/final.es"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"target_langs": "pt"}, "target_langs: input should be a valid list"),
        ({"target_langs": ["pt", 5]}, "target_langs.1: input should be a valid string"),
        ({"target_langs": ["pt", None]}, "target_langs.1: "),
        ({"target_langs": ["pt", ""]}, "target_langs cannot be read: unknown language ''"),
        ({"target_langs": ["pt", "../x"]}, "target_langs cannot be read: unknown language '../x'"),
        ({"target_langs": ["pt", "x y"]}, "target_langs cannot be read: unknown language 'x y'"),
        ({"target_langs": ["pt"] * 101}, "target_langs: list should have at most 100 items"),
        ({"target_langs": ["pt", "es"], "job_id": "j" * 126}, "job_id 'jjj"),
        ({"target_langs": ["pt", "es"], "glossary": {"sea": "mar"}}, "glossary is in one language"),
        ({"target_langs": ["pt", "es"], "output_key": DUB["input_key"]}, "output_key is input_key"),
    ],
)
def test_refuses_unusable_languages(fields, reason):
    assert refusal(DUB | fields).reason.startswith(reason)


def test_refuses_languages_whose_jobs_would_overwrite_each_other():
    templates = KeyTemplates(video="projects/{project_id}/final.mp4")
    with pytest.raises(MessageRefusedError, match=r"would all write projects/p1/final\.mp4"):
        read(DUB | {"target_langs": ["pt", "es"]}, templates=templates)
    read(DUB | {"target_langs": ["pt"], "glossary": {"sea": "mar"}}, templates=templates)


def test_segment_mix_with_required_fields():
    message = {key: value for key, value in MIX.items() if key != "intermediate_prefix"}
    nothing = {"bgm_key": None, "tts_key": None, "mix_key": None}
    usual = Gains(background=0.35, speech=1.0)
    assert read(message) == SegmentMixRequest(
        job_id="j1",
        project_id=None,
        callback_url="https://api.example/cb",
        segments=(SegmentMixOrder(index=3, sent_index="3", gains=usual, **nothing),),
        intermediate_prefix=None,
        output_prefix=None,
        rebuild_video=False,
    )


def test_segment_mix_with_all_fields():
    message = MIX | {
        "project_id": "p1",
        "output_prefix": "projects/p1/edits/",
        "rebuild_video": True,
        "segments": [
            {
                "index": "0007",
                "bgm_key": f"{SEGMENTS}/0007_bgm.wav",
                "tts_key": f"{SEGMENTS}/0007_tts.wav",
                "output_key": f"{SEGMENTS}/0007_mix.wav",
                "bgm_gain": 0,
                "tts_gain": 1.5,
                "assets": {"bgm_key": "projects/p1/other.wav", "mix_key": "projects/p1/other.wav", "bgm_gain": 9},
            },
            {
                "index": 8,
                "assets": {
                    "bgm_key": "projects/p1/a.wav",
                    "tts_key": "projects/p1/b.wav",
                    "mix_key": "projects/p1/c.wav",
                    "bgm_gain": 0,
                    "tts_gain": 10,
                },
            },
        ],
    }
    assert read(message) == SegmentMixRequest(
        job_id="j1",
        project_id="p1",
        callback_url="https://api.example/cb",
        segments=(
            SegmentMixOrder(
                index=7,
                sent_index="0007",
                bgm_key=f"{SEGMENTS}/0007_bgm.wav",
                tts_key=f"{SEGMENTS}/0007_tts.wav",
                mix_key=f"{SEGMENTS}/0007_mix.wav",
                gains=Gains(background=0.0, speech=1.5),
            ),
            SegmentMixOrder(
                index=8,
                sent_index="8",
                bgm_key="projects/p1/a.wav",
                tts_key="projects/p1/b.wav",
                mix_key="projects/p1/c.wav",
                gains=Gains(background=0.0, speech=10.0),
            ),
        ),
        intermediate_prefix=SEGMENTS,
        output_prefix="projects/p1/edits",
        rebuild_video=True,
    )


def test_segment_tts_with_required_fields():
    assert read(TTS) == SegmentTtsRequest(
        job_id="j1",
        project_id=None,
        callback_url="https://api.example/cb",
        index=3,
        sent_index="3",
        text="Bom dia.",
        target_language=None,
        slot_ms=None,
        segment_prefix=None,
        source_keys=(),
        bgm_key=None,
        tts_key=None,
        mix_key=None,
        gains=GainChange(),
        rebuild_video=False,
        segment_id=None,
    )


SPOKEN = {
    "segment_index": "3",
    "text": " Bom dia. ",
    "project_id": "p1",
    "segment_assets_prefix": f"{SEGMENTS}/",
    "target_lang": "Portuguese",
    "source_keys": [f"{SEGMENTS}/0003_source.wav", f"{SEGMENTS}/0004_source.wav"],
    "sub_length": 2.5,
    "start_point": 10,
    "end_point": 19,
    "bgm_gain": 0.0,
    "tts_gain": 1,
    "assets": {
        "source_key": f"{SEGMENTS}/0009_source.wav",
        "bgm_key": f"{SEGMENTS}/0003_bgm.wav",
        "tts_key": f"{SEGMENTS}/0003_tts.wav",
        "mix_key": f"{SEGMENTS}/0003_mix.wav",
    },
}


def test_segment_tts_with_all_fields():
    assert read(TTS | {"segment": SPOKEN, "rebuild_video": True}) == SegmentTtsRequest(
        job_id="j1",
        project_id="p1",
        callback_url="https://api.example/cb",
        index=3,
        sent_index="3",
        text="Bom dia.",
        target_language="pt",
        slot_ms=2500,
        segment_prefix=SEGMENTS,
        source_keys=(f"{SEGMENTS}/0003_source.wav", f"{SEGMENTS}/0004_source.wav"),
        bgm_key=f"{SEGMENTS}/0003_bgm.wav",
        tts_key=f"{SEGMENTS}/0003_tts.wav",
        mix_key=f"{SEGMENTS}/0003_mix.wav",
        gains=GainChange(background=0.0, speech=1.0),
        rebuild_video=True,
    )


def flat(segment: dict[str, Any]) -> dict[str, Any]:
    """A message of segment_tts with the segment's fields at top level."""
    return {name: value for name, value in TTS.items() if name != "segment"} | segment


def test_the_fields_of_a_segment_may_stand_at_top_level():
    assert read(flat(TTS["segment"])) == read(TTS)
    assert read(flat(SPOKEN) | {"rebuild_video": True}) == read(TTS | {"segment": SPOKEN, "rebuild_video": True})
    for name, value in SPOKEN.items():
        rest = {other: kept for other, kept in SPOKEN.items() if other != name}
        assert read(flat({name: value}) | {"segment": rest}) == read(TTS | {"segment": SPOKEN})


PRODUCED = {
    "project_id": "p1",
    "segment_index": 3,
    "segment_id": "3",
    "text": "Bom dia.",
    "segment_text": None,
    "start_point": 0.0,
    "end_point": 0.0,
    "assets": {"source_key": f"{SEGMENTS}/0003_source.wav", "raw": {"source_list": []}, "video_key": "x"},
    "segment_assets_prefix": None,
    "source_keys": [f"{SEGMENTS}/0003_source.wav"],
    "target_lang": "pt",
    "source_lang": "ko",
}
"""What the producers' current version sends of a segment whose times it does not know."""


@pytest.mark.parametrize("message", [flat(PRODUCED), TTS | {"segment": PRODUCED}], ids=["top level", "segment"])
def test_a_segment_without_known_times_has_no_slot_of_its_own(message):
    request = read(message)
    assert (request.index, request.text, request.slot_ms, request.segment_id) == (3, "Bom dia.", None, "3")
    assert (request.source_keys, request.project_id) == ((f"{SEGMENTS}/0003_source.wav",), "p1")


@pytest.mark.parametrize("segment_id", [7, "0003", "65f1c0ffee", "a b/c"])
def test_the_consumers_id_of_a_segment_is_kept(segment_id):
    assert read(changed(TTS, "segment.segment_id", segment_id)).segment_id == str(segment_id)
    assert "segment_id" in refusal(changed(TTS, "segment.segment_id", [segment_id])).reason


@pytest.mark.parametrize("name", ["segment_index", "text"])
def test_names_what_is_missing_at_top_level(name):
    error = refusal(flat({key: value for key, value in TTS["segment"].items() if key != name}))
    assert error.reason == f"{name} is missing"
    assert error.segments == (() if name == "segment_index" else (3,))
    assert refusal(flat({})).reason == "segment is missing"


# ------------------------------------------------------------------------------------------------------ every task


@pytest.mark.parametrize("task", [ABSENT, None, "", " ", "full_pipeline", " FULL_pipeline\n"])
def test_the_default_task_is_full_pipeline(task):
    assert read(changed(DUB, "task", task)) == read(DUB)


@pytest.mark.parametrize("task", ["segment_mix", "SEGMENT_MIX", "tts_bgm_mix", "Tts_Bgm_Mix"])
def test_tts_bgm_mix_is_another_name_of_segment_mix(task):
    assert read(MIX | {"task": task}) == read(MIX)
    assert refusal(MIX | {"task": task, "segments": []}).task == "segment_mix"


@pytest.mark.parametrize("task", ["dub", 7, True, ["full_pipeline"], {"a": "x" * 5000}])
def test_refuses_an_unknown_task_with_the_known_ones(task):
    error = refusal(DUB | {"task": task})
    assert "is unknown" in error.reason
    assert "full_pipeline, segment_mix, segment_tts, cancel, tts_bgm_mix" in error.reason
    assert (error.job_id, error.task) == ("j1", None)


@pytest.mark.parametrize("message", [DUB, MIX, TTS], ids=["full_pipeline", "segment_mix", "segment_tts"])
def test_reads_messages_in_one_or_two_envelopes_of_sns(message):
    envelope = {"Type": "Notification", "MessageId": "m", "TopicArn": "t", "Message": json.dumps(message)}
    assert read(envelope) == read(message)
    assert read(json.dumps(envelope).encode()) == read(message)
    assert read({"Message": json.dumps(envelope)}) == read(message)


def test_a_message_with_the_key_of_an_envelope_is_no_envelope():
    assert read(DUB | {"Message": "hello"}) == read(DUB)


def test_refuses_too_many_envelopes():
    body = json.dumps(DUB)
    for _ in range(6):
        body = json.dumps({"Message": body})
    assert "envelopes" in refusal(body).reason


@pytest.mark.parametrize(
    ("message", "path"),
    [
        *[(DUB, path) for path in ("job_id", "project_id", "input_key", "callback_url")],
        *[(MIX, path) for path in ("job_id", "callback_url", "segments", "segments.0.index")],
        *[(TTS, path) for path in ("job_id", "callback_url", "segment", "segment.segment_index", "segment.text")],
    ],
)
def test_names_required_fields_that_are_missing_null_or_blank(message, path):
    for nothing in (ABSENT, None, "", "  "):
        assert f"{path} is missing" in refusal(changed(message, path, nothing)).reason


@pytest.mark.parametrize(
    ("message", "path"),
    [
        *[
            (DUB, path)
            for path in ("task", "target_lang", "source_lang", "output_key", "result_key", "metadata_key", "unknown")
        ],
        *[(MIX, path) for path in ("project_id", "intermediate_prefix", "output_prefix", "rebuild_video", "unknown")],
        *[
            (MIX, f"segments.0.{name}")
            for name in ("bgm_key", "tts_key", "output_key", "bgm_gain", "tts_gain", "assets", "unknown")
        ],
        *[
            (MIX, f"segments.0.assets.{name}")
            for name in ("bgm_key", "tts_key", "mix_key", "bgm_gain", "tts_gain", "unknown")
        ],
        *[(TTS, path) for path in ("project_id", "segment_assets_prefix", "target_lang", "rebuild_video")],
        *[(TTS, f"segment.{name}") for name in SPOKEN if name not in {"segment_index", "text"}],
        *[(TTS, f"segment.assets.{name}") for name in SPOKEN["assets"]],
    ],
)
def test_optional_fields_may_be_null_or_blank(message, path):
    without = read(changed(message, path, ABSENT)) if path != "task" else read(message)
    for nothing in (None, "", " "):
        assert read(changed(message, path, nothing)) == without


@pytest.mark.parametrize(
    ("message", "path"),
    [(DUB, "job_id"), (DUB, "project_id"), (MIX, "job_id"), (MIX, "project_id"), (TTS, "segment.project_id")],
)
def test_ids_are_text_or_whole_numbers_that_fit_into_keys(message, path):
    for usable in ("a", "A.b_c-9", 0, 12345678901234567890):
        read(changed(message, path, usable), allowed_prefixes=["projects/"])
    for unusable in (1.5, 7.0, True, [], {}, "../x", ".x", "a/b", "a b", "é", "x" * 129, -0.0, 10**200, "j\n"):
        assert path in refusal(changed(message, path, unusable)).reason


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (DUB, "input_key"),
        (DUB, "output_key"),
        (DUB, "result_key"),
        (DUB, "metadata_key"),
        (MIX, "intermediate_prefix"),
        (MIX, "output_prefix"),
        *[(MIX, f"segments.0.{name}") for name in ("bgm_key", "tts_key", "output_key")],
        *[(MIX, f"segments.0.assets.{name}") for name in ("bgm_key", "tts_key", "mix_key")],
        (TTS, "segment_assets_prefix"),
        (TTS, "segment.segment_assets_prefix"),
        *[(TTS, f"segment.assets.{name}") for name in ("source_key", "bgm_key", "tts_key", "mix_key")],
    ],
)
def test_every_key_must_be_below_an_allowed_prefix(message, path):
    read(changed(message, path, "projects/p1/plain.bin"))
    for key in ("media/a.wav", "/projects/a.wav", "projects/../a", "projects\\a", "projects/a\x00b", "jobs/j1.json"):
        assert refusal(changed(message, path, key)).reason.startswith(f"{path} ")
    assert refusal(changed(message, path, 5)).reason.startswith(f"{path}: ")
    read(changed(message, path, "media/a.wav"), allowed_prefixes=("projects/", "media/"))


@pytest.mark.parametrize(
    ("message", "path", "project_path"),
    [
        *[(DUB, name, "project_id") for name in ("input_key", "output_key", "result_key", "metadata_key")],
        *[(MIX, name, "project_id") for name in ("intermediate_prefix", "output_prefix")],
        *[(MIX, f"segments.0.{name}", "project_id") for name in ("bgm_key", "assets.tts_key", "output_key")],
        *[(TTS, f"segment.assets.{name}", "project_id") for name in ("source_key", "bgm_key", "tts_key", "mix_key")],
        *[(TTS, f"segment.assets.{name}", "segment.project_id") for name in ("bgm_key", "mix_key")],
    ],
)
def test_every_key_must_belong_to_the_messages_project(message, path, project_path):
    own = changed(message, project_path, "p1")
    read(changed(own, path, "projects/p1/plain.bin"))
    for key in ("projects/p2/plain.bin", "projects/p10/plain.bin", "projects/P1/plain.bin", "projects/plain.bin"):
        assert refusal(changed(own, path, key)).reason.startswith(f"{path} {key!r} does not lie below projects/p1/")


def test_the_keys_of_a_message_without_project_belong_to_one_project():
    inferred = read(changed(MIX, "segments.0.tts_key", "projects/p1/voice.wav"))
    assert (inferred.project_id, read(TTS).project_id) == ("p1", None)
    reason = refusal(changed(MIX, "segments.0.tts_key", "projects/p2/voice.wav")).reason
    assert reason.endswith("does not lie below projects/p2/, the project of the other keys: name project_id")
    mixed = {"source_keys": ["projects/p1/a.wav", "projects/p2/a.wav"]}
    assert "segment.source_keys.1" in refusal(TTS | {"segment": TTS["segment"] | mixed}).reason


def test_a_message_may_name_the_folder_of_its_jobs_segments_wherever_it_is():
    templates = KeyTemplates(segments="clips/{project_id}/{job_id}")
    message = MIX | {"project_id": "p1", "intermediate_prefix": "clips/p1/j1"}
    assert read(message, templates=templates).intermediate_prefix == "clips/p1/j1"
    for folder in ("clips/p1/j2", "clips/p2/j1", "clips/p1"):
        with pytest.raises(MessageRefusedError, match="intermediate_prefix"):
            read(message | {"intermediate_prefix": folder}, templates=templates)


def test_the_first_project_id_of_a_segment_message_counts_for_its_keys():
    """A full_pipeline message ignores `segment`, also its project."""
    with_segment = DUB | {"segment": {"project_id": "p2"}}
    assert read(with_segment).project_id == "p1"
    assert "input_key" in refusal(with_segment | {"input_key": "projects/p2/inputs/talk.mp4"}).reason
    blank = TTS | {"project_id": "p1", "segment": TTS["segment"] | {"project_id": " "}}
    assert read(changed(blank, "segment.assets.bgm_key", "projects/p1/a.wav")).project_id == "p1"


def test_each_source_key_is_checked():
    error = refusal(changed(TTS, "segment.source_keys", ["projects/p1/a.wav", "/etc/passwd"]))
    assert error.reason.startswith("segment.source_keys.1 '/etc/passwd' ")
    assert "segment.source_keys" in refusal(changed(TTS, "segment.source_keys", "projects/p1/a.wav")).reason


@pytest.mark.parametrize(
    ("message", "path"),
    [
        *[(DUB, path) for path in ("output_key", "result_key", "metadata_key")],
        *[(MIX, f"segments.0.{path}") for path in ("output_key", "assets.mix_key")],
        *[(TTS, f"segment.assets.{path}") for path in ("tts_key", "mix_key")],
    ],
)
def test_refuses_output_keys_among_the_pipelines_own_objects(message, path):
    for folder in ("manifests", "stems", "speech", "subtitles"):
        error = refusal(changed(message, path, f"projects/p2/interim/j2/{folder}/x.json"))
        assert error.reason.startswith(f"{path} ")


@pytest.mark.parametrize(
    "changes",
    [
        {"output_key": DUB["input_key"]},
        {"metadata_key": DUB["input_key"]},
        {"output_key": "projects/p1/x", "metadata_key": "projects/p1/x"},
        {"metadata_key": "projects/p1/outputs/videos/j1.mp4"},
        {"output_key": f"{SEGMENTS}/0003_mix.wav"},
    ],
)
def test_results_overwrite_neither_the_input_nor_each_other_nor_segments(changes):
    assert "_key" in refusal(DUB | changes).reason


def test_refuses_results_in_the_folder_of_segments():
    templates = KeyTemplates(segments="projects/{project_id}/clips/{job_id}")
    with pytest.raises(MessageRefusedError, match="output_key lies in projects/p1/clips/j1"):
        read(DUB | {"output_key": "projects/p1/clips/j1/0000_mix.wav"}, templates=templates)


def test_a_message_may_have_a_glossary():
    told = {"glossary": {" sea ": "oceano"}, "do_not_translate": ["Dagster"]}
    assert read(DUB | told).terms == (
        Term(source="sea", target="oceano"),
        Term(source="Dagster", target="Dagster"),
    )
    assert read(DUB | {"glossary": None, "do_not_translate": []}).terms == ()


def test_output_key_takes_precedence_over_result_key():
    assert read(DUB | {"result_key": "projects/p1/b"}).result_key == "projects/p1/b"
    assert read(DUB | {"output_key": "projects/p1/a", "result_key": "projects/p1/b"}).result_key == "projects/p1/a"


# -------------------------------------------------------------------------------------------- gains, numbers, words


@pytest.mark.parametrize("name", ["bgm_gain", "tts_gain"])
@pytest.mark.parametrize(
    ("message", "segment"),
    [(MIX, "segments.0"), (MIX, "segments.0.assets"), (TTS, "segment"), (TTS, "segment.assets")],
)
def test_gains_are_numbers_from_silence_to_ten(message, segment, name):
    path = f"{segment}.{name}"
    for gain in (0, 0.0, 0.35, 1, 10):
        request = read(changed(message, path, gain))
        gains = request.segments[0].gains if isinstance(request, SegmentMixRequest) else request.gains
        assert (gains.background if name == "bgm_gain" else gains.speech) == gain
    for gain in (-0.001, 10.001, True, False, "1", [1], math.nan, math.inf, -math.inf, 10**100, 10**400):
        assert refusal(changed(message, path, gain)).reason.startswith(path)


@pytest.mark.parametrize(("message", "path"), [(MIX, "segments.0.index"), (TTS, "segment.segment_index")])
def test_an_index_is_a_whole_number_or_its_digits(message, path):
    for index in (0, 7, "7", "0007", 123456789):
        read(changed(message, path, index))
    for index in (-1, "-1", 1.0, True, "1.0", "x", "\u0661", "\u00b2", "1e3", " 1", 10**12, "9" * 5000, [1], {}):
        assert refusal(changed(message, path, index)).reason.startswith(path)


def test_refuses_an_index_that_is_there_twice():
    error = refusal(MIX | {"segments": [{"index": 1}, {"index": 2}, {"index": "0002"}]})
    assert "segment 0002" in error.reason
    assert error.segments == (1, 2, 2)


@pytest.mark.parametrize(
    ("times", "slot_ms"),
    [
        ({"sub_length": 1.2345}, 1234),
        ({"start_point": 1.5, "end_point": 4}, 2500),
        ({"sub_length": 1, "start_point": 1.5, "end_point": 4}, 1000),
        ({"start_point": 1.5}, None),
        ({"end_point": 1.5}, None),
        ({"start_point": 0.0, "end_point": 0.0}, None),
        ({"start_point": 0, "end_point": 0, "sub_length": 0.0}, None),
        ({"start_point": 0.0, "end_point": 0.0, "sub_length": 2.5}, 2500),
        ({"start_point": 0.0, "end_point": 2.5}, 2500),
    ],
)
def test_the_slot_is_sub_length_else_the_time_between_the_points(times, slot_ms):
    assert read(TTS | {"segment": TTS["segment"] | times}).slot_ms == slot_ms


@pytest.mark.parametrize(
    "times",
    [
        {"sub_length": 0},
        {"sub_length": 0.0004},
        {"sub_length": -1},
        {"sub_length": 1e9},
        {"sub_length": "2"},
        {"sub_length": math.nan},
        {"start_point": 4, "end_point": 4},
        {"start_point": 4, "end_point": 1.5},
        {"start_point": -1, "end_point": 1.5},
    ],
)
def test_refuses_a_slot_without_length(times):
    assert refusal(TTS | {"segment": TTS["segment"] | times}).reason.startswith("segment.")


def test_fields_of_the_segment_take_precedence():
    outer = {"project_id": "outer", "segment_assets_prefix": "projects/outer", "target_lang": "de"}
    inner = {"project_id": "inner", "segment_assets_prefix": "projects/inner", "target_lang": "es"}
    request = read(TTS | outer)
    assert (request.project_id, request.segment_prefix, request.target_language) == ("outer", "projects/outer", "de")
    same_project = outer | {"segment_assets_prefix": "projects/inner/other"}
    request = read(TTS | same_project | {"segment": TTS["segment"] | inner})
    assert (request.project_id, request.segment_prefix, request.target_language) == ("inner", "projects/inner", "es")


def test_source_key_of_the_assets_is_used_without_source_keys():
    assert read(changed(TTS, "segment.assets.source_key", "projects/p1/a.wav")).source_keys == ("projects/p1/a.wav",)


@pytest.mark.parametrize(
    ("message", "path"),
    [(DUB, "target_lang"), (DUB, "source_lang"), (TTS, "target_lang"), (TTS, "segment.target_lang")],
)
def test_reads_languages_by_code_tag_or_name(message, path):
    for language in ("pt", "PT", "pt_BR", "por", "Portuguese"):
        read(changed(message, path, language))
    for language in ("klingon", "xx", 7, "p" * 100_000, ["pt"]):
        assert refusal(changed(message, path, language)).reason.startswith(path)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target_lang": "klingon"}, "unsupported_language"),
        ({"target_lang": "klingon", "source_lang": "xx"}, "unsupported_language"),
        ({"target_lang": "klingon", "input_key": None}, "invalid_message"),
        ({"target_lang": 7}, "invalid_message"),
        ({"task": "dance"}, "invalid_message"),
        (
            {"output_key": "projects/shop/inputs/talk.mp4", "input_key": "projects/shop/inputs/talk.mp4"},
            "invalid_message",
        ),
    ],
)
def test_a_refusal_has_a_code(changes, code):
    assert refusal(DUB | changes).error_code == code


def test_only_the_source_language_may_be_auto():
    assert read(DUB | {"source_lang": "AUTO"}).source_language == "auto"
    assert "target_lang" in refusal(DUB | {"target_lang": "auto"}).reason


def test_defaults_and_templates_come_from_the_settings():
    request = read(
        DUB,
        defaults=JobDefaults(source_language="Japanese", target_language="pt-BR"),
        templates=KeyTemplates(video="{project_id}/{job_id}.mp4"),
    )
    assert (request.source_language, request.target_language) == ("ja", "pt")
    assert request.result_key == "p1/j1.mp4"
    assert read(DUB, defaults=JobDefaults(source_language="auto")).source_language == "auto"


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"defaults": JobDefaults(source_language="klingon")}, "JOB_SOURCE_LANG"),
        ({"defaults": JobDefaults(target_language="auto")}, "JOB_TARGET_LANG"),
        ({"templates": KeyTemplates(video="{job}")}, "template"),
    ],
)
def test_unusable_settings_are_a_configuration_error(options, variable):
    with pytest.raises(ConfigurationError, match=variable):
        read(DUB, **options)


@pytest.mark.parametrize("value", ["true", 1, "yes", [], {}])
def test_rebuild_video_is_true_or_false(value):
    for message in (MIX, TTS):
        assert refusal(message | {"rebuild_video": value}).reason.startswith("rebuild_video")


# ------------------------------------------------------------------------------------------------- JSON, refusals


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ("{", "not JSON"),
        (json.dumps(DUB) + "x", "not JSON"),
        ("{'job_id': 1}", "not JSON"),
        ("null", "not a JSON object"),
        ("7", "not a JSON object"),
        ("NaN", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ("[]", "not a JSON object"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8 at byte 0"),
        (b'{"job_id": "\xe9"}', "not UTF-8 at byte 12"),
        ('{"Message": "hello"}', "not JSON"),
        ('{"Message": "[1]"}', "not a JSON object"),
        ("[" * 100_000, "nested deeper"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested deeper"),
    ],
)
def test_refuses_what_is_no_json_object(body, reason):
    error = refusal(body)
    assert reason in error.reason
    assert (error.job_id, error.callback_url, error.project_id, error.task) == (None, None, None, None)


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ('"x": NaN', "x is no finite number"),
        ('"x": [1, {"y": -Infinity}]', "x.1.y is no finite number"),
        ('"x": 1e400', "x is no finite number"),
        ('"x": ' + "9" * 10_000, "x is no finite number"),
        ('"x": "\\ud800"', "x has a lone surrogate"),
        ('"\\udc00": 1', "is no key"),
        ('"x": 1, "x": 1', "x is there twice"),
        ('"x": {"input_key": 1, "input_key": 1}', "x.input_key is there twice"),
        ('"x": ' + "[" * 40 + "]" * 40, "is nested deeper than 32 levels"),
    ],
)
def test_refuses_ambiguous_json_and_keeps_the_callback(extra, reason):
    error = refusal(json.dumps(DUB)[:-1] + f", {extra}}}")
    assert reason in error.reason
    assert (error.job_id, error.project_id, error.task) == ("j1", "p1", "full_pipeline")
    assert error.callback_url == "https://api.example/jobs/j1/status"


def test_envelopes_are_read_as_strictly_as_messages():
    error = refusal(f'{{"Message": {json.dumps(json.dumps(DUB))}, "Type": "a", "Type": "b"}}')
    assert error.reason == "Type is there twice"
    assert error.job_id == "j1"


def test_surrogate_pairs_are_characters():
    assert read(changed(TTS, "segment.text", "\N{GRINNING FACE}")).text == "\N{GRINNING FACE}"


def test_a_duplicate_id_is_not_used():
    error = refusal('{"job_id": "a", "job_id": "b", "callback_url": "https://api.example/"}')
    assert error.reason == "job_id is there twice"
    assert (error.job_id, error.callback_url) == (None, None)


def test_a_refusal_has_all_that_a_callback_needs():
    error = refusal(
        MIX | {"job_id": 77, "project_id": "p1", "segments": [{"index": "0004"}, {"index": 5, "bgm_gain": 11}]}
    )
    assert error.reason == "segments.1.bgm_gain: input should be less than or equal to 10"
    assert (error.job_id, error.project_id, error.task, error.segments) == ("77", "p1", "segment_mix", (4, 5))
    assert error.callback_url == "https://api.example/cb"
    error = refusal(changed(changed(TTS, "segment.project_id", "p"), "segment.text", 5))
    assert (error.project_id, error.task, error.segments) == ("p", "segment_tts", (3,))
    assert isinstance(error, PermanentError)


def test_an_unusable_id_is_reported_but_not_put_into_the_callback_url():
    error = refusal(DUB | {"job_id": "../x y"})
    assert (error.job_id, error.callback_url) == ("../x y", "https://api.example/jobs/..%2Fx%20y/status")
    assert refusal(DUB | {"job_id": ".."}).callback_url is None
    for unreadable in ("x" * 300, "a\nb", "\u202e", 1.5, True, None):
        error = refusal(DUB | {"job_id": unreadable})
        assert (error.job_id, error.callback_url) == (None, None)


def test_a_refusal_has_no_unusable_callback_url():
    for url in (5, "ftp://x/", "http://u:p@x/", ["http://x/"], "x"):
        error = refusal(DUB | {"callback_url": url})
        assert error.callback_url is None
        assert error.job_id == "j1"
        assert "callback_url" in error.reason


def test_reports_several_faults_at_once_up_to_a_limit():
    assert refusal({"job_id": "j"}).reason == "callback_url is missing; project_id is missing; input_key is missing"
    many = refusal(MIX | {"segments": [{"index": -1}] * 9}).reason
    assert many.startswith("segments.0.index is no whole number")
    assert many.endswith("; and 6 more")
    assert len(refusal(changed(DUB, "input_key", "/" + "k" * 100_000)).reason) <= 500


def test_no_text_of_a_message_is_in_its_refusal():
    message = changed(TTS, "segment.text", "secret line")
    for path, value in (("segment.sub_length", "x"), ("segment.segment_index", "x"), ("job_id", "")):
        error = refusal(changed(message, path, value))
        assert "secret" not in f"{error!r} {error.__cause__}"
    assert "secret" not in str(refusal(changed(TTS, "segment.text", ["secret"])).__cause__)


CONSENT = {"person": "Mina Kim", "valid_until": "2027-03-31", "document": "contract 17"}


def test_consents_are_for_the_jobs_of_their_message():
    request = read(DUB | {"target_langs": ["en", "pt"], "consents": [CONSENT | {"speakers": ["A"], "named": True}]})
    for dub in request.dubs:
        assert dub.consents == (
            Consent(
                person="Mina Kim",
                valid_until="2027-03-31",
                document="contract 17",
                jobs=("j1", "j1.pt"),
                speakers=("A",),
                named=True,
            ),
        )
    assert "Mina" not in repr(request)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"person": ABSENT}, "consents.0.person is missing"),
        ({"person": 7}, "consents.0.person"),
        ({"valid_until": ABSENT}, "consents.0.valid_until is missing"),
        ({"valid_until": "soon"}, "'soon' is no day"),
        ({"document": ABSENT}, "document is missing"),
        ({"document_sha256": "x"}, "consents.0.document_sha256"),
        ({"speakers": ["a"]}, "consents.0.speakers.0"),
        ({"named": "yes"}, "consents.0.named"),
    ],
)
def test_an_unusable_consent_is_refused(change: dict[str, Any], reason: str):
    consent = {name: value for name, value in (CONSENT | change).items() if value is not ABSENT}
    with pytest.raises(MessageRefusedError, match=reason):
        read(DUB | {"consents": [consent]})
