"""The network of Firefox's translation models in numpy: a transformer that reads, a simple recurrent unit that writes.

Marian (Junczys-Dowmunt et al. 2018) with the decoder of Kim et al., "From research to production and back: ludicrously
fast neural machine translation" (WNGT 2019). It says what no fast engine does: how likely any text is as a translation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.firefox.marian_file import Array, MarianFile

_EPSILON = 1e-6

_NEEDED = (
    *("dim-emb", "transformer-heads", "enc-depth", "dec-depth", "Wemb", "decoder_ff_logit_out_b"),
    *("encoder_l1_self_Wq", "encoder_l1_ffn_W1", "decoder_l1_rnn_W", "decoder_l1_context_Wq", "decoder_l1_ffn_W1"),
)
"""Settings and tensors, those of the first layers, by which the network is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A source sentence as the decoder attends to it: keys and values of each of its layers."""

    layers: tuple[tuple[Array, Array], ...]
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """The state of several hypotheses: their cells, layer by layer, and what comes next to be read (a vector each)."""

    cells: tuple[Array, ...]
    inputs: Array
    written: int

    def of(self, rows: NDArray[np.int64]) -> Writing:
        """The state of some hypotheses, in this order."""
        cells = tuple(cell[rows] for cell in self.cells)
        return Writing(cells=cells, inputs=self.inputs, written=self.written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """The last layer, for some pieces of the vocabulary."""

    weights: Array
    biases: Array

    def log_probabilities(self, outputs: Array) -> Array:
        """The logarithm of each piece's probability, for each of the outputs."""
        logits = outputs @ self.weights + self.biases
        logits -= logits.max(axis=-1, keepdims=True)
        result: Array = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        return result


