import json

import pytest
from typer.testing import CliRunner

from floorwalker.cli import app
from floorwalker.errors import InputError


def test_the_command_prints_the_truth_it_wrote(tmp_path):
    out = tmp_path / "morning"
    arguments = ["simulate", "--out", str(out), "--seed", "3", "--minutes", "0.2", "--fps", "1"]
    result = CliRunner().invoke(
        app, [*arguments, "--size", "320x180", "--workers", "1", "--no-video", "--json"]
    )
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed["truth"] == json.loads((out / "truth.json").read_text())
    assert printed["events"] == len((out / "events.jsonl").read_bytes().splitlines())


@pytest.mark.parametrize("size", ["960", "960*540", "x", "960x540x3"])
def test_a_size_is_two_numbers(tmp_path, size):
    result = CliRunner().invoke(app, ["simulate", "--out", str(tmp_path / "m"), "--size", size])
    assert isinstance(result.exception, InputError)
    assert not (tmp_path / "m").exists()
