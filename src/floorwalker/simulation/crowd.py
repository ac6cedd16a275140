"""How bodies move: towards their targets, round each other, never through walls."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from floorwalker.simulation.layout import THINGS, WALLS, Point

FloatArray = npt.NDArray[np.float64]
STEP_S = 0.1
IDLE, REACH, BEND, TALK, PAY = range(5)

_RELAX_S = 0.35
_TOP_SPEED = 1.6
_TURN_RATE = 3.6
_BODY_GAP_M = 0.46
_TOUCH_M = 0.38
_WALL_GAP_M = 0.2


@dataclass(slots=True)
class Trace:
    """One body's recorded steps, as growing lists.

    Attributes:
        step: ordinals of the steps in which the body was there.
        x: metres.
        y: metres.
        heading: radians, 0 towards +x, not wrapped.
        speed: metres a second.
        posture: one of IDLE, REACH, BEND, TALK, PAY.
    """

    step: list[int] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    heading: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)
    posture: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Body:
    """One person's body as it moves.

    Attributes:
        number: ordinal of the person.
        party: ordinal of the group; members walk closer to each other.
        speed: usual walking speed, metres a second.
        x: metres.
        y: metres.
        heading: radians, not wrapped.
        present: whether the body is in the shop or before its door.
        target: where it walks to, or None to stand.
        face: direction to turn to while standing, radians.
        posture: what the body does while standing.
        trace: what was recorded of it.
    """

    number: int
    party: int
    speed: float
    x: float = 0.0
    y: float = 0.0
    vx: float = 0.0
    vy: float = 0.0
    heading: float = 0.0
    present: bool = False
    target: Point | None = None
    face: float | None = None
    posture: int = IDLE
    stuck_s: float = 0.0
    trace: Trace = field(default_factory=Trace)

    @property
    def place(self) -> Point:
        """Where it is."""
        return self.x, self.y

    def distance_to(self, place: Point) -> float:
        """Metres to a place."""
        return math.hypot(self.x - place[0], self.y - place[1])

    def appear(self, place: Point, heading: float) -> None:
        """Come into the world at rest."""
        self.x, self.y = place
        self.vx = self.vy = 0.0
        self.heading = heading
        self.present = True


class Crowd:
    """All bodies, moved together step by step."""

    def __init__(self) -> None:
        self.bodies: list[Body] = []
        self._rects = np.array([*THINGS, *WALLS]) + np.array(
            [-_WALL_GAP_M, -_WALL_GAP_M, _WALL_GAP_M, _WALL_GAP_M]
        )

    def move(self, step: int) -> None:
        """Move every present body by one step and record it.

        Args:
            step: ordinal of the step that is recorded.

        Source:
            Helbing and Molnár, "Social force model for pedestrian dynamics", Phys. Rev. E 1995; with a
            sideways part so that people who meet pass on the left.
        """
        here = [body for body in self.bodies if body.present]
        if not here:
            return
        place = np.array([[body.x, body.y] for body in here])
        velocity = np.array([[body.vx, body.vy] for body in here])
        wish = np.array([_wish(body) for body in here])
        soft = np.array([0.25 if body.stuck_s > 1.5 else 1.0 for body in here])
        walking = np.array([body.target is not None for body in here])
        kin = np.array([body.party for body in here])
        push = _repulsion(place, velocity, kin, soft) * walking[:, None]
        velocity = velocity + (wish + push - velocity) * (STEP_S / _RELAX_S)
        velocity[~walking] *= 0.3
        pace = np.maximum(np.linalg.norm(velocity, axis=1), 1e-9)
        limit = np.minimum(_TOP_SPEED, np.linalg.norm(wish, axis=1) * 1.15 + 0.12)
        velocity *= np.minimum(1.0, limit / pace)[:, None]
        moved = place + velocity * STEP_S
        moved = _apart(moved, walking, soft)
        for _ in range(2):
            moved = self._out_of_things(moved)
        for index, body in enumerate(here):
            self._settle(body, place[index], moved[index], step)

    def _out_of_things(self, place: FloatArray) -> FloatArray:
        x, y = place[:, 0:1], place[:, 1:2]
        rects = self._rects
        depth = np.stack([x - rects[:, 0], rects[:, 2] - x, y - rects[:, 1], rects[:, 3] - y], axis=2)
        inside = (depth > 0).all(axis=2)
        for index, rect in np.argwhere(inside):
            side = int(np.argmin(depth[index, rect]))
            axis, bound = ((0, 0), (0, 2), (1, 1), (1, 3))[side]
            place[index, axis] = rects[rect, bound]
        return place

    def _settle(self, body: Body, before: FloatArray, after: FloatArray, step: int) -> None:
        body.vx, body.vy = (float(value) / STEP_S for value in after - before)
        body.x, body.y = float(after[0]), float(after[1])
        pace = math.hypot(body.vx, body.vy)
        if body.target is not None and pace < 0.12:
            body.stuck_s += STEP_S
        else:
            body.stuck_s = max(0.0, body.stuck_s - STEP_S / 2)
        if pace > 0.25:
            _turn(body, math.atan2(body.vy, body.vx))
        elif body.face is not None:
            _turn(body, body.face)
        trace = body.trace
        trace.step.append(step)
        trace.x.append(body.x)
        trace.y.append(body.y)
        trace.heading.append(body.heading)
        trace.speed.append(pace)
        trace.posture.append(body.posture if pace < 0.25 else IDLE)


def _wish(body: Body) -> tuple[float, float]:
    if body.target is None:
        return 0.0, 0.0
    dx, dy = body.target[0] - body.x, body.target[1] - body.y
    distance = math.hypot(dx, dy)
    if distance < 1e-6:
        return 0.0, 0.0
    pace = min(body.speed, 0.25 + 1.6 * distance)
    pace = min(pace, distance / STEP_S)
    return dx / distance * pace, dy / distance * pace


def _turn(body: Body, towards: float) -> None:
    difference = (towards - body.heading + math.pi) % (2 * math.pi) - math.pi
    limit = _TURN_RATE * STEP_S
    body.heading += max(-limit, min(limit, difference * 0.5))


def _repulsion(place: FloatArray, velocity: FloatArray, kin: FloatArray, soft: FloatArray) -> FloatArray:
    offset = place[:, None] - place[None, :]
    distance = np.linalg.norm(offset, axis=2)
    np.fill_diagonal(distance, 99.0)
    away = offset / distance[..., None]
    related = kin[:, None] == kin[None, :]
    strength = np.where(related, 0.5, 1.3) * np.exp(-(distance - _BODY_GAP_M) / np.where(related, 0.12, 0.22))
    strength = np.minimum(strength, 2.0) * (distance < 1.5)
    pace = np.linalg.norm(velocity, axis=1, keepdims=True)
    ahead = -(away * (velocity / np.maximum(pace, 1e-6))[:, None]).sum(axis=2)  # 1: straight before me
    strength *= np.where(ahead > -0.2, 1.0, 0.35) * soft[:, None]
    left = np.stack(
        [-away[..., 1], away[..., 0]], axis=2
    )  # seen from the other: walkers swerve to their left
    swerve = 0.7 * strength * (ahead > 0.5)
    push = away * strength[..., None] - left * swerve[..., None]
    return np.asarray(push.sum(axis=1))


def _apart(place: FloatArray, walking: npt.NDArray[np.bool_], soft: FloatArray) -> FloatArray:
    """Push bodies that touch apart; who stands gives way little."""
    offset = place[:, None] - place[None, :]
    distance = np.linalg.norm(offset, axis=2)
    np.fill_diagonal(distance, 99.0)
    least = _TOUCH_M * np.minimum(soft[:, None], soft[None, :]) ** 0.35
    overlap = np.maximum(0.0, least - distance)
    share = np.where(walking[:, None], 0.5, 0.12)
    away = offset / np.maximum(distance, 0.05)[..., None]
    return np.asarray(place + (away * (overlap * share)[..., None]).sum(axis=1))
