"""The sender and its surroundings: allowed addresses, names that change, proxies, TLS and logs."""

import datetime as dt
import ipaddress
import logging
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.callback_receiver import Answer, Behaviour, CallbackReceiver, Raw, Reset

from dub_assets.core.errors import ConfigurationError
from dub_assets.service.callbacks.bodies import progress
from dub_assets.service.callbacks.delivery import Delivered, Failed, Refused
from dub_assets.service.callbacks.sender import HttpCallbackSender
from dub_assets.service.callbacks.values import Subject, webhook_id

BODY = progress(Subject(job_id="j1", project_id="p1", target_language="en"), "downloaded").encoded()
ID = webhook_id("run", 0)
LOCAL = frozenset({"127.0.0.1"})
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def sender(**options) -> HttpCallbackSender:
    return HttpCallbackSender(**{"allowed_hosts": LOCAL, "localhost_host": None, "timeout_s": 60.0} | options)


# ------------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::1]",
        "[64:ff9b::127.0.0.1]",
        "localhost",
        "0",
        "0.0.0.0",
        "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    ],
)
def test_refuses_loopback_in_every_spelling(host: str):
    with CallbackReceiver() as receiver:
        outcome = sender(allowed_hosts=frozenset()).send(receiver.url(host=host), BODY, ID)
    assert isinstance(outcome, Refused)
    assert "JOB_CALLBACK_ALLOWED_HOSTS" in outcome.reason
    assert receiver.received == []


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "fd00:ec2::254", "fe80::1", "100.64.0.1"])
def test_refuses_a_name_with_an_address_that_is_not_public(address: str, monkeypatch):
    connected = connections(monkeypatch)
    inward = sender(resolve=lambda *_: ["8.8.8.8", address])
    assert isinstance(inward.send("http://api.example/", BODY, ID), Refused)
    assert connected == []


