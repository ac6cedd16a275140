"""Every kind of video file is held to the shared checks."""

from __future__ import annotations

import pytest
from source_checks import SOURCES, write, yield_checks


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@pytest.mark.parametrize("check", list(yield_checks()), ids=lambda check: check.__name__)
def test_every_source(check, source, tmp_path):
    check(*write(source, tmp_path))
