"""The one place that starts ffmpeg: lists of arguments, named containers and protocols, errors of one line.

A media file can be a playlist that names other files, or URLs. What is read is therefore limited twice: to the
containers of ``CONTAINERS`` (no playlist, script, text or image sequence is among them), and to the protocol ``file``
(or ``pipe``), which binds whatever a container opens on its own.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from dub_assets.domain.errors import ConfigurationError, DubError, EngineUnavailableError, InputError, OutOfSpaceError

CONTAINERS = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,wav,w64,flac,mp3,aac,aiff,caf,mxf"
"""libavformat's names of the demuxers that may open a file."""

_OLDEST = (5, 1)
_OLDEST_TEXT = ".".join(map(str, _OLDEST))

_ERROR_LINE = re.compile(r"^(?:\[[^\]]* @ [^\]]*\] )*\[(?:error|fatal|panic)\] (.+)$", re.MULTILINE)
_DISK_FULL = ("No space left on device", "Disk quota exceeded", "File too large")


def find_ffmpeg(configured: Path | None = None) -> Path:
    """The ffmpeg to run: the configured one, else the system's if new enough, else the one that imageio-ffmpeg ships.

    Raises ConfigurationError where the configured one cannot serve, EngineUnavailableError where there is none.
    """
    if configured is not None:
        found = shutil.which(configured)
        if found is None or not _is_new_enough(found):
            raise ConfigurationError(
                f"{configured} is no ffmpeg {_OLDEST_TEXT} or newer that can be run: correct the path or leave it out"
            )
        return Path(found)
    found = shutil.which("ffmpeg")
    if found is not None and _is_new_enough(found):
        return Path(found)
    import imageio_ffmpeg

    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise EngineUnavailableError(
            f"no ffmpeg {_OLDEST_TEXT} or newer found: install it, or the package imageio-ffmpeg"
        ) from error


def _is_new_enough(program: str) -> bool:
    """Whether this is an ffmpeg that knows what is asked of it; a build between releases tells no number, and is."""
    try:
        said = subprocess.run([program, "-version"], capture_output=True, check=False, stdin=subprocess.DEVNULL).stdout
    except OSError:
        return False
    version = re.match(rb"ffmpeg version (?:n?(\d+)\.(\d+))?", said)
    if version is None:
        return False
    return version[1] is None or (int(version[1]), int(version[2])) >= _OLDEST


def file_url(path: Path) -> str:
    """A file as ffmpeg's URL: no name (``-x.mp4``, ``a:b.mp4``, ``%04d.mp4``) can be read as anything else."""
    return f"file:{path.absolute()}"


def media_input(path: Path, **options: object) -> Any:
    """A media file as the input of a graph, with ffmpeg's input ``options``."""
    import ffmpeg

    return ffmpeg.input(file_url(path), protocol_whitelist="file", format_whitelist=CONTAINERS, **options)


class Ffmpeg:
    """An ffmpeg program, as ``find_ffmpeg`` finds it."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def run(self, graph: Any, *, doing: str, stdin: bytes = b"", log_level: str = "error") -> tuple[bytes, str]:
        """Run a graph (of ffmpeg-python, ending in an output); return what it wrote to stdout, and its log.

        Timestamps are the file's own everywhere (``-copyts``). ``doing`` completes "could not ..." in the message of
        the InputError or OutOfSpaceError raised where ffmpeg fails.
        """
        import ffmpeg

        fixed = ["-nostdin", "-hide_banner", "-nostats", "-loglevel", f"level+{log_level}"]
        fixed += ["-copyts", "-abort_on", "empty_output"]
        arguments = ffmpeg.compile(graph, cmd=[str(self._program), *fixed], overwrite_output=True)
        try:
            done = subprocess.run(arguments, input=stdin, capture_output=True, check=False)
        except OSError as error:
            raise EngineUnavailableError(
                f"{self._program} cannot be run ({error.strerror}): install ffmpeg or correct its path"
            ) from error
        log = done.stderr.decode(errors="replace")
        if done.returncode:
            raise _failure(doing, done.returncode, log)
        return done.stdout, log


def _failure(doing: str, code: int, log: str) -> DubError:
    if code < 0:
        return InputError(
            f"could not {doing}: ffmpeg was ended by {signal.Signals(-code).name}; look at the memory left"
        )
    if any(text in log for text in _DISK_FULL):
        return OutOfSpaceError(f"could not {doing}: the disk is full; free some space and run it again")
    reasons = _ERROR_LINE.findall(log) or [f"exit code {code}"]
    return InputError(f"could not {doing}: {reasons[0][:300]}")
