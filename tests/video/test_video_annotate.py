import numpy as np
import pytest

from floorwalker.video.annotate import Annotation, annotate, colour_of


def stripes() -> np.ndarray:
    image = np.zeros((240, 320, 3), np.uint8)
    image[:, ::4] = 255
    return image


def test_heads_are_unrecognisable_and_bodies_stay() -> None:
    image = stripes()
    box = np.array([[100, 50, 160, 220]], np.float32)
    drawn = annotate(image, Annotation(box, [-1]))
    head, body = np.s_[56:80, 106:154], np.s_[120:200, 106:154]
    assert drawn[head].std() < 0.3 * image[head].std()
    np.testing.assert_array_equal(drawn[body], image[body])
    np.testing.assert_array_equal(image, stripes())


def test_anonymising_can_be_switched_off() -> None:
    image = stripes()
    drawn = annotate(image, Annotation(np.array([[100, 50, 160, 220]], np.float32), [-1], anonymise=False))
    np.testing.assert_array_equal(drawn[56:80, 106:154], image[56:80, 106:154])


def test_everything_is_drawn_even_at_and_over_the_edges() -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    drawn = annotate(
        image,
        Annotation(
            np.array([[-20, -20, 30, 60], [150, 100, 400, 300]], np.float32),
            [1, 2],
            trails={1: [(10, 10), (20, 60)]},
            lines={"door": [(0, 110), (159, 110)]},
            zones={"TILL": [(60, 20), (100, 20), (100, 60)]},
            clock="12.3 s",
        ),
    )
    assert drawn.shape == image.shape
    assert drawn[40, 90].any()
    assert drawn[110, 100].any()
    assert tuple(drawn[40, 15]) != (0, 0, 0)


def test_boxes_and_ids_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="id a box"):
        annotate(stripes(), Annotation(np.zeros((2, 4), np.float32), [1]))


def test_neighbouring_ids_have_different_colours() -> None:
    assert len({colour_of(number) for number in range(12)}) == 12
