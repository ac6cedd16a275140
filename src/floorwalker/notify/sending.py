"""Sending one message to one webhook, with an end to every wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException

from floorwalker import __version__
from floorwalker.errors import FloorwalkerError
from floorwalker.notify.addresses import Address, Forbidden, parse_address, resolve
from floorwalker.notify.connecting import connected
from floorwalker.notify.signing import signed_headers

_GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt.

    Attributes:
        ok: whether the receiver took it (a status from 200 to 299).
        final: whether another attempt is of no use.
        text: what happened, for people; nothing of the receiver's answer but its status.
    """

    ok: bool
    final: bool
    text: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends messages.

    Args:
        private: whether the server's own network and machine may be sent to.
        step_s: how long connecting, sending or waiting may each take.
        whole_s: how long an attempt may take in all.
    """

    private: bool = False
    step_s: float = 5.0
    whole_s: float = 10.0

    def send(self, url: str, secret: str, message_id: str, body: bytes, sent_s: int) -> Outcome:
        """Make one attempt. A redirect is no success, and is not followed: it may lead anywhere.

        Args:
            url: the webhook's address.
            secret: the webhook's secret.
            message_id: of the message, the same for every attempt.
            body: JSON.
            sent_s: now, in seconds since 1970.
        """
        try:
            address = parse_address(url)
            number = resolve(address, private=self.private)
        except Forbidden as error:
            return Outcome(False, True, str(error))
        except FloorwalkerError as error:
            return Outcome(False, False, str(error))
        headers = {
            "Host": address.host_header,
            "Content-Type": "application/json",
            "User-Agent": f"floorwalker/{__version__}",
            "Connection": "close",
            **signed_headers(secret, message_id, sent_s, body),
        }
        try:
            status = self._post(address, number, headers, body)
        except (OSError, HTTPException, ValueError) as error:
            return Outcome(False, False, f"no answer: {type(error).__name__}: {error}"[:300])
        return Outcome(200 <= status < 300, status == _GONE, f"answered {status}")

    def _post(self, address: Address, number: str, headers: dict[str, str], body: bytes) -> int:
        with connected(address, number, self.step_s, self.whole_s) as connection:
            connection.request("POST", address.target, body=body, headers=headers)
            return connection.getresponse().status


Send = Callable[[str, str, str, bytes, int], Outcome]
