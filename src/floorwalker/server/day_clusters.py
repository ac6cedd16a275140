"""Clustered days: made when somebody asks, and kept until the day's log goes on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from floorwalker.identity.matching.bucket_log import EntryStore, Record
from floorwalker.identity.matching.calibration import Calibration, uncalibrated
from floorwalker.identity.matching.day_people import people_of_day
from floorwalker.identity.matching.encoder import Thresholds
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.identity.matching.matcher import Matcher

_KEPT = 16
_PAGE = 500  # records read at a time


@dataclass(frozen=True, slots=True)
class _Clustered:
    last_number: int
    person_of: Mapping[str, str]


class DayClusters:
    """Who the entries of stores' days are by all of them together. May be asked from several threads.

    Args:
        matcher: whose entries, encoder and doors.
        calibration: what a cosine is worth; None: as is assumed at the matcher's threshold.
    """

    def __init__(self, matcher: Matcher, calibration: Calibration | None = None) -> None:
        rules, encoder = matcher.rules, matcher.encoder
        self._matcher = matcher
        self._calibration = calibration or uncalibrated(
            encoder.fingerprint, Thresholds(rules.threshold, rules.margin)
        )
        self._kept: OrderedDict[BucketKey, _Clustered] = OrderedDict()
        self._lock = threading.Lock()  # one day is made at a time: it takes all of a core

    def person_of(self, key: BucketKey) -> Mapping[str, str]:
        """Entry → person.

        Args:
            key: the store's day.

        Raises:
            VectorError: an entry's vectors are not what the encoder takes.
        """
        matcher = self._matcher
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and not matcher.store.records(key, vectors=False, after=kept.last_number):
                self._kept.move_to_end(key)
                return kept.person_of
            records = all_records(matcher.store, key)
            found = people_of_day(
                records,
                lambda entry: matcher.encoder.encode(entry.embeddings, entry.attrs),
                self._calibration.probability,
                matcher.doors_of(key.store_id),
            )
            last = records[-1].number if records else 0
            self._kept[key] = _Clustered(last, found.person_of)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found.person_of


def all_records(store: EntryStore, key: BucketKey) -> list[Record]:
    """A bucket's log with its vectors, read a page at a time so that no transaction lasts."""
    records: list[Record] = []
    while page := store.records(key, after=records[-1].number if records else 0, most=_PAGE):
        records += page
    return records
