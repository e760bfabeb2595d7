"""Features of ffmpeg that a command uses, to compare with those that the product says it requires."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from dub_assets.adapters.ffmpeg.ffmpeg_features import Features

_WITH_OPTIONS = "filters", "encoders", "muxers"
_FLAGS = {"nostdin", "hide_banner", "nostats", "copyts", "noaccurate_seek", "y"}
"""Options of the program that take no value."""

_ENCODERS = {"c", "acodec", "vcodec"}


def listed(features: Features) -> set[str]:
    """Every feature of a list, as ``used`` writes it."""
    names = {f"option {option}" for option in features.options.split()}
    for kind in _WITH_OPTIONS:
        for name, options in getattr(features, kind).items():
            names |= {f"{kind} {name}"} | {f"{kind} {name} {option}" for option in options.split()}
    for kind in ("demuxers", "protocols", "bitstream_filters"):
        names |= {f"{kind} {name}" for name in getattr(features, kind).split()}
    return names


def used(arguments: Sequence[str]) -> set[str]:
    """Every feature that a compiled command of one output uses; ``arguments`` begins with the program."""
    pairs = list(_pairs(arguments[1:]))
    output = 1 + max(at for at, (option, _) in enumerate(pairs) if option == "i")
    encoders = {value for option, value in pairs[output:] if option in _ENCODERS and value != "copy"}
    names = {f"encoders {encoder}" for encoder in encoders}
    for at, (option, value) in enumerate(pairs):
        kind = "muxers" if at >= output else "demuxers"
        names |= _FEATURES.get(option, _of_program)(option, value) | ({f"{kind} {value}"} if option == "f" else set())
    return names


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options, without their dash and stream specifier, and their values; that of an output is ''."""
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-") or argument == "-":
            yield "", argument
        else:
            option = argument[1:].partition(":")[0]
            yield option, "" if option in _FLAGS else next(rest)


def _of_program(option: str, _value: str) -> set[str]:
    return {f"option {option.removeprefix('no') if option in _FLAGS else option}"}


def _of_url(_option: str, url: str) -> set[str]:
    return {"protocols pipe" if url == "-" else f"protocols {url.partition(':')[0]}"}


def _of_filters(_option: str, graph: str) -> set[str]:
    names = {"option filter_complex"}
    for text in re.split(r"(?<!\\);", graph):
        name, _, options = re.sub(r"\[[^\[\]]*\]", "", text).partition("=")
        named = [re.match(r"(\w+)=(.*)", option) for option in re.split(r"(?<!\\):", options)]
        names |= {f"filters {name}"} | {f"filters {name} {_with_name(*match.groups())}" for match in named if match}
    return names


def _with_name(name: str, value: str) -> str:
    """An option with its value where that is a name, which not every version of ffmpeg knows."""
    return f"{name}={value}" if value.isalpha() and name != "channel_layouts" else name


_FEATURES: dict[str, Callable[[str, str], set[str]]] = {
    "": _of_url,
    "i": _of_url,
    "bsf": lambda _, value: {
        f"bitstream_filters {name}" for name in re.findall(r"(?:^|,)([a-z0-9_]+)(?=[=,]|$)", value)
    },
    "filter_complex": _of_filters,
    "format_whitelist": lambda option, value: {f"option {option}", *(f"demuxers {name}" for name in value.split(","))},
    "preset": lambda option, _: {f"encoders libx264 {option}"},
    "crf": lambda option, _: {f"encoders libx264 {option}"},
    "movflags": lambda option, value: {f"muxers mp4 {option}={value.lstrip('+')}"},
    "fflags": lambda option, value: {f"option {option}={value.lstrip('+')}"},
    "flags": lambda option, value: {f"option {option}={value.lstrip('+')}"},
}
"""Of an option and its value: the features used. Other options are the program's."""
