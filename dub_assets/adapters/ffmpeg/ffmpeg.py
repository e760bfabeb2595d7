"""Runs of the ffmpeg program, with restricted inputs and one-line errors.

A media file can be a playlist that names other files, or URLs. What is read is therefore limited twice: to the
containers of ``core/containers.py`` (no playlist, script, text or image sequence), and to the protocol ``file`` (or
``pipe``), which also applies to what a container opens on its own.
"""

from __future__ import annotations

import math
import re
import shutil
import signal
import subprocess
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from dub_assets.adapters.ffmpeg.ffmpeg_features import DEMUXERS, REQUIRED, Features, missing_features
from dub_assets.core.containers import CONTAINERS
from dub_assets.core.errors import (
    ConfigurationError,
    DubError,
    EngineUnavailableError,
    MediaError,
    OutOfSpaceError,
    TransientError,
)
from dub_assets.core.media import MediaInfo

_REMEDY = "unset it to use the packaged ffmpeg, or name another program"

_ERROR_LINE = re.compile(r"^((?:\[[^\]]* @ [^\]]*\] )*)\[(error|fatal|panic)\] (.+)$", re.MULTILINE)
_CONTEXT = re.compile(r"\[([^\]]*) @ [^\]]*\]")
_DECODERS = {codec for container in CONTAINERS for codec in container.codecs.split()} | {"mp3float", "mp2float", "dca"}
_DAMAGE = re.compile(r"Error while decoding|Decoding error|Error submitting packet to decoder|corrupt decoded frame")
"""Errors after which ffmpeg goes on with the next packet."""

_UNFINISHED = re.compile(r"^\[error\] Error (?:writing trailer of|closing file) ", re.MULTILINE)
"""ffmpeg 5.1 exits with 0 after these errors, and leaves an incomplete file."""

_MAX_REASON_CHARACTERS = 300

_STOPPED = 255
"""Exit code after a signal, also that of the option ``-timelimit``."""

OWN_SOUND_LIMIT_S = 6 * 3600
"""Limit of a run that reads nothing but sound that dub_assets wrote."""

_DISK_FULL = ("No space left on device", "Disk quota exceeded", "File too large")


def find_ffmpeg(configured: Path | None = None, required: Features = REQUIRED) -> Path:
    """Return the ffmpeg to run: the configured program, else the one packaged with imageio-ffmpeg.

    A configured program has to offer every required feature; the check is done once a process. A program on the PATH
    is used only if it is configured.

    Raises ConfigurationError if the configured program cannot be used, EngineUnavailableError if none is packaged.
    """
    if configured is None:
        return _packaged()
    found = shutil.which(configured)
    if found is None:
        raise ConfigurationError(f"DUB_ASSETS_FFMPEG={configured} is not a program that can be run: {_REMEDY}")
    program = Path(found)
    status = program.stat()
    if problem := _problem(program, required, status.st_mtime_ns, status.st_size):
        raise ConfigurationError(f"DUB_ASSETS_FFMPEG={configured} {problem}: {_REMEDY}")
    return program


def _packaged() -> Path:
    folder = resources.files("imageio_ffmpeg") / "binaries"
    program = next((file for file in folder.iterdir() if file.name.startswith("ffmpeg-")), None)
    if program is None:
        raise EngineUnavailableError(
            "imageio-ffmpeg has no ffmpeg for this platform: install one and set DUB_ASSETS_FFMPEG to its path"
        )
    return Path(str(program))


@cache
def _problem(program: Path, required: Features, _mtime_ns: int, _size: int) -> str:
    """Return what is wrong with a program, or "". Modification time and size are part of the cache's key."""
    try:
        version = subprocess.run([program, "-version"], capture_output=True, check=False, stdin=subprocess.DEVNULL)
        if not version.stdout.startswith(b"ffmpeg version "):
            return "is not ffmpeg"
        missing = missing_features(program, required)
    except OSError as error:
        return f"cannot be run ({error.strerror})"
    if not missing:
        return ""
    name = " ".join(version.stdout.decode(errors="replace").split()[:3])
    return f"({name}) does not offer {', '.join(missing)}"


LATE_STREAMS = {"analyzeduration": "30000000", "probesize": "100000000"}
"""Options that find streams whose first packet comes up to 30 s (and 100 MB) late; other files open as fast."""

