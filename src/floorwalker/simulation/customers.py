"""What customers and passers-by do, each as a script that runs step by step."""

from __future__ import annotations

import math

from floorwalker.simulation.cast import Agent, Sale, Script
from floorwalker.simulation.crowd import BEND, IDLE, PAY, REACH, TALK
from floorwalker.simulation.layout import (
    LANE_END,
    LANE_MOUTH,
    PRODUCT_ZONES,
    QUEUE_SLOTS,
    FloorZone,
    Point,
)
from floorwalker.simulation.shop import Shop, direction, stand, walk

_BALK_AT = 5
_STREET_Y = -2.0
_PASS_Y = 6.42


def visit(shop: Shop, agent: Agent, *, quick: bool, comes_back: bool) -> Script:
    """A leader's or single customer's whole morning: come, browse, perhaps buy, go, perhaps return."""
    rng = agent.rng
    yield from come_in(shop, agent)
    count = 1 if quick else int(rng.choice([1, 2, 3, 4], p=[0.3, 0.35, 0.25, 0.1]))
    for index in rng.permutation(len(PRODUCT_ZONES))[:count]:
        dwell = rng.uniform(6, 12) if quick else float(min(90, max(5, rng.lognormal(math.log(17), 0.85))))
        yield from browse(shop, agent, PRODUCT_ZONES[int(index)], dwell)
    wants = quick or rng.random() < (0.68 if agent.party.consulted else 0.5)
    if wants and len(shop.till.queue) < _BALK_AT:
        yield from buy(shop, agent)
    yield from go_out(shop, agent)
    if comes_back:
        yield from come_back(shop, agent)


def come_back(shop: Shop, agent: Agent) -> Script:
    """Stay away for a while, then enter once more in the same clothes."""
    agent.activity = "away"
    agent.body.present = False
    yield from stand(shop, agent, float(agent.rng.uniform(30, 120)))
    yield from come_in(shop, agent)
    zone = PRODUCT_ZONES[int(agent.rng.integers(len(PRODUCT_ZONES)))]
    yield from browse(shop, agent, zone, float(agent.rng.uniform(6, 25)))
    if not agent.party.bought and agent.rng.random() < 0.5 and len(shop.till.queue) < _BALK_AT:
        yield from buy(shop, agent)
    yield from go_out(shop, agent)


def come_in(shop: Shop, agent: Agent) -> Script:
    """Appear on the street and walk in; people keep to the left of the door."""
    rng, body = agent.rng, agent.body
    side = 1 if rng.random() < 0.5 else -1
    body.appear(
        (7.0 + side * float(rng.uniform(3.6, 4.4)), _STREET_Y + float(rng.uniform(-0.3, 0.3))), math.pi / 2
    )
    agent.activity = "walk"
    offset = -0.38 + float(rng.normal(0, 0.14))
    yield from walk(shop, agent, (7.0 + offset, -0.8), arrive_m=0.35)
    yield from walk(shop, agent, (7.0 + offset, 0.5), arrive_m=0.35)
    yield from walk(shop, agent, (7.0 + offset * 1.3, 2.3 + float(rng.uniform(-0.3, 0.5))), arrive_m=0.4)


def go_out(shop: Shop, agent: Agent) -> Script:
    """Walk out of the door and off along the street."""
    rng = agent.rng
    agent.activity = "leave"
    offset = 0.38 + float(rng.normal(0, 0.14))
    yield from walk(shop, agent, (7.0 + offset * 1.2, 1.9), arrive_m=0.45)
    yield from walk(shop, agent, (7.0 + offset, 0.2), arrive_m=0.4)
    yield from walk(shop, agent, (7.0 + offset, -0.9), arrive_m=0.45)
    yield from walk_off(shop, agent)


def walk_off(shop: Shop, agent: Agent) -> Script:
    """Go along the street, out of everybody's sight."""
    rng = agent.rng
    side = 1 if rng.random() < 0.5 else -1
    yield from walk(shop, agent, (7.0 + side * 4.2, _STREET_Y + float(rng.uniform(-0.3, 0.3))), arrive_m=0.4)
    agent.activity = "away"
    agent.body.present = False


def free_spot(shop: Shop, agent: Agent, zone: FloorZone) -> Point:
    """A place before a zone's goods with room round it, the best of a few tries."""
    x1, y1, x2, y2 = zone.rect
    best, best_room = (x1 + 0.5, (y1 + y2) / 2), -1.0
    for _ in range(6):
        x = float(agent.rng.uniform(x1 + 0.3, x2 - 0.3))
        gap = float(agent.rng.uniform(0.38, 0.72))
        y = y1 + gap if zone.facing[1] < 0 else y2 - gap
        room = min(
            (other.body.distance_to((x, y)) for other in shop.others_near((x, y), 1.2, agent)), default=1.2
        )
        if room > best_room:
            best, best_room = (x, y), room
    return best


def browse(shop: Shop, agent: Agent, zone: FloorZone, dwell_s: float) -> Script:
    """Look at a zone's goods for a while: stand, reach, bend, step aside, talk when talked to."""
    rng, body = agent.rng, agent.body
    agent.activity = "walk"
    yield from walk(shop, agent, free_spot(shop, agent, zone))
    agent.activity, agent.zone_id = "browse", zone.zone_id
    agent.browse_until_s = shop.now_s + dwell_s
    goods = math.atan2(zone.facing[1], zone.facing[0])
    next_step = shop.now_s + float(rng.uniform(5, 14))
    while shop.now_s < max(agent.browse_until_s, agent.talk_until_s):
        if agent.talk_with is not None and shop.now_s < agent.talk_until_s:
            yield from _listen(shop, agent)
        elif shop.now_s > next_step:
            x1, _, x2, _ = zone.rect
            x = min(
                x2 - 0.25,
                max(x1 + 0.25, body.x + float(rng.uniform(0.4, 0.9)) * (1 if rng.random() < 0.5 else -1)),
            )
            yield from walk(shop, agent, (x, body.y))
            next_step = shop.now_s + float(rng.uniform(5, 14))
        else:
            posture = int(rng.choice([IDLE, REACH, BEND], p=[0.55, 0.3, 0.15]))
            yield from _for_a_moment(shop, agent, posture, goods + float(rng.normal(0, 0.2)))
    agent.activity, agent.zone_id = "walk", None


