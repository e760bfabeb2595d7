"""The network of Firefox's translation models in numpy: a transformer encoder and a decoder of simple recurrent units.

Marian (Junczys-Dowmunt et al. 2018) with the decoder of Kim et al., "From research to production and back: ludicrously
fast neural machine translation" (WNGT 2019). fxtranslate is faster, but does not give the probability of a translation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.firefox.marian_file import Array, MarianFile

_EPSILON = 1e-6

_REQUIRED = (
    *("dim-emb", "transformer-heads", "enc-depth", "dec-depth", "Wemb", "decoder_ff_logit_out_b"),
    *("encoder_l1_self_Wq", "encoder_l1_ffn_W1", "decoder_l1_rnn_W", "decoder_l1_context_Wq", "decoder_l1_ffn_W1"),
)
"""Settings, and tensors of the first layers, that identify the architecture."""


KeysAndValues = tuple[Array, Array]
"""What attention of one layer reads of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderState:
    """An encoded source sentence: keys and values of the cross-attention, for each layer of the decoder."""

    layers: tuple[KeysAndValues, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderState:
    """The decoder's state for several hypotheses: a row of each array for each of them.

    ``cells`` are the recurrent cells by layer, ``inputs`` the embeddings of the last tokens, ``position`` the number of
    tokens decoded.
    """

    cells: tuple[Array, ...]
    inputs: Array
    position: int

    def select(self, rows: NDArray[np.int64]) -> DecoderState:
        """Return the cells of these hypotheses, in this order; a row may occur several times."""
        cells = tuple(cell[rows] for cell in self.cells)
        return DecoderState(cells=cells, inputs=self.inputs, position=self.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputLayer:
    """The last layer, restricted to some tokens of the vocabulary."""

    weights: Array
    biases: Array

    def log_probabilities(self, outputs: Array) -> Array:
        """Return the log probability of each token, for each row of the decoder's outputs."""
        logits = outputs @ self.weights + self.biases
        logits -= logits.max(axis=-1, keepdims=True)
        result: Array = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        return result


def _rows_of(sentences: Sequence[list[int]]) -> list[slice]:
    """Return the rows of each sentence in a matrix of all of them."""
    ends = list(accumulate(map(len, sentences)))
    return [slice(end - len(tokens), end) for tokens, end in zip(sentences, ends, strict=True)]


class MarianModel:
    """A translation model on token ids. Raises ValueError for another architecture."""

    def __init__(self, file: MarianFile) -> None:
        if missing := [name for name in _REQUIRED if name not in file.tensors and name not in file.settings]:
            raise ValueError(f"the network is of another architecture: it has no {', '.join(missing)}")
        self._tensors = file.tensors
        self._width = file.number("dim-emb")
        self._heads = file.number("transformer-heads")
        self._encoder_layers = range(1, file.number("enc-depth") + 1)
        self._decoder_layers = range(1, file.number("dec-depth") + 1)
        self._embeddings = file.tensors["Wemb"]

    @property
    def vocabulary_size(self) -> int:
        """The number of tokens."""
        return len(self._embeddings)

    def encode(self, sentences: Sequence[list[int]]) -> list[EncoderState]:
        """Encode source sentences; together, they read the weights once."""
        rows = _rows_of(sentences)
        x = np.concatenate([self._embed(tokens, np.arange(len(tokens))) for tokens in sentences])
        for layer in self._encoder_layers:
            name = f"encoder_l{layer}_self"
            x = self._add_and_normalise(
                x, self._attend(x, self._keys_and_values(x, name, rows), name, rows), f"{name}_Wo"
            )
            x = self._feed_forward(x, f"encoder_l{layer}_ffn")
        contexts = [self._keys_and_values(x, f"decoder_l{layer}_context", rows) for layer in self._decoder_layers]
        return [EncoderState(layers=layers) for layers in zip(*contexts, strict=True)]

    def begin(self) -> DecoderState:
        """Return the state of one hypothesis before its first token."""
        empty = np.zeros((1, self._width), np.float32)
        cells = tuple(empty for _ in self._decoder_layers)
        return DecoderState(cells=cells, inputs=empty + self._positions(np.arange(1)), position=0)

    def step(self, state: DecoderState, encoder_state: EncoderState) -> tuple[Array, DecoderState]:
        """Decode one position.

        Return the decoder's output for each hypothesis, from which an OutputLayer predicts the next token, and the
        state, to which ``append`` adds that token.
        """
        x, cells = state.inputs, []
        for layer, context, cell in zip(self._decoder_layers, encoder_state.layers, state.cells, strict=True):
            keep, new = self._gates(x, layer)
            cells.append(keep * cell + new)
            x = self._decode_layer(x, cells[-1], [context], layer, [slice(None)])
        return x, DecoderState(cells=tuple(cells), inputs=state.inputs, position=state.position + 1)

    def append(self, state: DecoderState, tokens: list[int]) -> DecoderState:
        """Return the state after each hypothesis has got its next token."""
        inputs = self._embed(tokens, np.full(len(tokens), state.position))
        return DecoderState(cells=state.cells, inputs=inputs, position=state.position)

    def outputs(self, translations: Sequence[list[int]], encoder_states: Sequence[EncoderState]) -> list[Array]:
        """Return the decoder's outputs for given translations (teacher forcing), each ``(tokens, width)``."""
        rows, begin = _rows_of(translations), self.begin().inputs
        embedded = ([begin, self._embed(tokens[:-1], np.arange(1, len(tokens)))] for tokens in translations)
        x = np.concatenate([part for parts in embedded for part in parts])
        for at, layer in enumerate(self._decoder_layers):
            keep, cells = self._gates(x, layer)
            for sentence in rows:
                for position in range(sentence.start + 1, sentence.stop):
                    cells[position] += keep[position] * cells[position - 1]
            x = self._decode_layer(x, cells, [state.layers[at] for state in encoder_states], layer, rows)
        return [x[sentence] for sentence in rows]

    def output_layer(self, tokens: NDArray[np.int64] | slice) -> OutputLayer:
        """Return the output layer for some tokens; probabilities are among these."""
        weights = self._embeddings[tokens].T
        # A copy in row order makes many products faster, but copying the whole vocabulary takes longer than it saves.
        return OutputLayer(
            weights=weights if isinstance(tokens, slice) else np.ascontiguousarray(weights),
            biases=self._tensors["decoder_ff_logit_out_b"][0, tokens],
        )

    def _gates(self, x: Array, layer: int) -> tuple[Array, Array]:
        """Return the share of each cell that is kept, and what is added to it."""
        name = f"decoder_l{layer}_rnn"
        forget = np.exp(-(x @ self._tensors[f"{name}_Wf"] + self._tensors[f"{name}_bf"]))
        keep = (1 / (1 + forget)).astype(np.float32, copy=False)
        return keep, (1 - keep) * (x @ self._tensors[f"{name}_W"])

    def _decode_layer(
        self, x: Array, cells: Array, contexts: Sequence[KeysAndValues], layer: int, rows: Sequence[slice]
    ) -> Array:
        x = self._add_and_normalise(x, np.maximum(cells, 0), f"decoder_l{layer}_rnn_ffn")
        name = f"decoder_l{layer}_context"
        x = self._add_and_normalise(x, self._attend(x, contexts, name, rows), f"{name}_Wo")
        return self._feed_forward(x, f"decoder_l{layer}_ffn")

    def _embed(self, tokens: list[int], positions: NDArray[Any]) -> Array:
        result: Array = self._embeddings[tokens] * np.float32(np.sqrt(self._width)) + self._positions(positions)
        return result

    def _positions(self, positions: NDArray[Any]) -> Array:
        """Return Marian's positional encoding: sines, then cosines."""
        half = self._width // 2
        angles = positions[:, None] * np.exp(-np.log(10_000) * np.arange(half) / (half - 1))
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1).astype(np.float32)

    def _linear(self, x: Array, name: str, suffix: str) -> Array:
        result: Array = x @ self._tensors[f"{name}_W{suffix}"] + self._tensors[f"{name}_b{suffix}"]
        return result

    def _keys_and_values(self, x: Array, name: str, rows: Sequence[slice]) -> list[KeysAndValues]:
        """Return keys and values of each sentence, whose rows of ``x`` are given."""
        keys, values = self._linear(x, name, "k"), self._linear(x, name, "v")
        return [(self._split_heads(keys[sentence]), self._split_heads(values[sentence])) for sentence in rows]

    def _split_heads(self, x: Array) -> Array:
        """Reshape ``(..., length, width)`` to ``(..., heads, length, width / heads)``."""
        return x.reshape(*x.shape[:-1], self._heads, -1).swapaxes(-2, -3)

    def _attend(self, x: Array, contexts: Sequence[KeysAndValues], name: str, rows: Sequence[slice]) -> Array:
        """Let the rows of each sentence attend to its context."""
        queries = self._linear(x, name, "q")
        mixed = [self._mixed(queries[sentence], *context) for sentence, context in zip(rows, contexts, strict=True)]
        return self._linear(np.concatenate(mixed), name, "o")

    def _mixed(self, queries: Array, keys: Array, values: Array) -> Array:
        scores = self._split_heads(queries) @ keys.swapaxes(-1, -2) / np.float32(np.sqrt(self._width // self._heads))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True) @ values).swapaxes(-2, -3)
        result: Array = mixed.reshape(-1, self._width)
        return result

    def _feed_forward(self, x: Array, name: str) -> Array:
        hidden = np.maximum(self._linear(x, name, "1"), 0)
        return self._add_and_normalise(x, self._linear(hidden, name, "2"), f"{name}_ffn")

    def _add_and_normalise(self, x: Array, residual: Array, name: str) -> Array:
        """Return the sum after layer normalisation."""
        total = x + residual
        centred = total - total.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        scale, bias = self._tensors[f"{name}_ln_scale"], self._tensors[f"{name}_ln_bias"]
        result: Array = (centred / deviation * scale + bias).astype(np.float32, copy=False)
        return result
