"""Keys as they are kept, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from floorwalker.errors import InputError
from floorwalker.warehouse.keys import KeyRing, Keys, Role


def test_a_key_comes_back_as_it_was_made_and_its_secret_does_not(warehouse, noon):
    keys = Keys(warehouse.database)
    made, secret = keys.create("Ñandú", Role.OPERATOR, noon, stores=["B", "A"], expires=noon + timedelta(1))
    assert keys.all() == [made]
    assert (made.role, made.stores, made.last_used) == (Role.OPERATOR, frozenset("AB"), None)
    with warehouse.database.read() as connection:
        (row,) = connection.execute(text("SELECT * FROM api_keys")).all()
    assert secret not in str(row)
    ring = KeyRing(keys.all())
    assert ring.find(secret) == made
    assert ring.find(secret[:-1]) is None
    assert ring.find("") is None


def test_two_secrets_are_never_alike(warehouse, noon):
    keys = Keys(warehouse.database)
    assert len({keys.create(f"k{number}", Role.VIEWER, noon)[1] for number in range(20)}) == 20


def test_state_by_time_and_by_word(warehouse, noon):
    keys = Keys(warehouse.database)
    key, _ = keys.create("k", Role.VIEWER, noon, expires=noon + timedelta(hours=1))
    assert key.state(noon) == "active"
    assert key.state(noon + timedelta(hours=1)) == "expired"
    revoked = keys.revoke(key.key_id, noon + timedelta(minutes=1))
    assert revoked.state(noon + timedelta(minutes=2)) == "revoked"
    assert keys.revoke(key.key_id, noon + timedelta(hours=9)).revoked == noon + timedelta(minutes=1)
    keys.note_use([key.key_id], noon + timedelta(seconds=5))
    assert keys.all()[0].last_used == noon + timedelta(seconds=5)


def test_a_name_in_use_is_refused_and_is_free_again_when_its_key_has_ended(warehouse, noon):
    keys = Keys(warehouse.database)
    keys.create("k", Role.VIEWER, noon, expires=noon + timedelta(hours=1))
    with pytest.raises(InputError, match="in use"):
        keys.create("k", Role.ADMIN, noon)
    keys.create("k", Role.ADMIN, noon + timedelta(hours=2))
    assert len(keys.all()) == 2


def test_roles_contain_one_another():
    may = {role: [needed for needed in Role if role.covers(needed)] for role in Role}
    assert may == {
        Role.VIEWER: [Role.VIEWER],
        Role.OPERATOR: [Role.VIEWER, Role.OPERATOR],
        Role.ADMIN: [Role.VIEWER, Role.OPERATOR, Role.ADMIN],
    }
