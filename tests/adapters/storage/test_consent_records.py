"""Records of consents, in a folder and in a bucket of moto's server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from support.aws_server import REGION

from dub_assets.adapters.aws import aws_client
from dub_assets.adapters.storage.consents import ConsentRecords, JobConsents
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.core.consent import Consent
from dub_assets.core.errors import InputError
from dub_assets.core.ports import ObjectStore

MINA = Consent(person="Mina Kim", valid_until="2027-03-31", document="contract 17", jobs=("talk-1",), speakers=("A",))
DAY = date(2027, 3, 31)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return LocalObjectStore(tmp_path)
    endpoint, bucket = request.getfixturevalue("aws_endpoint"), request.getfixturevalue("bucket")
    return S3ObjectStore(bucket, client=partial(aws_client, "s3", region=REGION, endpoint_url=endpoint))


def consents(store: ObjectStore, *, project: str = "shop", job: str = "talk-1", day: date = DAY) -> JobConsents:
    return JobConsents(records=ConsentRecords(store, project), job_id=job, day=lambda: day)


def speakers(granted) -> list[str | None]:
    return list(granted)


def test_a_consent_is_for_its_speaker_job_project_and_days(store: ObjectStore):
    consent_id = ConsentRecords(store, "shop").add(MINA)
    assert consents(store).granted(["A", "B"]) == {"A": (consent_id, MINA)}
    assert consents(store).has_any()
    for other in (
        consents(store, project="other"),
        consents(store, job="talk-2"),
        consents(store, day=date(2027, 4, 1)),
    ):
        assert not other.granted(["A"])
        assert not other.has_any()


@pytest.mark.parametrize(
    ("change", "wanted", "granted"),
    [
        ({"jobs": ()}, ["A"], ["A"]),
        ({"jobs": ("talk-0", "talk-1")}, ["A"], ["A"]),
        ({"speakers": ()}, ["A"], ["A"]),
        ({"speakers": ()}, [None], [None]),
        ({"speakers": ()}, ["A", "B"], []),
        ({"speakers": ("A", "C")}, ["A", "B", "C"], ["A", "C"]),
        ({"speakers": ("A",)}, [None], []),
        ({"jobs": ("talk-10",)}, ["A"], []),
    ],
)
def test_a_consent_without_a_speaker_is_for_the_only_voice(tmp_path: Path, change, wanted, granted):
    store = LocalObjectStore(tmp_path)
    ConsentRecords(store, "shop").add(replace(MINA, **change))
    assert list(consents(store).granted(wanted)) == granted


def test_the_same_consent_is_recorded_once_and_stays_revoked(store: ObjectStore):
    records = ConsentRecords(store, "shop")
    consent_id = records.add(MINA)
    records.revoke(consent_id)
    revoked_at = records.find(consent_id[:6]).revoked_at
    records.revoke(consent_id)
    assert records.add(MINA) == consent_id
    (record,) = records.records()
    assert (record.state(DAY), record.revoked_at) == ("revoked", revoked_at)
    assert not consents(store).granted(["A"])
    assert records.add(replace(MINA, document="contract 18")) != consent_id
    assert list(consents(store).granted(["A"])) == ["A"]


def test_an_id_is_no_hash_that_names_can_be_guessed_by(tmp_path: Path):
    store = LocalObjectStore(tmp_path)
    assert ConsentRecords(store, "shop").add(MINA) != ConsentRecords(store, "other").add(MINA)


def test_users_are_named(store: ObjectStore):
    records = ConsentRecords(store, "shop")
    consent_id = records.add(replace(MINA, jobs=()))
    for job in ("talk-2", "talk-1", "talk-1"):
        consents(store, job=job).granted(["A"])
    assert records.users(consent_id) == ["talk-1", "talk-2"]


class _RevokedMeanwhile(LocalObjectStore):
    """A store in which a consent is revoked between a job's look at the records and its use."""

    revoke: Callable[[], None] | None = None

    def create(self, key: str, content: bytes, content_type: str) -> bool:
        if "/uses/" in key and self.revoke:
            revoke, self.revoke = self.revoke, None
            revoke()
        return super().create(key, content, content_type)


def test_a_consent_that_is_revoked_while_it_is_looked_up_is_not_granted(tmp_path: Path):
    store = _RevokedMeanwhile(tmp_path)
    records = ConsentRecords(store, "shop")
    consent_id = records.add(MINA)
    store.revoke = lambda: records.revoke(consent_id)
    assert not consents(store).granted(["A"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"person": " "}, "person is unusable"),
        ({"person": "a\nb"}, "person is unusable"),
        ({"document": None}, "document is missing"),
        ({"document_sha256": "ab"}, "document_sha256 is no hash"),
        ({"valid_until": "31.3.2027"}, "valid_until '31.3.2027' is no day"),
        ({"valid_until": "2027-02-30"}, "is no day"),
        ({"valid_until": "20270331"}, "is no day"),
        ({"valid_until": "٢٠٢٧-٠٣-٣١"}, "is no day"),
    ],
)
def test_an_incomplete_consent_is_not_recorded(tmp_path: Path, change, reason: str):
    records = ConsentRecords(LocalObjectStore(tmp_path), "shop")
    with pytest.raises(InputError, match=reason):
        records.add(replace(MINA, **change))
    assert list(records.records()) == []


def test_unknown_and_ambiguous_ids_are_named(tmp_path: Path):
    records = ConsentRecords(LocalObjectStore(tmp_path), "shop")
    with pytest.raises(InputError, match="'x' is no consent of this project"):
        records.find("x")
    records.add(MINA)
    records.add(replace(MINA, document="contract 18"))
    with pytest.raises(InputError, match="'' is the beginning of several ids"):
        records.find("")


def test_a_record_names_nobody_where_results_are(tmp_path: Path):
    ConsentRecords(LocalObjectStore(tmp_path), "shop").add(MINA)
    (record,) = (tmp_path / "consents" / "shop" / "records").iterdir()
    assert json.loads(record.read_text(encoding="utf-8"))["person"] == "Mina Kim"
    assert not (tmp_path / "projects").exists()
