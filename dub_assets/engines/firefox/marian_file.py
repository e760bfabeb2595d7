"""Marian's binary model files, as Firefox ships them: tensors in 8 bits, and the list of words that may be needed."""

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
_WANTED = {
    "type": "transformer",
    "transformer-decoder-autoreg": "rnn",
    "dec-cell": "ssru",
    "tied-embeddings-all": "true",
}
_WANTED |= {"transformer-preprocess": '""', "transformer-postprocess": "dan", "transformer-ffn-activation": "relu"}
_DEFAULTS = {
    "transformer-ffn-depth": "2",
    "transformer-postprocess-emb": "d",
    "transformer-postprocess-top": '""',
    "transformer-tied-layers": "[]",
    "transformer-train-position-embeddings": "false",
    "lemma-dim-emb": "0",
}
"""Settings that have to have these values where a file names them: versions of Marian name different ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarianFile:
    """A model's tensors by name, matrices as ``x @ W`` takes them, and its settings as they are written."""

    tensors: dict[str, Array]
    settings: dict[str, str]

    def number(self, name: str) -> int:
        """A setting that is a whole number."""
        return int(self.settings[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlist:
    """For each source piece the target pieces that its translation may need; those below ``always`` ever are."""

    always: int
    offsets: NDArray[np.uint64]
    pieces: NDArray[np.uint32]

    def needed(self, source: list[int]) -> NDArray[np.int64]:
        """The target pieces that the translation of these source pieces may need, in order."""
        parts = [self.pieces[int(self.offsets[number]) : int(self.offsets[number + 1])] for number in source]
        return np.unique(np.concatenate([np.arange(self.always), *parts])).astype(np.int64)


def read_model(path: Path) -> MarianFile:
    """The model of a ``model.*.bin``. Raises ValueError for another format or another kind of network."""
    data = path.read_bytes()
    try:
        parts = _parts(data)
        settings = dict(re.findall(r"^([\w-]+): (.*)$", parts[_SETTINGS][2].decode(), flags=re.MULTILINE))
        tensors = {name: _tensor(name, *part) for name, part in parts.items() if part[0] in {_FLOAT32, _INTGEMM8}}
    except (KeyError, IndexError, UnicodeDecodeError, struct.error) as error:
        raise ValueError(f"{path.name} is no Marian model of version 1") from error
    wanted = _WANTED | {name: value for name, value in _DEFAULTS.items() if name in settings}
    strange = {name: settings.get(name) for name, value in wanted.items() if settings.get(name) != value}
    if strange:
        raise ValueError(f"{path.name} is another kind of network: {strange}")
    return MarianFile(tensors=tensors, settings=settings)


def read_shortlist(path: Path) -> Shortlist:
    """The shortlist of a ``lex.*.bin``. Raises ValueError for another format."""
    data = path.read_bytes()
    if len(data) < 48 or struct.unpack_from("<Q", data)[0] != _SHORTLIST_MAGIC:
        raise ValueError(f"{path.name} is no binary shortlist")
    _, _, always, _, words, entries = struct.unpack_from("<6Q", data)
    offsets = np.frombuffer(data, np.uint64, count=words, offset=48)
    pieces = np.frombuffer(data, np.uint32, count=entries, offset=48 + offsets.nbytes)
    return Shortlist(always=always, offsets=offsets, pieces=pieces)


def _parts(data: bytes) -> dict[str, tuple[int, tuple[int, ...], bytes]]:
    """Type, shape and bytes of every item: headers first, then all names, all shapes, a gap, all contents."""
    version, count = struct.unpack_from("<QQ", data)
    if version != 1:
        raise ValueError(f"a Marian file of version {version} is not known")
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
    """A tensor in floats. In 8 bits the scale comes last, and matrices lie transposed but for the embeddings."""
    count = int(np.prod(shape))
    if kind == _FLOAT32:
        return np.frombuffer(content, np.float32, count=count).reshape(shape)
    (scale,) = struct.unpack_from("<f", content, count)
    whole = np.frombuffer(content, np.int8, count=count).astype(np.float32) / np.float32(scale)
    rows, columns = shape
    return whole.reshape(shape) if name.endswith("Wemb") else np.ascontiguousarray(whole.reshape(columns, rows).T)
