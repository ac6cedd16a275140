"""What the review pages share: whose day lies on the desk, who reviews, and how a desk is told as JSON."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import Query, Request

from floorwalker.adapters.image_places import ImagePlaces
from floorwalker.adapters.images import images_of
from floorwalker.adapters.pair_sets import PairFiles, open_pairs_set
from floorwalker.adapters.review_files import ReviewFiles
from floorwalker.adapters.thumbnails import Thumbnails
from floorwalker.errors import InputError
from floorwalker.identity.matching.calibration import Calibration, uncalibrated
from floorwalker.identity.matching.encoder import Thresholds
from floorwalker.identity.matching.entry import BucketKey, Entry
from floorwalker.identity.matching.matcher import Matcher
from floorwalker.identity.review.desk import Desk, StoreDayDesk
from floorwalker.identity.review.pair_bench import DeskBench, PairBench
from floorwalker.server.auth import caller_of, require_store
from floorwalker.server.errors import ApiError
from floorwalker.server.matching_body import check_key
from floorwalker.server.state import warehouse_of
from floorwalker.settings import Settings
from floorwalker.warehouse import UnknownStore

_MOST_BENCHES, _MOST_DAYS = 4, 16
_NOBODY_NAMED = "reviewer"

FileId = Annotated[str | None, Query(alias="file", max_length=40, description="A manifest that was opened.")]
DayId = Annotated[str | None, Query(max_length=40, description="The store's local day.")]
StoreId = Annotated[str | None, Query(max_length=200, description="The store.")]


@dataclass(slots=True)
class Reviews:
    """What the review pages work on.

    Attributes:
        files: manifests that people open.
        images: pictures of entries.
        image_base: in front of images' addresses that are relative; None: they count from the first place.
        pairs: a list of hard pairs that was given, with what it needs; None: none was.
        matcher: has the logs of store days, an encoder and thresholds.
        calibration: from cosine to P(same).
    """

    files: ReviewFiles
    images: Thumbnails
    image_base: str | None = None
    pairs: PairFiles | None = None
    matcher: Matcher = field(init=False)
    calibration: Calibration = field(init=False)
    _days: OrderedDict[BucketKey, StoreDayDesk] = field(default_factory=OrderedDict)
    _benches: OrderedDict[str, PairBench] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def join(self, matcher: Matcher, calibration: Calibration | None) -> None:
        """Work with a matcher: with its store days, and by its encoder, thresholds and doors on files too."""
        rules = matcher.rules
        self.matcher, self.files.doors_of = matcher, matcher.doors_of
        self.calibration = calibration or uncalibrated(
            matcher.encoder.fingerprint, Thresholds(rules.threshold, rules.margin)
        )

    def day(self, key: BucketKey) -> StoreDayDesk:
        """A store's day; of those looked at longest ago what was read is forgotten."""
        with self._lock:
            found = self._days.setdefault(key, StoreDayDesk(self.matcher, key))
            self._days.move_to_end(key)
            while len(self._days) > _MOST_DAYS:
                self._days.popitem(last=False)
            return found

    def bench(self, lying: Lying | None, *, anew: bool = False) -> PairBench:
        """The pairs of a desk, or of the list that was given.

        Args:
            lying: the desk; None: the list.
            anew: whether to look for pairs again, where something has changed.
        """
        name = "" if lying is None else lying.address
        with self._lock:
            found = self._benches.get(name)
            if found is None or (anew and not (isinstance(found, DeskBench) and found.is_current())):
                found = self._benches[name] = self._make_bench(lying)
            self._benches.move_to_end(name)
            while len(self._benches) > _MOST_BENCHES:
                self._benches.popitem(last=False)
            return found

    def _make_bench(self, lying: Lying | None) -> PairBench:
        if lying is not None:
            return DeskBench(lying.desk, self.matcher.encoder, self.matcher.rules)
        if self.pairs is None:
            message = "no list of pairs was given; choose a store's day, or start with PAIRS_ENTRY_MANIFESTS"
            raise ApiError(404, "no_pairs", message)
        return open_pairs_set(self.pairs, self.matcher.encoder, self.matcher.rules)


