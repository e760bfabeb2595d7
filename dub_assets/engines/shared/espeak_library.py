"""espeak-ng's C library, as the ``espeakng-loader`` package ships it: text to phonemes, text to speech.

The library keeps state in global variables between texts, so that earlier texts change the samples. Therefore it is
loaded for each call, which takes two milliseconds, and one call runs at a time.
"""

from __future__ import annotations

import atexit
import ctypes
import re
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.text import IPA_CLOSE, IPA_OPEN
from dub_assets.engines.models.install import install_command

PACKAGE = "espeakng-loader"
PACKAGE_PIN = "espeakng-loader==0.2.4"
LICENCE = "GPL-3.0-or-later"

RATE_HZ = 22_050
TIE = "^"
"""Separates the letters of one phoneme, as in ``t^ʃ``."""

_LOCK = threading.Lock()

# speak_lib.h
_SYNCHRONOUS, _DO_NOT_EXIT = 2, 0x8000
_UTF8, _IPA, _TIED = 1, 0x02, 0x80
_RATE, _ABSOLUTE_POSITION, _CHARACTERS = 1, 1, 1
_MAX_PATH_BYTES = 158
"""Longer paths to the data do not fit into the library's buffer."""

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

_GIVEN_PHONEMES = re.compile(f"{IPA_OPEN}([^{IPA_CLOSE}]*){IPA_CLOSE}")
_TWO_LETTERS = re.compile("t\u0283|d\u0292|ts|dz|a\u026a|a\u028a|e\u026a|o\u028a|\u0259\u028a|\u0254\u026a")
_LANGUAGE_SWITCH = re.compile(r"\([^)]*\)")
_MARKS = ",.;:!?\u2026\u2013\u2014"
_LAST_MARKS = re.compile(f"[{_MARKS}]+(?=[^{_MARKS}]{{0,5}}$)")
"""The marks that end a clause, up to five characters before the position that the library reports."""


def phonemes(text: str, voice: str) -> list[tuple[str, str]]:
    """Return the text's clauses as (phonemes in IPA, the mark that ends the clause or "").

    Phonemes between ``IPA_OPEN`` and ``IPA_CLOSE`` are clauses of their own, as they stand.
    """
    clauses: list[tuple[str, str]] = []
    for place, part in enumerate(_GIVEN_PHONEMES.split(text)):
        if place % 2:
            clauses.append((f" {_tied(part)} ", ""))
        elif any(map(str.isalnum, part)):
            clauses += _clauses(part, voice)
        elif part.strip() and clauses:
            clauses[-1] = (clauses[-1][0].rstrip(), part.strip()[0])
    return clauses


def _tied(ipa: str) -> str:
    """Return IPA as espeak-ng writes it: the letters of a diphthong or an affricate are tied."""
    letters = unicodedata.normalize("NFD", ipa).replace("c\u0327", "ç").replace("'", "\u02c8")
    letters = letters.replace("\u0361", TIE).replace("\u203f", "").replace(".", "").replace("g", "\u0261")
    return _TWO_LETTERS.sub(lambda match: f"{match[0][0]}{TIE}{match[0][1]}", letters)


def _clauses(text: str, voice: str) -> list[tuple[str, str]]:
    with _loaded(voice) as library:
        content = ctypes.create_string_buffer(text.encode())
        start = ctypes.addressof(content)
        position = ctypes.c_void_p(start)
        clauses: list[tuple[str, str]] = []
        read = 0
        while position.value:
            spoken = library.espeak_TextToPhonemes(ctypes.byref(position), _UTF8, _IPA | _TIED | ord(TIE) << 8)
            reached = position.value - start if position.value else len(content) - 1
            clause = content.raw[read:reached].decode(errors="replace")
            clauses.append((_LANGUAGE_SWITCH.sub("", spoken.decode()), _mark(clause)))
            read = reached
    return clauses


def speech(text: str, voice: str, words_per_minute: int) -> NDArray[np.float32]:
    """Return speech of shape ``(frames,)`` at ``RATE_HZ``, with the library's silence at both ends."""
    blocks: list[bytes] = []

    def take(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if samples and count:
            blocks.append(ctypes.string_at(samples, count * 2))
        return 0

    with _loaded(voice) as library:
        library.espeak_SetParameter(_RATE, words_per_minute, 0)
        callback = _Callback(take)
        library.espeak_SetSynthCallback(callback)
        content = text.encode()
        status = library.espeak_Synth(content, len(content) + 1, 0, _ABSOLUTE_POSITION, 0, _CHARACTERS, None, None)
        if status != 0:
            raise EngineUnavailableError(f"espeak-ng failed with status {status}: {install_command(PACKAGE_PIN)}")
    return np.frombuffer(b"".join(blocks), "<i2").astype(np.float32) / np.float32(32768)


def _mark(clause: str) -> str:
    marks = _LAST_MARKS.search(clause)
    if not marks:
        return ""
    return next((mark for mark in "?!" if mark in marks.group()), marks.group()[0])


@contextmanager
def _loaded(voice: str) -> Iterator[ctypes.CDLL]:
    """Yield a newly loaded library with a voice selected; unload it on leaving."""
    location, data = _location()
    with _LOCK:
        try:
            library = ctypes.CDLL(location)
        except OSError as error:
            raise EngineUnavailableError(f"espeak-ng cannot be loaded: {install_command(PACKAGE_PIN)}") from error
        try:
            if library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT) != RATE_HZ:
                raise EngineUnavailableError(f"espeak-ng does not find its data: {install_command(PACKAGE_PIN)}")
            _declare(library)
            if library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise EngineUnavailableError(f"espeak-ng has no voice {voice!r}: {install_command(PACKAGE_PIN)}")
            yield library
            library.espeak_Terminate()
        finally:
            _unload(library)


def _declare(library: ctypes.CDLL) -> None:
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
    library.espeak_SetSynthCallback.argtypes = [_Callback]
    unsigned, pointer = ctypes.c_uint, ctypes.c_void_p
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p, ctypes.c_size_t, unsigned, ctypes.c_int, unsigned, unsigned, pointer, pointer,
    ]  # fmt: skip


def _unload(library: ctypes.CDLL) -> None:
    dlclose = ctypes.CDLL(None).dlclose
    dlclose.argtypes = [ctypes.c_void_p]
    dlclose(library._handle)  # noqa: SLF001 (documented, and ctypes has no other way to unload)


@cache
def _location() -> tuple[str, bytes]:
    """Return the paths of the library and its data."""
    spec = util.find_spec("espeakng_loader")
    folders = (spec.submodule_search_locations if spec else None) or ()
    name = "libespeak-ng.dylib" if sys.platform == "darwin" else "libespeak-ng.so"
    folder = next((Path(folder) for folder in folders if Path(folder, name).is_file()), None)
    if not folder:
        raise EngineUnavailableError(f"espeak-ng is not installed: {install_command(PACKAGE_PIN)}")
    return str(folder / name), bytes(_short_path(folder / "espeak-ng-data"))


def _short_path(data: Path) -> Path:
    """Return the data's folder, or a link to it in the system's temporary folder if its path is too long."""
    if len(str(data).encode()) <= _MAX_PATH_BYTES:
        return data
    folder = tempfile.TemporaryDirectory(prefix="espeak-")
    atexit.register(folder.cleanup)
    link = Path(folder.name, data.name)
    link.symlink_to(data)
    return link