def test_connects_to_the_checked_address_of_a_name_that_changes(monkeypatch):
    """The resolver returns a public address when it is asked, once; a second lookup would return loopback."""
    asked, connected = [], connections(monkeypatch)
    system = socket.getaddrinfo

    def rebound(host, *args, **options):
        return system("127.0.0.1" if host == "rebind.example" else host, *args, **options)

    def public_first(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8"] if len(asked) == 1 else ["127.0.0.1"]

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    with CallbackReceiver() as receiver:
        outcome = sender(resolve=public_first).send(receiver.url(host="rebind.example"), BODY, ID)
    assert isinstance(outcome, Failed)
    assert asked == ["rebind.example"]
    assert connected == [("8.8.8.8", receiver.port)]
    assert receiver.received == []


def test_tries_the_next_address_if_one_accepts_no_connection():
    with CallbackReceiver() as receiver:
        consumer = sender(allowed_hosts=frozenset({"api.example"}), resolve=lambda *_: ["::1", "127.0.0.1"])
        outcome = consumer.send(receiver.url(host="api.example"), BODY, ID)
    assert outcome == Delivered(status_code=204)
    assert receiver.received[0].headers["host"] == f"api.example:{receiver.port}"


def test_sends_a_request_to_one_address_only():
    with CallbackReceiver(Reset()) as receiver:
        consumer = sender(
            allowed_hosts=frozenset({"api.example"}), resolve=lambda *_: ["127.0.0.1", "::ffff:127.0.0.1"]
        )
        outcome = consumer.send(receiver.url(host="api.example"), BODY, ID)
    assert isinstance(outcome, Failed)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_localhost_is_replaced_by_the_configured_host(host: str):
    asked = []

    def gate(name: str, port: int) -> list[str]:
        asked.append((name, port))
        return ["127.0.0.1"]

    with CallbackReceiver() as receiver:
        outcome = HttpCallbackSender(resolve=gate).send(receiver.url(host=host), BODY, ID)
    assert outcome == Delivered(status_code=204)
    assert asked == [("host.docker.internal", receiver.port)]
    assert receiver.received[0].headers["host"] == f"host.docker.internal:{receiver.port}"


def test_refuses_localhost_if_it_is_not_replaced():
    with CallbackReceiver() as receiver:
        off = HttpCallbackSender(localhost_host="")
        assert isinstance(off.send(receiver.url(host="localhost"), BODY, ID), Refused)
    assert receiver.received == []


def test_allows_a_host_in_every_spelling():
    with CallbackReceiver() as receiver:
        spelt = sender(allowed_hosts=frozenset({"LOCALHOST", "[::1]"}), resolve=lambda *_: ["127.0.0.1"])
        assert spelt.send(receiver.url(host="localhost"), BODY, ID) == Delivered(status_code=204)
        assert spelt.send(receiver.url(host="[0::1]"), BODY, ID) == Delivered(status_code=204)


@pytest.mark.parametrize("variable", ["allowed_hosts", "localhost_host"])
def test_a_host_with_a_port_is_an_error_that_names_the_variable(variable: str):
    value = "gate:8000" if variable == "localhost_host" else frozenset({"gate:8000"})
    with pytest.raises(ConfigurationError, match=f"JOB_CALLBACK_{variable.upper()}"):
        sender(**{variable: value})


@pytest.mark.parametrize("url", ["ftp://api.example/", "http://user:hunter2@127.0.0.1/", "http://127.0.0.1:0/", "x"])
def test_refuses_what_is_no_plain_url(url: str):
    outcome = sender().send(url, BODY, ID)
    assert isinstance(outcome, Refused)
    assert "hunter2" not in outcome.reason


def test_uses_neither_proxies_nor_passwords_of_the_environment(monkeypatch, tmp_path: Path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password SECRET\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with CallbackReceiver() as receiver:
        assert sender().send(receiver.url(), BODY, ID) == Delivered(status_code=204)
    assert "authorization" not in receiver.received[0].headers


# ------------------------------------------------------------------------------------------------------------ TLS


def test_tls_verifies_the_name_at_the_checked_address(tmp_path: Path):
    tls, ca_file, asked = identity(tmp_path, "api.example")
    named = sender(ca_file=ca_file, allowed_hosts=frozenset({"api.example"}), resolve=lambda *_: ["127.0.0.1"])
    with CallbackReceiver(tls=tls) as receiver:
        outcome = named.send(receiver.url(host="api.example"), BODY, ID)
    assert outcome == Delivered(status_code=204)
    assert asked == ["api.example"]


def test_refuses_a_certificate_of_another_name(tmp_path: Path):
    tls, ca_file, _ = identity(tmp_path, "other.example")
    named = sender(ca_file=ca_file, allowed_hosts=frozenset({"api.example"}), resolve=lambda *_: ["127.0.0.1"])
    with CallbackReceiver(tls=tls) as receiver:
        outcome = named.send(receiver.url(host="api.example"), BODY, ID)
    assert isinstance(outcome, Failed)
    assert "Hostname mismatch" in outcome.reason
    assert receiver.received == []


def test_refuses_a_certificate_of_an_unknown_authority(tmp_path: Path, monkeypatch):
    tls, ca_file, _ = identity(tmp_path, "api.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
    named = sender(allowed_hosts=frozenset({"api.example"}), resolve=lambda *_: ["127.0.0.1"])
    with CallbackReceiver(tls=tls) as receiver:
        outcome = named.send(receiver.url(host="api.example"), BODY, ID)
    assert isinstance(outcome, Failed)
    assert "its certificate is not accepted" in outcome.reason
    assert receiver.received == []


# ----------------------------------------------------------------------------------------------------------- logs


@pytest.mark.parametrize(
    "behaviour", [Answer(status=500), Reset(), Raw(content=b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"), None]
)
def test_neither_logs_nor_reasons_contain_the_url_or_the_secret(behaviour: Behaviour | None, caplog):
    caplog.set_level(logging.DEBUG)
    with CallbackReceiver(*[behaviour] if behaviour else []) as receiver:
        outcome = sender(secret=SECRET).send(receiver.url("/hidden/path?token=TOKEN"), BODY, ID)
    assert ID in caplog.text
    for hidden in ("TOKEN", "hidden", SECRET):
        assert hidden not in caplog.text
        assert hidden not in str(outcome)


def test_a_file_without_certificates_is_an_error_that_names_the_variable(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="JOB_CALLBACK_CA_FILE"):
        sender(ca_file=tmp_path / "missing.pem")
    (tmp_path / "empty.pem").write_text("none")
    with pytest.raises(ConfigurationError, match="JOB_CALLBACK_CA_FILE"):
        sender(ca_file=tmp_path / "empty.pem")


def connections(monkeypatch) -> list[tuple[str, int]]:
    """Refuse every connection and return the list of the addresses that were to be connected to."""
    made: list[tuple[str, int]] = []

    def connect(_: socket.socket, address: tuple[str, int]) -> None:
        made.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return made


def identity(folder: Path, name: str) -> tuple[ssl.SSLContext, Path, list[str | None]]:
    """Return a server's TLS for a name, the file of its authority, and the list of the names that clients ask for."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test's own authority")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.7"))])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca_file, key_file = folder / "ca.pem", folder / "key.pem"
    ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    asked: list[str | None] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(ca_file, key_file)
    tls.sni_callback = lambda _socket, asked_name, _context: asked.append(asked_name)
    return tls, ca_file, asked