WHOLE_FILE = {"analyzeduration": "360000000000", "probesize": "1000000000"}
"""Options that find streams in the first GB. The packets are kept in memory until then."""


def file_url(path: Path) -> str:
    """Return a file's URL for ffmpeg, which takes ``-x.mp4``, ``a:b.mp4`` and ``%04d.mp4`` literally in it."""
    return f"file:{path.absolute()}"


def media_input(path: Path, **options: object) -> Any:
    """Return a media file as the input of a graph, with ffmpeg's input ``options``."""
    import ffmpeg

    url = file_url(path)
    return ffmpeg.input(url, protocol_whitelist="file", format_whitelist=DEMUXERS, **(LATE_STREAMS | options))


def analysis(info: MediaInfo) -> dict[str, object]:
    """Return the options of an input that find all streams of a file."""
    return {} if info.late_streams is None else dict(WHOLE_FILE)


class Ffmpeg:
    """An ffmpeg program, as ``find_ffmpeg`` finds it."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def run(
        self,
        graph: Any,
        *,
        doing: str,
        stdin: bytes = b"",
        log_level: str = "error",
        limit_s: int = OWN_SOUND_LIMIT_S,
    ) -> tuple[bytes, str]:
        """Run a graph (of ffmpeg-python, ending in an output); return what it wrote to stdout, and its log.

        Timestamps are the file's own (``-copyts``). ``doing`` completes the message "could not ...". ``limit_s`` is
        the largest CPU time, and the largest time. Raises MediaError or OutOfSpaceError if ffmpeg fails.
        """
        import ffmpeg

        fixed = ["-nostdin", "-hide_banner", "-nostats", "-loglevel", f"level+{log_level}"]
        fixed += ["-copyts", "-abort_on", "empty_output", "-timelimit", str(limit_s)]
        fixed += ["-max_error_rate", "1"]  # damage ends a run only where nothing is left
        arguments = ffmpeg.compile(graph, cmd=[str(self._program), *fixed], overwrite_output=True)
        try:
            done = subprocess.run(arguments, input=stdin, capture_output=True, check=False, timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise MediaError(_too_slow(doing, limit_s)) from error
        except OSError as error:
            raise EngineUnavailableError(
                f"{self._program} cannot be run ({error.strerror}): install ffmpeg or correct its path"
            ) from error
        log = done.stderr.decode(errors="replace")
        if done.returncode or _UNFINISHED.search(log):
            raise _failure(doing, done.returncode, log, limit_s)
        return done.stdout, log


def time_limit_s(info: MediaInfo) -> int:
    """Return the limit in seconds of a run that decodes and encodes a file, which no ordinary file comes near."""
    picture = info.picture
    pixels_a_second = picture.width * picture.height * min(float(picture.frame_rate), 1000) if picture else 0
    return 300 + math.ceil(info.duration_ms / 1000 * (5 + pixels_a_second / 5e6))


def _failure(doing: str, code: int, log: str, limit_s: int) -> DubError:
    if code < 0:
        return TransientError(
            f"could not {doing}: ffmpeg was killed by {signal.Signals(-code).name}; check the free memory"
        )
    if any(text in log for text in _DISK_FULL):
        return OutOfSpaceError(f"could not {doing}: the disk is full; free some space and run it again")
    reason = _reason(log)
    if code == _STOPPED and reason is None:
        return MediaError(_too_slow(doing, limit_s))
    return MediaError(f"could not {doing}: {reason or f'exit code {code}'}")


def _too_slow(doing: str, limit_s: int) -> str:
    return f"could not {doing}: it takes more than {limit_s} s, or was stopped; convert the file first"


def _reason(log: str) -> str | None:
    """Return the error that ended ffmpeg: the first one that is not about damage, which ffmpeg passes over."""
    errors = _ERROR_LINE.findall(log)
    ended = [text for contexts, level, text in errors if level != "error" or not _is_damage(contexts, text)]
    texts = ended or [text for *_, text in errors[-1:]]
    return str(texts[0])[:_MAX_REASON_CHARACTERS] if texts else None


def _is_damage(contexts: str, text: str) -> bool:
    names = _CONTEXT.findall(contexts)
    return bool(_DAMAGE.search(text)) or (bool(names) and (names[-1] in _DECODERS or names[-1].startswith("dec:")))
