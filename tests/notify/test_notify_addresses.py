from __future__ import annotations

import socket

import pytest

from floorwalker.errors import InputError
from floorwalker.notify.addresses import Forbidden, look_at_address, parse_address, resolve


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://",
        "https://a b/",
        "http://x:99999/",
        "http://x:0/",
        "http://user@example.org/",
        "http://user:word@example.org/",
        "http://example.org/#part",
        "http://example.org/\r\nHost: other",
        "http://exämple.org/",
        "https://[::1",
        "https://x/" + "a" * 2000,
    ],
)
def test_only_plain_web_addresses_are_taken(url):
    with pytest.raises(InputError):
        parse_address(url)


def test_an_address_is_taken_apart():
    address = parse_address("https://Example.org/a/b?c=d")
    assert (address.host, address.port, address.target) == ("example.org", 443, "/a/b?c=d")
    assert parse_address("http://[2606:4700::1111]:8080").host_header == "[2606:4700::1111]:8080"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "192.168.0.7",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[2002:7f00:1::]",
        "224.0.0.1",
        "2130706433",
        "0x7f.1",
        "100.64.0.1",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a00:1]",
        "[64:ff9b:1::a00:1]",
        "[fec0::1]",
        "[::7f00:1]",
    ],
)
def test_nothing_is_sent_into_the_servers_own_network(host):
    address = parse_address(f"http://{host}/")
    try:
        socket.getaddrinfo(address.host, 80)
    except OSError:
        pytest.skip(f"this machine does not know {host}")
    with pytest.raises(Forbidden):
        resolve(address, private=False)


@pytest.mark.parametrize("number", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_the_public_network_is_sent_to_through_a_translator_too(monkeypatch, number):
    entry = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (number, 80))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [entry])
    assert resolve(parse_address("http://till.example/"), private=False) == number


def test_what_can_never_be_sent_to_is_refused_when_it_is_told(monkeypatch):
    for host in ("127.0.0.1", "[::1]", "10.1.2.3", "2130706433", "localhost"):
        with pytest.raises(InputError, match="FLOORWALKER_WEBHOOKS_PRIVATE"):
            look_at_address(f"http://{host}/", private=False)
        assert look_at_address(f"http://{host}/", private=True) is None

    def known_as(number):
        def getaddrinfo(host, *_args, flags=0, **_more):
            if flags:
                raise socket.gaierror("not a number")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 80))]

        return getaddrinfo

    monkeypatch.setattr(socket, "getaddrinfo", known_as("10.0.0.7"))
    assert "10.0.0.7" in look_at_address("http://till.example/", private=False)
    monkeypatch.setattr(socket, "getaddrinfo", known_as("1.1.1.1"))
    assert look_at_address("http://till.example/", private=False) is None


def test_a_name_with_one_private_number_among_public_ones_is_refused(monkeypatch):
    entries = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 80)) for number in ("1.1.1.1", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: entries)
    with pytest.raises(Forbidden):
        resolve(parse_address("http://rebind.example/"), private=False)
    assert resolve(parse_address("http://rebind.example/"), private=True) == "1.1.1.1"


def test_public_addresses_and_those_that_are_allowed_pass():
    assert resolve(parse_address("https://1.1.1.1/"), private=False) == "1.1.1.1"
    assert resolve(parse_address("http://127.0.0.1:9/"), private=True) == "127.0.0.1"