def _for_a_moment(shop: Shop, agent: Agent, posture: int, face: float) -> Script:
    """Hold a posture for a few seconds, or until somebody starts a talk or the time is up."""
    body = agent.body
    body.target, body.posture, body.face = None, posture, face
    end = min(shop.now_s + float(agent.rng.uniform(1.5, 4.5)), agent.browse_until_s)
    yield
    while shop.now_s < end and shop.now_s >= agent.talk_until_s:
        yield
    body.posture = IDLE


def _listen(shop: Shop, agent: Agent) -> Script:
    body = agent.body
    body.target, body.posture = None, TALK
    while shop.now_s < agent.talk_until_s and agent.talk_with is not None:
        body.face = direction(body.place, agent.talk_with.body.place)
        yield
    body.posture, agent.talk_with = IDLE, None


def buy(shop: Shop, agent: Agent) -> Script:
    """Queue, pay when served, or give up when patience runs out."""
    rng, till = agent.rng, shop.till
    agent.activity = "walk"
    yield from walk(
        shop, agent, (LANE_MOUTH[0], LANE_MOUTH[1] + float(rng.uniform(-0.15, 0.15))), arrive_m=0.4
    )
    agent.activity, agent.in_lane = "queue", True
    till.queue.append(agent)
    joined_s, patience_s = shop.now_s, float(rng.lognormal(math.log(34), 0.6))
    served = False
    while True:
        turn = till.queue.index(agent)
        if turn > 0 and shop.now_s - joined_s > patience_s:
            break
        _take_place(agent, QUEUE_SLOTS[min(turn, len(QUEUE_SLOTS) - 1)])
        if turn == 0 and agent.body.distance_to(QUEUE_SLOTS[0]) < 0.3 and till.attended:
            yield from _pay(shop, agent)
            served = True
            break
        yield
    till.queue.remove(agent)
    yield from (_leave_served(shop, agent) if served else _leave_queue(shop, agent))
    agent.in_lane = False


def _take_place(agent: Agent, slot: Point) -> None:
    body = agent.body
    if body.distance_to(slot) > (0.3 if body.target is None else 0.1):
        body.target = slot
    else:
        body.target, body.face = None, 0.0


def _pay(shop: Shop, agent: Agent) -> Script:
    rng = agent.rng
    seconds = float(min(75, max(8, rng.lognormal(math.log(20), 0.45))))
    yield from stand(shop, agent, seconds, face=math.pi / 2, posture=PAY)
    consulted = agent.party.consulted
    basket = rng.lognormal(math.log(850 if not consulted else 1250), 0.65)
    agent.party.bought = True
    number = len(shop.sales) + 1
    shop.sales.append(
        Sale(
            f"TXN_{number:05d}",
            shop.now_s,
            agent.person_id,
            agent.party.group_id,
            round(float(basket), 2),
            consulted,
        )
    )
    yield from stand(shop, agent, float(rng.uniform(1.0, 2.5)))


def _leave_served(shop: Shop, agent: Agent) -> Script:
    for place in LANE_END:
        yield from walk(shop, agent, place, arrive_m=0.35)


def _leave_queue(shop: Shop, agent: Agent) -> Script:
    yield from walk(shop, agent, (agent.body.x - 0.3, _PASS_Y), arrive_m=0.3)
    yield from walk(shop, agent, (LANE_MOUTH[0] - 0.1, _PASS_Y - 0.1), arrive_m=0.35)


def pass_by(shop: Shop, agent: Agent) -> Script:
    """Walk along the street past the door."""
    rng = agent.rng
    side = 1 if rng.random() < 0.5 else -1
    y = float(rng.uniform(-2.4, -1.1))
    agent.body.appear((7.0 - side * 4.5, y), 0.0 if side > 0 else math.pi)
    agent.activity = "walk"
    yield from walk(shop, agent, (7.0 + side * 4.5, y + float(rng.uniform(-0.2, 0.2))), arrive_m=0.3)
    agent.activity, agent.body.present = "away", False


def turn_round(shop: Shop, agent: Agent) -> Script:
    """Step up to the door, look in, and go away before the line."""
    rng = agent.rng
    side = 1 if rng.random() < 0.5 else -1
    agent.body.appear((7.0 - side * 4.2, _STREET_Y), math.pi / 2)
    agent.activity = "walk"
    x = 7.0 + float(rng.uniform(-0.5, 0.5))
    yield from walk(shop, agent, (x, -0.7), arrive_m=0.3)
    yield from walk(shop, agent, (x, float(rng.uniform(-0.25, 0.5))))
    yield from stand(shop, agent, float(rng.uniform(1.0, 4.0)), face=math.pi / 2)
    yield from walk(shop, agent, (x, -0.9), arrive_m=0.4)
    yield from walk(shop, agent, (7.0 + side * 4.2, _STREET_Y), arrive_m=0.4)
    agent.activity, agent.body.present = "away", False
