"""The people of a morning: who they are, in which party, and what they do there."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from floorwalker.simulation.crowd import Body
from floorwalker.simulation.looks import Look

Script = Generator[None, None, None]
Role = Literal["customer", "cashier", "seller"]
Activity = Literal["walk", "browse", "queue", "leave", "away", "work"]


@dataclass(slots=True, eq=False)
class Party:
    """Customers who came together, or one who came alone.

    Attributes:
        number: ordinal of the party.
        group_id: name of the group, None for one person.
        members: the first one leads and pays.
        consulted: whether a seller talked to one of them.
        bought: whether they have paid.
    """

    number: int
    group_id: str | None
    members: list[Agent] = field(default_factory=list)
    consulted: bool = False
    bought: bool = False


@dataclass(slots=True, eq=False)
class Agent:
    """One person: identity, body, clothes and present doings.

    Attributes:
        number: ordinal of the person.
        person_id: name within the truth.
        visitor_id: name in events.
        role: customer, cashier or seller.
        look: body and clothes.
        body: where the body is.
        party: who they came with.
        rng: this person's own chance.
        lookalike_of: the person whose clothes they share.
        staff_coloured: a customer in the uniform's colour.
        passer_by: someone outside who means not to come in.
        activity: what they are at.
        zone_id: the product zone they browse in.
        talk_until_s: they stay in a talk until this time.
        browse_until_s: they mean to browse until this time.
    """

    number: int
    person_id: str
    visitor_id: str
    role: Role
    look: Look
    body: Body
    party: Party
    rng: np.random.Generator
    lookalike_of: str | None = None
    staff_coloured: bool = False
    passer_by: bool = False
    activity: Activity = "away"
    zone_id: str | None = None
    talk_until_s: float = -1.0
    talk_with: Agent | None = None
    browse_until_s: float = -1.0
    in_lane: bool = False
    script: Script | None = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """A seller's talk with a customer.

    Attributes:
        seller: person_id.
        customer: person_id.
        start_s: seconds from the start.
        end_s: seconds from the start.
        zone_id: where the customer stood.
    """

    seller: str
    customer: str
    start_s: float
    end_s: float
    zone_id: str | None


@dataclass(frozen=True, slots=True)
class Sale:
    """One payment at the till.

    Attributes:
        transaction_id: name in the till's data.
        time_s: seconds from the start.
        buyer: person_id of who paid.
        group_id: their group.
        basket_inr: amount paid.
        consulted: whether a seller had talked to the party.
    """

    transaction_id: str
    time_s: float
    buyer: str
    group_id: str | None
    basket_inr: float
    consulted: bool
