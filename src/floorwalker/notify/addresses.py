"""Where webhooks may lead: an address that somebody typed in must not reach into the server's own network."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from floorwalker.errors import InputError, WorkError

_LONGEST = 2000
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # leads to the IPv4 address in its last 32 bits
# What Python takes for public although it leads to an address within: a site's own translation, the
# site-local addresses of old, and IPv4 addresses written as IPv6.
_NO_PUBLIC_IPV6 = tuple(map(ipaddress.IPv6Network, ("64:ff9b:1::/48", "fec0::/10", "::/96")))


class Forbidden(WorkError):
    """An address leads where this server does not send."""


@dataclass(frozen=True, slots=True)
class Address:
    """A webhook's address, taken apart.

    Attributes:
        scheme: `http` or `https`.
        host: name or number.
        port: where it listens.
        target: path and query.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def host_header(self) -> str:
        """The host as the request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_address(url: str) -> Address:
    """Take an address apart.

    Raises:
        InputError: not an http or https address, one with a user, a fragment or signs that do not belong.
    """
    wrong = InputError(f"expected an address such as https://example.org/hook, got {url[:200]!r}")
    if len(url) > _LONGEST or not url.isascii() or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise wrong
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise wrong
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InputError("an address with a user, a password or a fragment (#) is not sent to")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], target)


def resolve(address: Address, *, private: bool, setting: str = "FLOORWALKER_WEBHOOKS_PRIVATE") -> str:
    """The number to connect to; asked anew for every message, and connected to as it was checked.

    Args:
        address: whose.
        private: whether the server's own network and machine may be sent to.
        setting: the variable that allows it, for the message.

    Returns:
        An IP address.

    Raises:
        Forbidden: one of the host's numbers is not of the public network.
        WorkError: the name is not known.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WorkError(f"the name {address.host} is not known: {error}") from error
    numbers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not private:
        for number in numbers:
            if not _is_public(number):
                raise Forbidden(
                    f"{address.host} is {number}, which is not of the public network; "
                    f"{setting}=true allows it"
                )
    return numbers[0]


def look_at_address(url: str, *, private: bool) -> str | None:
    """Say at once, when a webhook is made, what sending to it would come to.

    Args:
        url: the webhook's address.
        private: whether the server's own network and machine may be sent to.

    Returns:
        A warning where the name is not known, or not of the public network, as of now: that may change.

    Raises:
        InputError: not an address, or a number or name that never is of the public network.
    """
    address = parse_address(url)
    if private:
        return None
    try:
        resolve(address, private=False)
    except Forbidden as error:
        if _is_number(address.host) or f".{address.host}".endswith(".localhost"):
            raise InputError(str(error)) from error
        return f"nothing would be sent now: {error}"
    except WorkError as error:
        return f"nothing could be sent now: {error}"
    return None


def _is_number(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return True


def _is_public(number: str) -> bool:
    ip = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if any(ip in network for network in _NO_PUBLIC_IPV6):
            return False
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast
