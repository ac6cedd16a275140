"""Signatures of what is sent to webhooks, by the open specification Standard Webhooks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from floorwalker.errors import InputError

SECRET_PREFIX = "whsec_"
REPLAY_WINDOW_S = 300
_SECRET_BYTES = 32


def new_secret() -> str:
    """A fresh secret: 256 random bits."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(secret: str, message_id: str, sent_s: int, body: bytes) -> dict[str, str]:
    """The headers that prove where a message comes from, and when it was sent.

    Args:
        secret: as `new_secret` gives it.
        message_id: the same for every attempt to send one message.
        sent_s: when this attempt is made, in seconds since 1970.
        body: as sent.

    Source: Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, in base64 after `v1,`.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_s),
        "webhook-signature": f"v1,{_signature(secret, message_id, str(sent_s), body)}",
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> None:
    """What a receiver does with a message before it believes it.

    Args:
        secret: of the webhook.
        headers: of the request, their names in lower case.
        body: its bytes, unchanged.
        now_s: the receiver's clock, in seconds since 1970.

    Raises:
        InputError: a header is missing, the message is older than 5 minutes or from the future, or nobody
            who knows the secret signed it.
    """
    try:
        message_id, sent, given = (
            headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        )
        age_s = now_s - int(sent)
    except (KeyError, ValueError) as error:
        raise InputError(f"not a signed message: {error}") from error
    if abs(age_s) > REPLAY_WINDOW_S:
        raise InputError(f"the message was sent {age_s:.0f} s ago; expected at most {REPLAY_WINDOW_S}")
    expected = _signature(secret, message_id, sent, body)
    candidates = [part.partition(",")[2] for part in given.split() if part.startswith("v1,")]
    if not any(hmac.compare_digest(expected, candidate) for candidate in candidates):
        raise InputError("the signature does not fit the message")


def _signature(secret: str, message_id: str, sent: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise InputError("a webhook's secret is whsec_ and base64") from error
    content = f"{message_id}.{sent}.".encode() + body
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
