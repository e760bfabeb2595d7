from __future__ import annotations

import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest

from dub_assets.engines.shared.torch_file import read_names, read_tensors


class Call:
    """An object whose pickle calls a function when it is read."""

    def __reduce__(self):
        return os.getcwd, ()


def file_with(path: Path, content: object) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=2))
    return path


@pytest.mark.parametrize("content", [Call(), {"weight": Call()}, ["no", "tensors"], {"weight": 3}])
def test_refuses_other_objects_without_running_them(tmp_path: Path, content: object):
    with pytest.raises(ValueError, match="holds no tensors"):
        read_tensors(file_with(tmp_path / "weights.pt", content))


def test_refuses_other_files(tmp_path: Path):
    (tmp_path / "weights.pt").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="holds no tensors"):
        read_tensors(tmp_path / "weights.pt")


def test_an_empty_dictionary_has_no_tensors(tmp_path: Path):
    assert read_tensors(file_with(tmp_path / "weights.pt", OrderedDict())) == {}


def test_reads_names_in_order_without_tensors(tmp_path: Path):
    speakers = {"Zoe": OrderedDict(), "Ana": {}}
    assert read_names(file_with(tmp_path / "speakers.pth", speakers)) == ["Zoe", "Ana"]


@pytest.mark.parametrize("content", [Call(), {"Ana": Call()}, ["no", "names"], {"Ana": 3}, {3: {}}])
def test_refuses_other_objects_for_names_without_running_them(tmp_path: Path, content: object):
    with pytest.raises(ValueError, match="holds no tensors"):
        read_names(file_with(tmp_path / "speakers.pth", content))
