"""What all tests share: where the real material lies."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real material; the test is skipped where it is absent."""
    folder = Path(os.environ.get("FLOORWALKER_SHARED", "../shared"))
    folder = folder if folder.is_absolute() else ROOT / folder
    if not (folder / "data").is_dir():
        pytest.skip(f"not run: the real material is not in {folder} (FLOORWALKER_SHARED)")
    return folder / "data"


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory, monkeypatch):
    """No test touches the state folder of whoever runs it."""
    monkeypatch.setenv("FLOORWALKER_HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("FLOORWALKER_DATABASE_URL", "FLOORWALKER_DETECTOR"):
        monkeypatch.delenv(name, raising=False)
