"""Marian's binary files as Firefox ships them: model (8-bit tensors) and lexical shortlist."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_FLOAT32 = 0x0404
_INTGEMM8 = 0x4101
_SETTINGS = "special:model.yml"
_SHORTLIST_MAGIC = 0xF11A48D5013417F5
_REQUIRED_SETTINGS = {
    "type": "transformer",
    "transformer-decoder-autoreg": "rnn",
    "dec-cell": "ssru",
    "tied-embeddings-all": "true",
}
_REQUIRED_SETTINGS |= {
    "transformer-preprocess": '""',
    "transformer-postprocess": "dan",
    "transformer-ffn-activation": "relu",
}
_DEFAULT_SETTINGS = {
    "transformer-ffn-depth": "2",
    "transformer-postprocess-emb": "d",
    "transformer-postprocess-top": '""',
    "transformer-tied-layers": "[]",
    "transformer-train-position-embeddings": "false",
    "lemma-dim-emb": "0",
}
"""Values that are required if a file has the setting; which ones a file has depends on Marian's version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarianFile:
    """A model's tensors by name (matrices in the order of ``x @ W``) and its settings as text."""

    tensors: dict[str, Array]
    settings: dict[str, str]

    def number(self, name: str) -> int:
        """Return a setting as an integer."""
        return int(self.settings[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlist:
    """Candidate target tokens for each source token (compressed rows); ids below ``always`` are always candidates."""

    always: int
    offsets: NDArray[np.uint64]
    targets: NDArray[np.uint32]

    def candidates(self, source: list[int]) -> NDArray[np.int64]:
        """Return the ids that the translation of these source tokens may use, ascending."""
        rows = [self.targets[int(self.offsets[token]) : int(self.offsets[token + 1])] for token in source]
        return np.unique(np.concatenate([np.arange(self.always), *rows])).astype(np.int64)


def read_model(path: Path) -> MarianFile:
    """Read a ``model.*.bin``. Raises ValueError for another format or another architecture."""
    data = path.read_bytes()
    try:
        items = _items(data)
        settings = dict(re.findall(r"^([\w-]+): (.*)$", items[_SETTINGS][2].decode(), flags=re.MULTILINE))
        tensors = {name: _tensor(name, *item) for name, item in items.items() if item[0] in {_FLOAT32, _INTGEMM8}}
    except (KeyError, IndexError, UnicodeDecodeError, struct.error) as error:
        raise ValueError(f"{path.name} is not a Marian model of version 1") from error
    required = _REQUIRED_SETTINGS | {name: value for name, value in _DEFAULT_SETTINGS.items() if name in settings}
    unsupported = {name: settings.get(name) for name, value in required.items() if settings.get(name) != value}
    if unsupported:
        raise ValueError(f"{path.name} is of another architecture: {unsupported}")
    return MarianFile(tensors=tensors, settings=settings)


def read_shortlist(path: Path) -> Shortlist:
    """Read a ``lex.*.bin``. Raises ValueError for another format."""
    data = path.read_bytes()
    if len(data) < 48 or struct.unpack_from("<Q", data)[0] != _SHORTLIST_MAGIC:
        raise ValueError(f"{path.name} is not a binary shortlist")
    _, _, always, _, words, entries = struct.unpack_from("<6Q", data)
    offsets = np.frombuffer(data, np.uint64, count=words, offset=48)
    targets = np.frombuffer(data, np.uint32, count=entries, offset=48 + offsets.nbytes)
    return Shortlist(always=always, offsets=offsets, targets=targets)


def _items(data: bytes) -> dict[str, tuple[int, tuple[int, ...], bytes]]:
    """Return type, shape and bytes of every item. A file has headers, names, shapes, padding, then contents."""
    version, count = struct.unpack_from("<QQ", data)
    if version != 1:
        raise ValueError(f"a file of version {version} of Marian's format is not supported")
    headers = [struct.unpack_from("<4Q", data, 16 + 32 * number) for number in range(count)]
    at = 16 + 32 * count
    names, shapes, contents = [], [], []
    for length, _, _, _ in headers:
        names.append(data[at : at + length - 1].decode())
        at += length
    for _, _, rank, _ in headers:
        shapes.append(struct.unpack_from(f"<{rank}i", data, at))
        at += 4 * rank
    at += 8 + struct.unpack_from("<Q", data, at)[0]
    for _, _, _, size in headers:
        contents.append(data[at : at + size])
        at += size
    kinds = [kind for _, kind, _, _ in headers]
    return {name: item for name, *item in zip(names, kinds, shapes, contents, strict=True)}  # type: ignore[misc]


def _tensor(name: str, kind: int, shape: tuple[int, ...], content: bytes) -> Array:
    """Return a tensor as floats. An 8-bit tensor ends with its scale; all but the embeddings are stored transposed."""
    count = int(np.prod(shape))
    if kind == _FLOAT32:
        return np.frombuffer(content, np.float32, count=count).reshape(shape)
    (scale,) = struct.unpack_from("<f", content, count)
    quantised = np.frombuffer(content, np.int8, count=count)
    rows, columns = shape
    values = quantised.astype(np.float32) / np.float32(scale)
    if name.endswith("Wemb"):
        return values.reshape(shape)
    return np.ascontiguousarray(values.reshape(columns, rows).T)
