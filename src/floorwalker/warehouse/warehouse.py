"""The warehouse: one place that keeps what was observed and answers what is known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from floorwalker.errors import InputError
from floorwalker.events import Event
from floorwalker.resolutions import Resolution
from floorwalker.runs import Recording, Run
from floorwalker.site import Site
from floorwalker.warehouse import reading
from floorwalker.warehouse.activating import activate_run
from floorwalker.warehouse.carrying import carry_over
from floorwalker.warehouse.directory import write_names
from floorwalker.warehouse.engine import Database, Listener
from floorwalker.warehouse.errors import UnknownStore
from floorwalker.warehouse.ingesting import Arrival
from floorwalker.warehouse.intake import Intake
from floorwalker.warehouse.loading import add_resolutions, undo_resolutions
from floorwalker.warehouse.recording import add_events
from floorwalker.warehouse.records import (
    CameraInfo,
    Feed,
    FloorImage,
    IngestReport,
    LoadReport,
    StoreInfo,
    StoreView,
    Transaction,
    ZoneInfo,
    from_us,
    to_us,
)
from floorwalker.warehouse.registering import read_floor_image, write_store
from floorwalker.warehouse.resolving import PERSON
from floorwalker.warehouse.schema import cameras, feeds, floor_images, stores
from floorwalker.warehouse.selling import add_transactions
from floorwalker.warehouse.stretches import write_stretch
from floorwalker.warehouse.versions import ensure_stores

Clock = Callable[[], datetime]


class Warehouse:
    """The store of events, resolutions and transactions behind one database URL.

    Every method may be called from any thread. Each raises `DatabaseAway` where the database cannot be
    reached, is locked or has no room, and has then changed nothing.

    Args:
        url: SQLAlchemy URL, for example `sqlite:////folder/floorwalker.db`; the tables are made where
            they are missing.
        clock: gives the present; events more than 5 minutes ahead of it are refused.

    Raises:
        InputError: the URL means no database that can be opened.
        DatabaseAway: the database cannot be opened now.
    """

    def __init__(self, url: str, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.database = Database(url)
        self._clock = clock
        self.intake = Intake(self.database, clock)

    def close(self) -> None:
        """Give the database's connections back."""
        self.database.close()

    def now(self) -> datetime:
        """The present, by the clock that was handed in."""
        return self._clock()

    def on_commit(self, listener: Listener) -> Callable[[], None]:
        """Have a function called, in the writer's thread, after every commit of this process
        that changed a store.

        Returns:
            A function that ends it.
        """
        return self.database.on_commit(listener)

    # Writing

    def register_site(self, site: Site, folder: Path | None = None) -> None:
        """Make the stores of a site file known, or bring them up to date.

        Args:
            site: the site file's content.
            folder: the folder it lies in, where pictures of floor plans are looked for.

        Raises:
            InputError: a floor plan's picture cannot be read, or a calibration fixes no mapping.
        """
        images = [read_floor_image(store, folder) for store in site.stores]
        with self.database.write() as connection:
            ensure_stores(connection, [store.id for store in site.stores])
            for store, image in zip(site.stores, images, strict=True):
                write_store(connection, store, image, to_us(self._clock()))
            write_names(connection, site.stores)

    def add_events(self, events: Sequence[Event], *, live: bool = True) -> IngestReport:
        """Add those events that are new; what is returned is committed.

        Args:
            events: of any stores, in any order and size of batch.
            live: whether they may come from a live feed; False for files.

        Returns:
            Counts that add up to the number of events.
        """
        with self.database.write() as connection:
            return add_events(connection, events, Arrival(to_us(self._clock()), live=live))

    def record_run(
        self,
        recording: Recording,
        run: Run,
        events: Sequence[Event],
        resolutions: Sequence[Resolution] = (),
    ) -> IngestReport:
        """Record one processing of a recording, all of it or nothing; earlier runs of it step back.

        The same run again changes nothing; a run that had stepped back steps forward again.

        Args:
            recording: what was filmed.
            run: how it was processed.
            events: all events of the run; those of days that retention swept are left out, and listed in
                the report's errors as `expired`.
            resolutions: what the run says of its visitors beyond them.

        Raises:
            InputError: the run is of another recording, or one of its events was recorded with other
                content or lies in the future.
        """
        if run.recording_id != recording.recording_id:
            raise InputError(f"run {run.run_id} is not of recording {recording.recording_id}")
        strangers = {e.store_id for e in events} | {r.store_id for r in resolutions}
        if strangers - {recording.store_id}:
            raise InputError(f"run {run.run_id} of store {recording.store_id} holds events of {strangers}")
        now_us = to_us(self._clock())
        with self.database.write() as connection:
            supersedes = activate_run(connection, recording, run, now_us)
            report = add_events(connection, events, Arrival(now_us, run.run_id, live=False))
            # Retention took them away and refuses them now: nothing speaks against the rest of the run.
            refused = [fault for fault in report.errors if fault.code != "expired"]
            if refused:
                first = refused[0]
                raise InputError(
                    f"run {run.run_id} of camera {recording.camera_id} was not recorded: "
                    f"{len(refused)} of {len(events)} events refused, first {first.event_id}: "
                    f"{first.message}"
                )
            add_resolutions(connection, resolutions, now_us)
            if supersedes:
                carry_over(connection, recording, run.run_id, now_us)
        return report

    def record_stretch(self, recording: Recording, run: Run, resolutions: Sequence[Resolution] = ()) -> int:
        """Note how far a live camera watched, in place of what was known of the stretch before.

        Args:
            recording: the stretch so far, with its gaps; it keeps its content hash while it grows.
            run: what looks at it.
            resolutions: what became known of its visitors.

        Returns:
            How many resolutions were new.

        Raises:
            InputError: the run is of another recording.
        """
        if run.recording_id != recording.recording_id:
            raise InputError(f"run {run.run_id} is not of recording {recording.recording_id}")
        now_us = to_us(self._clock())
        with self.database.write() as connection:
            return write_stretch(connection, recording, run, resolutions, now_us)

    def add_resolutions(self, resolutions: Sequence[Resolution]) -> int:
        """Append what became known; the event log stays as it is.

        Args:
            resolutions: of any stores; one that its rule or person said last already is not written again.

        Returns:
            How many were new.
        """
        now_us = to_us(self._clock())
        with self.database.write() as connection:
            return add_resolutions(connection, resolutions, now_us)

    def replace_resolutions(
        self,
        store_id: str,
        subjects: Collection[str],
        reasons: Sequence[str],
        resolutions: Sequence[Resolution],
    ) -> int:
        """Let rules that looked at visitors anew take back what they no longer say of them.

        Args:
            store_id: whose.
            subjects: the observed visitors they looked at; what was said of others stands.
            reasons: the rules' reasons, `rule:…`; people's words are never taken back.
            resolutions: all that the rules say of these visitors now.

        Returns:
            How many were new or undone.
        """
        rules = [reason for reason in reasons if not reason.startswith(PERSON)]
        now_us = to_us(self._clock())
        with self.database.write() as connection:
            changed = undo_resolutions(connection, store_id, frozenset(subjects), rules, resolutions, now_us)
            changed += add_resolutions(connection, resolutions, now_us)
        return changed

    def load_transactions(
        self, transactions: Sequence[Transaction], *, timezone: str | None = None
    ) -> LoadReport:
        """Add those transactions that are new.

        Args:
            transactions: of any stores.
            timezone: IANA name, for stores that no site file describes; None leaves theirs as it is.

        Returns:
            Counts; a known transaction_id with other content is a conflict and stays as it was.
        """
        with self.database.write() as connection:
            return add_transactions(connection, transactions, timezone, to_us(self._clock()))

    # Reading

    def versions(self) -> dict[str, int]:
        """Each store's version; it grows with every commit of any process that touches the store."""
        with self.database.read() as connection:
            return {
                row.store_id: row.version
                for row in connection.execute(select(stores.c.store_id, stores.c.version))
            }

    def stores(self) -> list[StoreInfo]:
        """All stores, by name of id."""
        with self.database.read() as connection:
            rows = connection.execute(select(stores).order_by(stores.c.store_id))
            return [reading.store_info(row) for row in rows]

    def store(self, store_id: str) -> StoreInfo:
        """One store.

        Raises:
            UnknownStore: nobody named it yet.
        """
        with self.database.read() as connection:
            row = reading.store_row(connection, store_id)
        if row is None:
            raise UnknownStore(store_id)
        return reading.store_info(row)

    def read(
        self, store_id: str, from_utc: datetime, to_utc: datetime, known_utc: datetime | None = None
    ) -> StoreView:
        """The resolved view of a store from one time up to, not including, another.

        Args:
            store_id: whose.
            from_utc: beginning of the stretch.
            to_utc: its end.
            known_utc: the moment as of which it was known; None: now.
        """
        known_us = None if known_utc is None else to_us(known_utc)
        with self.database.read() as connection:
            return reading.read_view(connection, store_id, to_us(from_utc), to_us(to_utc), known_us)

    def zones(self, store_id: str) -> list[ZoneInfo]:
        """A registered store's zones."""
        with self.database.read() as connection:
            return reading.read_zones(connection, store_id)

    def cameras(self, store_id: str) -> list[CameraInfo]:
        """A registered store's cameras."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(cameras).where(cameras.c.store_id == store_id).order_by(cameras.c.camera_id)
            )
            return [
                CameraInfo(row.camera_id, row.name, row.width_px, row.height_px, row.entry_lines)
                for row in rows
            ]

    def floor_image(self, store_id: str) -> FloorImage | None:
        """The picture of a store's floor plan, where there is one."""
        with self.database.read() as connection:
            row = connection.execute(select(floor_images).where(floor_images.c.store_id == store_id)).first()
        return FloorImage(row.media_type, row.content) if row else None

    def recordings(self, store_id: str, from_utc: datetime, to_utc: datetime) -> list[Recording]:
        """The recordings that began in a stretch of time and have an active run."""
        with self.database.read() as connection:
            return reading.read_recordings(connection, store_id, to_us(from_utc), to_us(to_utc))

    def feeds(self) -> list[Feed]:
        """What was last heard of each camera of each store."""
        with self.database.read() as connection:
            rows = connection.execute(select(feeds).order_by(feeds.c.store_id, feeds.c.camera_id))
            return [Feed(row.store_id, row.camera_id, row.last_event_us, row.last_live_us) for row in rows]

    def last_event(self, store_id: str, before_utc: datetime) -> datetime | None:
        """Time of a store's latest active event before a time."""
        with self.database.read() as connection:
            found = reading.last_event_us(connection, store_id, to_us(before_utc))
        return None if found is None else from_us(found)

    def first_event(self, store_id: str, not_before_utc: datetime) -> datetime | None:
        """Time of a store's earliest active event at or after a time."""
        with self.database.read() as connection:
            found = reading.first_event_us(connection, store_id, to_us(not_before_utc))
        return None if found is None else from_us(found)
