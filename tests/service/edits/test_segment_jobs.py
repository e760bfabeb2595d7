"""Edits of single segments: real storage, real ffmpeg, fake engines."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from support.callback_schema import consumer_fault
from support.fakes import FakeEngines, FakeSynthesiser
from support.media_clips import decoded
from support.segment_work import (
    JOB,
    KEYS,
    PREFIX,
    SPEECH,
    WORDS,
    Service,
    failure_of,
    made_assets,
    mix_request,
    order,
    service_in,
    tts_request,
)

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.adapters.storage.consents import ConsentRecords
from dub_assets.core.consent import Consent
from dub_assets.core.media import AAC_FRAMES
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.quality.checks import CHECKS
from dub_assets.stages.segment_mixes.values import GainChange, Gains, SegmentMixes
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegments

pytestmark = pytest.mark.media

REBUILT = ["final_video", "quality", "report", "metadata"]
"""The assets of a rebuilt video, in their order."""


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    """Return the names of new and changed files, without the folder."""
    return {key.split("/")[-1] for key in after if before.get(key) != after[key]} | {
        f"gone: {key}" for key in before.keys() - after.keys()
    }


def stages(service: Service, result: dg.ExecuteInProcessResult) -> list[str]:
    """The stages of a run's callbacks, each of which conforms to the published schema."""
    bodies = service.callbacks(result)
    assert [consumer_fault(json.dumps(body).encode()) for body in bodies] == [None] * len(bodies)
    return [body["metadata"]["stage"] for body in bodies]


