"""Mozilla's registry of Firefox's translation models: Remote Settings' collection ``translations-models-v2``.

A record describes one file of one version of a language pair: its name, the sha256 and size of the packed (zstd) and
unpacked file, and the Firefox releases that receive it (``filter_expression``). Records are selected as a released
desktop Firefox selects them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dub_assets.core.errors import EngineUnavailableError, UnsupportedLanguageError
from dub_assets.core.language import LANGUAGES, language_name
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.models.download import read_json
from dub_assets.engines.models.remote import ModelsLock, PackedFile, RemoteFile, RemoteModel

LICENCE = "MPL-2.0"
PIVOT = "en"
"""Mozilla trains models from and to English; other pairs are translated through English."""

Pair = tuple[str, str]
"""Source and target language (ISO 639-1)."""

_HOME = "remote-settings://translations-models-v2/"
_VERSION = re.compile(r"3\.(\d+)(?:([ab])(\d+))?")
"""Supported versions: major version 3; ``a`` and ``b`` mark previews."""

_DESKTOP = re.compile(r"\(?(.*?)\)?(?: && )?env\.appinfo\.OS != 'Android'")
_PREVIEWS = ("env.channel == 'default' || env.channel == 'nightly'", "env.channel != 'release'")
_CODES = {"zh-Hans": "zh", "nb": "no"}
"""The registry's codes that differ from ISO 639-1. Traditional Chinese (zh-Hant) is not supported."""

_SHORTLIST = "lex.50.50."
_MEMORY_MIB = 200

_LANGUAGES = """
ar az bg bn ca cs da de el en es et fa fi fr gu he hi hr hu id is it ja kn ko lt lv ml ms nl no pl pt ro ru sk sl sq sv
ta te tr uk zh
"""
KNOWN_LANGUAGES = frozenset(_LANGUAGES.split())
"""Languages with models from and to English at the time of writing; used in advice only. A pull reads the registry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """One version of a pair's model, with its records by file type; ``order`` sorts versions."""

    pair: Pair
    version: str
    order: tuple[int, str, int]
    released: bool
    records: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        types = self.records.keys()
        return "model" in types and ("vocab" in types or {"srcvocab", "trgvocab"} <= types)

    @property
    def rank(self) -> tuple[bool, tuple[int, str, int], int]:
        """Releases before previews, newer before older, larger before smaller."""
        return self.released, self.order, int(self.records["model"].get("decompressedSize") or 0)


def pull_command(source: str, target: str) -> str:
    """Return the command that pulls the models of a pair."""
    return f"dub-assets models pull --pair {source}-{target}"


def pulled_models(lock: ModelsLock) -> dict[Pair, RemoteModel]:
    """Return the models that the lock names, by pair; their files may be missing."""
    models: dict[Pair, RemoteModel] = {}
    for pin, entry in sorted(lock.read().items()):
        pair, _, version = pin.removeprefix(_HOME).partition("@")
        source, _, target = pair.partition("-")
        if pin.startswith(_HOME):
            files = (
                RemoteFile(name=name, sha256=file["sha256"], size=file["size"]) for name, file in entry["files"].items()
            )
            models[source, target] = _model((source, target), version, tuple(files))
    return models


