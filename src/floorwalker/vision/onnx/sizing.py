"""Which input size a network of free size gets."""

from __future__ import annotations

SIZE_STEP = 32
DEFAULT_AREA_PX = 544 * 960


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
