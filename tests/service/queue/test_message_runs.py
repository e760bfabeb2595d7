"""The runs of a message, and what is stored for them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.consents import ConsentRecords
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.errors import MessageRefusedError
from dub_assets.core.keys import KeyTemplates, job_record_key, request_key
from dub_assets.core.request import DubRequest
from dub_assets.service.queue.message_runs import prepare_runs
from dub_assets.service.queue.messages import parse
from dub_assets.settings import JobDefaults

MESSAGE = {
    "job_id": "talk-1",
    "project_id": "shop",
    "input_key": "projects/shop/inputs/talk.mp4",
    "callback_url": "https://api.example/jobs",
    "consents": [{"person": "Mina Kim", "valid_until": "2027-03-31", "document": "contract 17"}],
}


@pytest.fixture
def archive(tmp_path: Path) -> JobArchive:
    store = LocalObjectStore(tmp_path / "objects")
    return JobArchive(store, LocalWorkspace(tmp_path / "workspace", store))


def test_consents_are_recorded_apart_and_stay_revoked_when_the_message_comes_again(archive: JobArchive):
    request = parse(json.dumps(MESSAGE), defaults=JobDefaults(), templates=KeyTemplates())
    prepare_runs("m1", request, archive)
    for key in (request_key("m1"), job_record_key("talk-1")):
        assert b"Mina" not in archive.store.get(key)
    records = ConsentRecords(archive.store, "shop")
    (record,) = records.records()
    assert record.consent.jobs == ("talk-1",)
    records.revoke(record.consent_id)
    prepare_runs("m1", request, archive)
    assert [record.revoked_at is None for record in records.records()] == [False]


def test_a_message_for_another_projects_job_records_no_consent(archive: JobArchive):
    request = parse(json.dumps(MESSAGE), defaults=JobDefaults(), templates=KeyTemplates())
    assert isinstance(request, DubRequest)
    archive.save(job_record_key("talk-1"), replace(request, project_id="other", consents=()))
    with pytest.raises(MessageRefusedError, match="used by another project"):
        prepare_runs("m1", request, archive)
    assert list(ConsentRecords(archive.store, "shop").records()) == []
