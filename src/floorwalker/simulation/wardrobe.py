"""Which shapes make up a clothed body: hulls of spheres on joints, each in its colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from floorwalker.simulation.figure import Joint
from floorwalker.simulation.looks import Colour, Look

Layer = Literal["leg", "arm", "body", "head", "bag"]


@dataclass(frozen=True, slots=True)
class Part:
    """One shape of a clothed body.

    Attributes:
        joints: the spheres' centres.
        radii_m: the spheres' radii.
        colour: BGR.
        layer: when it is drawn; limbs and bags behind the body come before it.
        pattern: draw the top's pattern on it: 0 none, 1 stripes, 2 a panel.
    """

    joints: tuple[int, ...]
    radii_m: tuple[float, ...]
    colour: Colour
    layer: Layer
    pattern: int = 0


def parts_of(look: Look) -> tuple[Part, ...]:
    """The shapes of one person, legs first.

    Args:
        look: body and clothes.
    """
    h, b = look.height_m, look.build
    parts: list[Part] = []
    for side in (0, 1):
        parts.extend(_leg(look, side, h, b))
    parts.extend(_torso(look, h, b))
    for side in (0, 1):
        parts.extend(_arm(look, side, h, b))
    if look.bag != "none":
        thick = 0.085 * h if look.bag == "backpack" else 0.05 * h
        parts.append(Part((Joint.BAG_TOP, Joint.BAG_LOW), (thick * 0.8, thick), look.bag_colour, "bag"))
    parts.extend(_head(look, h))
    return tuple(parts)


def _leg(look: Look, side: int, h: float, b: float) -> list[Part]:
    hip, knee, ankle, toe = (j + side for j in (Joint.HIP_L, Joint.KNEE_L, Joint.ANKLE_L, Joint.TOE_L))
    bare = look.garment == "skirt"
    cloth = look.skin if bare else look.bottom
    return [
        Part((ankle, toe), (0.024 * h, 0.018 * h), look.shoes, "leg"),
        Part((knee, ankle), (0.036 * h * b, 0.026 * h), cloth, "leg"),
        Part((hip, knee), (0.053 * h * b, 0.037 * h * b), cloth, "leg"),
    ]


def _torso(look: Look, h: float, b: float) -> list[Part]:
    hips, thighs = (Joint.HIP_L, Joint.HIP_R), (Joint.THIGH_L, Joint.THIGH_R)
    shoulders = (Joint.SHOULDER_L, Joint.SHOULDER_R)
    parts = [Part(hips, (0.056 * h * b,) * 2, look.bottom, "body")]
    if look.garment == "skirt":
        parts.append(Part((*hips, *thighs), (0.056 * h * b,) * 2 + (0.075 * h,) * 2, look.bottom, "body"))
    low: tuple[int, ...] = (Joint.WAIST_L, Joint.WAIST_R)
    low_radii: tuple[float, ...] = (0.05 * h * b,) * 2
    if look.garment == "kurta":
        low, low_radii = (*low, *thighs), (0.05 * h * b,) * 2 + (0.066 * h * b,) * 2
    parts.append(
        Part(
            (*shoulders, Joint.CHEST, *low),
            (0.047 * h,) * 2 + (0.068 * h * b,) + low_radii,
            look.top,
            "body",
            look.pattern,
        )
    )
    return parts


def _arm(look: Look, side: int, h: float, b: float) -> list[Part]:
    shoulder, elbow, hand = (j + side for j in (Joint.SHOULDER_L, Joint.ELBOW_L, Joint.HAND_L))
    fore = look.top if look.sleeves_long else look.skin
    return [
        Part((hand,), (0.026 * h,), look.skin, "arm"),
        Part((elbow, hand), (0.028 * h * b, 0.021 * h), fore, "arm"),
        Part((shoulder, elbow), (0.04 * h * b, 0.03 * h * b), _darker(look.top, 0.93), "arm"),
    ]


def _head(look: Look, h: float) -> list[Part]:
    size = 0.056 * h + 0.008
    parts = [
        Part((Joint.NECK, Joint.HEAD), (0.032 * h, 0.03 * h), look.skin, "head"),
        Part((Joint.HEAD,), (size,), look.skin, "head"),
    ]
    if look.long_hair:
        parts.append(Part((Joint.HAIR, Joint.NAPE), (size * 1.04, size * 0.75), look.hair, "head"))
    else:
        parts.append(Part((Joint.HAIR,), (size,), look.hair, "head"))
    if look.hat is not None:
        parts.append(Part((Joint.HAIR, Joint.CROWN), (size * 1.1, size * 0.6), look.hat, "head"))
    return parts


def _darker(colour: Colour, by: float) -> Colour:
    b, g, r = (int(channel * by) for channel in colour)
    return b, g, r
