"""What tells that something happens: packet sizes against quiet ones, pictures against the empty room."""

from fractions import Fraction

import numpy as np
import pytest

from floorwalker.video.empty import SMALL_SIZE, EmptyRoom, EmptyRules
from floorwalker.video.groups import find_groups
from floorwalker.video.packets import PacketTable
from floorwalker.video.size_evidence import SizeRules, size_evidence

RATE, GOP = 25, 50


def table(sizes, gop=GOP):
    """Packets of these sizes at 25 a second, the first of every 50 a key frame."""
    count = len(sizes)
    return PacketTable(
        pts=np.arange(count, dtype=np.int64),
        timed=np.ones(count, bool),
        size=np.asarray(sizes, np.int64),
        key=np.arange(count) % gop == 0,
        shown=np.ones(count, bool),
        tick=Fraction(1, RATE),
        rate=float(RATE),
        zero_pts=0,
        declared_s=count / RATE,
    )


def quiet(seconds, seed=0):
    """Sizes of a quiet camera: large key frames, small noisy packets, a large one now and then."""
    rng = np.random.default_rng(seed)
    sizes = rng.lognormal(6.5, 0.5, seconds * RATE)
    sizes[rng.random(len(sizes)) < 0.03] *= 8
    sizes[::GOP] = 150_000
    return sizes


def moving_groups(sizes, rules=None):
    packets = table(sizes)
    return np.flatnonzero(size_evidence(packets, find_groups(packets), rules or SizeRules()).matters)


def test_a_second_of_motion_between_two_key_frames_is_found_and_little_else():
    sizes = quiet(1200)
    sizes[500 * RATE + 10 : 501 * RATE + 10] *= 5
    found = moving_groups(sizes)
    assert 250 in found
    assert len(found) < 0.03 * len(sizes) / GOP


@pytest.mark.parametrize("seed", range(3))
def test_quiet_that_grows_noisier_with_the_light_stays_quiet(seed):
    sizes = quiet(7200, seed)
    sizes *= np.exp(np.sin(np.arange(len(sizes)) / len(sizes) * 6))
    assert len(moving_groups(sizes)) < 0.03 * len(sizes) / GOP


def test_packets_that_grow_along_a_group_are_no_motion():
    sizes = quiet(1200) * (1 + 3 * (np.arange(1200 * RATE) % GOP) / GOP)
    assert len(moving_groups(sizes)) < 12


def test_a_raised_threshold_asks_for_more():
    sizes = quiet(1200)
    sizes[500 * RATE : 502 * RATE] *= 2.5
    assert 250 in moving_groups(sizes)
    assert 250 not in moving_groups(sizes, SizeRules(certain_share=3.0))


def test_equal_packets_tell_nothing():
    packets = table(np.full(600 * RATE, 4000))
    assert not size_evidence(packets, find_groups(packets), SizeRules()).telling


def view(brightness=100, **boxes):
    picture = np.full(SMALL_SIZE[::-1], brightness, np.uint8)
    picture[::3] += 20
    for x, y, width, height in boxes.values():
        picture[y : y + height, x : x + width] = 40
    return picture


def test_a_small_person_differs_and_a_pixel_or_another_light_do_not():
    room = EmptyRoom()
    room.learn(view())
    assert room.is_known(view())
    assert room.is_known((view() * 1.2).astype(np.uint8))
    assert room.is_known(view(speck=(50, 20, 1, 1)))
    assert not room.is_known(view(person=(50, 20, 2, 5)))


def test_what_lies_under_a_mask_does_not_count():
    room = EmptyRoom(masks=([(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)],))
    room.learn(view())
    assert room.is_known(view(street=(10, 20, 20, 20)))
    assert not room.is_known(view(person=(70, 20, 4, 8)))


def test_only_a_few_empty_pictures_are_kept_those_used_last():
    rules = EmptyRules(most=3)
    room = EmptyRoom(rules)
    for number in range(50):
        room.learn(view(chair=(number, 10, 8, 8)))
        room.learn(view())
        assert len(room) <= 3
    assert room.is_known(view())
    assert room.is_known(view(chair=(49, 10, 8, 8)))
    assert not room.is_known(view(chair=(3, 10, 8, 8)))


def test_a_doubtful_place_is_trusted_again_when_it_is_still():
    room = EmptyRoom()
    room.learn(view())
    person = view(person=(50, 20, 3, 8))
    room.doubt(person)
    assert room.is_known(person)
    assert not room.is_known(view(other=(20, 20, 3, 8)))
    for _ in range(60):
        room.learn(view())
    assert not room.is_known(person)
