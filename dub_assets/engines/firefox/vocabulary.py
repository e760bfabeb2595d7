"""The vocabulary of a Marian model: a SentencePiece file, read for the pieces that a text is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from dub_assets.engines.shared.protobuf_messages import message_classes

END = 0
"""The piece that ends a sentence, ``</s>``."""

_SPACE = "▁"
_UNKNOWN = 1

_SCHEMA = {
    "Model": {"pieces": (1, "Piece*"), "normalizer": (3, "Normalizer")},
    "Piece": {"piece": (1, "string"), "score": (2, "float")},
    "Normalizer": {"precompiled_charsmap": (2, "bytes")},
}
"""From sentencepiece_model.proto."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Pieces by number, with the logarithms of their probabilities, and the file's table for tidying characters."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    character_map: bytes

    def encode(self, text: str) -> list[int]:
        """The numbers of the likeliest pieces (unigram model) of a text, the end last."""
        numbers: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [*numbers, END]

    def decode(self, numbers: Sequence[int]) -> str:
        """The text of pieces."""
        return "".join(self.pieces[number] for number in numbers).replace(_SPACE, " ").strip()

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

        tokenizer = Tokenizer(models.Unigram(list(zip(self.pieces, self.scores, strict=True)), unk_id=_UNKNOWN))
        if self.character_map:
            tokenizer.normalizer = normalizers.Precompiled(self.character_map)
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always")
        return tokenizer


def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary in a ``.spm`` file (SentencePiece's ModelProto). Raises ValueError for anything else."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # noqa: PLC0415

    model = _model_class()()
    try:
        model.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise ValueError(f"{path.name} is no SentencePiece model") from error
    if len(model.pieces) <= _UNKNOWN:
        raise ValueError(f"{path.name} is no SentencePiece model")
    return Vocabulary(
        pieces=tuple(each.piece for each in model.pieces),
        scores=tuple(each.score for each in model.pieces),
        character_map=model.normalizer.precompiled_charsmap,
    )


@cache
def _model_class() -> Any:
    return message_classes("sentencepiece", _SCHEMA)["Model"]