class Registry:
    """The registry's records, read on construction.

    Raises ServiceUnavailableError or FileMissingError if the registry does not answer.
    """

    def __init__(self, options: ModelOptions) -> None:
        self._address = options.firefox_registry
        self._files = options.firefox_files.rstrip("/")
        document = read_json(self._address)
        records = document.get("data") if isinstance(document, dict) else None
        if not isinstance(records, list):
            raise EngineUnavailableError(
                f"{self._address} is not a list of Firefox's models: check FIREFOX_MODELS_REGISTRY"
            )
        self._candidates = _candidates(records)

    def model(self, pair: Pair, locked: RemoteModel | None = None) -> RemoteModel:
        """Return the best model that translates a pair directly, or the same version as a ``locked`` model.

        Raises EngineUnavailableError if the locked version is gone, UnsupportedLanguageError if there is no model.
        """
        candidates = [candidate for candidate in self._candidates if candidate.pair == pair]
        candidates.sort(key=lambda candidate: candidate.rank, reverse=True)
        models = [self._as_model(candidate) for candidate in candidates]
        if not models:
            raise UnsupportedLanguageError(f"Firefox has no model for {_display_name(pair)}")
        if locked is None:
            return models[0]
        hashes = {file.name: file.sha256 for file in locked.files}
        for model in models:
            if model.revision == locked.revision and {file.name: file.sha256 for file in model.files} == hashes:
                return model
        raise EngineUnavailableError(
            f"{self._address} does not have {'-'.join(pair)} {locked.revision} as it was pulled first: delete "
            f"{locked.pin} from the models' lock to take what the registry has now"
        )

    def route(self, pair: Pair, available: Collection[Pair]) -> tuple[Pair, ...]:
        """Return the pair itself, or two pairs through English.

        Raises UnsupportedLanguageError if neither the registry nor the ``available`` models serve them.
        """
        known = {candidate.pair for candidate in self._candidates}.union(available)
        through = ((pair[0], PIVOT), (PIVOT, pair[1]))
        if pair in known:
            return (pair,)
        if PIVOT not in pair and known.issuperset(through):
            return through
        legs = through if PIVOT not in pair else (pair,)
        missing = [_display_name(leg) for leg in legs if leg not in known]
        raise UnsupportedLanguageError(f"Firefox has no model for {' or for '.join(missing)}")

    def _as_model(self, candidate: _Candidate) -> RemoteModel:
        return _model(
            candidate.pair, candidate.version, tuple(self._as_file(record) for record in candidate.records.values())
        )

    def _as_file(self, record: Mapping[str, Any]) -> RemoteFile:
        attachment = record["attachment"]
        return RemoteFile(
            name=record["name"],
            sha256=record.get("decompressedHash") or "",
            size=record.get("decompressedSize"),
            packed=PackedFile(
                address=f"{self._files}/{attachment['location']}",
                sha256=attachment["hash"],
                size=attachment["size"],
                unpack=_unpack,
            ),
        )


def _model(pair: Pair, version: str, files: tuple[RemoteFile, ...]) -> RemoteModel:
    name = "-".join(pair)
    return RemoteModel(
        name=f"firefox {name}",
        home=f"{_HOME}{name}",
        revision=version,
        files=files,
        licence=LICENCE,
        memory_mib=_MEMORY_MIB,
        pull_arguments=f"--pair {name}",
    )


def _candidates(records: Iterable[Mapping[str, Any]]) -> list[_Candidate]:
    """Return the complete models of records that a desktop Firefox receives, as a release or a preview."""
    candidates: dict[tuple[str, ...], _Candidate] = {}
    for record in records:
        audience = _audience(record.get("filter_expression") or "")
        source, target = record.get("sourceLanguage", ""), record.get("targetLanguage", "")
        pair = _CODES.get(source, source), _CODES.get(target, target)
        version = _VERSION.fullmatch(record.get("version", ""))
        if audience is None or version is None or not LANGUAGES.issuperset(pair) or not _is_safe(record):
            continue
        minor, stage, number = version.groups()
        candidate = candidates.setdefault(
            (source, target, version[0], record.get("architecture") or "", record.get("filter_expression") or ""),
            _Candidate(
                pair=pair,
                version=version[0],
                order=(int(minor), stage or "release", int(number or 0)),
                released=audience == "release",
            ),
        )
        kind = record["fileType"]
        if kind in {"model", "vocab", "srcvocab", "trgvocab"} or (kind == "lex" and _SHORTLIST in record["name"]):
            candidate.records[kind] = record
    return [candidate for candidate in candidates.values() if candidate.is_complete]


def _audience(expression: str) -> str | None:
    """Return which desktop Firefox receives a record: ``release``, ``preview``, or None for neither."""
    text = " ".join(expression.split())
    if match := _DESKTOP.fullmatch(text):
        text = match[1]
    if not text:
        return "release"
    return "preview" if text in _PREVIEWS else None


def _is_safe(record: Mapping[str, Any]) -> bool:
    """True if a record has all fields that a download needs, and its name is not a path."""
    name, attachment = record.get("name", ""), record.get("attachment") or {}
    has_all = all(attachment.get(key) for key in ("location", "hash", "size")) and record.get("fileType")
    return bool(has_all) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) is not None


def _unpack(packed: bytes) -> bytes:
    """Return the content of a zstd file. Raises ValueError."""
    from fxtranslate import discovery

    return discovery.verify_and_decompress(packed)


def _display_name(pair: Pair) -> str:
    return f"{language_name(pair[0])} to {language_name(pair[1])}"
