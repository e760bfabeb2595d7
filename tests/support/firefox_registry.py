"""A local server with the layout of Mozilla's registry of translation models: records and zstd files."""

from __future__ import annotations

import hashlib
import json
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.hub_server import Hub

from dub_assets.engines.firefox.weights import PACKAGED

RECORDS = "v1/buckets/main/collections/translations-models-v2/records"
_BLOCK = 1 << 17


@dataclass(kw_only=True)
class MozillaRegistry:
    """Publishes models on a local hub; ``environment`` points dub_assets to it."""

    hub: Hub
    records: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._publish()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point dub_assets to the server."""
        return {
            "FIREFOX_MODELS_REGISTRY": f"{self.hub.url}/{RECORDS}",
            "FIREFOX_MODELS_FILES": f"{self.hub.url}/attachments/",
        }

    def add(self, pair: tuple[str, str], files: Mapping[str, bytes], **fields: str) -> list[dict[str, Any]]:
        """Publish one version of a model: contents by file name, such as ``model.koen.intgemm.alphas.bin``."""
        records = [self._record(pair, name, content, fields) for name, content in files.items()]
        self.records += records
        self._publish()
        return records

    def path(self, record: Mapping[str, Any]) -> str:
        """Return the path of a record's packed file on the server."""
        return f"/attachments/{record['attachment']['location']}"

    def _record(self, pair: tuple[str, str], name: str, content: bytes, fields: Mapping[str, str]) -> dict[str, Any]:
        packed = zstd(content)
        location = f"main-workspace/translations-models-v2/{uuid.uuid4()}.zst"
        self.hub.web[f"attachments/{location}"] = packed
        return {
            "name": name,
            "schema": 1749570042331,
            "version": "3.0",
            "fileType": name.partition(".")[0],
            "sourceLanguage": pair[0],
            "targetLanguage": pair[1],
            "architecture": "base-memory",
            "filter_expression": "",
            "decompressedHash": hashlib.sha256(content).hexdigest(),
            "decompressedSize": len(content),
            "attachment": {
                "filename": f"{name}.zst",
                "location": location,
                "hash": hashlib.sha256(packed).hexdigest(),
                "mimetype": "application/zstd",
                "size": len(packed),
            },
            "id": str(uuid.uuid4()),
            "last_modified": 1749570511392,
            **fields,
        }

    def _publish(self) -> None:
        self.hub.web[RECORDS] = json.dumps({"data": self.records}).encode()


def zstd(content: bytes) -> bytes:
    """Return a zstd frame (RFC 8878) of uncompressed blocks."""
    blocks = [content[start : start + _BLOCK] for start in range(0, len(content), _BLOCK)] or [b""]
    headers = [(len(block) << 3 | (number == len(blocks) - 1)) for number, block in enumerate(blocks)]
    frame = struct.pack("<IBQ", 0xFD2FB528, 0b1110_0000, len(content))
    return frame + b"".join(
        struct.pack("<I", header)[:3] + block for header, block in zip(headers, blocks, strict=True)
    )


def installed_model(pair: tuple[str, str], *, as_pair: tuple[str, str]) -> dict[str, bytes]:
    """Return the files of an installed model, named as those of another pair."""
    own, other = "".join(pair), "".join(as_pair)
    paths = [path for file in PACKAGED[pair] if (path := file.parts[0].locate())]
    return {Path(path.name).name.replace(own, other): path.read_bytes() for path in paths}


def split_vocabulary(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a model's files with a vocabulary for each language, as pairs with different scripts have."""
    return {name: content for name, content in files.items() if not name.startswith("vocab.")} | {
        name.replace("vocab.", f"{side}vocab."): content
        for name, content in files.items()
        if name.startswith("vocab.")
        for side in ("src", "trg")
    }
