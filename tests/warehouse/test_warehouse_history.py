"""What was known at a moment is what was read at that moment, whatever was written since."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.events import Event, EventType
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Recording, Run
from floorwalker.warehouse import Transaction, Warehouse
from floorwalker.warehouse.clock_offsets import add_offset, apply_offset, withdraw_offset
from floorwalker.warehouse.corrections import CorrectionRefused, Corrections, Stretch, Wish
from floorwalker.warehouse.expressing import Asked, Kind
from floorwalker.warehouse.history import points_of
from floorwalker.warehouse.log_reading import read_log
from floorwalker.warehouse.records import from_us, to_us

NAMES = "abcd"


class House:
    """A store whose clock stands still until something happens."""

    def __init__(self, warehouse, clock, noon):
        self.warehouse, self._clock, self.noon = warehouse, clock, noon
        self.store = f"S{uuid.uuid4()}"
        self.from_utc, self.to_utc = noon - timedelta(hours=12), noon + timedelta(hours=12)
        self.place = Stretch(self.store, "2026-03-03", to_us(self.from_utc), to_us(self.to_utc))
        self.corrections = Corrections(warehouse)
        self.made: list[str] = []

    def later(self, seconds=60):
        self._clock[0] += timedelta(seconds=seconds)
        return self._clock[0]

    def read(self, known_utc=None):
        return self.warehouse.read(self.store, self.from_utc, self.to_utc, known_utc)

    def event(self, name, at_s, kind="ENTRY", **more):
        return Event(
            event_id=str(uuid.uuid4()),
            store_id=self.store,
            camera_id="C1",
            visitor_id=name,
            event_type=EventType(kind),
            timestamp=self.noon + timedelta(seconds=at_s),
            **more,
        )

    def events(self, name, at_s):
        self.warehouse.add_events([self.event(name, at_s), self.event(name, at_s + 30, "EXIT")])

    def run(self, config, at_s):
        recording = Recording(self.store, "C1", self.noon, 600.0, "ab" * 32)
        prefix = uuid.uuid5(uuid.NAMESPACE_URL, self.store)
        event = self.event(f"{config}-run", at_s)
        named = Event(
            **{name: getattr(event, name) for name in event.__struct_fields__}
            | {
                "event_id": str(uuid.uuid5(prefix, f"{config}")),
                "timestamp": self.noon + timedelta(seconds=int(config)),
            }
        )
        self.warehouse.record_run(
            recording, Run(recording.recording_id, "0.1", "motion", config * 32), [named]
        )

    def rule(self, subject, value):
        said = Resolution(
            self.store, subject, Attribute.SAME_AS, value, "rule:handover", 0.1 + 0.2, self.noon
        )
        self.warehouse.add_resolutions([said])

    def rules_again(self, subject, value):
        said = [Resolution(self.store, subject, Attribute.SAME_AS, value, "rule:handover", 0.9, self.noon)]
        self.warehouse.replace_resolutions(self.store, NAMES, ["rule:handover"], said)

    def correct(self, kind, names):
        asked = Asked(kind, tuple(names) if kind is Kind.MERGE else (names[0],), "true")
        try:
            wish = Wish("asha", "", (asked,))
            changed = self.corrections.make(self.place, wish, lambda view, persons: [])
        except CorrectionRefused:
            return
        self.made.append(changed.correction.correction_id)
        assert self.read() == changed.after

    def undo(self, number):
        if self.made:
            chosen = self.made[number % len(self.made)]
            assert (
                self.corrections.undo(self.store, chosen, "ben", lambda day: self.place).after == self.read()
            )

    def sale(self, at_s):
        at_us = to_us(self.noon) + at_s * 1_000_000
        self.warehouse.load_transactions([Transaction(self.store, str(uuid.uuid4()), at_us, 100, "INR")])

    def offset(self, offset_s):
        now_us = to_us(self.warehouse.now())
        with self.warehouse.database.write() as connection:
            if offset_s:
                record = add_offset(connection, self.store, float(offset_s), None, {}, now_us)
                apply_offset(connection, self.store, record.version, "person:asha", now_us)
            else:
                withdraw_offset(connection, self.store, "person:asha", now_us)


@pytest.fixture
def clock(noon):
    return [noon + timedelta(hours=6)]


@pytest.fixture
def stepping(database_url, clock):
    opened = Warehouse(database_url, clock=lambda: clock[0])
    yield opened
    opened.close()


name = st.sampled_from(NAMES)
action = st.one_of(
    st.tuples(st.just("events"), name, st.integers(-3600, 3600)),
    st.tuples(st.just("run"), st.sampled_from("123"), st.just(0)),
    st.tuples(st.just("rule"), name, name),
    st.tuples(st.just("rules_again"), name, name),
    st.tuples(
        st.just("correct"),
        st.sampled_from([Kind.MERGE, Kind.SPLIT, Kind.STAFF, Kind.ABANDONED]),
        st.lists(name, min_size=2, max_size=3, unique=True),
    ),
    st.tuples(st.just("undo"), st.integers(0, 9)),
    st.tuples(st.just("sale"), st.integers(-43_200, 43_199)),
    st.tuples(st.just("offset"), st.sampled_from([0, 40, -300])),
)


@given(st.lists(action, min_size=1, max_size=10))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_known_is_what_was_read(stepping, clock, noon, actions):
    house = House(stepping, clock, noon)
    read = [(house.later(), house.read())]
    for what, *how in [("events", "a", 0), ("events", "b", 60), *actions]:
        house.later()
        getattr(house, what)(*how)
        read.append((stepping.now(), house.read()))
    for moment, view in read:
        assert house.read(moment) == view
        assert house.read(moment + timedelta(seconds=59)) == view
    # And everything that ever changed the view is a point of its history.
    with stepping.database.read() as connection:
        points = points_of(read_log(connection, house.store, house.place.from_us, house.place.to_us))
    told = [moment for moment, view in read if any(p.first_us <= to_us(moment) <= p.last_us for p in points)]
    changed = [read[i][0] for i in range(1, len(read)) if read[i][1] != read[i - 1][1]]
    assert set(changed) <= set(told)
    for before, after in zip([None, *points], points, strict=False):
        if before is not None:
            assert before.last_us < after.first_us


@given(st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_events_and_statements_in_any_order_of_arrival_give_one_view(stepping, clock, noon, data):
    first, second = House(stepping, clock, noon), House(stepping, clock, noon)
    second.store = first.store.replace("S", "T", 1)
    events = [first.event(who, at_s) for at_s, who in enumerate(NAMES * 2)]
    links = data.draw(st.lists(st.tuples(name, name), max_size=5))
    stepping.add_events(events)
    for link in links:
        first.rule(*link)
    # Statements keep their order, for the latest counts; events come whenever they come, some twice.
    arrivals = data.draw(st.permutations([*range(len(events)), *range(3), *(["link"] * len(links))]))
    rest = iter(links)
    for arrival in arrivals:
        if arrival == "link":
            second.rule(*next(rest))
        else:
            fields = {field: getattr(events[arrival], field) for field in events[arrival].__struct_fields__}
            stepping.add_events([Event(**fields | {"store_id": second.store})])
    assert second.read().events == first.read().events


def test_late_events_are_one_point_where_they_come_close_together(stepping, clock, noon):
    house = House(stepping, clock, noon)
    house.events("a", 0)
    house.later(24 * 3600)
    for at_s in (100, 200, 300):
        house.events("b", at_s)
        house.later(60)
    house.later(3600)
    house.events("c", 400)
    with stepping.database.read() as connection:
        log = read_log(connection, house.store, house.place.from_us, house.place.to_us)
    points = points_of(log)
    assert [len(point.traces) for point in points] == [2, 6, 2]
    assert from_us(points[1].last_us) - from_us(points[1].first_us) == timedelta(minutes=2)


def test_an_event_that_a_run_found_too_counts_by_itself_all_along(stepping, clock, noon):
    house = House(stepping, clock, noon)
    recording = Recording(house.store, "C1", noon, 600.0, "ab" * 32)
    event = house.event("a", 5)
    alone = house.later()
    stepping.add_events([event])
    house.later()
    stepping.record_run(recording, Run(recording.recording_id, "0.1", "motion", "1" * 32), [event])
    house.later()
    stepping.record_run(recording, Run(recording.recording_id, "0.1", "motion", "2" * 32), [])
    for known in (alone, None):
        view = house.read() if known is None else house.read(known)
        assert [each.event_id for each in view.events] == [event.event_id]


def test_a_statement_on_names_that_nobody_bears_that_day_may_still_link_two_who_were_there(
    stepping, clock, noon
):
    house = House(stepping, clock, noon)
    house.events("a", 0)
    house.events("b", 60)
    for subject, other in (("a", "x"), ("b", "y"), ("x", "y"), ("somebody", "else")):
        house.later(3600)
        house.rule(subject, other)
    with stepping.database.read() as connection:
        log = read_log(connection, house.store, house.place.from_us, house.place.to_us)
    assert len({event.visitor_id for event in house.read().events}) == 1
    assert len(points_of(log)) == 1 + 3  # the events, and those three words that concern them
