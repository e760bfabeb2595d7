"""Reading tensors from torch's files without torch, and without running code in the file."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = dict[str, NDArray[Any]]

_STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64}


def read_tensors(path: Path) -> Tensors:
    """Return the tensors of a state dictionary by name. Raises ValueError if the file is not one."""
    tensors = _read(path, _Reader)
    if not all(isinstance(tensor, np.ndarray) for tensor in tensors.values()):
        raise ValueError(f"{path.name} holds no tensors of torch")
    return tensors


def read_names(path: Path) -> list[str]:
    """Return the names in a dictionary of tensors or of nested dictionaries, in their order, reading no tensor.

    Raises ValueError if the file is not such a dictionary.
    """
    values = _read(path, _NameReader)
    if not all(isinstance(name, str) and isinstance(inner, dict | _Unread) for name, inner in values.items()):
        raise ValueError(f"{path.name} holds no tensors of torch")
    return list(values)


def _read(path: Path, reader: type[_Reader]) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            root = archive.namelist()[0].split("/")[0]
            content = reader(archive, root).load()
    except (zipfile.BadZipFile, pickle.UnpicklingError, KeyError, EOFError) as error:
        raise ValueError(f"{path.name} holds no tensors of torch") from error
    if isinstance(content, dict):
        return content
    raise ValueError(f"{path.name} holds no tensors of torch")


class _Reader(pickle.Unpickler):
    """Unpickles tensors of two types and dictionaries, and refuses everything else."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{root}/data.pkl")))
        self._archive = archive
        self._root = root

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return dict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a tensor")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        _, kind, key, _, _ = pid
        return np.frombuffer(self._archive.read(f"{self._root}/data/{key}"), kind)


class _Unread:
    """Replaces a tensor that is not read."""

    def __init__(self, *_: Any) -> None:
        pass


class _NameReader(_Reader):
    """Unpickles the same, but reads no tensor, so that tensors may have any type and layout."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2") or (module == "torch" and name.endswith("Storage")):
            return _Unread
        return super().find_class(module, name)

    def persistent_load(self, _: Any) -> Any:
        return _Unread()


def _tensor(storage: NDArray[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> Any:
    """Return a contiguous tensor. Raises UnpicklingError for others."""
    size = int(np.prod(shape))
    if strides != tuple(int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))):
        raise pickle.UnpicklingError("a tensor is not contiguous")
    return storage[offset : offset + size].reshape(shape)
