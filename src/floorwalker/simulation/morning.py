"""One seeded morning in the shop: who comes when, and where everybody was at each step."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from floorwalker.simulation import companions, customers, staff
from floorwalker.simulation.cast import Agent, Interaction, Party, Role, Sale
from floorwalker.simulation.crowd import STEP_S, Body
from floorwalker.simulation.difficulty import Conditions
from floorwalker.simulation.looks import Look, customer_look, in_staff_colour, like, staff_look
from floorwalker.simulation.shop import Shop

FloatArray = npt.NDArray[np.float64]
_NAMES = uuid.UUID("0b0f5d1e-7f43-5b7a-8d4e-2f9a6c1e7d35")
_LOOKALIKE_OF_LAST = 8
_RETURN_SHARE = 0.3
_CHILD_SHARE = 0.25
_GROUP_SIZE_MEAN = 2.3
_FIRST_ARRIVALS_S = (2.0, 9.0)


@dataclass(frozen=True, slots=True)
class Walk:
    """Where one person was, step by step; steps in which they were away are left out.

    Attributes:
        step: (n,) ordinals of 0.1 s steps, rising.
        place_m: (n, 2) floor positions.
        heading: (n,) radians, not wrapped.
        speed: (n,) metres a second.
        posture: (n,) one of the postures of `crowd`.
    """

    step: npt.NDArray[np.int64]
    place_m: FloatArray
    heading: FloatArray
    speed: FloatArray
    posture: npt.NDArray[np.int64]

    def stretches(self) -> Iterator[slice]:
        """Unbroken stretches of presence."""
        breaks = np.flatnonzero(np.diff(self.step) > 1) + 1
        bounds = [0, *breaks.tolist(), len(self.step)]
        for first, end in pairwise(bounds):
            if end > first:
                yield slice(first, end)


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the morning as the truth knows them.

    Attributes:
        number: ordinal.
        person_id: name within the truth.
        visitor_id: name in events, one over all cameras and re-entries.
        role: customer, cashier or seller.
        group_id: who came together, or None.
        look: body and clothes.
        lookalike_of: person_id of whose clothes are copied, or None.
        staff_coloured: a customer in the uniform's colour.
        passer_by: someone outside who never means to come in.
        walk: where they were.
    """

    number: int
    person_id: str
    visitor_id: str
    role: Role
    group_id: str | None
    look: Look
    lookalike_of: str | None
    staff_coloured: bool
    passer_by: bool
    walk: Walk

    @property
    def is_staff(self) -> bool:
        """Cashier or seller."""
        return self.role != "customer"


@dataclass(frozen=True, slots=True)
class Morning:
    """All that happened.

    Attributes:
        seed: what it was drawn from.
        duration_s: length.
        people: everybody seen, in order of appearance.
        interactions: sellers' talks, by start.
        sales: payments, by time.
        late_seller_s: when the seller of the second shift was due.
    """

    seed: int
    duration_s: float
    people: tuple[Person, ...]
    interactions: tuple[Interaction, ...]
    sales: tuple[Sale, ...]
    late_seller_s: float


@dataclass(slots=True)
class _Casting:
    """Draws people one after the other, keeping the promised shares."""

    seed: int
    conditions: Conditions
    shop: Shop
    alike: float = 0.5
    uniformed: float = 0.55
    parties: int = 0
    recent: list[Agent] = field(default_factory=list)

    def party(self, grouped: bool = False) -> Party:
        self.parties += 1
        return Party(self.parties, f"GRP_{self.parties:04d}" if grouped else None)

    def add(self, party: Party, role: Role, *, passer_by: bool = False, child: bool = False) -> Agent:
        number = len(self.shop.agents) + 1
        rng = np.random.default_rng([self.seed, 1, number])
        look = (
            customer_look(rng, self.conditions, child=child)
            if role == "customer"
            else staff_look(rng, self.conditions)
        )
        speed = float(np.clip(rng.normal(1.12, 0.16), 0.65, 1.5))
        if party.group_id is not None:
            speed = party.members[0].body.speed if party.members else min(speed, 1.1)
        visitor = "VIS_" + uuid.uuid5(_NAMES, f"{self.seed}/{number}").hex[:10]
        body = Body(number, party.number, speed)
        agent = Agent(number, f"P{number:04d}", visitor, role, look, body, party, rng, passer_by=passer_by)
        party.members.append(agent)
        self.shop.agents.append(agent)
        self.shop.crowd.bodies.append(body)
        if role == "customer" and not passer_by:
            self._dress(agent)
        return agent

    def _dress(self, agent: Agent) -> None:
        """Give the promised share a look-alike's clothes or the uniform's colour."""
        self.alike += self.conditions.lookalike_share
        self.uniformed += self.conditions.staff_coloured_share
        models = [other for other in self.recent if other.lookalike_of is None] or self.recent
        others = [other for other in models if other.party is not agent.party] or models
        if self.alike >= 1.0 and others:
            model = others[int(agent.rng.integers(len(others)))]
            agent.look = like(agent.rng, agent.look, model.look)
            agent.lookalike_of = model.person_id
            agent.staff_coloured = model.staff_coloured
            self.alike -= 1.0
        elif self.uniformed >= 1.0:
            agent.look = in_staff_colour(agent.rng, agent.look)
            agent.staff_coloured = True
            self.uniformed -= 1.0
        self.recent = [*self.recent[-_LOOKALIKE_OF_LAST + 1 :], agent]


