"""Signing with a key in KMS, on moto's server."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key
from support.aws_server import REGION
from support.command_line import make_video
from support.dub_claims import dub_claims

from dub_assets.adapters.credentials.development import certificate, development_chain
from dub_assets.adapters.credentials.kms import KmsKey
from dub_assets.adapters.credentials.reading import read_credentials
from dub_assets.adapters.credentials.signing import C2paSigner
from dub_assets.core.credentials import CredentialOptions
from dub_assets.core.errors import ConfigurationError, ServiceUnavailableError

pytestmark = pytest.mark.media


@dataclass(frozen=True)
class Key:
    arn: str
    chain: str
    root: bytes


@pytest.fixture
def new_key(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch):
    """Makes keys on the server, with chains that certify them."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_endpoint)
    client = boto3.client("kms", region_name=REGION)

    def make(spec: str) -> Key:
        arn = client.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        public = load_der_public_key(client.get_public_key(KeyId=arn)["PublicKey"])
        root_key = ec.generate_private_key(ec.SECP256R1())
        root = certificate(root_key, root_key)
        chain = certificate(SimpleNamespace(public_key=lambda: public), root_key) + root
        return Key(arn=arn, chain=chain.decode(), root=root)

    yield make
    client.close()


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384"])
def test_a_key_in_kms_signs(new_key, spec: str, tmp_path: Path):
    key = new_key(spec)
    video = make_video(tmp_path / "talk.pt.mp4", duration_s=1)
    (tmp_path / "root.pem").write_bytes(key.root)
    C2paSigner(CredentialOptions(certificate=key.chain, key=key.arn)).sign(video, dub_claims(video))
    assert read_credentials(video, tmp_path / "root.pem").state == "trusted"


def test_a_key_of_another_certificate_is_refused(new_key):
    key = new_key("ECC_NIST_P256")
    with pytest.raises(ConfigurationError, match="is not the key of the first certificate"):
        C2paSigner(CredentialOptions(certificate=development_chain().chain.decode(), key=key.arn))


def test_a_key_that_does_not_exist_is_refused(new_key):
    key = new_key("ECC_NIST_P256")
    with pytest.raises(ConfigurationError, match=r"KMS refuses CREDENTIALS_KEY \(NotFoundException\)"):
        C2paSigner(CredentialOptions(certificate=key.chain, key=f"{key.arn[:-4]}0000"))


class Kms(BaseHTTPRequestHandler):
    """The answers of AWS that moto does not give: signatures of digests, and a key that is disabled."""

    private = ec.generate_private_key(ec.SECP256R1())
    disabled = False

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        action = self.headers["X-Amz-Target"].partition(".")[2]
        if action == "GetPublicKey":
            form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            self.answer(200, {"PublicKey": base64.b64encode(self.private.public_key().public_bytes(*form)).decode()})
        elif self.disabled:
            self.answer(400, {"__type": "DisabledException", "message": "the key is disabled"})
        else:
            message = base64.b64decode(body["Message"])
            assert len(message) == 32 if body["MessageType"] == "DIGEST" else len(message) <= 4096
            if body["SigningAlgorithm"] == "RSASSA_PSS_SHA_256":  # moto takes another length of the salt than AWS
                padder = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)
                kind = utils.Prehashed(hashes.SHA256()) if body["MessageType"] == "DIGEST" else hashes.SHA256()
                signature = self.private.sign(message, padder, kind)
                self.answer(200, {"Signature": base64.b64encode(signature).decode()})
                return
            kind = utils.Prehashed(hashes.SHA256()) if body["MessageType"] == "DIGEST" else hashes.SHA256()
            signature = self.private.sign(message, ec.ECDSA(kind))
            self.answer(200, {"Signature": base64.b64encode(signature).decode()})

    def answer(self, status: int, body: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def kms_server(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch):
    handler = type("Handler", (Kms,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield handler
    server.shutdown()
    server.server_close()


def chain_of(key) -> str:
    root_key = ec.generate_private_key(ec.SECP256R1())
    return (certificate(key, root_key) + certificate(root_key, root_key)).decode()


def test_a_message_too_long_for_kms_is_signed_by_its_digest(kms_server):
    data = b"x" * 5000
    signature = KmsKey("arn:aws:kms:eu-west-1:1:key/1").sign(data, b"es256")
    r, s = (int.from_bytes(signature[start : start + 32], "big") for start in (0, 32))
    kms_server.private.public_key().verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))


def test_a_key_that_is_disabled_later_ends_the_signing_and_keeps_the_video(kms_server, tmp_path: Path):
    video = make_video(tmp_path / "talk.pt.mp4", duration_s=1)
    before = video.read_bytes()
    options = CredentialOptions(certificate=chain_of(kms_server.private), key="arn:aws:kms:eu-west-1:1:key/1")
    signer = C2paSigner(options)
    kms_server.disabled = True
    with pytest.raises(ConfigurationError, match=r"KMS refuses CREDENTIALS_KEY \(DisabledException\)"):
        signer.sign(video, dub_claims(video))
    assert video.read_bytes() == before
    kms_server.disabled = False
    signer.sign(video, dub_claims(video))
    assert read_credentials(video).state == "valid"


def test_kms_that_does_not_answer_is_asked_again(new_key, monkeypatch):
    key = new_key("ECC_NIST_P256")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailableError):
        C2paSigner(CredentialOptions(certificate=key.chain, key=key.arn))


def test_an_rsa_key_in_kms_signs(kms_server, tmp_path: Path):
    kms_server.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    video = make_video(tmp_path / "talk.pt.mp4", duration_s=1)
    options = CredentialOptions(certificate=chain_of(kms_server.private), key="arn:aws:kms:eu-west-1:1:key/1")
    C2paSigner(options).sign(video, dub_claims(video))
    assert read_credentials(video).state == "valid"
