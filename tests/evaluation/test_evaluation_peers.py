"""How benchmarks run their peers: in another interpreter, and with a line where they were not run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from _peers import NoPeer, Peer, peers


def test_what_is_not_there_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOORWALKER_PEERS", str(tmp_path / "python"))
    with pytest.raises(NoPeer, match=r"peers: not run, no .*python; make one with: make peers"):
        peers().run("_peer_association.py", {})
    assert peers(Path("/other/python")).python == Path("/other/python")
    with pytest.raises(NoPeer, match="BoxMOT: not run, nowhere"):
        Peer("BoxMOT", None, "nowhere").run("_peer_boxmot.py", {})


def test_a_program_there_answers_in_its_last_line_or_has_failed(tmp_path):
    here = Peer("peers", Path(sys.executable), "")
    program = tmp_path / "answer.py"
    program.write_text("import json, sys\nprint('words')\nprint(json.dumps(json.load(sys.stdin)))\n")
    assert here.run(str(program), {"fps": 25.0}) == {"fps": 25.0}
    program.write_text("print('no object')\n")
    with pytest.raises(NoPeer, match="failed with exit code 0"):
        here.run(str(program), {})
    program.write_text("raise SystemExit('package missing')\n")
    with pytest.raises(NoPeer, match="exit code 1: package missing"):
        here.run(str(program), {})
    program.write_text("import time\ntime.sleep(60)\n")
    with pytest.raises(NoPeer, match="not finished"):
        here.run(str(program), {}, timeout_s=0.2)