def reviews_from(settings: Settings, pairs: PairFiles | None = None, base: str | None = None) -> Reviews:
    """What the settings name.

    Args:
        settings: of the process.
        pairs: a list of hard pairs.
        base: folder or address in front of images' addresses that are relative; images may be read from it.
            Default: the list's.
    """
    base = base or (None if pairs is None else pairs.image_base)
    if base is not None:
        places = ",".join(filter(None, [settings.image_places, base]))
        settings = settings.model_copy(update={"image_places": places})
    named = [place.strip() for place in settings.review_places.split(",") if place.strip()]
    manifests = ImagePlaces.of(named or [settings.home / "manifests"])
    files = ReviewFiles(settings.home / "review", manifests)
    return Reviews(files, Thumbnails(images_of(settings)), base, pairs)


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies on the desk.

    Attributes:
        desk: its log.
        name: for people.
        file_id: of a manifest that was opened; None: a store's day.
    """

    desk: Desk
    name: str
    file_id: str | None = None

    @property
    def address(self) -> str:
        """The query that leads here."""
        if self.file_id is not None:
            return urlencode({"file": self.file_id})
        return urlencode({"day_id": self.desk.key.day_id, "store_id": self.desk.key.store_id})


def reviews_of(request: Request) -> Reviews:
    """The application's review."""
    reviews: Reviews = request.app.state.reviews
    return reviews


def lying_at(request: Request, file_id: str | None, day_id: str | None, store_id: str | None) -> Lying:
    """What lies on the desk that an address names.

    Raises:
        ApiError: it names nothing, both, a day that is none, or a store that is not the caller's.
    """
    reviews = reviews_of(request)
    if file_id is not None and day_id is None and store_id is None:
        try:
            opened = reviews.files.find(file_id)
        except InputError as error:
            raise ApiError(404, "unknown_file", str(error)) from error
        require_store(request, opened.desk.key.store_id)
        return Lying(opened.desk, opened.known.name, file_id)
    if file_id is not None or day_id is None or not store_id:
        raise ApiError(422, "no_desk", "expected either file, or day_id and store_id")
    check_key(day_id, store_id)
    require_store(request, store_id)
    return Lying(reviews.day(BucketKey(day_id, store_id)), f"{store_id}, {day_id}")


def bench_at(
    request: Request, file_id: str | None, day_id: str | None, store_id: str | None, *, anew: bool = False
) -> tuple[PairBench, Lying | None]:
    """The pairs that an address names: of a desk, or of the list that was given where it names none.

    Raises:
        ApiError: as `lying_at`, or there is no list, or it is of stores that are not the caller's.
    """
    if (file_id, day_id, store_id) == (None, None, None):
        bench = reviews_of(request).bench(None, anew=anew)
        for store in {entry.key.store_id for entry in bench.entries.values()}:
            require_store(request, store)
        return bench, None
    lying = lying_at(request, file_id, day_id, store_id)
    return reviews_of(request).bench(lying, anew=anew), lying


def zone_of(request: Request, store_id: str) -> str:
    """The store's time zone, where it is known here; else UTC."""
    try:
        return warehouse_of(request).store(store_id).timezone
    except UnknownStore:
        return "UTC"


def reviewer(by: str | None, request: Request) -> str:
    """Who says so: the name given, else the key's."""
    caller = caller_of(request)
    return by or (caller.name if caller.key_id is not None else _NOBODY_NAMED)


def json_of(value: Any) -> bytes:
    """What was sent as JSON, as JSON again.

    Raises:
        ApiError: it holds what no file could, such as half a surrogate pair.
    """
    try:
        return msgspec.json.encode(value)
    except (ValueError, OverflowError, RecursionError) as error:
        raise ApiError(422, "invalid", f"the file that was sent cannot be kept: {error}") from error


def entry_json(entry: Entry) -> dict[str, Any]:
    """An entry as the pages show it; its images by number, its vectors not at all."""
    return {
        "entry_id": entry.entry_id,
        "at": round(entry.timestamp.timestamp() * 1000),
        "direction": entry.direction.value,
        "camera": entry.camera,
        "images": len(entry.images),
        "alert_id": entry.alert_id,
        "attrs": dict(entry.attrs),
    }