def run_morning(
    seed: int, minutes: float, conditions: Conditions, on_step: Callable[[int, int], None] | None = None
) -> Morning:
    """Let a morning happen.

    Args:
        seed: the same seed gives the same morning.
        minutes: its length.
        conditions: how crowded and alike.
        on_step: called with the step and the number of steps, about once a simulated second.
    """
    duration_s = round(minutes * 60.0, 3)
    steps = math.ceil(duration_s / STEP_S) + 1
    shop = Shop()
    casting = _Casting(seed, conditions, shop)
    late_s = _hire(casting, duration_s)
    plan = _arrivals(seed, duration_s, conditions)
    for step in range(steps):
        while plan and plan[0][0] <= shop.now_s:
            _arrive(casting, *plan.pop(0))
        shop.advance()
        if on_step is not None and step % 10 == 0:
            on_step(step, steps)
    if on_step is not None:
        on_step(steps, steps)
    people = tuple(_as_person(agent) for agent in shop.agents if agent.body.trace.step)
    ended = (replace(talk, end_s=min(talk.end_s, duration_s)) for talk in shop.interactions)
    interactions = sorted(ended, key=lambda talk: (talk.start_s, talk.seller))
    return Morning(seed, duration_s, people, tuple(interactions), tuple(shop.sales), late_s)


def _hire(casting: _Casting, duration_s: float) -> float:
    """The cashier, the sellers on the floor, and one who comes through the door for the shift."""
    shop = casting.shop
    cashier = casting.add(casting.party(), "cashier")
    cashier.script = staff.serve(shop, cashier)
    for _ in range(casting.conditions.sellers):
        seller = casting.add(casting.party(), "seller")
        seller.script = staff.sell(shop, seller, starts_at_s=0.0, inside=True)
    late = casting.add(casting.party(), "seller")
    late_s = round(float(late.rng.uniform(0.12, 0.35)) * duration_s, 1)
    late.script = staff.sell(shop, late, starts_at_s=late_s, inside=False)
    return late_s


def _arrivals(seed: int, duration_s: float, conditions: Conditions) -> list[tuple[float, str]]:
    """Times and kinds of arrival, by an inhomogeneous Poisson process (thinning)."""
    rng = np.random.default_rng([seed, 2])
    mean_size = 1 + conditions.group_share * (_GROUP_SIZE_MEAN - 1)
    phase, period = rng.uniform(0, 2 * math.pi), rng.uniform(150, 280)
    plan = [(second, "quick" if index == 0 else "party") for index, second in enumerate(_FIRST_ARRIVALS_S)]
    for kind, per_min in (
        ("party", conditions.arrivals_per_min / mean_size),
        ("passer", conditions.passers_per_min),
        ("turner", conditions.door_turners_per_min),
    ):
        highest = per_min * 1.6 / 60
        now = 0.0 if kind != "party" else _FIRST_ARRIVALS_S[-1]
        while (now := now + float(rng.exponential(1 / highest))) < duration_s - 3.0:
            wave = 1 + 0.6 * math.sin(2 * math.pi * now / period + phase)
            if rng.random() < wave / 1.6:
                plan.append((now, kind))
    return sorted(plan)


def _arrive(casting: _Casting, moment_s: float, kind: str) -> None:
    shop = casting.shop
    rng = np.random.default_rng([casting.seed, 3, round(moment_s * 1000)])
    if kind in ("passer", "turner"):
        agent = casting.add(casting.party(), "customer", passer_by=True)
        script = customers.pass_by if kind == "passer" else customers.turn_round
        agent.script = script(shop, agent)
        return
    grouped = kind == "party" and bool(rng.random() < casting.conditions.group_share)
    party = casting.party(grouped)
    size = (2 if rng.random() < 0.7 else 3) if grouped else 1
    for index in range(size):
        child = index > 0 and bool(rng.random() < _CHILD_SHARE)
        agent = casting.add(party, "customer", child=child)
        if index == 0:
            returns = bool(rng.random() < _RETURN_SHARE)
            agent.script = customers.visit(
                shop, agent, quick=kind == "quick", comes_back=returns and not grouped
            )
        else:
            agent.script = companions.accompany(shop, agent)


def _as_person(agent: Agent) -> Person:
    trace = agent.body.trace
    walk = Walk(
        np.array(trace.step, dtype=np.int64),
        np.column_stack([trace.x, trace.y]).round(3),
        np.array(trace.heading),
        np.array(trace.speed),
        np.array(trace.posture, dtype=np.int64),
    )
    return Person(
        agent.number,
        agent.person_id,
        agent.visitor_id,
        agent.role,
        agent.party.group_id,
        agent.look,
        agent.lookalike_of,
        agent.staff_coloured,
        agent.passer_by,
        walk,
    )
