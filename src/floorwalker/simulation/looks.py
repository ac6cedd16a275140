"""What people wear: colours and shapes, look-alikes and uniforms among them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from floorwalker.simulation.difficulty import Conditions

Colour = tuple[int, int, int]

_SKINS: tuple[Colour, ...] = ((150, 185, 224), (120, 160, 205), (95, 134, 182), (70, 105, 152), (52, 80, 118))
_HAIRS: tuple[Colour, ...] = ((20, 20, 24), (28, 30, 38), (36, 48, 70), (70, 74, 80), (150, 155, 160))
_TOPS: tuple[Colour, ...] = (
    (40, 40, 190), (180, 90, 40), (60, 150, 60), (50, 190, 225), (150, 60, 140), (225, 225, 228),
    (45, 45, 48), (120, 120, 125), (60, 110, 200), (190, 170, 60), (130, 80, 30), (170, 150, 210),
    (80, 60, 110), (110, 160, 170), (40, 90, 130), (200, 200, 120),
)  # fmt: skip
_BOTTOMS: tuple[Colour, ...] = (
    (90, 60, 40), (50, 45, 42), (120, 95, 70), (60, 80, 105), (130, 150, 170), (40, 40, 60), (100, 100, 104),
    (70, 50, 90),
)  # fmt: skip
_BAGS: tuple[Colour, ...] = ((40, 60, 110), (30, 30, 34), (60, 60, 170), (150, 120, 60), (90, 140, 90))
UNIFORM_TOP: Colour = (135, 120, 20)
UNIFORM_BOTTOM: Colour = (48, 44, 42)


@dataclass(frozen=True, slots=True)
class Look:
    """A person's body and clothes; colours are BGR.

    Attributes:
        height_m: from sole to crown.
        build: breadth against the usual, about 0.85 to 1.2.
        skin: colour of face and hands.
        hair: colour of the hair.
        long_hair: hair down to the shoulders.
        top: colour of the upper garment.
        bottom: colour of trousers or skirt.
        shoes: colour of the shoes.
        sleeves_long: whether the sleeves reach the hands.
        garment: what covers the legs: `trousers`, `skirt` or `kurta` (a long top).
        pattern: 0 plain, 1 stripes across, 2 a light panel on the chest.
        bag: `none`, `shoulder` or `backpack`.
        bag_colour: colour of the bag.
        hat: colour of a hat, or None.
    """

    height_m: float
    build: float
    skin: Colour
    hair: Colour
    long_hair: bool
    top: Colour
    bottom: Colour
    shoes: Colour
    sleeves_long: bool
    garment: str
    pattern: int
    bag: str
    bag_colour: Colour
    hat: Colour | None


def customer_look(rng: np.random.Generator, conditions: Conditions, *, child: bool = False) -> Look:
    """A customer's body and clothes drawn at random.

    Args:
        rng: source of chance.
        conditions: how often tops have patterns.
        child: draw a child of 1.10 to 1.40 m instead of an adult of 1.45 to 1.95 m.
    """
    height = rng.uniform(1.1, 1.4) if child else float(np.clip(rng.normal(1.67, 0.09), 1.45, 1.95))
    long_hair = bool(rng.random() < 0.4)
    pattern = int(rng.integers(1, 3)) if rng.random() < conditions.pattern_share else 0
    return Look(
        height_m=round(float(height), 3),
        build=float(np.clip(rng.normal(1.0, 0.08), 0.85, 1.2)),
        skin=_SKINS[int(rng.integers(len(_SKINS)))],
        hair=_HAIRS[int(rng.choice(len(_HAIRS), p=[0.45, 0.25, 0.15, 0.1, 0.05]))],
        long_hair=long_hair,
        top=_jitter(rng, _TOPS[int(rng.integers(len(_TOPS)))], 14),
        bottom=_jitter(rng, _BOTTOMS[int(rng.integers(len(_BOTTOMS)))], 10),
        shoes=_jitter(rng, (45, 45, 50) if rng.random() < 0.6 else (190, 190, 195), 8),
        sleeves_long=bool(rng.random() < 0.45),
        garment=str(rng.choice(["trousers", "skirt", "kurta"], p=[0.62, 0.13, 0.25])),
        pattern=pattern,
        bag=str(rng.choice(["none", "shoulder", "backpack"], p=[0.55, 0.28, 0.17])),
        bag_colour=_BAGS[int(rng.integers(len(_BAGS)))],
        hat=_jitter(rng, (60, 70, 140), 40) if rng.random() < 0.1 else None,
    )


def like(rng: np.random.Generator, own: Look, other: Look) -> Look:
    """A look-alike: own body and face, the other's clothes in nearly the same colours.

    Args:
        rng: source of chance.
        own: whose body stays.
        other: whose clothes are copied.
    """
    return replace(
        own,
        top=_jitter(rng, other.top, 5),
        bottom=_jitter(rng, other.bottom, 5),
        garment=other.garment,
        pattern=other.pattern,
        sleeves_long=other.sleeves_long,
        shoes=_jitter(rng, other.shoes, 5),
    )


def in_staff_colour(rng: np.random.Generator, own: Look) -> Look:
    """A customer who happens to wear the uniform's colour."""
    return replace(own, top=_jitter(rng, UNIFORM_TOP, 8), pattern=0)


def staff_look(rng: np.random.Generator, conditions: Conditions) -> Look:
    """A staff person in uniform."""
    return replace(
        customer_look(rng, conditions),
        top=_jitter(rng, UNIFORM_TOP, 3),
        bottom=_jitter(rng, UNIFORM_BOTTOM, 3),
        pattern=2 if rng.random() < 0.5 else 0,
        garment="trousers",
        sleeves_long=False,
        bag="none",
        hat=None,
    )


def _jitter(rng: np.random.Generator, colour: Colour, by: int) -> Colour:
    b, g, r = (int(np.clip(channel + rng.integers(-by, by + 1), 12, 240)) for channel in colour)
    return b, g, r
