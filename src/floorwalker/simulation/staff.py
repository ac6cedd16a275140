"""What the cashier and the sellers do, each as a script that runs step by step."""

from __future__ import annotations

import math

from floorwalker.simulation.cast import Agent, Interaction, Script
from floorwalker.simulation.crowd import REACH, TALK
from floorwalker.simulation.customers import come_in, free_spot
from floorwalker.simulation.layout import (
    CASHIER_SPOT,
    PRODUCT_ZONES,
    SELLER_SPOTS,
    STAFF_GAP,
    STAFF_ZONE,
    Point,
)
from floorwalker.simulation.shop import Shop, direction, stand, walk

_TALK_DISTANCE_M = 1.15
_HEARD_WITHIN_M = 1.5
_SOUTH = -math.pi / 2


def serve(shop: Shop, agent: Agent) -> Script:
    """The cashier: behind the counter from the start, now and then on the floor while nobody waits."""
    rng, till = agent.rng, shop.till
    agent.body.appear(CASHIER_SPOT, _SOUTH)
    agent.activity, till.cashier = "work", agent
    next_round = shop.now_s + float(rng.uniform(70, 180))
    while True:
        till.attended = True
        yield from stand(shop, agent, float(rng.uniform(0.8, 2.0)), face=_SOUTH + float(rng.normal(0, 0.25)))
        if shop.now_s > next_round and not till.queue:
            till.attended = False
            yield from _step_out(shop, agent)
            next_round = shop.now_s + float(rng.uniform(90, 220))


def _step_out(shop: Shop, agent: Agent) -> Script:
    zone = PRODUCT_ZONES[int(agent.rng.integers(2))]
    for place in (*STAFF_GAP, free_spot(shop, agent, zone)):
        yield from walk(shop, agent, place, arrive_m=0.3)
    end = shop.now_s + float(agent.rng.uniform(6, 15))
    while shop.now_s < end and not shop.till.queue:
        yield from stand(shop, agent, 1.0, face=_SOUTH, posture=REACH)
    for place in (*STAFF_GAP[::-1], CASHIER_SPOT):
        yield from walk(shop, agent, place, arrive_m=0.3)


def sell(shop: Shop, agent: Agent, *, starts_at_s: float, inside: bool) -> Script:
    """A seller: on the floor from the start, or coming through the door for the shift."""
    rng = agent.rng
    agent.activity = "work"
    if inside:
        agent.body.appear(SELLER_SPOTS[agent.number % len(SELLER_SPOTS)], math.pi)
    else:
        yield from stand(shop, agent, starts_at_s)
        yield from come_in(shop, agent)
        agent.activity = "work"
        yield from _behind_till(shop, agent)
    next_break = shop.now_s + float(rng.uniform(120, 260))
    while True:
        customer = _someone_to_help(shop, agent)
        if shop.now_s > next_break:
            yield from _behind_till(shop, agent)
            next_break = shop.now_s + float(rng.uniform(160, 300))
        elif customer is not None:
            yield from _advise(shop, agent, customer)
        else:
            spot = SELLER_SPOTS[int(rng.integers(len(SELLER_SPOTS)))]
            yield from walk(shop, agent, spot, arrive_m=0.4)
        yield from stand(shop, agent, float(rng.uniform(6, 22)), face=float(rng.uniform(-math.pi, math.pi)))


def _behind_till(shop: Shop, agent: Agent) -> Script:
    """Put something away in the staff-only area."""
    x1, _, x2, _ = STAFF_ZONE.rect
    spot = (float(agent.rng.uniform(x1 + 0.5, x2 - 2.4)), 9.2)
    for place in (STAFF_GAP[1], STAFF_GAP[0], spot):
        yield from walk(shop, agent, place, arrive_m=0.3)
    yield from stand(shop, agent, float(agent.rng.uniform(8, 16)), face=math.pi / 2, posture=REACH)
    for place in STAFF_GAP:
        yield from walk(shop, agent, place, arrive_m=0.3)


def _someone_to_help(shop: Shop, agent: Agent) -> Agent | None:
    waiting = [
        other
        for other in shop.agents
        if other.role == "customer"
        and other.activity == "browse"
        and not other.party.consulted
        and other.talk_until_s < shop.now_s
        and other.browse_until_s - shop.now_s > 5.0
    ]
    return min(waiting, key=lambda other: other.body.distance_to(agent.body.place), default=None)


def _advise(shop: Shop, agent: Agent, customer: Agent) -> Script:
    yield from walk(shop, agent, _place_beside(shop, agent, customer), arrive_m=0.2)
    gap = agent.body.distance_to(customer.body.place)
    if customer.activity != "browse" or gap > _HEARD_WITHIN_M or customer.talk_until_s > shop.now_s:
        return
    seconds = float(min(60, max(10, agent.rng.lognormal(math.log(22), 0.5))))
    start, zone_id = shop.now_s, customer.zone_id
    customer.talk_with, customer.talk_until_s = agent, start + seconds
    customer.party.consulted = True
    shop.interactions.append(
        Interaction(agent.person_id, customer.person_id, start, round(start + seconds, 1), zone_id)
    )
    while (left_s := start + seconds - shop.now_s) > 0:
        face = direction(agent.body.place, customer.body.place)
        yield from stand(shop, agent, min(0.5, left_s), face=face, posture=TALK)


def _place_beside(shop: Shop, agent: Agent, customer: Agent) -> Point:
    """Where to stand for a talk: reachable, with most room, beside or behind the customer."""
    x, y = customer.body.place
    away = -math.sin(customer.body.face or 0.0)
    choices = [
        (x + dx * _TALK_DISTANCE_M, y + dy * away * _TALK_DISTANCE_M)
        for dx, dy in ((1, 0), (-1, 0), (0.5, 0.85), (-0.5, 0.85))
    ]

    def room(place: Point) -> float:
        near = min((o.body.distance_to(place) for o in shop.others_near(place, 1.0, agent)), default=1.0)
        return near if shop.for_staff.is_free(place, (x, y)) else near - 2.0

    return max(choices, key=room)
