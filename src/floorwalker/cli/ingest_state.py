"""How far `floorwalker ingest` came with a file, so that a restarted run goes on where it stopped."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from floorwalker.cli.event_files import Place
from floorwalker.cli.ingest_targets import Tally
from floorwalker.files import whole_file


class Taken(msgspec.Struct):
    """How far a file was taken.

    Attributes:
        file: the file.
        begin: beginning of the part that was sent last; sending it again shows whether it is still there.
        end: where in the text that part ends.
        number: items before that end.
        tally: what became of all before that end.
        rejects: the file that rejected lines were written to.
        rejects_bytes: how long it was.
    """

    file: str
    begin: Place
    end: int
    number: int
    tally: Tally
    rejects: str | None = None
    rejects_bytes: int = 0


class ProgressFolder:
    """Keeps the progress of files, each for the target that it went to.

    Args:
        folder: made where it is missing.
        target: the database or server.
    """

    def __init__(self, folder: Path, target: str) -> None:
        self._folder = folder
        self._target = target

    def find(self, file: Path) -> Taken | None:
        """What is known of a file; None where nothing is, or nothing that can be read."""
        try:
            return msgspec.json.decode(self._path(file).read_bytes(), type=Taken)
        except (OSError, msgspec.DecodeError, UnicodeError):
            return None

    def keep(self, file: Path, taken: Taken) -> None:
        """Replace what is known of a file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with whole_file(self._path(file)) as temporary:
            temporary.write_bytes(msgspec.json.encode(taken))

    def forget(self, file: Path) -> None:
        """The file is done, or begins anew."""
        self._path(file).unlink(missing_ok=True)

    def _path(self, file: Path) -> Path:
        key = msgspec.json.encode([str(file.absolute()), self._target])
        return self._folder / f"{hashlib.blake2b(key, digest_size=10).hexdigest()}.json"
