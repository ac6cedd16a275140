"""Frames whose colours are made when asked for: the same pixels, and masks before anything else."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from floorwalker.video import Frame
from floorwalker.video.fitting import fit
from floorwalker.video.planes import Decoded, Scaler

SIZE = (320, 180)


def decoded(matrix: int = 1, rotation: int = 0) -> av.VideoFrame:
    """A smooth colourful picture in 4:2:0, as from a decoder."""
    y, x = np.mgrid[0:180, 0:320]
    image = np.stack([x * 255 // 320, y * 255 // 180, 255 - x * 255 // 320], axis=-1).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(
        format="yuv420p", dst_colorspace=matrix
    )
    frame.colorspace = matrix
    frame.color_range = 1
    frame.time_base = Fraction(1, 25)
    return frame


@pytest.mark.parametrize("matrix", [1, 5], ids=["BT.709", "BT.601"])
def test_the_whole_picture_is_what_the_decoder_itself_would_convert(matrix: int) -> None:
    frame = decoded(matrix)
    picture = Frame(Decoded.of(frame, Scaler()), 0.0, 0)
    assert picture.size == SIZE
    np.testing.assert_array_equal(picture.image, frame.to_ndarray(format="bgr24"))
    assert picture.image is picture.image


@pytest.mark.parametrize("matrix", [1, 5], ids=["BT.709", "BT.601"])
@pytest.mark.parametrize("size", [(160, 90), (240, 135), (480, 270)])
def test_another_size_straight_from_the_planes_is_near_the_resized_picture(
    matrix: int, size: tuple[int, int]
) -> None:
    picture = Frame(Decoded.of(decoded(matrix), Scaler()), 0.0, 0)
    straight = picture.resized(size)
    assert straight.shape == (size[1], size[0], 3)
    difference = np.abs(straight.astype(int) - cv2.resize(picture.image, size).astype(int))
    assert difference.mean() < 3
    np.testing.assert_array_equal(straight, picture.resized(size))  # though the whole one is there by now


def test_plans_are_kept_for_a_few_sizes_only() -> None:
    scaler, frame = Scaler(sizes=3), decoded()
    for width in range(64, 96, 2):
        assert Decoded.of(frame, scaler).resized((width, 64)).shape == (64, width, 3)
    assert len(scaler) == 3


def test_masks_are_black_in_every_size_and_nothing_of_them_shows() -> None:
    image = np.full((180, 320, 3), 40, np.uint8)
    image[50:100, 100:200] = 250  # what nobody may see
    mask = [(100.0, 50.0), (199.0, 50.0), (199.0, 99.0), (100.0, 99.0)]
    frame = fit(Frame(image, 1.5, 7), SIZE, [mask])
    assert (frame.time_s, frame.index, frame.size) == (1.5, 7, SIZE)
    assert frame.resized((160, 90)).max() <= 40
    assert frame.resized((640, 360)).max() <= 40
    assert frame.image.max() == 40
    assert frame.image[60:90, 110:190].max() == 0
    assert image.max() == 250  # the frame that came is left as it was


def test_a_fitted_frame_without_masks_takes_other_sizes_from_the_frame_as_it_came() -> None:
    frame = Frame(Decoded.of(decoded(), Scaler()), 0.0, 0)
    fitted = fit(frame, (160, 90), [])
    assert fitted.size == (160, 90)
    np.testing.assert_array_equal(fitted.resized((200, 112)), frame.resized((200, 112)))
    np.testing.assert_array_equal(
        fitted.image, cv2.resize(frame.image, (160, 90), interpolation=cv2.INTER_AREA)
    )
    assert fit(frame, SIZE, []) is frame
