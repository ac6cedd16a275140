"""What the others of a group do: come along, browse nearby, wait, leave together."""

from __future__ import annotations

import math

from floorwalker.simulation.cast import Agent, Script
from floorwalker.simulation.customers import browse, go_out, walk_off
from floorwalker.simulation.layout import LANE_AREA, PRODUCT_ZONES, WAITING_SPOTS, Point
from floorwalker.simulation.shop import Shop, direction, stand, walk

_COMPANION_SIDE_M = 0.62
_DOORSTEP_Y = 0.2


def accompany(shop: Shop, agent: Agent) -> Script:
    """A group member's morning: do as the leader does, a step beside."""
    leader = agent.party.members[0]
    while not leader.body.present:
        yield
    rank = agent.party.members.index(agent)
    side = _COMPANION_SIDE_M * (1 if rank == 1 else -1)
    agent.body.appear((leader.body.x + side * 0.6, leader.body.y - 0.75), math.pi / 2)
    joins_lane = rank == 1 and bool(agent.rng.random() < 0.5)
    while True:
        doing = leader.activity
        if doing == "away":
            break
        if doing == "browse":
            yield from _browse_beside(shop, agent, leader)
        elif leader.in_lane and not joins_lane:
            agent.activity = "walk"
            yield from _wait_outside(shop, agent, leader, rank)
        else:
            agent.activity, agent.in_lane = leader.activity, leader.in_lane
            yield from _follow(shop, agent, leader, side)
    if agent.body.y > _DOORSTEP_Y:
        yield from go_out(shop, agent)
    else:
        yield from walk_off(shop, agent)


def _follow(shop: Shop, agent: Agent, leader: Agent, side: float) -> Script:
    """Walk beside the leader for half a second on one plan."""
    body, head = agent.body, leader.body.heading
    x, y = leader.body.place
    if leader.in_lane and _in_lane(leader.body.place):
        goal = (x - 0.35, y - _COMPANION_SIDE_M)
    else:
        narrow = 0.85 if -1.0 < y < 2.5 else 1.0
        goal = (
            x - math.sin(head) * side * narrow - math.cos(head) * 0.3,
            y + math.cos(head) * side * narrow - math.sin(head) * 0.3,
        )
    gap = body.distance_to(goal)
    pace = body.speed
    way = shop.routes_for(agent).path(body.place, goal)
    for _ in range(5):
        resting = leader.body.target is None and gap < 0.35
        body.target = None if resting else way[0]
        body.speed = min(1.5, pace + 0.5) if gap > 1.0 else pace
        body.face = leader.body.face if resting else None
        yield
        if body.distance_to(way[0]) < 0.2 and len(way) > 1:
            way.pop(0)
    body.speed = pace


def _in_lane(place: Point) -> bool:
    return place[0] > LANE_AREA[0] - 0.2 and LANE_AREA[1] < place[1] < LANE_AREA[3]


def _browse_beside(shop: Shop, agent: Agent, leader: Agent) -> Script:
    zone = next(zone for zone in PRODUCT_ZONES if zone.zone_id == leader.zone_id)
    left_s = max(4.0, leader.browse_until_s - shop.now_s - float(agent.rng.uniform(2, 5)))
    yield from browse(shop, agent, zone, left_s)
    while leader.activity == "browse" and leader.zone_id == zone.zone_id:
        yield from stand(shop, agent, 0.5, face=direction(agent.body.place, leader.body.place))


def _wait_outside(shop: Shop, agent: Agent, leader: Agent, rank: int) -> Script:
    spot = WAITING_SPOTS[(agent.party.number + rank) % len(WAITING_SPOTS)]
    yield from walk(shop, agent, spot, arrive_m=0.4)
    while leader.in_lane:
        yield from stand(shop, agent, 0.5, face=direction(agent.body.place, leader.body.place))
