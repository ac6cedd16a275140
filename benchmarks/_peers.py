"""Peers in another interpreter: a program of ours runs there, with the peer's packages, and answers in JSON.

Nothing of a peer is ever imported here. `make peers` makes the interpreter from `benchmarks/peers.txt`
(permissive licences only); `--peers PYTHON` or FLOORWALKER_PEERS names another one. Peers of other licences
are run only where somebody names an interpreter that has them (FLOORWALKER_BOXMOT).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DEFAULT_PEERS = HERE.parent / ".venv-peers" / "bin" / "python"


class NoPeer(Exception):
    """A peer was not run; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """An interpreter that has peers' packages.

    Attributes:
        name: what is run there, for messages.
        python: the interpreter, or None where none was named.
        hint: how to get one.
    """

    name: str
    python: Path | None
    hint: str

    def run(self, program: str, request: dict[str, Any], timeout_s: float = 600.0) -> dict[str, Any]:
        """Run a program of this folder there.

        Args:
            program: its file name, as `_peer_association.py`; it reads one JSON object from its standard
                input and prints one as its last line. It must not import Floorwalker.
            request: the object.
            timeout_s: the most that it may take.

        Returns:
            The answer.

        Raises:
            NoPeer: there is no such interpreter, or the program failed there.
        """
        if self.python is None:
            raise NoPeer(f"{self.name}: not run, {self.hint}")
        if not self.python.is_file():
            raise NoPeer(f"{self.name}: not run, no {self.python}; {self.hint}")
        # The peer's packages are its own: nothing of this environment may reach it.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        try:
            done = subprocess.run(
                [str(self.python), str(HERE / program)],
                input=json.dumps(request),
                capture_output=True,
                text=True,
                timeout=timeout_s,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NoPeer(f"{self.name}: not finished after {timeout_s:.0f} s") from error
        except OSError as error:
            raise NoPeer(f"{self.name}: not run, {self.python}: {error.strerror}") from error
        lines = done.stdout.strip().splitlines()
        try:
            answer = json.loads(lines[-1]) if done.returncode == 0 and lines else None
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
            raise NoPeer(f"{self.name}: failed with exit code {done.returncode}: {last[:300]}")
        return answer


def add_peers_option(parser: argparse.ArgumentParser) -> None:
    """Add `--peers` to a benchmark's options."""
    parser.add_argument(
        "--peers",
        type=Path,
        metavar="PYTHON",
        help="interpreter with the peers (default: FLOORWALKER_PEERS, else .venv-peers of `make peers`)",
    )


def peers(option: Path | None = None) -> Peer:
    """The interpreter with the permissive peers: the option, else FLOORWALKER_PEERS, else `make peers`'s."""
    named = option or os.environ.get("FLOORWALKER_PEERS")
    return Peer("peers", Path(named) if named else DEFAULT_PEERS, "make one with: make peers")


def boxmot() -> Peer:
    """The interpreter with BoxMOT (AGPL), where FLOORWALKER_BOXMOT names one."""
    named = os.environ.get("FLOORWALKER_BOXMOT")
    hint = "FLOORWALKER_BOXMOT names no interpreter that has it"
    return Peer("BoxMOT", Path(named) if named else None, hint)
