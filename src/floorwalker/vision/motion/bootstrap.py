"""The empty room, learnt from samples of a whole recording in which people stand about."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.vision.motion.foreground import Image, Mask, above, channel_max, gradient

FloatImage = npt.NDArray[np.float32]
ROUNDS = 4
_TILE = 24  # pixels
_CONTEXT = 21  # pixels of the quartered picture: what must look alike around a tile
_SAME = 20  # grey levels
_ALIKE, _OTHER = 0.06, 0.25  # shares of the context that differ
_SHORTEST_ABSENCE_S = 2.5  # someone who only sways is no return of the room
_DIFFERENCE = 24
_SMALLEST_SHARE = 0.0015
_CLEAR_EVIDENCE = 0.12


def bootstrap_room(samples: Sequence[Image], times_s: Sequence[float]) -> tuple[Image, Mask]:
    """Estimate the empty room and its noise.

    The temporal median is wrong where people stand for more than half of the time. What tells the room from
    people is that it comes back: again and again the same picture in a whole neighbourhood, between people
    who each look a little different. Where that leaves a person in (someone stood there from the start),
    the outline of what differs decides: the picture that has the stronger edges along the outline is the one
    with a person in it, so the other one shows the room.

    Args:
        samples: n ≥ 1 pictures, (h, w, 3) uint8, spread over the recording.
        times_s: their n presentation times, growing.

    Returns:
        (h, w, 3) uint8 room and (h, w) uint8 noise in grey levels.
    """
    stack = np.stack(samples)
    room = np.median(stack, axis=0).astype(np.uint8)
    stack = np.stack([match_light(room, sample) for sample in stack])
    room = _recurring(stack, times_s)
    edges = [gradient(sample) for sample in stack]
    for _ in range(ROUNDS):
        room, changed = _replace_people(stack, edges, room)
        if not changed:
            break
    return room, _noise(stack, room)


def match_light(target: Image, image: Image, mask: Mask | None = None) -> Image:
    """Bring a picture's brightness to that of another by one gain a channel.

    Args:
        target: (h, w, 3) uint8, how bright it should be.
        image: (h, w, 3) uint8.
        mask: (h, w) uint8, 0 where pixels may be compared; default: everywhere.

    Returns:
        (h, w, 3) uint8.
    """
    gains = light_gains(target, image, mask)
    if np.all(np.abs(gains - 1) < 0.004):
        return image
    table = np.clip(np.arange(256)[:, None] * gains[None, :] + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table.reshape(1, 256, 3)), dtype=np.uint8)


def light_gains(target: Image, image: Image, mask: Mask | None = None) -> npt.NDArray[np.float64]:
    """Per channel, the middle ratio of target to image over a coarse grid of well-lit pixels."""
    step = 6
    a = target[::step, ::step].reshape(-1, 3)
    b = image[::step, ::step].reshape(-1, 3)
    usable = (b.min(axis=1) > 24) & (b.max(axis=1) < 245) & (a.max(axis=1) < 245)
    if mask is not None:
        usable &= mask[::step, ::step].reshape(-1) == 0
    if np.count_nonzero(usable) < 100:
        return np.ones(3)
    ratios = a[usable].astype(np.float32) / b[usable]
    return np.asarray(np.clip(np.median(ratios, axis=0), 0.5, 2.0), dtype=np.float64)


def outline_evidence(component: Mask, edges_now: FloatImage, edges_room: FloatImage) -> float:
    """Which picture has an object where the two differ.

    Args:
        component: (h, w) uint8, non-zero inside.
        edges_now: (h, w) edge strength of the frame.
        edges_room: (h, w) edge strength of the room.

    Returns:
        -1 (the object is in the room's picture: a ghost) to 1 (it is in the frame).
    """
    kernel = np.ones((3, 3), np.uint8)
    padded = cv2.copyMakeBorder(component, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    band = cv2.morphologyEx(padded, cv2.MORPH_GRADIENT, kernel)[1:-1, 1:-1] > 0
    if not band.any():
        return 0.0
    now, room = float(edges_now[band].mean()), float(edges_room[band].mean())
    return (now - room) / (now + room + 2.0)


def _recurring(stack: npt.NDArray[np.uint8], times_s: Sequence[float]) -> npt.NDArray[np.uint8]:
    """Tile by tile, the picture that comes back most often; where none does, the temporal median."""
    small = np.stack([cv2.resize(s, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) for s in stack])
    samples, height, width = stack.shape[:3]
    ys = np.minimum(np.arange(0, height, _TILE) // 4 + _TILE // 8, small.shape[1] - 1)
    xs = np.minimum(np.arange(0, width, _TILE) // 4 + _TILE // 8, small.shape[2] - 1)
    apart = np.zeros((samples, samples, len(ys), len(xs)), np.float32)
    for i in range(samples):
        for j in range(i):
            changed = above(channel_max(cv2.absdiff(small[i], small[j])), _SAME)
            share = cv2.boxFilter(changed, cv2.CV_32F, (_CONTEXT, _CONTEXT)) / 255.0
            apart[i, j] = apart[j, i] = share[np.ix_(ys, xs)]
    winner = _best_recurrence(apart, times_s)
    room: npt.NDArray[np.uint8] = np.median(stack, axis=0).astype(np.uint8)
    for row in range(len(ys)):
        for column in range(len(xs)):
            if winner[row, column] < 0:
                continue
            like = apart[winner[row, column], :, row, column] < _ALIKE
            tile = np.s_[row * _TILE : (row + 1) * _TILE, column * _TILE : (column + 1) * _TILE]
            room[tile] = np.median(stack[(like, *tile)], axis=0).astype(np.uint8)
    return room


def _best_recurrence(apart: FloatImage, times_s: Sequence[float]) -> npt.NDArray[np.intp]:
    """For each tile the sample whose likes come back most often, or -1 where none comes back.

    Among equals the one with most likes wins.
    """
    alike = apart < _ALIKE
    returns = np.zeros((len(apart), *apart.shape[2:]), np.float32)
    last_s = np.full(returns.shape, -np.inf)
    was_away = np.ones(returns.shape, bool)
    for j, time_s in enumerate(times_s):
        returns += alike[:, j] & was_away & (time_s - last_s >= _SHORTEST_ABSENCE_S)
        was_away = (was_away | (apart[:, j] > _OTHER)) & ~alike[:, j]
        last_s[alike[:, j]] = time_s
    score = returns + alike.sum(axis=1) / (len(apart) + 1)
    return np.where(score.max(axis=0) >= 2, score.argmax(axis=0), -1)


def _replace_people(stack: npt.NDArray[np.uint8], edges: list[FloatImage], room: Image) -> tuple[Image, bool]:
    """One round: where most outlines say that the room's picture holds a person, take the samples instead."""
    height, width = room.shape[:2]
    votes = np.zeros((height, width), np.int16)
    ghost = np.zeros(stack.shape[:3], bool)
    edges_room = gradient(room)
    smallest = _SMALLEST_SHARE * height * width
    for index, sample in enumerate(stack):
        mask = above(channel_max(cv2.absdiff(sample, room)), _DIFFERENCE)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        for label in range(1, count):
            x, y, w, h, area = stats[label]
            if area < smallest:
                continue
            box = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
            inside = labels[box] == label
            evidence = outline_evidence(inside.astype(np.uint8), edges[index][box], edges_room[box])
            if abs(evidence) > _CLEAR_EVIDENCE:
                votes[box][inside] += -1 if evidence > 0 else 1
                if evidence < 0:
                    ghost[index][box] |= inside
    replace = (votes > 0) & (ghost.sum(axis=0) >= 2)
    if not replace.any():
        return room, False
    corrected = room.copy()
    ys, xs = np.nonzero(replace)
    values = stack[:, ys, xs].astype(np.float32)
    values[~ghost[:, ys, xs]] = np.nan
    corrected[ys, xs] = np.nanmedian(values, axis=0).astype(np.uint8)
    return corrected, True


def _noise(stack: npt.NDArray[np.uint8], room: Image) -> Mask:
    """Spread of the samples that show the room, in grey levels, smoothed over neighbours."""
    deviations = np.stack([channel_max(cv2.absdiff(sample, room)) for sample in stack])
    near = deviations <= 40
    counts = np.maximum(near.sum(axis=0), 1)
    mean = (deviations * near).sum(axis=0) / counts
    smooth = np.asarray(cv2.blur(mean.astype(np.float32), (5, 5)), dtype=np.float32)
    return np.asarray(np.clip(2.0 * smooth - 4.0, 0, 20), dtype=np.uint8)
