"""Which input size a network of free size gets."""

from __future__ import annotations

import numpy as np

from floorwalker.site import Camera

SIZE_STEP = 32
DEFAULT_AREA_PX = 544 * 960
LEAST_AREA_PX = 352 * 640
MOST_AREA_PX = 736 * 1280
LEAST_PERSON_PX = 96.0
SHORTEST_M = 1.5


def choose_input_size(frame_size: tuple[int, int], area_px: int = DEFAULT_AREA_PX) -> tuple[int, int]:
    """Input size of a network that takes any: the frames' shape, a fixed area, multiples of 32.

    Args:
        frame_size: width and height of the frames.
        area_px: pixels to spend; more sees smaller people and costs time in proportion.

    Returns:
        Width and height; 960×544 for 16:9.
    """
    aspect = frame_size[0] / frame_size[1]
    height = max(SIZE_STEP, round((area_px / aspect) ** 0.5 / SIZE_STEP) * SIZE_STEP)
    width = max(SIZE_STEP, round(height * aspect / SIZE_STEP) * SIZE_STEP)
    return width, height


def size_for_camera(camera: Camera) -> tuple[int, int]:
    """Input size by which the smallest person who matters is large enough, but no larger.

    Who matters stands on an entry line or in a zone. At the far end of these, a person of 1.5 m shall be 96
    pixels tall in the input: with less YOLOX-nano clearly finds fewer, with more a few more. Never less than
    640×352 nor more than about 1280×736 pixels of area; without lines, zones or a calibration that knows
    heights, 960×544.

    Args:
        camera: with its lines, zones and calibration.

    Returns:
        Width and height, multiples of 32.
    """
    smallest_px = smallest_person_px(camera)
    if smallest_px is None:
        return choose_input_size(camera.resolution)
    width, height = camera.resolution
    area = width * height * (LEAST_PERSON_PX / smallest_px) ** 2
    return choose_input_size(camera.resolution, round(min(MOST_AREA_PX, max(LEAST_AREA_PX, area))))


def smallest_person_px(camera: Camera) -> float | None:
    """Height in pixels of a short person at the place that matters where people look smallest.

    Args:
        camera: with its lines, zones and calibration.

    Returns:
        Pixels of the site file's picture; None without lines and zones, or where heights are not known.
    """
    calibration = camera.calibrated()
    places = [point for line in camera.entry_lines for point in line.points]
    places += [point for zone in camera.zones for point in zone.polygon]
    if calibration is None or calibration.projection is None or not places:
        return None
    floor = calibration.to_floor(np.array(places, dtype=np.float64))
    floor = floor[np.isfinite(floor).all(axis=1)]
    boxes = calibration.person_boxes(floor, SHORTEST_M)
    heights = (boxes[:, 3] - boxes[:, 1])[np.isfinite(boxes).all(axis=1)]
    heights = heights[heights > 1.0]
    return float(heights.min()) if len(heights) else None
