"""Signed videos: verified by the library's reader, with chains made here; a changed byte is found."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from support.command_line import make_video

from dub_assets.adapters.credentials.development import DevelopmentChain, certificate, development_chain
from dub_assets.adapters.credentials.reading import read_credentials
from dub_assets.adapters.credentials.signing import C2paSigner
from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.adapters.ffmpeg.marking import append_xmp, read_marks
from dub_assets.core.credentials import CredentialOptions, DubClaims, VideoRevision
from dub_assets.core.engine import EngineIdentity
from dub_assets.core.errors import ConfigurationError, InputError, ServiceUnavailableError
from dub_assets.core.marking import DIGITAL_SOURCE_TYPE

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def chain() -> DevelopmentChain:
    return development_chain()


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Path:
    return make_video(tmp_path_factory.mktemp("original") / "talk.mp4", duration_s=1)


@pytest.fixture
def video(original: Path, tmp_path: Path) -> Path:
    path = tmp_path / "talk.pt.mp4"
    path.write_bytes(original.read_bytes())
    return path


def options(chain: DevelopmentChain, **changes) -> CredentialOptions:
    return CredentialOptions(**{"certificate": chain.chain.decode(), "key": chain.key.decode(), **changes})


def claims(original: Path, **changes) -> DubClaims:
    return replace(
        DubClaims(
            title="talk.pt.mp4",
            original=original,
            original_name="projects/local/inputs/talk.mp4",
            original_sha256="0" * 64,
            source_language="en",
            target_language="pt",
            synthetic=True,
            cloned_voices=False,
            engines=(EngineIdentity(name="kokoro", version="1.0", licence="Apache-2.0"),),
            revision=1,
            edited=(),
        ),
        **changes,
    )


def anchors(chain: DevelopmentChain, folder: Path) -> Path:
    path = folder / "root.pem"
    path.write_bytes(chain.root)
    return path


def test_a_signed_video_is_verified_and_names_its_actions(chain, original, video, tmp_path):
    C2paSigner(options(chain)).sign(video, claims(original))
    assert read_credentials(video).state == "valid"
    assert read_credentials(video, anchors(development_chain(), tmp_path)).state == "untrusted"
    credentials = read_credentials(video, anchors(chain, tmp_path))
    assert (credentials.state, credentials.faults) == ("trusted", ())
    assert credentials.issuer == "dub_assets development"
    assert "not to be trusted" in credentials.signer
    opened, translated, dubbed = credentials.actions
    assert (opened["action"], translated["action"]) == ("c2pa.opened", "c2pa.translated")
    assert translated["parameters"] == {"sourceLanguage": "en", "targetLanguage": "pt"}
    assert (dubbed["action"], dubbed["digitalSourceType"]) == ("c2pa.dubbed", DIGITAL_SOURCE_TYPE)
    assert credentials.ingredients == ("projects/local/inputs/talk.mp4",)
    assert credentials.dub["engines"] == ["kokoro 1.0"]
    assert credentials.dub["cloned_voices"] is False


def test_a_changed_byte_of_the_sound_is_found(chain, original, video):
    C2paSigner(options(chain)).sign(video, claims(original))
    content = bytearray(video.read_bytes())
    content[content.index(b"mdat") + 2000] ^= 1
    video.write_bytes(content)
    assert read_credentials(video).state == "changed"


def test_credentials_that_were_cut_out_are_missing(chain, original, video, tmp_path):
    C2paSigner(options(chain)).sign(video, claims(original))
    copy = tmp_path / "copy.mp4"
    subprocess.run([str(find_ffmpeg()), "-v", "error", "-i", str(video), "-c", "copy", str(copy)], check=True)
    assert read_credentials(copy).state == "none"


def test_signing_keeps_the_marks(chain, original, video):
    append_xmp(video, "Contains synthetic speech.")
    C2paSigner(options(chain)).sign(video, claims(original))
    assert read_marks(video).digital_source_type == DIGITAL_SOURCE_TYPE
    assert read_credentials(video).state == "valid"


def test_credentials_of_the_original_are_kept(chain, original, video, tmp_path):
    import c2pa

    signed_original = tmp_path / "signed.mp4"
    signed_original.write_bytes(original.read_bytes())
    signer = C2paSigner(options(chain))
    signer.sign(signed_original, claims(original, title="the original", synthetic=False))
    signer.sign(video, claims(signed_original))
    with video.open("rb") as file, c2pa.Reader("video/mp4", file) as reader:
        manifests = reader.detailed_json()
    assert "the original" in manifests
    assert read_credentials(video).state == "valid"


def test_credentials_at_an_address_in_the_original_are_not_fetched(chain, original, video, tmp_path):
    import c2pa

    visitors: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visitors.append(self.path)
            self.send_error(404)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    remote = tmp_path / "remote.mp4"
    definition = {"claim_generator_info": [{"name": "test", "version": "1"}], "assertions": []}
    info = c2pa.C2paSignerInfo(b"es256", chain.chain, chain.key, None)
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder.from_json(json.dumps(definition)) as builder:
        builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
        with original.open("rb") as source:
            builder.add_ingredient(json.dumps({"relationship": "parentOf", "title": "x"}), "video/mp4", source)
        builder.set_no_embed()
        builder.set_remote_url(f"http://127.0.0.1:{server.server_port}/manifest.c2pa")
        with original.open("rb") as source, remote.open("w+b") as target:
            builder.sign(signer, "video/mp4", source, target)
    try:
        assert b"manifest.c2pa" in remote.read_bytes()
        visitors.clear()
        C2paSigner(options(chain)).sign(video, claims(remote))
        assert read_credentials(remote).state in {"none", "invalid"}
        assert read_credentials(video).state == "valid"
        assert visitors == []
    finally:
        server.shutdown()
        server.server_close()


def in_container(original: Path, ending: str, folder: Path) -> Path:
    path = folder / f"talk{ending}"
    subprocess.run([str(find_ffmpeg()), "-v", "error", "-i", str(original), "-c", "copy", str(path)], check=True)
    return path


@pytest.mark.parametrize("ending", [".mkv", ".ts", ".mov"])
def test_an_original_of_another_container_is_an_ingredient(chain, original, video, tmp_path, ending):
    C2paSigner(options(chain)).sign(video, claims(in_container(original, ending, tmp_path)))
    credentials = read_credentials(video)
    assert credentials.state == "valid"
    assert credentials.actions[0]["action"] == "c2pa.opened"
    assert credentials.ingredients == ("projects/local/inputs/talk.mp4",)
    assert credentials.dub["original"] == {"key": "projects/local/inputs/talk.mp4", "sha256": "0" * 64}


@pytest.mark.parametrize("ending", [".mkv", ".ts", ".mov", ".wav", ".mp3", ".m4a"])
def test_a_copy_of_a_dub_is_signed_with_the_dub_as_ingredient(chain, original, video, tmp_path, ending):
    signer = C2paSigner(options(chain))
    signer.sign(video, claims(original))
    dub = read_credentials(video).dub
    copy = tmp_path / f"talk.pt{ending}"
    subprocess.run([str(find_ffmpeg()), "-v", "error", "-i", str(video), "-map", "0:a:0", str(copy)], check=True)
    before = copy.read_bytes()
    signed = signer.sign_copy(copy, video, dub)
    is_sidecar = ending in {".mkv", ".ts"}
    assert (signed == copy.with_name(f"{copy.name}.c2pa")) == is_sidecar
    assert (copy.read_bytes() == before) == is_sidecar
    credentials = read_credentials(copy, anchors(chain, tmp_path))
    assert credentials.state == "trusted"
    assert [action["action"] for action in credentials.actions] == ["c2pa.opened", "c2pa.transcoded"]
    assert (credentials.ingredients, credentials.dub) == (("talk.pt.mp4",), dub)
    content = bytearray(copy.read_bytes())
    content[content.index(before[len(before) // 2 :][:64])] ^= 1
    copy.write_bytes(content)
    assert read_credentials(copy).state == "changed"


def test_credentials_beside_an_original_are_chained(chain, original, video, tmp_path):
    import c2pa

    signer = C2paSigner(options(chain))
    signed = tmp_path / "first.mp4"
    signed.write_bytes(original.read_bytes())
    signer.sign(signed, claims(original, title="the first"))
    mkv = in_container(original, ".mkv", tmp_path)
    sidecar = signer.sign_copy(mkv, signed, None)
    signer.sign(video, claims(mkv, original_credentials=sidecar))
    with video.open("rb") as file, c2pa.Reader("video/mp4", file) as reader:
        titles = {manifest["title"] for manifest in json.loads(reader.json())["manifests"].values()}
    assert titles == {"talk.pt.mp4", "talk.mkv", "the first"}
    assert read_credentials(video, anchors(chain, tmp_path)).state == "trusted"


def test_a_broken_sidecar_of_an_original_is_left_out(chain, original, video, tmp_path):
    mkv, broken = in_container(original, ".mkv", tmp_path), tmp_path / "talk.mkv.c2pa"
    broken.write_bytes(b"no manifest")
    C2paSigner(options(chain)).sign(video, claims(mkv, original_credentials=broken))
    assert read_credentials(video).state == "valid"
    assert read_credentials(mkv).state in {"none", "invalid"}


def test_the_history_lists_the_videos_of_the_job(chain, original, video):
    history = (VideoRevision(number=1, segments=()), VideoRevision(number=2, segments=("0001",)))
    C2paSigner(options(chain)).sign(video, claims(original, revision=2, history=history))
    assert read_credentials(video).dub["history"] == [
        {"revision": 1, "segments": []},
        {"revision": 2, "segments": ["0001"]},
    ]


def test_edits_are_an_action_with_their_segments(chain, original, video):
    C2paSigner(options(chain)).sign(video, claims(original, revision=3, edited=("0001", "0004")))
    *_, edited = read_credentials(video).actions
    assert (edited["action"], edited["parameters"]) == ("c2pa.edited", {"revision": 3, "segments": ["0001", "0004"]})


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "p384"])
def test_keys_of_other_kinds_sign(kind, original, video, tmp_path):
    keys = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    }
    key, root_key = keys[kind](), ec.generate_private_key(ec.SECP256R1())
    root = certificate(root_key, root_key)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made = DevelopmentChain(root=root, chain=certificate(key, root_key) + root, key=pem)
    C2paSigner(options(made)).sign(video, claims(original))
    assert read_credentials(video, anchors(made, tmp_path)).state == "trusted"


def test_certificate_and_key_may_be_files(chain, original, video, tmp_path):
    paths = {"certificate": tmp_path / "certificate.pem", "key": tmp_path / "key.pem"}
    paths["certificate"].write_bytes(chain.chain)
    paths["key"].write_bytes(chain.key)
    C2paSigner(CredentialOptions(**{name: str(path) for name, path in paths.items()})).sign(video, claims(original))
    assert read_credentials(video).state == "valid"


def encrypted(chain: DevelopmentChain) -> str:
    key = serialization.load_pem_private_key(chain.key, password=None)
    form = serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    return key.private_bytes(serialization.Encoding.PEM, *form).decode()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: {"certificate": "/nowhere.pem"}, "CREDENTIALS_CERTIFICATE cannot be read"),
        (lambda _: {"key": "/dev/null"}, "CREDENTIALS_KEY names a file that is no PEM"),
        (lambda chain: {"certificate": chain.key.decode()}, "CREDENTIALS_CERTIFICATE is no certificate"),
        (lambda chain: {"key": chain.chain.decode()}, "CREDENTIALS_KEY is no private key"),
        (lambda chain: {"key": encrypted(chain)}, "is encrypted"),
        (lambda _: {"key": development_chain().key.decode()}, "CREDENTIALS_KEY is not the key of the first"),
    ],
)
def test_an_unusable_certificate_or_key_is_refused_without_showing_it(chain, change, reason):
    changed = options(chain, **change(chain))
    with pytest.raises(ConfigurationError, match=reason) as caught:
        C2paSigner(changed)
    for secret in (chain.key.decode(), changed.key):
        assert secret[40:80] not in str(caught.value) or not secret[40:80]
        assert secret not in repr(changed)


def test_one_without_the_other_is_refused(chain):
    with pytest.raises(ConfigurationError, match="belong together"):
        CredentialOptions(certificate=chain.chain.decode())


def test_the_key_is_not_in_the_video(chain, original, video):
    C2paSigner(options(chain)).sign(video, claims(original))
    assert chain.key.splitlines()[1] not in video.read_bytes()


def test_a_certificate_that_is_not_for_c2pa_is_refused_and_the_video_is_kept(original, video):
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    root = certificate(key, key)
    before = video.read_bytes()
    with pytest.raises(ConfigurationError, match="nothing can be signed"):
        C2paSigner(options(DevelopmentChain(root=root, chain=root, key=pem))).sign(video, claims(original))
    assert video.read_bytes() == before


def test_a_time_stamp_authority_that_does_not_answer_is_asked_again(chain, original, video):
    signer = C2paSigner(options(chain, timestamp_url="http://127.0.0.1:9/tsa"))
    with pytest.raises(ServiceUnavailableError, match=r"127\.0\.0\.1:9"):
        signer.sign(video, claims(original))


@pytest.mark.parametrize("name", ["missing.mp4", "text.srt"])
def test_files_without_credentials_to_read(name, tmp_path):
    with pytest.raises(InputError, match=name.partition(".")[0]):
        read_credentials(tmp_path / name)


@pytest.mark.parametrize(
    "content", [b"", b"text", "영상".encode(), b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_anchors_that_are_no_certificates_are_refused(content, original, tmp_path):
    (tmp_path / "root.pem").write_bytes(content)
    with pytest.raises(InputError, match=r"root\.pem as certificates"):
        read_credentials(original, tmp_path / "root.pem")


def test_a_file_that_was_never_signed_has_none(original):
    assert read_credentials(original).state == "none"
