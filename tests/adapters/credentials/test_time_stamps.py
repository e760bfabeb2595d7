"""Time stamps of an authority (RFC 3161): openssl behind a local HTTP server."""

from __future__ import annotations

import datetime as dt
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support.command_line import make_video
from support.dub_claims import dub_claims

from dub_assets.adapters.credentials.development import development_chain
from dub_assets.adapters.credentials.reading import read_credentials
from dub_assets.adapters.credentials.signing import C2paSigner
from dub_assets.core.credentials import CredentialOptions
from dub_assets.core.errors import ServiceUnavailableError

pytestmark = pytest.mark.media

CONFIGURATION = """
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/tsa.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """A time stamp authority; ``answer`` is None, or what it answers instead of a time stamp."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answer: tuple[int, bytes] | None = None
        self.requests = 0
        key, root_key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
        certificate = time_stamp_certificate(key, root_key)
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        (folder / "tsa.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "tsa.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
        (folder / "serial").write_text("01")
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))

    def stamp(self, query: bytes) -> tuple[int, bytes]:
        self.requests += 1
        if self.answer is not None:
            return self.answer
        (self.folder / "query").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return 200, (self.folder / "reply").read_bytes()


def time_stamp_certificate(key: rsa.RSAPrivateKey, root_key: rsa.RSAPrivateKey) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    usage = {"content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign"}
    usage |= {"crl_sign", "encipher_only", "decipher_only"}
    key_usage = x509.KeyUsage(digital_signature=True, **dict.fromkeys(usage, False))
    extended = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING])
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority of the tests")]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "root of the tests")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage, critical=True)
        .add_extension(extended, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
        .sign(root_key, hashes.SHA256())
    )


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    folder = tmp_path / "authority"
    folder.mkdir()
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, content = authority.stamp(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    authority.url = f"http://127.0.0.1:{server.server_port}/tsa"
    yield authority
    server.shutdown()
    server.server_close()


def sign(video: Path, url: str) -> None:
    chain = development_chain()
    options = CredentialOptions(certificate=chain.chain.decode(), key=chain.key.decode(), timestamp_url=url)
    claims = dub_claims(video)
    C2paSigner(options).sign(video, claims)


def test_a_time_stamp_is_in_the_credentials(authority: Authority, tmp_path: Path):
    video = make_video(tmp_path / "talk.pt.mp4", duration_s=1)
    sign(video, authority.url)
    credentials = read_credentials(video)
    assert credentials.state == "valid"
    assert authority.requests == 1
    signed_at = dt.datetime.fromisoformat(credentials.signed_at)
    assert abs(dt.datetime.now(dt.UTC) - signed_at) < dt.timedelta(minutes=5)


@pytest.mark.parametrize("answer", [(500, b"down"), (200, b"no time stamp"), (200, b"")])
def test_an_authority_that_gives_no_time_stamp_is_asked_again_and_the_video_is_kept(authority, tmp_path, answer):
    video = make_video(tmp_path / "talk.pt.mp4", duration_s=1)
    before = video.read_bytes()
    authority.answer = answer
    with pytest.raises(ServiceUnavailableError, match="gave no time stamp"):
        sign(video, authority.url)
    assert video.read_bytes() == before
