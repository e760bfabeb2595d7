"""A tiny voice in Piper's format: a tone for each phoneme, of the length that the scale gives, with noise."""
# ruff: noqa: RUF001 (phonemes that look like letters)

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

SAMPLES_A_SIGN = 400
SIGNS = "_^$ ,.!?abdefhijklmnoprstuvwzɐɑɔəɛɜɡɪɲɾʃʊʌʒˈˌːθð\u0303\u0361"


def write_voice(
    folder: Path, name: str, *, espeak: str, family: str, rate_hz: int = 22_050, speakers: int = 1, **more
) -> None:
    """Write ``<name>.onnx`` and ``<name>.onnx.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(_model(speakers))
    config = {
        "audio": {"sample_rate": rate_hz},
        "espeak": {"voice": espeak},
        "language": {"family": family},
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "num_speakers": speakers,
        "speaker_id_map": {f"s{number}": number for number in range(speakers)} if speakers > 1 else {},
        "phoneme_id_map": {sign: [number] for number, sign in enumerate(SIGNS)},
        **more,
    }
    (folder / f"{name}.onnx.json").write_text(json.dumps(config), encoding="utf-8")


def _model(speakers: int) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "noise_at": np.array([0], np.int64), "length_at": np.array([1], np.int64), "flat": np.array([-1], np.int64),
        "zero": np.array(0, np.int64), "one": np.array(1, np.int64), "third": np.array([2], np.int64),
        "last_mark": np.array(7, np.float32), "per_sign": np.array([SAMPLES_A_SIGN], np.float32),
        "step": np.array(0.05, np.float32), "loud": np.array(0.3, np.float32), "silent": np.array(0, np.float32),
        "low": np.array(0.02, np.float32), "out": np.array([1, 1, 1, -1], np.int64),
        "pitch": np.array(0.01, np.float32), "base": np.array(1, np.float32),
    }  # fmt: skip
    nodes = [
        ("Gather", ["scales", "length_at"], "length"), ("Gather", ["scales", "noise_at"], "noise_scale"),
        ("Mul", ["per_sign", "length"], "wanted"), ("Cast", ["wanted"], "samples", TensorProto.INT64),
        ("Cast", ["input"], "signs", TensorProto.FLOAT), ("Unsqueeze", ["signs", "third"], "column"),
        ("Shape", ["input"], "shape"), ("Concat", ["shape", "samples"], "wide", 0),
        ("Expand", ["column", "wide"], "long"), ("Reshape", ["long", "flat"], "line"), ("Size", ["line"], "count"),
        ("Range", ["zero", "count", "one"], "places"), ("Cast", ["places"], "times", TensorProto.FLOAT),
        ("Mul", ["line", "pitch"], "bend"), ("Add", ["bend", "base"], "speed"),
        *_pitch_of_speaker(speakers),
        ("Mul", ["times", "step"], "phase0"), ("Mul", ["phase0", "speed2"], "phase"), ("Sin", ["phase"], "tone"),
        ("Greater", ["line", "last_mark"], "spoken"), ("Where", ["spoken", "loud", "silent"], "level"),
        ("Mul", ["tone", "level"], "sound"), ("RandomNormalLike", ["sound"], "noise"),
        ("Mul", ["noise", "noise_scale"], "noise1"), ("Mul", ["noise1", "low"], "noise2"),
        ("Mul", ["noise2", "level"], "noise3"), ("Add", ["sound", "noise3"], "mixed"),
        ("Reshape", ["mixed", "out"], "output"),
    ]  # fmt: skip
    made = []
    for kind, inputs, output, *extra in nodes:
        attributes = {"Cast": {"to": extra[0] if extra else None}, "Concat": {"axis": 0}}.get(kind, {})
        made.append(helper.make_node(kind, inputs, [output], **attributes))
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, [1, "signs"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers > 1:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
    graph = helper.make_graph(
        made,
        "voice",
        inputs,
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "samples"])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return model.SerializeToString()


def _pitch_of_speaker(speakers: int) -> list[tuple]:
    from onnx import TensorProto

    if speakers == 1:
        return [("Identity", ["speed"], "speed2")]
    return [("Cast", ["sid"], "voice", TensorProto.FLOAT), ("Add", ["speed", "voice"], "speed2")]
