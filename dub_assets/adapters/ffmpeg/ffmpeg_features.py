"""The features of ffmpeg that this package uses, and the check that a program has them.

Every feature that a graph uses is listed here; a test records all graphs and compares.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dub_assets.core.containers import CONTAINERS

DEMUXERS = ",".join(name for container in CONTAINERS for name in container.demuxers)
"""libavformat's names of the demuxers that may open a media file, as its option ``format_whitelist`` takes them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """Features by kind. Options are separated by spaces; ``option=value`` also requires the named value."""

    filters: Mapping[str, str] = field(default_factory=dict)
    encoders: Mapping[str, str] = field(default_factory=dict)
    muxers: Mapping[str, str] = field(default_factory=dict)
    options: str = ""
    """Options of the program, and those that all formats or all codecs share."""
    demuxers: str = ""
    decoders: str = ""
    protocols: str = ""
    bitstream_filters: str = ""


REQUIRED = Features(
    filters={
        "aformat": "channel_layouts",
        "asetpts": "",
        "atempo": "",
        "bwdif": "mode deint=interlaced",
        "scale": "",
        "select": "",
        "setpts": "",
        "trim": "end",
    },
    encoders={
        "aac": "",
        "libopus": "",
        "libx264": "preset crf",
        "mov_text": "",
        "pcm_f32le": "",
    },
    muxers={"f32le": "", "mp4": "movflags=faststart", "null": "", "webm": ""},
    options=(
        "abort_on ac accurate_seek acodec analyzeduration ar b c compression_level copyts disposition enc_time_base f "
        "fflags=bitexact fflags=genpts filter filter_complex flags=bitexact format_whitelist fps_mode hide_banner "
        "itsoffset loglevel map map_chapters map_metadata max_error_rate metadata pix_fmt probesize protocol_whitelist "
        "seek_timestamp ss stats stdin strict t tag timelimit vcodec y"
    ),
    demuxers=f"{DEMUXERS.replace(',', ' ')} f32le srt",
    decoders=" ".join(sorted({codec for container in CONTAINERS for codec in container.codecs.split()} | {"subrip"})),
    protocols="file pipe",
    # The first three are named in graphs; the muxers and demuxers insert the others.
    bitstream_filters="mpeg4_unpack_bframes noise setts aac_adtstoasc extract_extradata vp9_superframe",
)
"""What every dub may need; Debian 12's ffmpeg 5.1 has all of it."""

_OPTION = re.compile(r"^(?:-(?P<program>\w+)| {2,3}-?(?P<other>[\w-]+)\s+\[?<)")
_VALUE = re.compile(r"^ {5}([\w-]+)\s")


def missing_features(program: Path, required: Features = REQUIRED) -> list[str]:
    """Return a description of each required feature that an ffmpeg program does not offer.

    Raises OSError if the program cannot be started.
    """
    lists = {
        "filter": (required.filters, _listed(program, "filters")),
        "encoder": (required.encoders, _listed(program, "encoders")),
        "muxer": (required.muxers, _listed(program, "muxers")),
        "demuxer": (required.demuxers.split(), _listed(program, "demuxers")),
        "decoder": (required.decoders.split(), _listed(program, "codecs", flags="D")),
        "protocol": (required.protocols.split(), _words(program, "protocols")),
        "bitstream filter": (required.bitstream_filters.split(), _words(program, "bsfs")),
    }
    missing = [f"{kind} {name}" for kind, (names, offered) in lists.items() for name in names if name not in offered]
    return [*missing, *_missing_options(program, required, missing)]


def _missing_options(program: Path, required: Features, missing: list[str]) -> Iterator[str]:
    offered = _options(_output(program, "-h", "full"))
    yield from (f"option {option}" for option in required.options.split() if option not in offered)
    for kind, features in (("filter", required.filters), ("encoder", required.encoders), ("muxer", required.muxers)):
        for name, options in features.items():
            if not options or f"{kind} {name}" in missing:
                continue
            offered = _options(_output(program, "-h", f"{kind}={name}"))
            yield from (f"option {option} of {kind} {name}" for option in options.split() if option not in offered)


def _options(help_text: str) -> set[str]:
    """Every ``option`` and ``option=value`` that a help text describes."""
    options, option = set(), ""
    for line in help_text.splitlines():
        if value := _VALUE.match(line):
            options.add(f"{option}={value[1]}")
        elif found := _OPTION.match(line):
            option = found["program"] or found["other"]
            options.add(option)
    return options


def _listed(program: Path, kind: str, flags: str = "[A-Z.]") -> set[str]:
    """Names in a list such as ``-filters``, whose lines are flags, name and description."""
    found = re.findall(rf"^ +{flags}[A-Z.]* +(\S+)", _output(program, f"-{kind}"), re.MULTILINE)
    return {name for names in found for name in names.split(",")}


def _words(program: Path, kind: str) -> set[str]:
    return set(_output(program, f"-{kind}").split())


def _output(program: Path, *arguments: str) -> str:
    command = [str(program), "-hide_banner", *arguments]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return done.stdout.decode(errors="replace")
