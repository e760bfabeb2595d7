"""The hash that binds a video to its credentials, computed by hand from the specification (C2PA 2.x, BMFF hash v3).

It covers each box of the file, after its offset in 8 bytes, but for those that the assertion excludes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from pathlib import Path

import c2pa
import pytest
from support.command_line import make_video
from support.dub_claims import dub_claims

from dub_assets.adapters.credentials.development import development_chain
from dub_assets.adapters.credentials.signing import C2paSigner
from dub_assets.core.credentials import CredentialOptions

pytestmark = pytest.mark.media

C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def hash_by_hand(video: bytes) -> bytes:
    digest, start = hashlib.sha256(), 0
    while start < len(video):
        length, kind = struct.unpack(">I4s", video[start : start + 8])
        is_c2pa = kind == b"uuid" and video[start + 8 : start + 24] == C2PA_BOX
        if not is_c2pa and kind not in {b"ftyp", b"mfra", b"free", b"skip"}:
            digest.update(struct.pack(">Q", start) + video[start : start + length])
        start += length
    return digest.digest()


def test_the_hash_is_that_of_the_specification(tmp_path: Path):
    video = make_video(tmp_path / "talk.pt.mp4", duration_s=1)
    chain = development_chain()
    claims = dub_claims(video)
    C2paSigner(CredentialOptions(certificate=chain.chain.decode(), key=chain.key.decode())).sign(video, claims)
    with video.open("rb") as file, c2pa.Reader("video/mp4", file) as reader:
        document = json.loads(reader.detailed_json())
    stated = document["manifests"][document["active_manifest"]]["assertion_store"]["c2pa.hash.bmff.v3"]
    assert [exclusion["xpath"] for exclusion in stated["exclusions"]] == ["/uuid", "/ftyp", "/mfra", "/free", "/skip"]
    assert hash_by_hand(video.read_bytes()) == base64.b64decode(stated["hash"])
