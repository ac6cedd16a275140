"""Exported data sets: what outlives the sweep because somebody took it out, listed and to be revoked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from floorwalker.errors import InputError, WorkError
from floorwalker.events import format_utc
from floorwalker.files import whole_file
from floorwalker.identity.matching.bucket_log import Record
from floorwalker.identity.matching.cluster_truth import encode_truth, truth_of
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.identity.matching.manifest import Manifest, manifest_of
from floorwalker.identity.matching.manifest_json import encode_manifest

MANIFEST_NAME = "entry_manifest.json"
TRUTH_NAME = "multicluster_gt.json"
_LAST_TRY = 1000


class StoreDay(msgspec.Struct, frozen=True):
    """What a data set holds of one store's day.

    Attributes:
        store_id: the store.
        day_id: its day.
        entries: how many entries with vectors.
        files: name within the set → SHA-256 of its content; empty while it is being written.
    """

    store_id: str
    day_id: str
    entries: int = 0
    files: Mapping[str, str] = {}


class Revoked(msgspec.Struct, frozen=True):
    """That a data set was taken back.

    Attributes:
        by: who did.
        why: for what reason.
        at: when, ISO-8601 UTC.
        receipts: of what was deleted, by store.
        missing: files that were no longer there.
    """

    by: str
    why: str
    at: str
    receipts: Mapping[str, str] = {}
    missing: tuple[str, ...] = ()


class DataSet(msgspec.Struct, frozen=True):
    """A data set as it is listed.

    Attributes:
        set_id: its name.
        by: who took it out.
        why: what for.
        at: when, ISO-8601 UTC.
        folder: where it lies.
        days: what it holds.
        complete: whether it was written to its end.
        revoked: that it was taken back; None: it is in use.
    """

    set_id: str
    by: str
    why: str
    at: str
    folder: str
    days: tuple[StoreDay, ...]
    complete: bool = False
    revoked: Revoked | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a revocation deleted.

    Attributes:
        digests: store → file with its day before it → SHA-256 of what was in it.
        missing: listed files that were no longer there.
    """

    digests: Mapping[str, Mapping[str, str]]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataSets:
    """The list of data sets: one record a set, which stays when the set goes.

    Args:
        folder: holds the records, and the sets that nobody wants elsewhere.
    """

    folder: Path

    def all(self) -> list[DataSet]:
        """All data sets, revoked ones too, in order of their names.

        Raises:
            WorkError: a record cannot be read.
        """
        return [self._read(path) for path in sorted(self.folder.glob("*.json"))]

    def find(self, set_id: str) -> DataSet:
        """One data set.

        Raises:
            InputError: there is none of that name.
        """
        for found in self.all():
            if found.set_id == set_id:
                return found
        raise InputError(f"no data set {set_id!r}; floorwalker reid sets list names them")

    def export(
        self,
        days: Iterable[tuple[BucketKey, Sequence[Record]]],
        *,
        by: str,
        why: str,
        now: datetime,
        place: Path | None = None,
    ) -> DataSet:
        """Write manifests with vectors, and the cluster truth, of stores' days.

        The set is listed before its first byte is written: what is interrupted is listed too.

        Args:
            days: stores' days with their records.
            by: who takes it out.
            why: what for.
            now: the present.
            place: an empty or new folder; None: one beside the list.

        Raises:
            InputError: the folder holds something, or there is nothing with vectors to take out.
            WorkError: writing failed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        set_id = self._new_name(now)
        folder = (place or self.folder / set_id).absolute()
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder} holds something already; name a new folder")
        held = [(key, manifest_of(key, records)) for key, records in days]
        held = [(key, found) for key, found in held if _with_vectors(found)]
        if not held:
            raise InputError("there is nothing to export: no entry of these days has its vectors still")
        planned = tuple(StoreDay(key.store_id, key.day_id, _with_vectors(found)) for key, found in held)
        listed = DataSet(set_id, by, why, format_utc(now), str(folder), planned)
        self._write(listed)
        try:
            written = tuple(_write_day(folder, key, found) for key, found in held)
        except OSError as error:
            raise WorkError(
                f"writing {folder} failed: {error.strerror or error}; {set_id} is listed"
            ) from error
        whole = msgspec.structs.replace(listed, days=written, complete=True)
        self._write(whole)
        return whole

    def delete_files(self, listed: DataSet) -> Deleted:
        """Delete what a data set holds, whatever it has become since; other files in its folder stay.

        Raises:
            InputError: it was revoked already.
            WorkError: a file cannot be deleted; the set stays listed as it was.
        """
        if listed.revoked is not None:
            raise InputError(
                f"{listed.set_id} was revoked already, by {listed.revoked.by} at {listed.revoked.at}"
            )
        folder = Path(listed.folder)
        digests: dict[str, dict[str, str]] = {}
        missing = []
        for day in listed.days:
            for name in day.files or _names(BucketKey(day.day_id, day.store_id)):
                digest = _delete(folder / name)
                if digest is None:
                    missing.append(name)
                else:
                    digests.setdefault(day.store_id, {})[f"{day.day_id} {folder / name}"] = digest
        _remove_empty(folder)
        return Deleted(digests, tuple(missing))

    def note_revoked(self, listed: DataSet, revoked: Revoked) -> DataSet:
        """Keep in the list that a set was taken back."""
        noted = msgspec.structs.replace(listed, revoked=revoked)
        self._write(noted)
        return noted

    def _new_name(self, now: datetime) -> str:
        begun = f"set-{now:%Y%m%d-%H%M%S}"
        names = [begun, *(f"{begun}-{number}" for number in range(2, _LAST_TRY))]
        return next(name for name in names if not (self.folder / f"{name}.json").exists())

    def _read(self, path: Path) -> DataSet:
        try:
            return msgspec.json.decode(path.read_bytes(), type=DataSet)
        except (OSError, msgspec.DecodeError, UnicodeError) as error:
            raise WorkError(f"{path} is no record of a data set: {error}") from error

    def _write(self, listed: DataSet) -> None:
        with whole_file(self.folder / f"{listed.set_id}.json") as part:
            part.write_bytes(msgspec.json.format(msgspec.json.encode(listed), indent=2) + b"\n")


def _with_vectors(manifest: Manifest) -> int:
    events = [event for person in manifest.people for event in person.events]
    return sum(event.embeddings is not None and event.embeddings.size > 0 for event in events)


def _names(key: BucketKey) -> list[str]:
    place = f"{quote(key.store_id, safe='')}/{key.day_id}"
    return [f"{place}/{MANIFEST_NAME}", f"{place}/{TRUTH_NAME}"]


def _write_day(folder: Path, key: BucketKey, manifest: Manifest) -> StoreDay:
    files = {}
    contents = (encode_manifest(manifest), [encode_truth(truth_of(manifest))])
    for name, parts in zip(_names(key), contents, strict=True):
        path, digest = folder / name, hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as temporary, temporary.open("wb") as file:
            for part in parts:
                digest.update(part)
                file.write(part)
        files[name] = digest.hexdigest()
    return StoreDay(key.store_id, key.day_id, _with_vectors(manifest), files)


def _delete(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        path.unlink()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WorkError(f"cannot delete {path}: {error.strerror or error}") from error
    return digest


def _remove_empty(folder: Path) -> None:
    if not folder.is_dir():
        return
    for path in sorted((folder, *folder.rglob("*")), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
