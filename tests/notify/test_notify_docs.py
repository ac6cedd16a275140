"""The page's own check of a message is run as it stands there."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from floorwalker.notify.signing import new_secret, signed_headers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "anomalies.md"


def test_the_check_on_the_page_takes_genuine_messages_only():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    place: dict = {}
    exec(code, place)
    secret, body, now = new_secret(), b'{"type": "anomaly.opened"}', int(time.time())
    place["check"](secret, signed_headers(secret, "m", now, body), body)
    for headers, sent in (
        (signed_headers(new_secret(), "m", now, body), body),
        (signed_headers(secret, "m", now, body), body + b" "),
        (signed_headers(secret, "m", now - 400, body), body),
    ):
        with pytest.raises(ValueError, match=r"old|signed"):
            place["check"](secret, headers, sent)
