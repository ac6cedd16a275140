"""Where a person's joints are while they walk, stand, reach, bend and talk."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from floorwalker.simulation.crowd import BEND, PAY, REACH, TALK

FloatArray = npt.NDArray[np.float64]


class Joint(IntEnum):
    """The joints, and a few places on the clothes."""

    PELVIS = 0
    CHEST = 1
    NECK = 2
    HEAD = 3
    HAIR = 4
    NAPE = 5
    SHOULDER_L = 6
    SHOULDER_R = 7
    ELBOW_L = 8
    ELBOW_R = 9
    HAND_L = 10
    HAND_R = 11
    HIP_L = 12
    HIP_R = 13
    KNEE_L = 14
    KNEE_R = 15
    ANKLE_L = 16
    ANKLE_R = 17
    TOE_L = 18
    TOE_R = 19
    THIGH_L = 20
    THIGH_R = 21
    BAG_TOP = 22
    BAG_LOW = 23
    CROWN = 24
    WAIST_L = 25
    WAIST_R = 26


_SWING = 0.42
_STRIDE = 0.76
_BLEND_S = 0.5


def joints(
    times_s: FloatArray,
    place_m: FloatArray,
    heading: FloatArray,
    speed: FloatArray,
    posture: npt.NDArray[np.int64],
    height_m: float,
    build: float,
    bag: str,
) -> FloatArray:
    """Joint positions of one person at successive moments.

    Args:
        times_s: (n,) evenly spaced moments.
        place_m: (n, 2) floor positions.
        heading: (n,) radians.
        speed: (n,) metres a second.
        posture: (n,) postures of `crowd`.
        height_m: from sole to crown.
        build: breadth against the usual.
        bag: `none`, `shoulder` or `backpack`.

    Returns:
        (n, joints, 3) metres in the shop.
    """
    step_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 0.1
    blend = max(1, round(_BLEND_S / step_s))
    pace = np.clip(uniform_filter1d(speed, blend, mode="nearest") / 1.1, 0.0, 1.1)
    reach = _weight(posture == REACH, blend) + 0.7 * _weight(posture == PAY, blend)
    bend = _weight(posture == BEND, blend)
    talk = _weight(posture == TALK, blend)
    travelled = np.concatenate([[0.0], np.linalg.norm(np.diff(place_m, axis=0), axis=1)]) / height_m
    phase = np.cumsum(2 * np.pi * travelled / (_STRIDE * np.maximum(pace, 0.55)))
    local = _legs(phase, pace, height_m, build)
    _upper_body(local, times_s, phase, pace, reach, bend, talk, height_m, build)
    _clothes(local, height_m, bag)
    forward = np.stack([np.cos(heading), np.sin(heading)], axis=1)
    left = np.stack([-forward[:, 1], forward[:, 0]], axis=1)
    world = np.empty_like(local)
    world[..., :2] = place_m[:, None] + local[..., 0:1] * forward[:, None] + local[..., 1:2] * left[:, None]
    world[..., 2] = local[..., 2]
    return world


def _weight(active: npt.NDArray[np.bool_], blend: int) -> FloatArray:
    return np.asarray(uniform_filter1d(active.astype(np.float64), blend, mode="nearest"))


def _legs(phase: FloatArray, pace: FloatArray, height: float, build: float) -> FloatArray:
    """Hips to toes in the body's own axes: forward, left, up."""
    local = np.zeros((len(phase), len(Joint), 3))
    thigh, shank, hip = 0.245 * height, 0.235 * height, 0.052 * height * build
    drops = []
    for side, shift in ((0, 0.0), (1, np.pi)):
        swing = _SWING * np.minimum(pace, 1.0) * np.sin(phase + shift)
        knee = np.minimum(pace, 1.0) * (0.12 + 0.75 * np.maximum(0.0, np.cos(phase + shift)))
        lower = swing - knee
        offset = hip * (1 if side == 0 else -1)
        local[:, Joint.HIP_L + side, 1] = offset
        local[:, Joint.KNEE_L + side] = np.stack(
            [thigh * np.sin(swing), np.full_like(swing, offset), -thigh * np.cos(swing)], axis=1
        )
        local[:, Joint.ANKLE_L + side] = local[:, Joint.KNEE_L + side] + np.stack(
            [shank * np.sin(lower), np.zeros_like(swing), -shank * np.cos(lower)], axis=1
        )
        local[:, Joint.TOE_L + side] = local[:, Joint.ANKLE_L + side] + np.stack(
            [
                0.09 * height * np.cos(lower * 0.5),
                np.zeros_like(swing),
                0.05 * height * np.sin(lower) - 0.02 * height,
            ],
            axis=1,
        )
        drops.append(-local[:, Joint.ANKLE_L + side, 2])
    lift = np.maximum(drops[0], drops[1]) + 0.045 * height
    for joint in range(Joint.HIP_L, Joint.TOE_R + 1):
        local[:, joint, 2] += lift
    local[:, Joint.PELVIS, 2] = lift
    local[..., 2] = np.maximum(local[..., 2], 0.02)
    return local