class MarianModel:
    """A model, ready to read and write pieces. Raises ValueError for a network that is built in another way."""

    def __init__(self, file: MarianFile) -> None:
        if missing := [name for name in _NEEDED if name not in file.tensors and name not in file.settings]:
            raise ValueError(f"another kind of network: it has no {', '.join(missing)}")
        self._tensors = file.tensors
        self._width = file.number("dim-emb")
        self._heads = file.number("transformer-heads")
        self._readers = range(1, file.number("enc-depth") + 1)
        self._writers = range(1, file.number("dec-depth") + 1)
        self._embeddings = file.tensors["Wemb"]

    @property
    def pieces(self) -> int:
        """How many pieces the model's vocabulary has."""
        return len(self._embeddings)

    def read(self, pieces: list[int]) -> Reading:
        """Read a source sentence of pieces."""
        x = self._embedded(pieces, np.arange(len(pieces)))
        for layer in self._readers:
            name = f"encoder_l{layer}_self"
            keys, values = self._keys_and_values(x, name)
            x = self._added(x, self._attended(x, keys, values, name), f"{name}_Wo")
            x = self._fed_forward(x, f"encoder_l{layer}_ffn")
        layers = tuple(self._keys_and_values(x, f"decoder_l{layer}_context") for layer in self._writers)
        return Reading(layers=layers, length=len(pieces))

    def begin(self) -> Writing:
        """The state of one hypothesis before its first piece."""
        empty = np.zeros((1, self._width), np.float32)
        return Writing(cells=tuple(empty for _ in self._writers), inputs=empty + self._places(np.arange(1)), written=0)

    def write(self, writing: Writing, reading: Reading) -> tuple[Array, Writing]:
        """One step: what each hypothesis would go on with (a vector each), and its new state without an input."""
        x, cells = writing.inputs, []
        for layer, attended, cell in zip(self._writers, reading.layers, writing.cells, strict=True):
            keep, new = self._gates(x, layer)
            cells.append(keep * cell + new)
            x = self._written(x, cells[-1], attended, layer)
        return x, Writing(cells=tuple(cells), inputs=writing.inputs, written=writing.written + 1)

    def rewrite(self, pieces: list[int], reading: Reading) -> Array:
        """What would come at each place of a given text (a vector each), all places at once."""
        begin = self.begin().inputs
        x = np.concatenate([begin, self._embedded(pieces[:-1], np.arange(1, len(pieces)))])
        for layer, attended in zip(self._writers, reading.layers, strict=True):
            keep, cells = self._gates(x, layer)
            for place in range(1, len(pieces)):
                cells[place] += keep[place] * cells[place - 1]
            x = self._written(x, cells, attended, layer)
        return x

    def given(self, writing: Writing, pieces: list[int]) -> Writing:
        """The state after each hypothesis has been given its next piece."""
        inputs = self._embedded(pieces, np.full(len(pieces), writing.written))
        return Writing(cells=writing.cells, inputs=inputs, written=writing.written)

    def chooser(self, pieces: NDArray[np.int64] | slice) -> Chooser:
        """What tells how likely each of some pieces comes next, among these pieces."""
        weights = self._embeddings[pieces].T
        # Few are turned round, for many products; to turn all of them would take longer than their products do.
        return Chooser(
            weights=weights if isinstance(pieces, slice) else np.ascontiguousarray(weights),
            biases=self._tensors["decoder_ff_logit_out_b"][0, pieces],
        )

    def _gates(self, x: Array, layer: int) -> tuple[Array, Array]:
        """How much each cell keeps of what it was, and what it takes in."""
        name = f"decoder_l{layer}_rnn"
        forget = np.exp(-(x @ self._tensors[f"{name}_Wf"] + self._tensors[f"{name}_bf"]))
        keep = (1 / (1 + forget)).astype(np.float32, copy=False)
        return keep, (1 - keep) * (x @ self._tensors[f"{name}_W"])

    def _written(self, x: Array, cells: Array, attended: tuple[Array, Array], layer: int) -> Array:
        x = self._added(x, np.maximum(cells, 0), f"decoder_l{layer}_rnn_ffn")
        name = f"decoder_l{layer}_context"
        x = self._added(x, self._attended(x, *attended, name), f"{name}_Wo")
        return self._fed_forward(x, f"decoder_l{layer}_ffn")

    def _embedded(self, pieces: list[int], places: NDArray[Any]) -> Array:
        result: Array = self._embeddings[pieces] * np.float32(np.sqrt(self._width)) + self._places(places)
        return result

    def _places(self, places: NDArray[Any]) -> Array:
        """Marian's position signal: sines, then cosines."""
        half = self._width // 2
        angles = places[:, None] * np.exp(-np.log(10_000) * np.arange(half) / (half - 1))
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1).astype(np.float32)

    def _linear(self, x: Array, name: str, part: str) -> Array:
        result: Array = x @ self._tensors[f"{name}_W{part}"] + self._tensors[f"{name}_b{part}"]
        return result

    def _keys_and_values(self, x: Array, name: str) -> tuple[Array, Array]:
        return self._split(self._linear(x, name, "k")), self._split(self._linear(x, name, "v"))

    def _split(self, x: Array) -> Array:
        """``(..., length, width)`` as ``(..., heads, length, width / heads)``."""
        return x.reshape(*x.shape[:-1], self._heads, -1).swapaxes(-2, -3)

    def _attended(self, x: Array, keys: Array, values: Array, name: str) -> Array:
        queries = self._split(self._linear(x, name, "q"))
        scores = queries @ keys.swapaxes(-1, -2) / np.float32(np.sqrt(self._width // self._heads))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True) @ values).swapaxes(-2, -3)
        return self._linear(mixed.reshape(*mixed.shape[:-2], self._width), name, "o")

    def _fed_forward(self, x: Array, name: str) -> Array:
        return self._added(x, self._linear(np.maximum(self._linear(x, name, "1"), 0), name, "2"), f"{name}_ffn")

    def _added(self, x: Array, more: Array, name: str) -> Array:
        """The sum, layer-normalised."""
        total = x + more
        centred = total - total.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        scale, bias = self._tensors[f"{name}_ln_scale"], self._tensors[f"{name}_ln_bias"]
        result: Array = (centred / spread * scale + bias).astype(np.float32, copy=False)
        return result
