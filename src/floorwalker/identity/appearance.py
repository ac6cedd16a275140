"""Appearance without weights: the colours of hair, clothing above and clothing below."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.identity.hiding import views
from floorwalker.vision.detections import Detections

FloatArray = npt.NDArray[np.float32]
BANDS = ((0.0, 0.17), (0.17, 0.36), (0.36, 0.52), (0.52, 0.74), (0.74, 0.97))
_BAND_WEIGHTS = (0.5, 1.0, 1.0, 1.0, 0.6)
_ROWS, _COLUMNS = 96, 32
_CHROMA_BINS, _LIGHT_BINS = 10, 8
_CHROMA_REACH = 70.0
_LIGHT_SHARE = 0.45
_DARK = 20.0
_BLUR = np.array([0.25, 0.5, 0.25])
_CHROMA_BLUR = cv2.filter2D(np.eye(_CHROMA_BINS), -1, _BLUR[:, None])
_LIGHT_BLUR = cv2.filter2D(np.eye(_LIGHT_BINS), -1, _BLUR[:, None], borderType=cv2.BORDER_CONSTANT)
_NOTHING = 1e-12
_LEAST_LEFT, _ENOUGH_LEFT = 0.35, 0.8  # share of a box beside those who are nearer
_BAND_OF_ROW = np.repeat(
    np.arange(len(BANDS)), [round(bottom * _ROWS) - round(top * _ROWS) for top, bottom in BANDS]
)
DIMENSIONS = len(BANDS) * (_CHROMA_BINS**2 + _LIGHT_BINS)


def describe(
    image: npt.NDArray[np.uint8], detections: Detections, wanted: npt.NDArray[np.bool_] | None = None
) -> FloatArray:
    """Clothing descriptors of the people in one picture.

    Each horizontal band of the body gives a histogram of its colour (Lab chroma in proportion to
    lightness, which the light's strength changes little) and, with less weight, of its lightness. Blurred
    histograms make near colours alike. Square roots make the scalar product of two
    descriptors the weighted Bhattacharyya coefficient of their histograms.

    Args:
        image: (height, width, 3) uint8, blue-green-red.
        detections: the people; their `foreground` tells body from background where it is given, less those
            who stand nearer; else an inner ellipse does.
        wanted: (n,) whom to describe; default: everyone.

    Returns:
        (n, d) float32 of norm 1; rows of 0 for the unwanted and where a box has no pixel in the picture.

    Source:
        Bhattacharyya, 1943; bands as in Gray and Tao, "Viewpoint invariant pedestrian recognition", 2008.
    """
    result = np.zeros((len(detections), DIMENSIONS), dtype=np.float32)
    height, width = image.shape[:2]
    known = detections.foreground
    for row, view in enumerate(views(detections, (width, height))):
        if wanted is not None and not wanted[row]:
            continue
        if view.free.shape[1] < 2 or view.free.shape[0] < 4:
            continue
        patch = cv2.resize(image[view.rows, view.columns], (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA)
        weight = _ellipse()
        if known is not None:
            mask = (known[view.rows, view.columns] & view.free).astype(np.float32)
            seen = cv2.resize(mask, (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA)
            if seen.mean() > 0.1:
                weight = np.where(seen > 0.6, seen, 0.0).astype(np.float32)
        result[row] = _histogram(np.asarray(patch), weight)
    return result


def quality(detections: Detections, resolution: tuple[int, int]) -> FloatArray:
    """How well each person can be described, to be known again later.

    Args:
        detections: the people of one picture.
        resolution: width and height of the picture.

    Returns:
        (n,) 0 to 1: small where another box with lower feet (a person nearer the camera) covers it, where
        it is tiny, where it touches the picture's edge, and where the detector doubts it.
    """
    boxes = detections.xyxy.astype(np.float64)
    if len(boxes) == 0:
        return np.zeros(0, dtype=np.float32)
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=2) / np.prod(size, axis=1)[:, None]
    in_front = boxes[None, :, 3] > boxes[:, None, 3]
    covered = np.where(in_front, shared, 0.3 * shared)
    np.fill_diagonal(covered, 0.0)
    free = np.clip(1.0 - 1.5 * covered.max(axis=1), 0.0, 1.0)
    return np.asarray(free * _sharpness(detections, resolution), dtype=np.float32)


def distinctness(detections: Detections, resolution: tuple[int, int]) -> FloatArray:
    """How well each person can be told from a neighbour just now: more generous than `quality`.

    Args:
        detections: the people of one picture.
        resolution: width and height of the picture.

    Returns:
        (n,) 0 to 1: what is left to be seen beside people who stand nearer, as far as it is enough, where
        the person is neither tiny nor at the picture's edge nor doubted by the detector.
    """
    if len(detections) == 0:
        return np.zeros(0, dtype=np.float32)
    shares = np.array([view.share for view in views(detections, resolution)])
    left = np.clip((shares - _LEAST_LEFT) / (_ENOUGH_LEFT - _LEAST_LEFT), 0.0, 1.0)
    return np.asarray(left * _sharpness(detections, resolution), dtype=np.float32)


def _sharpness(detections: Detections, resolution: tuple[int, int]) -> FloatArray:
    """(n,) 0 to 1 by size, the picture's edge and the detector's confidence."""
    boxes = detections.xyxy.astype(np.float64)
    large = np.clip((np.maximum(boxes[:, 3] - boxes[:, 1], 1.0) - 20) / 60, 0.0, 1.0)
    width, height = resolution
    edge = np.min([boxes[:, 0], boxes[:, 1], width - boxes[:, 2], height - boxes[:, 3]], axis=0)
    whole = np.where(edge < 2, 0.3, 1.0)
    result: FloatArray = (large * whole * detections.confidence).astype(np.float32)
    return result


def _ellipse() -> FloatArray:
    """Weight of a person's likely pixels in a box: a broad ellipse."""
    y = (np.arange(_ROWS) + 0.5) / _ROWS * 2 - 1
    x = (np.arange(_COLUMNS) + 0.5) / _COLUMNS * 2 - 1
    return np.asarray((x[None, :] / 0.6) ** 2 + (y[:, None] / 1.05) ** 2 <= 1, dtype=np.float32)


def _histogram(patch: npt.NDArray[np.uint8], weight: FloatArray) -> FloatArray:
    rows = len(_BAND_OF_ROW)  # below the last band there is floor rather than shoes
    seen = weight[:rows] > 0
    share, band = weight[:rows][seen].astype(np.float64), _BAND_OF_ROW[np.nonzero(seen)[0]]
    lab = cv2.cvtColor(patch[:rows].astype(np.float32) / 255, cv2.COLOR_BGR2Lab)[seen]
    scale = _CHROMA_BINS / (2 * _CHROMA_REACH)
    # Near black the proportion would be noise; the constant keeps dark cloth near grey.
    colour = lab[:, 1:] * (50 + _DARK) / (lab[:, :1] + _DARK)
    chroma = np.clip((colour + _CHROMA_REACH) * scale - 0.5, 0.0, _CHROMA_BINS - 1.001)
    light = np.clip(lab[:, :1] / 100 * _LIGHT_BINS - 0.5, 0.0, _LIGHT_BINS - 1.001)
    colours, lights = _spread(chroma, _CHROMA_BINS, share, band), _spread(light, _LIGHT_BINS, share, band)
    square = colours.reshape(-1, _CHROMA_BINS, _CHROMA_BINS)
    colours = (_CHROMA_BLUR @ square @ _CHROMA_BLUR.T).reshape(colours.shape)
    colours /= np.maximum(colours.sum(axis=1, keepdims=True), _NOTHING)
    lights = lights @ _LIGHT_BLUR.T
    lights /= np.maximum(lights.sum(axis=1, keepdims=True), _NOTHING)
    weights = np.array(_BAND_WEIGHTS)[:, None]
    parts = [weights * (1 - _LIGHT_SHARE) * colours, weights * _LIGHT_SHARE * lights]
    descriptor = np.sqrt(np.concatenate(parts, axis=1)).ravel()
    norm = float(np.linalg.norm(descriptor))
    return (descriptor / norm).astype(np.float32) if norm > 0 else descriptor.astype(np.float32)


def _spread(
    position: npt.NDArray[np.floating],
    bins: int,
    weight: npt.NDArray[np.float64],
    band: npt.NDArray[np.intp],
) -> npt.NDArray[np.float64]:
    """A histogram of each band; a value is shared by its nearest bins, so that small shifts matter little.

    Args:
        position: (n, k) values of n pixels, in bins.
        bins: along each of the k axes.
        weight: (n,) of the pixels.
        band: (n,) which one each pixel lies in.

    Returns:
        (bands, bins to the power of k).
    """
    axes = position.shape[1]
    low = position.astype(np.intp)
    rest = position - low
    cells, strides = bins**axes, bins ** np.arange(axes)[::-1]
    cell = low @ strides + band * cells
    total = np.zeros(len(BANDS) * cells)
    for corner in np.ndindex(*(2,) * axes):
        share = weight
        for axis, side in enumerate(corner):
            share = share * (rest[:, axis] if side else 1 - rest[:, axis])
        total += np.bincount(cell + int(np.dot(corner, strides)), share, len(total))
    return total.reshape(len(BANDS), cells)
