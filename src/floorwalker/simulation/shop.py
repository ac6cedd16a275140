"""The shop's state while the morning runs: clock, crowd, routes, till, and what was noted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from floorwalker.simulation.cast import Agent, Interaction, Sale, Script
from floorwalker.simulation.crowd import IDLE, STEP_S, Crowd
from floorwalker.simulation.layout import LANE_AREA, STAFF_AREA, THINGS, WALLS, Point
from floorwalker.simulation.navigation import Routes

_BOUNDS = (-6.0, -3.5, 20.0, 10.0)
_ARRIVED_M = 0.14
_ROUNDED_M = 0.3
_REPLAN_S = 1.5
_LONGEST_WALK_S = 60.0


@dataclass(slots=True)
class Till:
    """The single till: who waits, in order; who serves.

    Attributes:
        queue: people in the order of their turn; the first is served.
        cashier: who serves.
    """

    queue: list[Agent] = field(default_factory=list)
    cashier: Agent | None = None
    attended: bool = False


class Shop:
    """Everything that people share while the morning runs."""

    def __init__(self) -> None:
        self.step = 0
        self.crowd = Crowd()
        self.till = Till()
        self.agents: list[Agent] = []
        self.interactions: list[Interaction] = []
        self.sales: list[Sale] = []
        things = [*WALLS, *THINGS]
        self.for_shoppers = Routes([*things, STAFF_AREA, LANE_AREA], _BOUNDS)
        self.for_queue = Routes([*things, STAFF_AREA], _BOUNDS)
        self.for_staff = Routes([*things, LANE_AREA], _BOUNDS)

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return self.step * STEP_S

    def routes_for(self, agent: Agent) -> Routes:
        """The walks open to a person now."""
        if agent.role != "customer":
            return self.for_staff
        x, y = agent.body.place
        in_lane = LANE_AREA[0] - 0.3 < x and y > LANE_AREA[1] - 0.2
        return self.for_queue if in_lane or agent.in_lane else self.for_shoppers

    def advance(self) -> None:
        """Let every script decide, then move all bodies, then let the clock tick."""
        for agent in self.agents:
            if agent.script is not None:
                try:
                    next(agent.script)
                except StopIteration:
                    agent.script = None
        self.crowd.move(self.step)
        self.step += 1

    def others_near(self, place: Point, within_m: float, but: Agent) -> Iterator[Agent]:
        """People present within a distance of a place."""
        for agent in self.agents:
            if agent is not but and agent.body.present and agent.body.distance_to(place) < within_m:
                yield agent


def stand(
    shop: Shop, agent: Agent, seconds: float, *, face: float | None = None, posture: int = IDLE
) -> Script:
    """Stay for some seconds."""
    end = shop.now_s + seconds
    agent.body.target = None
    agent.body.posture = posture
    if face is not None:
        agent.body.face = face
    while shop.now_s < end:
        yield
    agent.body.posture = IDLE


def walk(shop: Shop, agent: Agent, goal: Point, *, arrive_m: float = _ARRIVED_M) -> Script:
    """Walk to a place by the shortest free way; give up after a minute."""
    body = agent.body
    body.posture = IDLE
    began = planned = shop.now_s
    way = shop.routes_for(agent).path(body.place, goal)
    while shop.now_s - began < _LONGEST_WALK_S:
        near = arrive_m if len(way) == 1 else _ROUNDED_M
        if body.distance_to(way[0]) < near:
            way.pop(0)
            if not way:
                break
        if shop.now_s - planned > _REPLAN_S:
            planned = shop.now_s
            routes = shop.routes_for(agent)
            if not routes.is_free(body.place, way[0]):
                way = routes.path(body.place, goal)
        if (
            len(way) == 1
            and shop.now_s - planned > 1.0
            and body.stuck_s > 2.0
            and body.distance_to(goal) < 0.7
        ):
            break  # somebody stands on the very spot
        body.target = way[0]
        yield
    body.target = None


def direction(start: Point, end: Point) -> float:
    """Angle of the way from one place to another, radians."""
    return math.atan2(end[1] - start[1], end[0] - start[0])
