from __future__ import annotations

import base64

import pytest

from floorwalker.errors import InputError
from floorwalker.notify.signing import new_secret, signed_headers, verify

# The example of the specification's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_a_signature_is_that_of_the_open_specification():
    headers = signed_headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    verify(SECRET, headers, BODY, 1614265330 + 299)


@pytest.mark.parametrize(
    ("change", "body", "later"),
    [
        ({}, BODY + b" ", 0),
        ({}, BODY, 301),
        ({}, BODY, -301),
        ({"webhook-id": "another"}, BODY, 0),
        ({"webhook-timestamp": "1614265331"}, BODY, 0),
        ({"webhook-timestamp": "soon"}, BODY, 0),
        ({"webhook-signature": "v1,AAAA"}, BODY, 0),
        ({"webhook-signature": ""}, BODY, 0),
    ],
)
def test_what_was_changed_or_is_old_does_not_pass(change, body, later):
    headers = signed_headers(SECRET, "m", 1614265330, BODY) | change
    with pytest.raises(InputError):
        verify(SECRET, headers, body, 1614265330 + later)
    with pytest.raises(InputError):
        verify(SECRET, {}, body, 1614265330)


def test_secrets_are_random_and_long():
    first, second = new_secret(), new_secret()
    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32
    headers = signed_headers(first, "m", 100, BODY)
    with pytest.raises(InputError):
        verify(second, headers, BODY, 100)
