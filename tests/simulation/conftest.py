"""Small simulated mornings that the tests of this room share."""

import csv

import pytest

from floorwalker.simulation import simulate


def read_table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def table():
    return read_table


@pytest.fixture(scope="session")
def filmed(tmp_path_factory):
    """A few seconds, filmed small."""
    out = tmp_path_factory.mktemp("filmed")
    simulate(out, seed=4, minutes=0.3, fps=10, size=(320, 180), workers=1)
    return out


@pytest.fixture(scope="session")
def unfilmed(tmp_path_factory):
    """Five minutes of truth alone, boxes once a second."""
    out = tmp_path_factory.mktemp("unfilmed")
    simulate(out, seed=9, minutes=5, fps=1, size=(640, 360), video=False, workers=1)
    return out
