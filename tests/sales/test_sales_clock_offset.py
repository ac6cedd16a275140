"""The lag between sales and leaving the till: found where there is one, not found where there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.sales.clock_offset import TillDay, TooLittleData, estimate_clock_offset
from floorwalker.warehouse import Transaction, Warehouse
from floorwalker.warehouse.clock_offsets import (
    add_offset,
    apply_offset,
    offset_us_at,
    read_offset_records,
    withdraw_offset,
)
from floorwalker.warehouse.records import to_us

OPEN_S = 10 * 3600


def busy_times(rng, count):
    """Half of the people spread over the day, half around a rush hour."""
    rush = rng.normal(0.6 * OPEN_S, 2400, count)
    return np.clip(np.where(rng.random(count) < 0.5, rng.uniform(0, OPEN_S, count), rush), 0, OPEN_S)


def till_days(rng, days, offset_s, buyers=30, passers=30):
    """Each buyer pays about 10 seconds before leaving; others leave the till without paying."""
    made = []
    for _ in range(days):
        leaves = busy_times(rng, buyers)
        paid = leaves - np.abs(rng.normal(10, 15, buyers))
        made.append(TillDay(paid + offset_s, np.concatenate([leaves, busy_times(rng, passers)])))
    return made


def estimate(days, seed=0):
    return estimate_clock_offset(days, np.random.default_rng(seed), permutations=199, resamples=100)


@pytest.mark.parametrize("offset_s", [-700.0, -61.0, 0.0, 240.0, 840.0])
def test_a_known_offset_is_found_within_seconds(offset_s):
    found = estimate(till_days(np.random.default_rng(3), 5, offset_s))
    assert found.significant
    # Paying comes before leaving: the lag is shorter than the offset by that time.
    assert abs(found.offset_s - (offset_s - 12)) < 12
    assert found.low_s <= found.offset_s <= found.high_s
    assert found.high_s - found.low_s < 60
    assert (found.days, found.sales, found.leaves) == (5, 150, 300)
    assert not found.at_edge


def test_sales_that_have_nothing_to_do_with_the_people_are_not_significant():
    values = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        days = [TillDay(busy_times(rng, 30), busy_times(rng, 60)) for _ in range(5)]
        values.append(estimate(days, seed).p_value)
    assert sum(p < 0.05 for p in values) <= 6  # of 40, where 2 are expected: more than 6 in 1 of 200 cases


def test_an_offset_beyond_the_search_is_not_taken_for_one_within():
    found = estimate(till_days(np.random.default_rng(4), 5, 1500.0))
    assert not found.significant


def test_one_day_of_many_sales_does_not_stand_for_several():
    rng = np.random.default_rng(5)
    with pytest.raises(TooLittleData, match="2 of 4 days"):
        estimate([*till_days(rng, 2, 0.0), TillDay([1.0] * 3, [1.0] * 30), TillDay([1.0] * 30, [2.0] * 30)])
    with pytest.raises(TooLittleData, match="with 18 sales in all"):
        estimate(till_days(rng, 3, 0.0, buyers=6))
    with pytest.raises(TooLittleData, match="0 of 0 days"):
        estimate([])


def test_the_same_data_and_chance_give_the_same_estimate():
    days = till_days(np.random.default_rng(6), 4, 33.0)
    assert estimate(days, 1) == estimate(days, 1)


MORNING = datetime(2026, 3, 3, 10, tzinfo=UTC)
NOW_US = to_us(MORNING)


@pytest.fixture
def warehouse(database_url):
    opened = Warehouse(database_url, clock=lambda: MORNING)
    # The second sale stands two minutes before midnight UTC by the till's clock.
    times = (MORNING, MORNING.replace(hour=23, minute=58))
    opened.load_transactions(
        [Transaction("S1", f"T{n}", to_us(at), 100, "INR") for n, at in enumerate(times)]
    )
    yield opened
    opened.close()


def changed_days(warehouse):
    from sqlalchemy import select

    from floorwalker.warehouse.schema import day_versions

    with warehouse.database.read() as connection:
        return {
            row.day: row.version
            for row in connection.execute(select(day_versions).where(day_versions.c.store_id == "S1"))
        }


def sales_at(warehouse):
    view = warehouse.read("S1", MORNING - timedelta(days=1), MORNING + timedelta(days=2))
    return [(sale.time_us - NOW_US) / 1e6 for sale in view.transactions], view.till_offset_s


def test_an_estimate_changes_nothing_until_a_person_applies_it(warehouse):
    with warehouse.database.write() as connection:
        first = add_offset(connection, "S1", -180.0, 0.001, {"days": 5}, NOW_US)
        assert add_offset(connection, "S1", -180.0, 0.001, {"days": 5}, NOW_US + 1) == first
    before, untouched = sales_at(warehouse), changed_days(warehouse)
    assert before[1] == 0.0
    with warehouse.database.write() as connection:
        applied = apply_offset(connection, "S1", 1, "Asha", NOW_US + 2)
    assert (applied.holds, applied.applied_by) == (True, "Asha")
    after, offset_s = sales_at(warehouse)
    assert (after, offset_s) == ([at_s + 180 for at_s in before[0]], -180.0)
    # A sale moved past midnight: both days have changed, the day before has not.
    day = NOW_US // 86_400_000_000
    assert changed_days(warehouse).keys() == {day, day + 1}
    assert changed_days(warehouse)[day] > untouched[day]


def test_applying_withdrawing_and_applying_again_keeps_what_held_when(warehouse):
    with warehouse.database.write() as connection:
        for offset_s in (10.0, 20.0):
            add_offset(connection, "S1", offset_s, 0.01, {}, NOW_US)
        apply_offset(connection, "S1", 1, "Asha", NOW_US + 1)
        apply_offset(connection, "S1", 2, "Ravi", NOW_US + 2)
        assert offset_us_at(connection, "S1") == 20_000_000
        assert withdraw_offset(connection, "S1", "Mira", NOW_US + 3).version == 2
        assert withdraw_offset(connection, "S1", "Mira", NOW_US + 3) is None
        assert offset_us_at(connection, "S1") == 0
        assert apply_offset(connection, "S1", 1, "Asha", NOW_US + 4).version == 3
        assert apply_offset(connection, "S1", 3, "Asha", NOW_US + 5).applied_us == NOW_US + 4
        told = [
            (r.version, r.offset_s, r.applied_by, r.withdrawn_by, r.holds)
            for r in read_offset_records(connection, "S1")
        ]
    assert told == [
        (1, 10.0, "Asha", "Ravi", False),
        (2, 20.0, "Ravi", "Mira", False),
        (3, 10.0, "Asha", None, True),
    ]


def test_only_a_person_applies_and_only_what_is_there(warehouse):
    with (
        pytest.raises(InputError, match="it has: none"),
        warehouse.database.write() as connection,
    ):
        apply_offset(connection, "S1", 1, "Asha", NOW_US)
    with warehouse.database.write() as connection:
        add_offset(connection, "S1", 1.0, None, {}, NOW_US)
    for change in (
        lambda c: apply_offset(c, "S1", 1, "  ", NOW_US),
        lambda c: withdraw_offset(c, "S1", "", NOW_US),
    ):
        with pytest.raises(InputError, match="--by NAME"), warehouse.database.write() as connection:
            change(connection)
