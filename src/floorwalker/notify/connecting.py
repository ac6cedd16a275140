"""A connection to an address that was checked, with an end to every wait."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from floorwalker.notify.addresses import Address


@contextmanager
def connected(address: Address, number: str, step_s: float, whole_s: float) -> Iterator[HTTPConnection]:
    """Connect to the number that was checked, whatever the name would resolve to by now.

    Args:
        address: whom to ask for.
        number: the IP address to connect to.
        step_s: how long connecting, sending or waiting may each take.
        whole_s: how long the block may take in all; then the connection is cut.

    Yields:
        The connection.

    Raises:
        OSError: it cannot be made.
    """
    connection = HTTPConnection(address.host, address.port, timeout=step_s)
    with socket.create_connection((number, address.port), step_s) as plain:
        # Each wait has its limit, but an answer byte by byte could still last for ever.
        alarm = threading.Timer(whole_s, _shut, (plain,))
        alarm.daemon = True
        alarm.start()
        try:
            connection.sock = _wrapped(plain, address)
            yield connection
        finally:
            alarm.cancel()
            connection.close()


def _wrapped(plain: socket.socket, address: Address) -> socket.socket:
    if address.scheme == "http":
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=address.host)


def _shut(plain: socket.socket) -> None:
    try:
        plain.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is over already
