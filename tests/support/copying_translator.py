"""A small model for CTranslate2 whose translation is a copy of the source.

Each token and each position is a dimension of the model. At each position, the decoder's only layer attends to the same
position of the source and predicts the token there.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np

POSITIONS = 168
"""More than are decoded of a short sentence: beams continue past its end, up to three times its tokens and 16 more."""

_SHARP = 30.0


def write_copier(folder: Path, corpus: Iterable[str], codes: Iterable[str], positions: int = POSITIONS) -> None:
    """Write a model and a tokeniser with a vocabulary of the corpus and these language tokens."""
    import sentencepiece
    from ctranslate2.specs import TransformerSpec

    folder.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus), model_writer=model, vocab_size=120, hard_vocab_limit=False, minloglevel=2
    )
    (folder / "sentencepiece.bpe.model").write_bytes(model.getvalue())
    tokeniser = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    pieces = [tokeniser.id_to_piece(index) for index in range(3, tokeniser.get_piece_size())]
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *pieces, *codes]

    spec = TransformerSpec.from_config(1, 1, pre_norm=True)
    _fill(spec, len(vocabulary), positions)
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.config.add_attribute("decoder_start_token", "</s>")
    spec.validate()
    spec.optimize(quantization="float32")
    spec.save(str(folder))


def _fill(spec, tokens: int, positions: int) -> None:
    size = -(-(tokens + positions) // 8) * 8
    token = np.zeros((size, size), np.float32)
    token[range(tokens), range(tokens)] = 1
    position = np.zeros((size, size), np.float32)
    position[range(tokens, tokens + positions), range(tokens, tokens + positions)] = 1
    encodings = np.zeros((positions, size), np.float32)
    encodings[range(positions), range(tokens, tokens + positions)] = 1

    (source,), target = spec.encoder.embeddings, spec.decoder.embeddings
    for embeddings in (source, target):
        embeddings.weight = token[:tokens]
    spec.encoder.scale_embeddings = spec.decoder.scale_embeddings = False
    spec.encoder.position_encodings.encodings = spec.decoder.position_encodings.encodings = encodings
    for norm in (spec.encoder.layer_norm, spec.decoder.layer_norm):
        _norm(norm, size)
    (encoder,), (decoder,) = spec.encoder.layer, spec.decoder.layer
    for layer in (encoder, decoder):
        _silent(layer.self_attention, size)
        _norm(layer.ffn.layer_norm, size)
        _linear(layer.ffn.linear_0, np.zeros((8, size), np.float32))
        _linear(layer.ffn.linear_1, np.zeros((size, 8), np.float32))
    _norm(decoder.attention.layer_norm, size)
    queries, memory, output = decoder.attention.linear
    _linear(queries, _SHARP * position)
    _linear(memory, np.concatenate([_SHARP * position, token]))
    _linear(output, _SHARP * token)
    _linear(spec.decoder.projection, token[:tokens])


def _silent(attention, size: int) -> None:
    _norm(attention.layer_norm, size)
    together, output = attention.linear
    _linear(together, np.zeros((3 * size, size), np.float32))
    _linear(output, np.zeros((size, size), np.float32))


def _norm(norm, size: int) -> None:
    norm.gamma, norm.beta = np.ones(size, np.float32), np.zeros(size, np.float32)


def _linear(linear, weight: np.ndarray) -> None:
    linear.weight, linear.bias = weight, np.zeros(len(weight), np.float32)
