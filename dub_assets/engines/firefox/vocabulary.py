"""The SentencePiece vocabulary of a Marian model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

END_ID = 0
"""The token ``</s>``, which ends every sentence of Marian's vocabularies."""

_SPACE = "▁"


class Vocabulary:
    """The tokens of a ``.spm`` file; a token's id is its place in ``pieces``. Raises ValueError for any other file."""

    def __init__(self, path: Path) -> None:
        from sentencepiece import SentencePieceProcessor

        try:
            self._processor = SentencePieceProcessor(model_file=str(path))
        except RuntimeError as error:
            raise ValueError(f"{path.name} is not a SentencePiece model") from error
        self.pieces = tuple(map(self._processor.id_to_piece, range(self._processor.get_piece_size())))

    @property
    def alphabet(self) -> frozenset[str]:
        """The characters of all tokens."""
        return frozenset(character for piece in self.pieces for character in piece)

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, with ``END_ID`` last."""
        return [*self._processor.encode(text), END_ID]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids."""
        return "".join(self.pieces[token] for token in ids).replace(_SPACE, " ").strip()