def _upper_body(
    local: FloatArray,
    times_s: FloatArray,
    phase: FloatArray,
    pace: FloatArray,
    reach: FloatArray,
    bend: FloatArray,
    talk: FloatArray,
    height: float,
    build: float,
) -> None:
    sway = 0.012 * (1 - np.minimum(pace, 1.0)) * np.sin(times_s * 1.1 + height * 40)
    lean = 0.05 * pace + 0.75 * bend + 0.12 * reach
    lift = local[:, Joint.PELVIS, 2]

    def up_spine(above: float, ahead: float = 0.0) -> FloatArray:
        along = above * height
        return np.stack(
            [
                along * np.sin(lean) + ahead * np.cos(lean),
                sway * along,
                lift + along * np.cos(lean) - ahead * np.sin(lean),
            ],
            axis=1,
        )

    for joint, above, ahead in (
        (Joint.CHEST, 0.23, 0.01), (Joint.NECK, 0.325, 0.0), (Joint.HEAD, 0.405, 0.02),
        (Joint.HAIR, 0.428, -0.018), (Joint.NAPE, 0.36, -0.06), (Joint.CROWN, 0.47, 0.0),
    ):  # fmt: skip
        local[:, joint] = up_spine(above, ahead)
    shoulder = 0.107 * height * build
    for side, sign in ((0, 1.0), (1, -1.0)):
        local[:, Joint.SHOULDER_L + side] = up_spine(0.29)
        local[:, Joint.SHOULDER_L + side, 1] += sign * shoulder
        local[:, Joint.WAIST_L + side] = up_spine(0.05)
        local[:, Joint.WAIST_L + side, 1] += sign * 0.06 * height * build
        swing = -0.55 * np.minimum(pace, 1.0) * np.sin(phase + (0.0 if side == 0 else np.pi))
        gesture = 0.3 * talk * np.sin(times_s * (2.3 if side else 1.7) + height * 9)
        active = reach if side == 1 else 0.3 * reach
        upper = swing + 0.95 * active + 0.5 * bend + (0.35 + gesture) * talk
        lower = upper + 0.22 + 0.35 * np.minimum(pace, 1.0) + 0.45 * active + 0.9 * talk + 0.15 * bend
        spread = sign * (0.02 + 0.012 * height)
        elbow = local[:, Joint.SHOULDER_L + side] + 0.172 * height * np.stack(
            [np.sin(upper), np.full_like(upper, spread / 0.3), -np.cos(upper)], axis=1
        )
        local[:, Joint.ELBOW_L + side] = elbow
        local[:, Joint.HAND_L + side] = elbow + 0.165 * height * np.stack(
            [np.sin(lower), -sign * 0.25 * (active + talk), -np.cos(lower)], axis=1
        )


def _clothes(local: FloatArray, height: float, bag: str) -> None:
    for side in (0, 1):
        hip, knee = local[:, Joint.HIP_L + side], local[:, Joint.KNEE_L + side]
        local[:, Joint.THIGH_L + side] = hip + 0.75 * (knee - hip)
    if bag == "backpack":
        local[:, Joint.BAG_TOP] = local[:, Joint.CHEST] + np.array([-0.1 * height, 0.0, 0.04])
        local[:, Joint.BAG_LOW] = local[:, Joint.CHEST] + np.array([-0.1 * height, 0.0, -0.15 * height])
    else:
        local[:, Joint.BAG_TOP] = local[:, Joint.HIP_L] + np.array([-0.02, 0.07 * height, 0.02])
        local[:, Joint.BAG_LOW] = local[:, Joint.HIP_L] + np.array([-0.02, 0.075 * height, -0.1 * height])
