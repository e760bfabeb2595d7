"""Revisions: recorded by every edit, compared, and restored bit for bit; also after random sequences of edits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.segment_work import (
    JOB,
    KEYS,
    Service,
    failure_of,
    made_assets,
    mix_request,
    order,
    service_in,
    tts_request,
)

from dub_assets.adapters.storage.archive import media_in
from dub_assets.core.errors import InputError
from dub_assets.core.revisions import Change
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.revisions import KINDS, Revisions
from dub_assets.service.edits.edit_run import Edit, edit_run
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.service.edits.restore import RESTORE_JOB, RESTORE_OP
from dub_assets.stages.segment_mixes.values import GainChange, Gains
from dub_assets.stages.tts_segments.values import TtsSegments

pytestmark = pytest.mark.media


def revisions(service: Service) -> Revisions:
    return Revisions(archive=service.archive, keys=KEYS)


def state(service: Service) -> dict[str, bytes]:
    """Return every manifest of the job and every object that one names, by key."""
    keys = [KEYS.manifest(asset) for asset in KINDS if service.archive.store.head(KEYS.manifest(asset))]
    media = {
        item.key
        for asset in KINDS
        if (value := service.archive.read(KINDS[asset], KEYS.manifest(asset)))
        for item in media_in(value)
    }
    return {key: service.archive.store.get(key) for key in [*keys, *media]}


def restore(service: Service, number: int):
    return service.run_assets(job=RESTORE_JOB, config={RESTORE_OP: {"revision": number}})


def test_every_edit_makes_a_revision_and_the_first_is_the_dub(dubbed: Service):
    before = state(dubbed)
    assert not revisions(dubbed).exist
    assert dubbed.run(tts_request(1, "Boa tarde, amigos.")).success
    assert dubbed.run(mix_request(order(2, Gains(background=0.5, speech=1.0)))).success
    third, second, first = revisions(dubbed).all()
    assert (first.number, first.changes, first.by) == (1, (), "")
    assert [change for change in second.changes if change.what == "text"] == [
        Change(segment="0001", what="text", before="pt Night.", after="Boa tarde, amigos.")
    ]
    assert [(change.segment, change.what, change.after) for change in third.changes] == [
        ("0002", "background gain", "0.5")
    ]
    assert third.by == "queue"
    assert third.at_s > second.at_s > first.at_s
    assert restore(dubbed, 1).success
    assert state(dubbed) == before
    assert [revision.number for revision in revisions(dubbed).all()] == [4, 3, 2, 1]


def test_restores_the_video_too_and_returns_from_there(dubbed: Service):
    dubbed.run(tts_request(0, "Um texto bem diferente.", rebuild_video=True))
    edited = state(dubbed)
    result = restore(dubbed, 1)
    assert {"translation", "tts_segments", "segment_mixes", "final_video"} <= {name for name, _ in made_assets(result)}
    assert state(dubbed) != edited
    assert restore(dubbed, 2).success
    assert state(dubbed) == edited
    assert dubbed.run_assets().success  # a full run finds everything up to date
    assert revisions(dubbed).latest().manifests["tts_segments"] == revisions(dubbed).load(2).manifests["tts_segments"]


def test_a_revision_that_does_not_exist_is_refused_and_nothing_changes(dubbed: Service):
    dubbed.run(tts_request(0, "Olá."))
    before = state(dubbed)
    assert failure_of(restore(dubbed, 9)) == f"job {JOB} has no revision 9: its revisions are 1 to 2"
    assert state(dubbed) == before
    with pytest.raises(InputError, match="its revisions are 1 to 2"):
        revisions(dubbed).load(0)


def test_a_deleted_object_is_named_and_nothing_changes(dubbed: Service):
    dubbed.run(tts_request(0, "Olá."))
    kept = [item.key for item in dubbed.archive.store.list(KEYS.kept) if item.key.endswith(".wav")]
    dubbed.archive.store.delete(kept)
    before = state(dubbed)
    assert "restore a later one" in failure_of(restore(dubbed, 1))
    assert state(dubbed) == before


def test_an_edit_that_changes_nothing_calls_no_engine_and_makes_no_revision(dubbed: Service):
    dubbed.run(tts_request(1, "Boa tarde."))
    count, spoken = len(revisions(dubbed).numbers()), len(dubbed.engines.synthesiser("pt").spoken)
    assert dubbed.run(tts_request(1, "Boa tarde.")).success
    assert dubbed.run(tts_request(1, " Boa tarde. ")).success
    assert len(dubbed.engines.synthesiser("pt").spoken) == spoken
    assert len(revisions(dubbed).numbers()) == count


TEXTS = st.sampled_from(["Olá.", "Boa noite a todos.", "Um, dois, três e quatro."])
EDITS = st.one_of(
    st.tuples(st.just("text"), st.integers(0, 2), TEXTS),
    st.tuples(st.just("gain"), st.integers(0, 2), st.sampled_from([0.0, 0.5, 1.5])),
    st.tuples(st.just("restore"), st.integers(1, 6), st.none()),
)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, min_size=2, max_size=5))
def test_random_edits_can_all_be_undone(edits, finished: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("random")
    shutil.copytree(finished, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, service_in(folder, patch) as service:
        service.instance.add_dynamic_partitions(jobs_partitions.name, [JOB])
        states = {1: state(service)}
        for kind, index, value in edits:
            spoken = len(service.engines.synthesiser("pt").spoken)
            known = revisions(service).numbers()
            if kind == "restore":
                if index not in known:
                    continue
                assert restore(service, index).success
                assert state(service) == states[index]
                assert len(service.engines.synthesiser("pt").spoken) == spoken
            else:
                _edit(service, kind, index, value)
                lines = service.manifest(TtsSegments, "tts_segments").segments
                assert kind != "text" or lines[index].speech.text == value
                assert len(service.engines.synthesiser("pt").spoken) - spoken <= (kind == "text")
            states[revisions(service).latest().number] = state(service)
        for number, expected in states.items():
            if number in revisions(service).numbers():
                assert restore(service, number).success
                assert state(service) == expected


def _edit(service: Service, kind: str, index: int, value: object) -> None:
    job = OwnJob(keys=KEYS, archive=service.archive)
    gains = {index: GainChange(background=value) if kind == "gain" else GainChange()}
    planned = edit_run(job, Edit(gains=gains, texts={index: value} if kind == "text" else {}))
    assert service.run_assets(*planned.assets, job="edit_segments_job", config=dict(planned.config)).success