def picture_of(video: Path) -> str:
    """The checksum of a video's packets of picture, undecoded."""
    command = [str(find_ffmpeg()), "-v", "error", "-i", str(video), "-map", "0:v", "-c", "copy", "-f", "md5", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def noise(frames: int, channels: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.3, 0.3, (frames, channels)).astype(np.float32)


# ------------------------------------------------------------------------------------- mixes of own segments


def test_mixes_segments_with_their_gains_and_changes_no_other_byte(dubbed: Service):
    before = dubbed.objects()
    result = dubbed.run(mix_request(order(2, Gains(background=0.2, speech=1.1)), order(0)))
    assert result.success
    assert changed(before, dubbed.objects()) == {"0000_mix.wav", "0002_mix.wav", "segment_mixes.json"}
    mixes = dubbed.manifest(SegmentMixes, "segment_mixes").segments
    assert [mix.gains for mix in mixes] == [
        Gains(background=0.35, speech=1.0),
        Gains(background=1.0, speech=1.0),
        Gains(background=0.2, speech=1.1),
    ]
    bgm, speech = dubbed.sound(f"{PREFIX}/0002_bgm.wav"), dubbed.sound(f"{PREFIX}/0002_tts.wav")
    expected = 0.2 * bgm
    expected[: len(speech)] += 1.1 * speech
    assert np.abs(dubbed.sound(f"{PREFIX}/0002_mix.wav") - expected).max() <= 2 / 2**15
    assert made_assets(result) == [("segment_mixes", JOB)]


def test_callbacks_of_a_mix_have_the_count_then_keys_and_gains_in_the_messages_order(dubbed: Service):
    result = dubbed.run(mix_request(order(2, Gains(background=0.0, speech=1.1)), order(0), project_id=None))
    assert stages(dubbed, result) == ["segment_mix_started", "segment_mix_completed"]
    first, last = dubbed.callbacks(result)
    assert first["metadata"] == {
        "stage": "segment_mix_started",
        "job_id": JOB,
        "project_id": "shop",
        "target_lang": "pt",
        "count": 2,
        "progress": 0,
    }
    assert last["metadata"]["segments"] == [
        {
            "index": index,
            "bgm_key": f"{PREFIX}/{index:04d}_bgm.wav",
            "tts_key": f"{PREFIX}/{index:04d}_tts.wav",
            "output_key": f"{PREFIX}/{index:04d}_mix.wav",
            "bgm_gain": bgm_gain,
            "tts_gain": tts_gain,
        }
        for index, bgm_gain, tts_gain in [(2, 0.0, 1.1), (0, 0.35, 1.0)]
    ]
    assert "result_key" not in last


@pytest.mark.parametrize(
    "fields",
    [{}, {"intermediate_prefix": PREFIX}, {"intermediate_prefix": PREFIX, "output_prefix": PREFIX}],
    ids=["nothing", "the prefix", "both prefixes"],
)
@pytest.mark.parametrize("keys", [{}, {"bgm_key": f"{PREFIX}/0001_bgm.wav", "mix_key": f"{PREFIX}/0001_mix.wav"}])
def test_recognises_own_segments_by_their_keys(dubbed: Service, fields, keys):
    assert dubbed.run(mix_request(order(1, **keys), **fields)).success
    assert dubbed.manifest(SegmentMixes, "segment_mixes").segments[1].edited == GainChange(background=0.35, speech=1.0)


def test_edited_gains_survive_a_later_run_of_the_whole_job(dubbed: Service):
    dubbed.run(mix_request(order(1)))
    before = dubbed.objects(f"{PREFIX}/")
    assert dubbed.run_assets().success
    assert dubbed.objects(f"{PREFIX}/") == before


def test_an_unknown_segment_fails_with_the_known_ones(dubbed: Service):
    before = dubbed.objects()
    result = dubbed.run(mix_request(order(7)))
    assert failure_of(result) == "there is no segment 0007 in this job; its segments are 0000 to 0002"
    assert dubbed.objects() == before


def test_a_missing_request_fails_without_retries(service: Service):
    result = service.definitions.resolve_job_def("segment_mix_job").execute_in_process(
        instance=service.instance,
        raise_on_error=False,
        run_config={"ops": {"segment_mix": {"config": {"request_key": "jobs/requests/gone.json"}}}},
    )
    assert "jobs/requests/gone.json" in failure_of(result)


def test_an_edit_of_own_segments_is_a_run_of_the_jobs_assets(dubbed: Service):
    result = dubbed.run(tts_request(1, "Boa noite.", rebuild_video=True))
    run = dubbed.instance.get_run_by_id(result.run_id)
    assert (run.job_name, run.tags["dagster/partition"]) == ("edit_segments_job", JOB)
    assert run.run_config["ops"] == {
        "translation": {"config": {"texts": {"0001": "Boa noite."}}},
        "tts_segments": {"config": {"segments": ["0001"]}},
        "segment_mixes": {"config": {"gains": {"0001": {}}}},
    }


@pytest.mark.parametrize(
    "request_",
    [
        mix_request(order(2, Gains(background=0.2, speech=1.1)), order(0), rebuild_video=True),
        tts_request(1, "Boa noite.", gains=GainChange(speech=0.5), rebuild_video=True),
    ],
    ids=["mix", "tts"],
)
def test_the_op_makes_the_same_of_own_segments(dubbed: Service, tmp_path: Path, request_):
    home = tmp_path / "other"
    with pytest.MonkeyPatch.context() as patch:
        shutil.copytree(tmp_path / "home", home / "home")
        shutil.copytree(tmp_path / "cache", home / "cache")
        with service_in(home, patch) as other:
            other.instance.add_dynamic_partitions(jobs_partitions.name, [JOB])
            by_assets, by_op = dubbed.run(request_), other.run_op(request_)
            assert by_assets.success
            assert by_op.success
            assert other.callbacks(by_op) == dubbed.callbacks(by_assets)
            assert made_assets(by_op) == made_assets(by_assets)
            clips = other.objects(f"{PREFIX}/")
    assert clips == dubbed.objects(f"{PREFIX}/")


# ------------------------------------------------------------------------------------------------- the launchpad


def test_gains_without_segments_are_refused_and_change_nothing(dubbed: Service):
    before = dubbed.objects()
    result = dubbed.run_assets("segment_mixes", config={"segment_mixes": {"bgm_gain": 0.3, "segments": []}})
    assert failure_of(result).startswith("bgm_gain and tts_gain need segments: name them in `segments`, or set")
    assert dubbed.objects() == before


def test_all_segments_get_new_gains_with_all_segments(dubbed: Service):
    config = {"segment_mixes": {"bgm_gain": 0.3, "all_segments": True}}
    assert dubbed.run_assets("segment_mixes", job="edit_segments_job", config=config).success
    mixes = dubbed.manifest(SegmentMixes, "segment_mixes").segments
    assert {mix.gains for mix in mixes} == {Gains(background=0.3, speech=1.0)}


def test_the_launchpad_edits_texts_and_gains_by_segment(dubbed: Service):
    config = {
        "translation": {"texts": {"1": "Boa noite."}},
        "tts_segments": {"segments": [1]},
        "segment_mixes": {"gains": {"0001": {"tts_gain": 0.5}, "2": {"bgm_gain": 0.1}}},
    }
    assets = ("translation", "tts_segments", "segment_mixes")
    assert dubbed.run_assets(*assets, job="edit_segments_job", config=config).success
    assert dubbed.manifest(Translation, "translation").lines[1].text == "Boa noite."
    assert [mix.edited for mix in dubbed.manifest(SegmentMixes, "segment_mixes").segments] == [
        GainChange(),
        GainChange(speech=0.5),
        GainChange(background=0.1),
    ]


# -------------------------------------------------------------------------------------------- rebuilt videos


def test_a_rebuilt_video_has_the_new_mix_and_the_same_samples_elsewhere(dubbed: Service):
    before = dubbed.manifest(FinalVideo, "final_video")
    _, old = decoded(dubbed.file(before.video.key))
    result = dubbed.run(mix_request(order(1, Gains(background=0.2, speech=0.7)), rebuild_video=True))
    assert result.success
    after = dubbed.manifest(FinalVideo, "final_video")
    _, new = decoded(dubbed.file(after.video.key))
    assert new.shape == old.shape
    window = dubbed.manifest(SegmentMixes, "segment_mixes").segments[1].window
    faded = slice(window.start_frame - 50 * 48, window.end_frame + 50 * 48)
    outside = np.ones(len(new), dtype=bool)
    outside[faded.start - 2 * AAC_FRAMES : faded.stop + 2 * AAC_FRAMES] = False
    assert np.array_equal(new[outside], old[outside])
    assert np.abs(new[window.start_frame : window.end_frame] - old[window.start_frame : window.end_frame]).max() > 0.05
    # what was taken away from the mix comes and goes over 50 ms, not from one sample to the next
    steps = np.abs(np.diff((new - old)[faded], axis=0))
    edges = np.r_[0 : 50 * 48 - 1, len(steps) - 50 * 48 + 1 : len(steps)]
    assert steps[edges].max() < 0.05 * np.abs(new).max()
    assert [name for name, _ in made_assets(result)] == ["segment_mixes", *REBUILT]
    assert dubbed.callbacks(result)[-1]["result_key"] == KEYS.request.result_key
    document = json.loads(dubbed.archive.store.get(KEYS.request.metadata_key))
    assert [segment["dub"]["bgm_gain"] for segment in document["segments"]] == [1.0, 0.2, 1.0]


def test_a_rebuild_updates_an_existing_report_and_creates_none(dubbed: Service):
    page = KEYS.report
    before = dubbed.archive.store.get(page)
    assert dubbed.run(mix_request(order(1), rebuild_video=True)).success
    assert b"gains by an editor" not in before
    assert b"gains by an editor" in dubbed.archive.store.get(page)
    dubbed.archive.store.delete([page, KEYS.manifest("report")])
    result = dubbed.run(mix_request(order(2), rebuild_video=True))
    assert [name for name, _ in made_assets(result)] == ["segment_mixes", "final_video", "quality", "metadata"]
    assert dubbed.archive.store.head(page) is None


def test_a_rebuild_copies_the_picture(dubbed: Service, clip: Path):
    assert dubbed.run(mix_request(order(1), rebuild_video=True)).success
    assert picture_of(dubbed.file(KEYS.request.result_key)) == picture_of(clip)


def test_video_and_document_stay_without_rebuild(dubbed: Service):
    keys = (KEYS.request.result_key, KEYS.request.metadata_key)
    before = [dubbed.archive.store.get(key) for key in keys]
    assert dubbed.run(mix_request(order(1))).success
    assert [dubbed.archive.store.get(key) for key in keys] == before


def test_rebuild_video_job_rebuilds_the_video(dubbed: Service):
    before = dubbed.manifest(FinalVideo, "final_video")
    dubbed.run(mix_request(order(1)))
    result = dubbed.run_assets(job="rebuild_video_job")
    assert result.success
    assert [name for name, _ in made_assets(result)] == REBUILT
    assert dubbed.manifest(FinalVideo, "final_video").video != before.video


# ------------------------------------------------------------------------------------------ new text of a job


def test_speaks_and_mixes_a_new_text_and_changes_no_other_segment(dubbed: Service):
    before = dubbed.objects()
    spoken = len(dubbed.engines.synthesiser("pt").spoken)
    result = dubbed.run(tts_request(1, "Boa noite."))
    assert result.success
    assert dubbed.engines.synthesiser("pt").spoken[spoken:] == ["Boa noite."]
    assert changed(before, dubbed.objects()) == {
        "0001.wav",  # as the engine gave it
        "0001_tts.wav",
        "0001_mix.wav",
        "translation.json",
        "tts_segments.json",
        "segment_mixes.json",
    }
    lines = dubbed.manifest(Translation, "translation").lines
    assert [line.text for line in lines] == ["pt Good.", "Boa noite.", "pt Friends."]
    assert made_assets(result) == [("translation", JOB), ("tts_segments", JOB), ("segment_mixes", JOB)]


def test_callbacks_of_a_new_text_have_the_index_then_the_segment(dubbed: Service):
    result = dubbed.run(tts_request(1, "Boa noite.", gains=GainChange(speech=0.5), segment_id="6f1c"))
    assert stages(dubbed, result) == ["segment_tts_started", "segment_tts_completed"]
    first, last = dubbed.callbacks(result)
    assert first["metadata"]["segment_index"] == 1
    assert last["metadata"]["segment"] == {
        "segment_index": 1,
        "segment_id": "6f1c",
        "translate_context": "Boa noite.",
        "tts_key": f"{PREFIX}/0001_tts.wav",
        "audio_key": f"{PREFIX}/0001_tts.wav",
        "mix_key": f"{PREFIX}/0001_mix.wav",
        "tts_gain_db": -6.02,
    }
    assert last["metadata"]["target_lang"] == "pt"


def test_a_new_text_keeps_edited_gains(dubbed: Service):
    dubbed.run(mix_request(order(1, Gains(background=0.2, speech=0.5))))
    dubbed.run(tts_request(1, "Boa noite.", gains=GainChange(speech=0.8)))
    assert dubbed.manifest(SegmentMixes, "segment_mixes").segments[1].gains == Gains(background=0.2, speech=0.8)


def test_mixes_the_next_segment_again_if_a_new_text_delays_it(dubbed: Service):
    long = "Uma frase muito mais longa do que o tempo que há para ela, e que por isso empurra a seguinte."
    assert dubbed.run(tts_request(0, long)).success
    lines = dubbed.manifest(TtsSegments, "tts_segments").segments
    mixes = dubbed.manifest(SegmentMixes, "segment_mixes").segments
    assert "late_start" in lines[1].issues
    assert [mix.window for mix in mixes] == [line.window for line in lines]
    assert len(dubbed.sound(mixes[1].clips.mix.key)) == pytest.approx(lines[1].window.duration_ms * 48, abs=20 * 48)


def test_a_new_text_survives_a_later_run_and_is_in_the_rebuilt_video(dubbed: Service):
    result = dubbed.run(tts_request(1, "Boa noite.", rebuild_video=True))
    assert [name for name, _ in made_assets(result)][-4:] == REBUILT
    kind = "ASSET_CHECK_EVALUATION"
    checks = [event.asset_check_evaluation_data for event in result.all_events if event.event_type_value == kind]
    made = {name for name, _ in made_assets(result)}
    assert [check.check_name for check in checks] == [name for name, rule in CHECKS.items() if rule.asset in made]
    before = dubbed.objects()
    assert dubbed.run_assets().success
    # the document tells what it cost, which may come out the same twice
    assert changed(before, dubbed.objects()) <= {"metadata.json", f"{JOB}.json"}
    document = json.loads(dubbed.archive.store.get(KEYS.request.metadata_key))
    assert document["segments"][1]["translate_context"] == "Boa noite."
    assert dubbed.callbacks(result)[-1]["result_key"] == KEYS.request.result_key


def test_refuses_a_text_in_another_language(dubbed: Service):
    before = dubbed.objects()
    assert "dubbed into 'pt'" in failure_of(dubbed.run(tts_request(1, "Good night.", target_language="en")))
    assert dubbed.objects() == before


@pytest.mark.parametrize("lost", ["0001_tts.wav", "0001_mix.wav", "0001_bgm.wav"])
def test_a_new_text_succeeds_after_an_attempt_that_was_killed_before_its_manifest(dubbed: Service, lost: str):
    """What such an attempt leaves is an object that the manifest does not describe."""
    dubbed.run(mix_request(order(0, Gains(background=0.2, speech=0.5))))
    others = {key: content for key, content in dubbed.objects(f"{PREFIX}/").items() if "0001" not in key}
    dubbed.archive.store.put(f"{PREFIX}/{lost}", b"RIFF", "audio/wav")
    assert dubbed.run(tts_request(1, "Boa noite.", rebuild_video=True)).success
    assert {key: content for key, content in dubbed.objects(f"{PREFIX}/").items() if "0001" not in key} == others
    assert dubbed.manifest(SegmentMixes, "segment_mixes").segments[0].gains == Gains(background=0.2, speech=0.5)


# ------------------------------------------------------------------------------- external segments


@pytest.fixture(params=["service", "bucket_service"])
def anywhere(request: pytest.FixtureRequest) -> Service:
    """A service without the message's job, with a folder or with a bucket."""
    return request.getfixturevalue(request.param)


OLD = "projects/old/interim/job-9/segments"


def old_request(*orders, **fields):
    return mix_request(*orders, **({"job_id": "job-9", "project_id": "old", "intermediate_prefix": OLD} | fields))


def test_mixes_external_segments_from_their_sounds(anywhere: Service):
    bgm, tts = noise(48_000, 2), noise(72_000, 1, seed=2)
    anywhere.put_sound(f"{OLD}/0003_bgm.wav", bgm)
    anywhere.put_sound(f"{OLD}/0003_tts.wav", tts)
    result = anywhere.run(old_request(order(3)))
    assert result.success
    expected = np.zeros((72_000, 2))
    expected[:48_000] += 0.35 * anywhere.sound(f"{OLD}/0003_bgm.wav")
    expected += anywhere.sound(f"{OLD}/0003_tts.wav")
    assert np.abs(anywhere.sound(f"{OLD}/0003_mix.wav") - expected).max() <= 0.51 / 2**15
    assert stages(anywhere, result) == ["segment_mix_started", "segment_mix_completed"]
    assert anywhere.callbacks(result)[1]["metadata"]["segments"] == [
        {
            "index": 3,
            "bgm_key": f"{OLD}/0003_bgm.wav",
            "tts_key": f"{OLD}/0003_tts.wav",
            "output_key": f"{OLD}/0003_mix.wav",
            "bgm_gain": 0.35,
            "tts_gain": 1.0,
        }
    ]
    assert made_assets(result) == []


def test_a_mix_in_a_bucket_has_its_content_type(bucket_service: Service, connect, bucket):
    for part, channels in (("bgm", 2), ("tts", 1)):
        bucket_service.put_sound(f"{OLD}/3_{part}.wav", noise(4800, channels))
    assert bucket_service.run(old_request(order(3))).success
    assert connect().head_object(Bucket=bucket, Key=f"{OLD}/3_mix.wav")["ContentType"] == "audio/wav"


def test_finds_padded_names_before_plain_ones(service: Service):
    for name, level in (("0003", 0.1), ("3", 0.4), ("7", 0.2)):
        for part in ("bgm", "tts"):
            service.put_sound(f"{OLD}/{name}_{part}.wav", np.full((480, 2), level))
    assert service.run(old_request(order(3), order(7))).success
    assert service.sound(f"{OLD}/0003_mix.wav") == pytest.approx(0.135, abs=1e-4)
    assert service.sound(f"{OLD}/7_mix.wav") == pytest.approx(0.27, abs=1e-4)


def test_a_missing_sound_is_reported_with_both_keys(service: Service):
    service.put_sound(f"{OLD}/0003_bgm.wav", noise(480, 2))
    result = service.run(old_request(order(3)))
    assert f"{OLD}/0003_tts.wav" in failure_of(result)
    assert f"{OLD}/3_tts.wav" in failure_of(result)
    assert stages(service, result) == ["failed"]


def test_speaks_and_mixes_a_new_text_for_an_external_segment(anywhere: Service):
    anywhere.put_sound(f"{OLD}/0003_bgm.wav", noise(96_000, 2))
    anywhere.put_sound(f"{OLD}/0003_source.wav", 0.5 * np.sin(np.arange(48_000) / 30)[:, None])
    request = tts_request(
        3, "Boa noite.", job_id="job-9", project_id=None, segment_prefix=OLD, target_language="pt", slot_ms=600
    )
    result = anywhere.run(request)
    assert result.success
    assert stages(anywhere, result) == ["segment_tts_started", "segment_tts_completed"]
    assert anywhere.callbacks(result)[1]["metadata"]["segment"] == {
        "segment_index": 3,
        "segment_id": "3",
        "translate_context": "Boa noite.",
        "tts_key": f"{OLD}/0003_tts.wav",
        "audio_key": f"{OLD}/0003_tts.wav",
        "mix_key": f"{OLD}/0003_mix.wav",
        "tts_gain_db": 0.0,
    }
    log = anywhere.instance.all_logs(result.run_id)
    assert not [entry for entry in log if "Boa noite." in dg.serialize_value(entry)]
    speech, bgm = anywhere.sound(f"{OLD}/0003_tts.wav"), anywhere.sound(f"{OLD}/0003_bgm.wav")
    assert abs(len(speech) - 600 * 48) <= 20 * 48
    assert np.sqrt(np.mean(speech**2)) == pytest.approx(0.5 / 2**0.5, rel=0.05)
    expected = 0.35 * bgm
    expected[: len(speech)] += speech
    assert np.abs(anywhere.sound(f"{OLD}/0003_mix.wav") - expected).max() <= 1.5 / 2**15


def test_an_unknown_slot_is_that_of_the_stored_segment(dubbed: Service):
    """Producers edit a segment of a job under a new job id."""
    slot_ms = dubbed.manifest(TtsSegments, "tts_segments").segments[1].slot.duration_ms
    lengths = []
    for number, slot in enumerate([None, slot_ms, 60_000]):
        keys = {name: f"{OLD}/{number}_{name}.wav" for name in ("tts_key", "mix_key")}
        text = "Boa noite a todos os meus bons amigos e amigas da cidade."
        assert dubbed.run(tts_request(1, text, job_id="edit-1", segment_prefix=PREFIX, slot_ms=slot, **keys)).success
        lengths.append(len(dubbed.sound(keys["tts_key"])))
    assert lengths[0] == lengths[1] < lengths[2]


def test_a_text_without_language_is_spoken_in_the_default_language(service: Service):
    service.put_sound(f"{OLD}/0003_bgm.wav", noise(480, 2))
    assert service.run(tts_request(3, "Good night.", job_id="job-9", segment_prefix=OLD)).success
    assert service.engines.synthesiser("en").spoken == ["Good night."]


def test_refuses_to_rebuild_the_video_of_external_segments(service: Service):
    for part in ("bgm", "tts"):
        service.put_sound(f"{OLD}/0003_{part}.wav", noise(480, 2))
    result = service.run(old_request(order(3), rebuild_video=True))
    assert "segment 0003 is none of job-9's" in failure_of(result)
    assert service.archive.store.head(f"{OLD}/0003_mix.wav") is None


# ---------------------------------------------------------------- external sounds beside own ones


def test_a_message_of_another_project_does_not_reach_the_job(dubbed: Service):
    before = dubbed.objects()
    result = dubbed.run(mix_request(order(1), project_id="other"))
    assert "no prefix to infer it from" in failure_of(result)
    assert dubbed.objects() == before


def test_an_external_recording_can_replace_the_mix_of_an_own_segment(dubbed: Service):
    recording = dubbed.put_sound("projects/shop/inputs/recording.wav", noise(24_000, 1))
    result = dubbed.run(mix_request(order(1, tts_key=recording), order(2), intermediate_prefix=PREFIX))
    assert result.success
    mixes = dubbed.manifest(SegmentMixes, "segment_mixes").segments
    assert [mix.gains.background for mix in mixes] == [1.0, 1.0, 0.35]
    mixed = dubbed.sound(f"{PREFIX}/0001_mix.wav")
    expected = 0.35 * dubbed.sound(f"{PREFIX}/0001_bgm.wav")
    expected[:24_000] += dubbed.sound(recording)[:24_000]
    assert np.abs(mixed - expected).max() <= 2 / 2**15
    before = dubbed.objects(f"{PREFIX}/")
    assert dubbed.run_assets().success
    assert dubbed.objects(f"{PREFIX}/") == before


def test_refuses_to_overwrite_speech_that_a_job_needs(dubbed: Service):
    theirs = dubbed.put_sound("projects/shop/inputs/bed.wav", noise(480, 2))
    before = dubbed.objects()
    result = dubbed.run(tts_request(1, "Boa noite.", bgm_key=theirs, segment_prefix=PREFIX))
    assert f"{PREFIX}/0001_tts.wav is a clip that job {JOB} needs" in failure_of(result)
    assert dubbed.objects() == before


def test_outputs_under_other_keys_leave_the_job_alone(dubbed: Service):
    before = dubbed.objects()
    keys = {"tts_key": f"{PREFIX}/0001_v2_tts.wav", "mix_key": f"{PREFIX}/0001_v2_mix.wav"}
    assert dubbed.run(tts_request(1, "Boa noite.", segment_prefix=PREFIX, **keys)).success
    assert changed(before, dubbed.objects()) == {"0001_v2_tts.wav", "0001_v2_mix.wav"}


# -------------------------------------------------------------------------------------------- cloned voices


CONSENT = Consent(person="Mina Kim", valid_until="9999-12-31", document="contract 17", jobs=(JOB,))


def use_a_cloning_engine(service: Service, patch: pytest.MonkeyPatch) -> FakeSynthesiser:
    synthesiser = FakeSynthesiser(clones_voice=True)
    chosen = FakeEngines(regions=SPEECH, words=WORDS, synthesiser=synthesiser)
    patch.setattr(EnginesResource, "engines", lambda self, overrides=None: chosen)
    return synthesiser


def test_every_entry_of_the_service_asks_for_consent(dubbed: Service, monkeypatch: pytest.MonkeyPatch):
    use_a_cloning_engine(dubbed, monkeypatch)
    records = ConsentRecords(dubbed.archive.store, "shop")
    spoken = tts_request(1, "Boa tarde.")
    for run in (dubbed.run_assets, lambda: dubbed.run_assets("tts_segments"), lambda: dubbed.run(spoken)):
        refused = run()
        assert "consent" in failure_of(refused)
    records.add(CONSENT)
    dub = dubbed.run_assets()
    assert dub.success
    assert dubbed.manifest(FinalVideo, "final_video").consents[0].voice == "cloned"
    assert dubbed.run(spoken).success
    records.revoke(next(records.records()).consent_id)
    for run in (
        dubbed.run_assets,
        lambda: dubbed.run_assets("segment_mixes"),
        lambda: dubbed.run_assets("final_video", job="rebuild_video_job"),
        lambda: dubbed.run(mix_request(order(1))),
        lambda: dubbed.run(spoken),
    ):
        assert "consent" in failure_of(run())


def test_the_failed_callback_names_the_missing_consent(dubbed: Service, monkeypatch: pytest.MonkeyPatch):
    use_a_cloning_engine(dubbed, monkeypatch)
    *_, failed = dubbed.callbacks(dubbed.run(tts_request(1, "Boa tarde.")))
    assert failed["error_code"] == "invalid_message"
    assert "dub-assets consent add" in failed["error"]


def test_an_external_segment_is_never_cloned(service: Service, monkeypatch: pytest.MonkeyPatch):
    synthesiser = use_a_cloning_engine(service, monkeypatch)
    folder = "projects/shop/interim/other/segments"
    service.put_sound(f"{folder}/0003_bgm.wav", noise(48_000, 2))
    source = service.put_sound(f"{folder}/0003_source.wav", noise(48_000, 1))
    request = tts_request(3, "Bom dia.", job_id="other", segment_prefix=folder, source_keys=(source,))
    assert service.run(replace(request, target_language="pt")).success
    assert synthesiser.spoken == ["Bom dia."]
    assert synthesiser.references == {}
