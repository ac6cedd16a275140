"""Manifests that people opened for review: from where they may be opened, and what is kept of them."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import msgspec

from floorwalker.adapters.image_places import ImageError, ImagePlaces
from floorwalker.errors import InputError, WorkError
from floorwalker.events import format_utc
from floorwalker.files import whole_file
from floorwalker.identity.matching.doors import Doors
from floorwalker.identity.matching.manifest import Manifest
from floorwalker.identity.matching.manifest_json import encode_manifest, read_manifest
from floorwalker.identity.review.desk import FileDesk
from floorwalker.identity.review.line_log import LineLog

Allow = Callable[[str], None]
MOST_BYTES = 2_000_000_000
_MOST_OPEN = 4
_MOST_LISTED = 50
_FILE_ID = re.compile(r"[0-9a-f]{16}")
_WEB = ("http", "https")


class Known(msgspec.Struct, frozen=True):
    """A manifest that was opened once.

    Attributes:
        file_id: names it by its content.
        name: what people call it.
        day_id: the store's day.
        store_id: the store.
        opened_at: when, ISO-8601 UTC.
        address: where it lies; None: it was uploaded and is kept without its vectors.
    """

    file_id: str
    name: str
    day_id: str
    store_id: str
    opened_at: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A manifest on the desk."""

    known: Known
    desk: FileDesk


class ReviewFiles:
    """Opens manifests and remembers them; what people say of them lies beside, a log a manifest.

    Args:
        folder: where logs and uploads are kept; made when something is opened.
        places: the folders and buckets that manifests may be opened from.

    Attributes:
        doors_of: gives where the cameras of a store are; at first nobody knows.
    """

    def __init__(self, folder: Path, places: ImagePlaces) -> None:
        self.folder = folder
        self._places = places
        self.doors_of: Callable[[str], Doors] = lambda _store: Doors()
        self._open: OrderedDict[str, OpenFile] = OrderedDict()  # bounded by _MOST_OPEN
        self._lock = threading.Lock()

    def open_at(self, address: str, allow: Allow = lambda _store: None) -> OpenFile:
        """Opens a manifest where it lies.

        Args:
            address: a path, or an address of fsspec such as `gs://bucket/manifest.json`.
            allow: told of the store before anything is kept; what it raises ends the matter.

        Raises:
            InputError: it may not be opened from there, is not there, or is no manifest.
        """
        return self._take(self._content(address), address.rpartition("/")[2] or address, address, allow)

    def open_content(self, content: bytes, name: str, allow: Allow = lambda _store: None) -> OpenFile:
        """Opens a manifest that was sent; its vectors are not kept.

        Raises:
            InputError: it is no manifest.
        """
        return self._take(content, name, None, allow)

    def find(self, file_id: str) -> OpenFile:
        """A manifest that was opened before, in this process or another.

        Raises:
            InputError: it was not, or lies no more where it was opened.
        """
        with self._lock:
            found = self._open.get(file_id)
            if found is not None:
                self._open.move_to_end(file_id)
                return found
        known = self._known(file_id)
        if known is None:
            raise InputError(f"no manifest {file_id[:40]!r} was opened here; open it again")
        if known.address is None:
            content = (self.folder / f"{file_id}.manifest.json").read_bytes()
            return self._put(known, content)
        content = self._content(known.address)
        if _name_of(content) != file_id:
            raise InputError(f"{known.name} has changed since it was opened; open it again")
        return self._put(known, content)

    def listed(self) -> list[Known]:
        """What was opened, the latest first."""
        names = [path.name.partition(".")[0] for path in self.folder.glob("*.opened.json")]
        known = [each for each in map(self._known, names) if each is not None]
        return sorted(known, key=lambda each: each.opened_at, reverse=True)[:_MOST_LISTED]

    def forget(self, file_id: str) -> None:
        """Deletes what is kept of a manifest, and all that was said of it; a file that was opened stays.

        Args:
            file_id: of one that was opened; of any other there is nothing to delete.
        """
        if not _FILE_ID.fullmatch(file_id):
            return
        with self._lock:
            self._open.pop(file_id, None)
            for path in self.folder.glob(f"{file_id}.*"):
                path.unlink(missing_ok=True)

    def _take(self, content: bytes, name: str, address: str | None, allow: Allow) -> OpenFile:
        file_id = _name_of(content)
        manifest = read_manifest(content)
        allow(manifest.key.store_id)
        known = Known(
            file_id,
            name[:200],
            manifest.key.day_id,
            manifest.key.store_id,
            format_utc(datetime.now(UTC)),
            address,
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        if address is None:
            manifest = without_vectors(manifest)
            with whole_file(self.folder / f"{file_id}.manifest.json") as path:
                path.write_bytes(b"".join(encode_manifest(manifest)))
        with whole_file(self.folder / f"{file_id}.opened.json") as path:
            path.write_bytes(msgspec.json.encode(known))
        return self._put(known, content, manifest)

    def _put(self, known: Known, content: bytes, manifest: Manifest | None = None) -> OpenFile:
        manifest = manifest or read_manifest(content)
        log = LineLog(self.folder / f"{known.file_id}.log.jsonl")
        opened = OpenFile(known, FileDesk(manifest, log, self.doors_of(known.store_id)))
        with self._lock:
            # Two threads that open the same manifest share one log.
            opened = self._open.setdefault(known.file_id, opened)
            self._open.move_to_end(known.file_id)
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
        return opened

    def _known(self, file_id: str) -> Known | None:
        if not _FILE_ID.fullmatch(file_id):
            return None
        try:
            content = (self.folder / f"{file_id}.opened.json").read_bytes()
            return msgspec.json.decode(content, type=Known)
        except (OSError, msgspec.DecodeError):
            return None

    def _content(self, address: str) -> bytes:
        try:
            place = self._places.check(address)
        except ImageError as error:
            listed = ", ".join([*map(str, self._places.folders), *self._places.prefixes]) or "nothing"
            raise InputError(
                f"{address[:120]!r} does not lie where manifests may be opened from ({listed}); "
                "FLOORWALKER_REVIEW_PLACES names more"
            ) from error
        if place.scheme in _WEB:
            raise InputError("a manifest is opened from a folder or a bucket, not from the web; upload it")
        try:
            with fsspec.open(place.address, "rb") as file:
                content: bytes = file.read(MOST_BYTES + 1)
        except FileNotFoundError as error:
            raise InputError(f"no such file: {address[:200]}") from error
        except ImportError as error:
            raise InputError(f"reading {place.scheme}:// needs more: {error}") from error
        except Exception as error:  # each kind of store raises its own
            raise WorkError(f"{address[:200]} cannot be read: {error}") from error
        if len(content) > MOST_BYTES:
            raise InputError(f"{address[:200]} is larger than {MOST_BYTES:,} bytes")
        return content


def without_vectors(manifest: Manifest) -> Manifest:
    """The manifest without what can be used to know people again."""
    people = tuple(
        replace(person, events=tuple(replace(event, embeddings=None) for event in person.events))
        for person in manifest.people
    )
    return Manifest(manifest.key, people)


def _name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
