"""How people move and dress: no walls walked through, no jumps, the promised shares."""

from itertools import pairwise

import numpy as np
import pytest

from floorwalker.simulation.difficulty import conditions_of
from floorwalker.simulation.layout import BOXES, LANE_AREA, STAFF_AREA, THINGS, WALLS
from floorwalker.simulation.morning import run_morning
from floorwalker.simulation.navigation import Routes


@pytest.fixture(scope="module")
def normal():
    return run_morning(21, 8, conditions_of("normal"))


def customers_of(morning):
    return [person for person in morning.people if not person.is_staff and not person.passer_by]


def test_nobody_walks_through_walls_or_things(normal):
    for person in normal.people:
        x, y = person.walk.place_m.T
        for x1, y1, x2, y2 in (*THINGS, *WALLS):
            assert not ((x > x1 + 0.05) & (x < x2 - 0.05) & (y > y1 + 0.05) & (y < y2 - 0.05)).any()


def test_nobody_jumps(normal):
    for person in normal.people:
        for stretch in person.walk.stretches():
            steps = np.linalg.norm(np.diff(person.walk.place_m[stretch], axis=0), axis=1)
            assert steps.max(initial=0) < 0.32  # pushed at most twice as fast as the fastest walk
            assert np.percentile(steps, 99) < 0.17


def test_bodies_hardly_ever_overlap(normal):
    by_step = {}
    for person in normal.people:
        for step, place in zip(person.walk.step.tolist(), person.walk.place_m, strict=True):
            by_step.setdefault(step, []).append(place)
    near = total = 0
    for places in by_step.values():
        points = np.array(places)
        gaps = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(len(points))
        near += int((gaps < 0.28).any(axis=1).sum())
        total += len(points)
    assert near < 0.02 * total


def test_customers_stay_out_of_the_staff_area(normal):
    x1, y1, x2, y2 = STAFF_AREA
    for person in customers_of(normal):
        x, y = person.walk.place_m.T
        assert not ((x > x1 + 0.3) & (x < x2) & (y > y1 + 0.6) & (y < y2)).any()


def test_customers_who_do_not_buy_keep_out_of_the_lane(normal):
    """Only who queues, and companions, are seen in the lane; nobody crosses it by accident."""
    x1, y1, x2, y2 = LANE_AREA
    in_lane = set()
    for person in customers_of(normal):
        x, y = person.walk.place_m.T
        if ((x > x1 + 0.6) & (x < x2 - 1) & (y > y1 + 0.15) & (y < y2)).sum() > 10:
            in_lane.add(person.person_id)
    buyers = {sale.buyer for sale in normal.sales}
    assert buyers <= in_lane
    assert len(in_lane) < 0.8 * len(customers_of(normal))


@pytest.mark.parametrize("seed", [31, 32, 33])
def test_normal_has_its_share_of_lookalikes_and_staff_colours(seed):
    customers = customers_of(run_morning(seed, 4, conditions_of("normal")))
    people = {person.person_id: person for person in customers}
    alike = [person for person in customers if person.lookalike_of is not None]
    assert len(alike) >= len(customers) / 5
    for person in alike:
        other = people[person.lookalike_of]
        assert np.abs(np.subtract(person.look.top, other.look.top)).max() <= 5
        assert np.abs(np.subtract(person.look.bottom, other.look.bottom)).max() <= 5
    coloured = [person for person in customers if person.staff_coloured]
    staff = next(person for person in run_morning(seed, 1, conditions_of("normal")).people if person.is_staff)
    assert coloured
    for person in coloured:
        assert np.abs(np.subtract(person.look.top, staff.look.top)).max() <= 16


def test_groups_walk_together():
    morning = run_morning(8, 8, conditions_of("normal"))
    groups = {}
    for person in customers_of(morning):
        if person.group_id is not None:
            groups.setdefault(person.group_id, []).append(person.walk)
    gaps = []
    for first, *others in (walks for walks in groups.values() if len(walks) > 1):
        for other in others:
            common, a, b = np.intersect1d(first.step, other.step, return_indices=True)
            if len(common):
                gaps.extend(np.linalg.norm(first.place_m[a] - other.place_m[b], axis=1).tolist())
    assert np.median(gaps) < 1.3


def test_difficulties_differ_as_promised():
    easy, normal, hard = (run_morning(5, 4, conditions_of(name)) for name in ("easy", "normal", "hard"))
    counts = [len(customers_of(morning)) for morning in (easy, normal, hard)]
    assert counts[0] < counts[1] < counts[2]
    assert not any(person.group_id or person.lookalike_of or person.staff_coloured for person in easy.people)
    shares = [np.mean([p.lookalike_of is not None for p in customers_of(m)]) for m in (normal, hard)]
    assert shares[0] < shares[1]


def test_a_short_morning_has_entries_exits_and_a_sale():
    for seed in range(40, 44):
        morning = run_morning(seed, 2, conditions_of("normal"))
        assert morning.sales, seed


def test_routes_go_round_things_and_are_shortest():
    routes = Routes([(4.0, 0.0, 6.0, 8.0)], (0.0, 0.0, 10.0, 10.0))
    way = routes.path((1.0, 1.0), (9.0, 1.0))
    assert way[-1] == (9.0, 1.0)
    assert all(y > 8.0 for _, y in way[:-1])
    places = [(1.0, 1.0), *way]
    length = sum(np.hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(places))
    assert length < 19.5
    assert routes.path((1.0, 9.0), (9.0, 9.0)) == [(9.0, 9.0)]


def test_every_thing_has_a_height_for_hiding():
    assert all(box.height_m > 0.5 for box in BOXES if box.look != "rail")
