"""Every tracker is held to the shared checks."""

from __future__ import annotations

from typing import get_args

import pytest
from tracker_checks import yield_checks

from floorwalker.errors import InputError
from floorwalker.site.model import KnownTracker
from floorwalker.tracking.build import DEFAULT_TRACKER, TRACKERS, build_tracker


@pytest.mark.parametrize("name", sorted(TRACKERS))
@pytest.mark.parametrize("check", list(yield_checks()), ids=lambda check: check.__name__)
def test_every_tracker(check, name):
    check(lambda: build_tracker(name))


def test_a_tracker_is_found_by_name():
    assert type(build_tracker()) is type(build_tracker(DEFAULT_TRACKER))
    with pytest.raises(InputError, match=r"'sort'; expected one of .*bytetrack"):
        build_tracker("sort")


def test_site_files_know_every_tracker():
    assert set(get_args(KnownTracker)) == set(TRACKERS)
