"""Pulling of models with the hub's own client from a local server with the hub's protocol."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.hub_server import Hub, reachable, running_hub

from dub_assets.core.errors import EngineUnavailableError, ServiceUnavailableError
from dub_assets.engines.models import download, remote
from dub_assets.engines.models.pull import PullProgress, pull
from dub_assets.engines.models.remote import ModelsLock, RemoteFile, RemoteModel

COMMIT, NEXT_COMMIT = "0123456789abcdef" * 2 + "01234567", "f" * 40
MODEL_BIN, CONFIG = b"weights" * 1000, b'{"layers": 2}'


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


PINNED = RemoteModel(
    name="tiny",
    home="someone/a-model",
    revision=COMMIT,
    files=(
        RemoteFile(name="model.bin", sha256=sha256(MODEL_BIN), size=len(MODEL_BIN)),
        RemoteFile(name="nested/config.json", sha256=sha256(CONFIG), size=len(CONFIG)),
    ),
    licence="MIT",
)
TAGGED = dataclasses.replace(PINNED, revision="v1", files=tuple(RemoteFile(name=file.name) for file in PINNED.files))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(download, "BACKOFF", 0.0)
    monkeypatch.setattr(download, "_BLOCK_BYTES", 1000)
    with running_hub() as hub:
        reachable(hub, monkeypatch, token_file=tmp_path / "no-token")
        hub.files = {
            (PINNED.home, COMMIT, "model.bin"): MODEL_BIN,
            (PINNED.home, COMMIT, "nested/config.json"): CONFIG,
        }
        hub.tags = {(PINNED.home, "v1"): COMMIT}
        yield hub


@pytest.fixture
def lock(tmp_path: Path) -> ModelsLock:
    return ModelsLock(path=tmp_path / "models.lock.json")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_pulls_a_pinned_model_into_one_folder_and_finds_it(hub: Hub, cache: Path, lock: ModelsLock):
    assert not remote.is_present(PINNED, cache)
    pull(PINNED, cache_dir=cache, lock=lock)
    found = remote.find("engine", PINNED, cache_dir=cache, lock=lock)
    assert found["model.bin"].read_bytes() == MODEL_BIN
    assert found["nested/config.json"] == found["model.bin"].parent / "nested" / "config.json"
    assert [(file.name, file.sha256, file.licence, file.origin) for file in found.weight_files] == [
        ("model.bin", sha256(MODEL_BIN), "MIT", f"someone/a-model@{COMMIT}"),
        ("nested/config.json", sha256(CONFIG), "MIT", f"someone/a-model@{COMMIT}"),
    ]


def test_does_not_pull_files_again(hub: Hub, cache: Path, lock: ModelsLock):
    pull(PINNED, cache_dir=cache, lock=lock)
    asked = len(hub.requests)
    reported = []
    pull(PINNED, cache_dir=cache, lock=lock, report=reported.append)
    assert len(hub.requests) == asked
    assert reported == []


def test_finds_fully_pinned_files_without_a_lock(hub: Hub, cache: Path, lock: ModelsLock):
    pull(PINNED, cache_dir=cache, lock=lock)
    lock.path.unlink()
    assert len(remote.find("engine", PINNED, cache_dir=cache, lock=lock)) == 2


def test_refuses_and_deletes_a_file_with_another_hash_than_pinned(hub: Hub, cache: Path, lock: ModelsLock):
    hub.files[(PINNED.home, COMMIT, "model.bin")] = b"something else"
    with pytest.raises(EngineUnavailableError, match=r"model\.bin of someone/a-model@0123.* is not the expected file"):
        pull(PINNED, cache_dir=cache, lock=lock)
    assert not (PINNED.folder(cache) / "model.bin").exists()
    assert not lock.path.exists()


def test_verifies_the_known_first_digits_of_a_hash(hub: Hub, cache: Path, lock: ModelsLock):
    begun = dataclasses.replace(PINNED, files=(RemoteFile(name="model.bin", sha256=sha256(MODEL_BIN)[:8]),))
    with pytest.raises(EngineUnavailableError, match="models pull engine"):
        remote.find("engine", begun, cache_dir=cache, lock=lock)
    pull(begun, cache_dir=cache, lock=lock)
    assert remote.find("engine", begun, cache_dir=cache, lock=lock).weight_files[0].sha256 == sha256(MODEL_BIN)
    other = dataclasses.replace(begun, files=(RemoteFile(name="model.bin", sha256="0000abcd"),))
    with pytest.raises(EngineUnavailableError, match=r"not 0000abcd"):
        pull(other, cache_dir=cache, lock=lock)


def test_locks_the_commit_and_hashes_of_a_tag(hub: Hub, cache: Path, lock: ModelsLock):
    pull(TAGGED, cache_dir=cache, lock=lock)
    (entry,) = json.loads(lock.path.read_text()).items()
    assert entry == (
        "someone/a-model@v1",
        {
            "licence": "MIT",
            "commit": COMMIT,
            "files": {
                "model.bin": {"sha256": sha256(MODEL_BIN), "size": len(MODEL_BIN)},
                "nested/config.json": {"sha256": sha256(CONFIG), "size": len(CONFIG)},
            },
        },
    )
    assert remote.find("engine", TAGGED, cache_dir=cache, lock=lock)["model.bin"].read_bytes() == MODEL_BIN


def test_does_not_follow_a_moved_tag(hub: Hub, cache: Path, lock: ModelsLock):
    pull(TAGGED, cache_dir=cache, lock=lock)
    (TAGGED.folder(cache) / "model.bin").unlink()
    hub.tags[(PINNED.home, "v1")] = NEXT_COMMIT
    hub.files[(PINNED.home, NEXT_COMMIT, "model.bin")] = b"newer weights"
    pull(TAGGED, cache_dir=cache, lock=lock)
    assert (TAGGED.folder(cache) / "model.bin").read_bytes() == MODEL_BIN


def test_refuses_files_that_differ_from_the_lock(hub: Hub, cache: Path, lock: ModelsLock, tmp_path: Path):
    pull(TAGGED, cache_dir=cache, lock=lock)
    hub.files[(PINNED.home, COMMIT, "model.bin")] = b"rewritten history"
    with pytest.raises(EngineUnavailableError, match="not the expected file"):
        pull(TAGGED, cache_dir=tmp_path / "other-cache", lock=lock)


def test_refuses_a_pulled_file_that_was_changed(hub: Hub, cache: Path, lock: ModelsLock):
    pull(PINNED, cache_dir=cache, lock=lock)
    (PINNED.folder(cache) / "model.bin").write_bytes(b"damaged")
    with pytest.raises(EngineUnavailableError, match=r"delete tiny's folder .* `dub-assets models pull` again"):
        remote.find("engine", PINNED, cache_dir=cache, lock=lock)


def test_names_the_pull_command_for_a_missing_file(cache: Path, lock: ModelsLock):
    with pytest.raises(EngineUnavailableError) as error:
        remote.find("nllb", PINNED, cache_dir=cache, lock=lock)
    assert str(error.value) == (
        f"nllb needs model.bin of someone/a-model@{COMMIT}, which is not here: run `dub-assets models pull nllb`"
    )


def test_a_file_missing_on_the_hub_is_a_permanent_error(hub: Hub, cache: Path, lock: ModelsLock):
    del hub.files[(PINNED.home, COMMIT, "model.bin")]
    with pytest.raises(EngineUnavailableError, match=r"the hub has no model\.bin of someone/a-model"):
        pull(PINNED, cache_dir=cache, lock=lock)


def test_a_failing_hub_is_a_transient_error(hub: Hub, cache: Path, lock: ModelsLock):
    hub.statuses[f"/{PINNED.home}/resolve/{COMMIT}/model.bin"] = 403
    with pytest.raises(ServiceUnavailableError, match=r"did not give model\.bin .* HF_ENDPOINT"):
        pull(PINNED, cache_dir=cache, lock=lock)
    hub.statuses[f"/api/models/{PINNED.home}/revision/v1"] = 503
    with pytest.raises(ServiceUnavailableError, match="did not give its revision"):
        pull(TAGGED, cache_dir=cache, lock=lock)


def test_names_an_unreadable_lock(cache: Path, lock: ModelsLock):
    lock.path.write_text("{")
    with pytest.raises(EngineUnavailableError, match=r"cannot read .*models\.lock\.json"):
        remote.find("engine", TAGGED, cache_dir=cache, lock=lock)


def on_the_web(hub: Hub, **pins: str) -> RemoteModel:
    files = tuple(RemoteFile(name=name, sha256=sha256) for name, sha256 in pins.items())
    return dataclasses.replace(PINNED, home=f"{hub.url}/weights", revision="1", files=files)


def test_pulls_a_model_from_a_web_folder(hub: Hub, cache: Path, lock: ModelsLock):
    hub.web["weights/part-1.th"] = MODEL_BIN
    model = on_the_web(hub, **{"part-1.th": sha256(MODEL_BIN)[:8]})
    pull(model, cache_dir=cache, lock=lock)
    assert remote.find("engine", model, cache_dir=cache, lock=lock)["part-1.th"].read_bytes() == MODEL_BIN
    assert model.folder(cache).parent.parent == cache / "models"


@pytest.mark.parametrize(("status", "error"), [(404, EngineUnavailableError), (503, ServiceUnavailableError)])
def test_distinguishes_permanent_from_transient_web_errors(hub: Hub, cache: Path, lock: ModelsLock, status: int, error):
    hub.statuses["/weights/part-1.th"] = status
    with pytest.raises(error, match=r"/weights/part-1\.th"):
        pull(on_the_web(hub, **{"part-1.th": ""}), cache_dir=cache, lock=lock)
    assert not [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_an_unreachable_web_server_is_a_transient_error(hub: Hub, cache: Path, lock: ModelsLock):
    model = dataclasses.replace(on_the_web(hub, **{"part-1.th": ""}), home="http://127.0.0.1:9/weights")
    with pytest.raises(ServiceUnavailableError, match="did not answer"):
        pull(model, cache_dir=cache, lock=lock)


@pytest.mark.parametrize("home", ["hub", "web"])
def test_an_interrupted_pull_leaves_the_model_missing_and_continues_later(
    hub: Hub, cache: Path, lock: ModelsLock, home: str
):
    hub.web["weights/model.bin"] = MODEL_BIN
    on_web = on_the_web(hub, **{"model.bin": sha256(MODEL_BIN)})
    model = PINNED if home == "hub" else on_web
    path = "/weights/model.bin" if home == "web" else f"/{PINNED.home}/resolve/{COMMIT}/model.bin"
    hub.cuts[path] = [1000]
    hub.statuses_after_cut[path] = 503
    with pytest.raises(ServiceUnavailableError, match="pull again"):
        pull(model, cache_dir=cache, lock=lock)
    assert not remote.is_present(model, cache)
    assert not (model.folder(cache) / "model.bin").exists()
    assert not lock.path.exists()
    hub.statuses.clear()
    seen: list[PullProgress] = []
    pull(model, cache_dir=cache, lock=lock, report=seen.append)
    assert f"GET {path} bytes=1000-" in hub.requests
    assert remote.find("engine", model, cache_dir=cache, lock=lock)["model.bin"].read_bytes() == MODEL_BIN
    of_model = [(step.done, step.total) for step in seen if step.file.name == "model.bin"]
    assert of_model[0] == (1000, len(MODEL_BIN))
    assert of_model[-1] == (len(MODEL_BIN), len(MODEL_BIN))
    assert sorted(path.name for path in model.folder(cache).iterdir()) == sorted(
        {file.name.split("/")[0] for file in model.files}
    )


def test_repeats_a_continued_download_with_the_wrong_hash_from_its_start(hub: Hub, cache: Path, lock: ModelsLock):
    """A server with wrong validators costs one more download."""
    model = on_the_web(hub, **{"model.bin": sha256(MODEL_BIN)})
    hub.headers["/weights/model.bin"] = {"ETag": '"always the same"'}
    hub.web["weights/model.bin"] = b"X" * len(MODEL_BIN)
    hub.cuts["/weights/model.bin"] = [1000]
    hub.statuses_after_cut["/weights/model.bin"] = 503
    with pytest.raises(ServiceUnavailableError):
        pull(model, cache_dir=cache, lock=lock)
    hub.statuses.clear()
    hub.web["weights/model.bin"] = MODEL_BIN
    pull(model, cache_dir=cache, lock=lock)
    assert hub.requests[-2:] == ["GET /weights/model.bin bytes=1000-", "GET /weights/model.bin"]
    assert (model.folder(cache) / "model.bin").read_bytes() == MODEL_BIN


def test_pulls_a_damaged_file_again(hub: Hub, cache: Path, lock: ModelsLock):
    pull(PINNED, cache_dir=cache, lock=lock)
    (PINNED.folder(cache) / "model.bin").write_bytes(b"damaged")
    pull(PINNED, cache_dir=cache, lock=lock)
    assert remote.find("engine", PINNED, cache_dir=cache, lock=lock)["model.bin"].read_bytes() == MODEL_BIN


def test_refuses_a_file_with_another_hash_than_the_hub_reports(hub: Hub, cache: Path, lock: ModelsLock):
    """The hub reports the sha256 of large files, which is verified even if nothing is pinned or locked."""
    hub.headers[f"/{PINNED.home}/resolve/{COMMIT}/model.bin"] = {"X-Linked-Etag": f'"{"0" * 64}"'}
    with pytest.raises(EngineUnavailableError, match=r"model\.bin .* not the expected file"):
        pull(TAGGED, cache_dir=cache, lock=lock)
    assert not (TAGGED.folder(cache) / "model.bin").exists()


def test_concurrent_pulls_download_each_file_once(hub: Hub, cache: Path, lock: ModelsLock):
    with ThreadPoolExecutor(max_workers=4) as threads:
        for done in [threads.submit(pull, PINNED, cache_dir=cache, lock=lock) for _ in range(4)]:
            done.result()
    assert len([asked for asked in hub.requests if asked.startswith("GET")]) == len(PINNED.files)


def test_locks_all_models_of_concurrent_pulls(hub: Hub, cache: Path, lock: ModelsLock):
    models = []
    for number in range(12):
        hub.web[f"weights-{number}/model.bin"] = MODEL_BIN
        models.append(
            dataclasses.replace(PINNED, home=f"{hub.url}/weights-{number}", files=(RemoteFile(name="model.bin"),))
        )
    with ThreadPoolExecutor(max_workers=6) as threads:
        list(threads.map(lambda model: pull(model, cache_dir=cache, lock=lock), models))
    assert set(lock.read()) == {model.pin for model in models}


OPTIONAL = dataclasses.replace(
    TAGGED,
    files=(
        RemoteFile(name="nested/config.json"),
        RemoteFile(name="added.json", otherwise=""),
        RemoteFile(name="model.safetensors", otherwise="model.bin"),
    ),
)


def test_replaces_or_skips_optional_files(hub: Hub, cache: Path, lock: ModelsLock):
    assert not remote.is_present(OPTIONAL, cache)
    pull(OPTIONAL, cache_dir=cache, lock=lock)
    assert remote.is_present(OPTIONAL, cache)
    found = remote.find("engine", OPTIONAL, cache_dir=cache, lock=lock)
    assert sorted(found) == ["model.bin", "nested/config.json"]
    assert {file.sha256 for file in found.weight_files} == {sha256(MODEL_BIN), sha256(CONFIG)}


def test_prefers_a_file_over_its_replacement(hub: Hub, cache: Path, lock: ModelsLock):
    hub.files[(PINNED.home, COMMIT, "added.json")] = b"{}"
    hub.files[(PINNED.home, COMMIT, "model.safetensors")] = b"safe"
    pull(OPTIONAL, cache_dir=cache, lock=lock)
    found = remote.find("engine", OPTIONAL, cache_dir=cache, lock=lock)
    assert sorted(found) == ["added.json", "model.safetensors", "nested/config.json"]
    (cache / "models" / "someone--a-model" / "v1" / "added.json").unlink()
    with pytest.raises(EngineUnavailableError, match=r"needs added\.json of someone/a-model@v1"):
        remote.find("engine", OPTIONAL, cache_dir=cache, lock=lock)


def test_lock_determines_which_optional_files_a_model_has(hub: Hub, cache: Path, lock: ModelsLock, tmp_path: Path):
    """A file that appears later is ignored, because it was not there at the first pull."""
    pull(OPTIONAL, cache_dir=cache, lock=lock)
    hub.files[(PINNED.home, COMMIT, "model.safetensors")] = b"safe"
    elsewhere = tmp_path / "elsewhere"
    pull(OPTIONAL, cache_dir=elsewhere, lock=lock)
    assert sorted(remote.find("engine", OPTIONAL, cache_dir=elsewhere, lock=lock)) == [
        "model.bin",
        "nested/config.json",
    ]


def test_names_the_replacement_if_both_files_are_missing(hub: Hub, cache: Path, lock: ModelsLock):
    del hub.files[(PINNED.home, COMMIT, "model.bin")]
    with pytest.raises(EngineUnavailableError, match=r"the hub has no model\.bin of someone/a-model@v1"):
        pull(OPTIONAL, cache_dir=cache, lock=lock)
    assert not lock.path.exists()


def test_models_with_optional_files_need_the_lock(hub: Hub, cache: Path, lock: ModelsLock):
    pull(OPTIONAL, cache_dir=cache, lock=lock)
    lock.path.unlink()
    with pytest.raises(EngineUnavailableError, match=r"`dub-assets models pull engine`"):
        remote.find("engine", OPTIONAL, cache_dir=cache, lock=lock)


@pytest.fixture
def gate(hub: Hub) -> Hub:
    """The hub with a model that one token may read."""
    hub.gated = {PINNED.home: {"hf_admitted"}}
    return hub


def test_explains_how_to_get_a_token_for_a_gated_model(gate: Hub, cache: Path, lock: ModelsLock):
    with pytest.raises(EngineUnavailableError) as error:
        pull(PINNED, cache_dir=cache, lock=lock)
    assert str(error.value) == (
        f"someone/a-model is behind a gate and there is no HF_TOKEN: accept its conditions at {gate.url}/"
        f"someone/a-model, make a token that may read at {gate.url}/settings/tokens, set HF_TOKEN, and pull again"
    )


def test_names_the_page_whose_conditions_have_to_be_accepted(
    gate: Hub, cache: Path, lock: ModelsLock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_TOKEN", "hf_stranger")
    with pytest.raises(EngineUnavailableError) as error:
        pull(PINNED, cache_dir=cache, lock=lock)
    assert "has not accepted the conditions of someone/a-model" in str(error.value)
    assert f"accept them at {gate.url}/someone/a-model" in str(error.value)
    assert "hf_stranger" not in str(error.value)


def test_pulls_a_gated_model_with_a_token(gate: Hub, cache: Path, lock: ModelsLock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", "hf_admitted")
    pull(PINNED, cache_dir=cache, lock=lock)
    assert remote.is_present(PINNED, cache)
    assert "hf_admitted" not in lock.path.read_text()


SCRIPT = """
import sys
from pathlib import Path
from test_pull import TAGGED
from dub_assets.core.errors import DubError
from dub_assets.engines.models import remote
from dub_assets.engines.models.pull import pull
cache = Path(sys.argv[1])
lock = remote.ModelsLock(path=cache / "models.lock.json")
try:
    pull(TAGGED, cache_dir=cache, lock=lock)
    print(len(remote.find("engine", TAGGED, cache_dir=cache, lock=lock)))
except DubError as error:
    print(error)
"""


def run(cache: Path, **environment: str) -> str:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(cache)],
        env=os.environ | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_respects_the_hubs_variables_and_works_offline_after_a_pull(hub: Hub, cache: Path):
    refused = run(cache, HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE" in refused
    assert hub.requests == []
    assert run(cache, HF_ENDPOINT=hub.url) == "2"
    asked = len(hub.requests)
    assert run(cache, HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="1") == "2"
    assert len(hub.requests) == asked
