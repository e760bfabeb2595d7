import ipaddress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.errors import InputError, PermanentError, TransientError
from dub_assets.service.callbacks.addresses import checked_addresses, not_public, read_target

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "198.19.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::808:808",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_recognises_an_address_that_is_not_public(address: str):
    assert not_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_recognises_a_public_address(address: str):
    assert not_public(ipaddress.ip_address(address)) is None


@given(st.ip_addresses(v=4))
def test_no_private_ipv4_address_is_public(address: IPv4Address):
    assert not_public(address) or not address.is_private


@given(st.ip_addresses(v=6))
def test_no_private_ipv6_address_is_public(address: IPv6Address):
    assert not_public(address) or not address.is_private


@given(st.ip_addresses(v=4))
def test_an_embedded_ipv4_address_counts_as_itself(address: IPv4Address):
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        assert not_public(IPv6Address(int(IPv6Address(prefix)) | int(address))) == not_public(address)


def spellings(address: IPv4Address) -> list[str]:
    a, b, c, d = address.packed
    number = int(address)
    return [
        f"{number}",
        f"{number:#x}",
        f"0X{number:X}",
        f"0{number:o}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a}.{b}.{c * 256 + d}",
        f"{a}.{b * 65536 + c * 256 + d}",
        "".join(chr(0xFF10 + int(digit)) if digit.isdigit() else "。" for digit in str(address)),
    ]


@given(st.ip_addresses(v=4))
def test_reads_every_spelling_of_an_ipv4_address(address: IPv4Address):
    for spelling in spellings(address):
        assert read_target(f"http://{spelling}/", localhost_host=None).host == str(address)


def test_reads_the_parts_of_a_url():
    target = read_target("HTTPS://API.Example:8443/a/b?x=1#part", localhost_host=None)
    assert (target.scheme, target.host, target.port, target.path) == ("https", "api.example", 8443, "/a/b?x=1")
    assert target.authority == "api.example:8443"
    without_port = read_target("http://api.example:80", localhost_host=None)
    assert (without_port.authority, without_port.path) == ("api.example", "/")
    assert read_target("http://[2606:4700:0::1]:81/", localhost_host=None).authority == "[2606:4700::1]:81"
    assert read_target("http://한국.example/", localhost_host=None).host == "xn--3e0b707e.example"
    assert read_target("http://a_b.internal/", localhost_host=None).host == "a_b.internal"


def test_a_path_is_percent_encoded_once():
    assert (
        read_target("http://api.example/말/a b?q=%20&x=é", localhost_host=None).path
        == "/%EB%A7%90/a%20b?q=%20&x=%C3%A9"
    )


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1"])
def test_replaces_localhost_and_keeps_the_port(host: str):
    assert read_target(f"http://{host}:8000/x", localhost_host="gate").authority == "gate:8000"
    assert read_target(f"http://{host}/x", localhost_host="fd00::1").authority == "[fd00::1]"
    assert read_target(f"http://{host}:8000/x", localhost_host=None).host == host.lower()


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.0.0.2", "[::1]", "localhost.", "notlocalhost"])
def test_replaces_no_other_host(host: str):
    assert read_target(f"http://{host}/", localhost_host="gate").host != "gate"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example/x",
        "//api.example/x",
        "ftp://api.example/x",
        "file:///etc/passwd",
        "gopher://api.example/",
        "http:///x",
        "http://:80/",
        "http://api.example:0/",
        "http://api.example:65536/",
        "http://api.example:x/",
        "http://user@api.example/",
        "http://user:hunter2@api.example/",
        "http://@api.example/",
        "http://api.example\\@evil.example/",
        "http://api.example\\x/",
        "http://api.example\r\nX-Evil: 1/",
        "http://api.example/\r\nX-Evil: 1",
        "http://api.exa\tmple/",
        "http://api.example/\ud800",
        "http://api example/",
        "http://8.8.8.8 x/",
        "http://api..example/",
        "http://.example/",
        f"http://{'a' * 64}.example/",
        f"http://{'a.' * 130}example/",
        "http://%31%32%37.0.0.1/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://*.example/",
        "http://\u2488.example/",
        "http://xn--\u3002/",
    ],
)
def test_refuses_what_is_no_plain_url_without_quoting_it(url: str):
    with pytest.raises(InputError) as error:
        read_target(url, localhost_host="gate")
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)


TARGET = read_target("http://api.example/", localhost_host=None)


def test_checks_every_address_of_a_host():
    with pytest.raises(PermanentError, match=r"10\.0\.0\.1"):
        checked_addresses(TARGET, lambda *_: ["8.8.8.8", "10.0.0.1"], allowed_hosts=frozenset())
    with pytest.raises(PermanentError, match="JOB_CALLBACK_ALLOWED_HOSTS"):
        checked_addresses(
            TARGET, lambda *_: ["::ffff:127.0.0.1", "8.8.8.8"], allowed_hosts=frozenset({"other.example"})
        )


def test_returns_addresses_once_and_in_order():
    addresses = checked_addresses(TARGET, lambda *_: ["2606:4700::1", "8.8.8.8", "8.8.8.8"], allowed_hosts=frozenset())
    assert [str(address) for address in addresses] == ["2606:4700::1", "8.8.8.8"]


def test_an_allowed_host_may_have_any_address():
    allowed = frozenset({"api.example"})
    assert checked_addresses(TARGET, lambda *_: ["10.0.0.1"], allowed_hosts=allowed) == [IPv4Address("10.0.0.1")]


def test_a_host_without_an_address_is_a_transient_error():
    def unknown(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    for resolver in (unknown, lambda *_: []):
        with pytest.raises(TransientError, match=r"api\.example"):
            checked_addresses(TARGET, resolver, allowed_hosts=frozenset())
