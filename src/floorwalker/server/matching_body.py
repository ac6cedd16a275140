"""What is sent to `/match`, from its bytes to an entry: whatever breaks a rule is refused by name."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

import msgspec

from floorwalker.errors import InputError
from floorwalker.events import parse_utc, why_no_store_id
from floorwalker.events.names import why_no_name
from floorwalker.identity.matching.entry import BucketKey, Direction, Entry
from floorwalker.identity.matching.rules import MOST_CANDIDATES
from floorwalker.identity.matching.vectors import MOST_VECTORS, VectorError, checked_vectors
from floorwalker.server.errors import ApiError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_AHEAD = timedelta(minutes=5)
_MOST_IMAGES = 1000
_LONGEST_ADDRESS = 2000
_MOST_ATTRS = 200
_NOT_FINITE = re.compile(rb"NaN|Infinity|[eE]\+?\d{3}")


class MatchBody(msgspec.Struct):
    """The body as it is read; names that are not known here are passed over."""

    day_id: str
    store_id: str
    entry_id: str
    timestamp: str
    direction: Direction
    camera: str
    embeddings: list[list[float]]
    images: list[str] = []
    attrs: dict[str, str | float | bool | list[str] | dict[str, float] | None] = {}
    alert_id: str | None = None
    topk: int | None = None
    persist: bool = True


_DECODER = msgspec.json.Decoder(MatchBody)


def read_match(body: bytes) -> MatchBody:
    """Read the body.

    Raises:
        ApiError: 400 not JSON; 422 it breaks a rule.
    """
    try:
        sent = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        _refuse_unread(body, error)
    if sent.topk is not None and not 1 <= sent.topk <= MOST_CANDIDATES:
        raise ApiError(422, "topk", f"topk: expected 1 to {MOST_CANDIDATES}, got {sent.topk}")
    return sent


def entry_of(sent: MatchBody, now: datetime) -> Entry:
    """The entry that a body tells of.

    Args:
        sent: the body.
        now: the present.

    Raises:
        ApiError: 422 with the name of what is wrong as its code.
    """
    check_key(sent.day_id, sent.store_id)
    for name, text in (("entry_id", sent.entry_id), ("camera", sent.camera), ("alert_id", sent.alert_id)):
        reason = None if text is None else why_no_name(text)
        if reason is not None:
            raise ApiError(422, name, f"{name}: {reason}")
    if len(sent.images) > _MOST_IMAGES or any(
        len(address) > _LONGEST_ADDRESS or "\0" in address for address in sent.images
    ):
        raise ApiError(
            422,
            "images",
            f"images: expected at most {_MOST_IMAGES} addresses of at most {_LONGEST_ADDRESS} characters",
        )
    if len(sent.attrs) > _MOST_ATTRS:
        raise ApiError(422, "attrs", f"attrs: expected at most {_MOST_ATTRS} fields, got {len(sent.attrs)}")
    if len(sent.embeddings) > MOST_VECTORS:
        raise ApiError(
            422,
            "too_many_vectors",
            f"embeddings: expected at most {MOST_VECTORS} vectors, got {len(sent.embeddings)}",
        )
    try:
        vectors = checked_vectors(sent.embeddings)
    except VectorError as error:
        raise ApiError(422, error.code, str(error)) from error
    return Entry(
        key=BucketKey(sent.day_id, sent.store_id),
        entry_id=sent.entry_id,
        timestamp=_moment(sent, now),
        direction=sent.direction,
        camera=sent.camera,
        embeddings=vectors,
        attrs={name: value for name, value in sent.attrs.items() if value is not None},
        images=tuple(sent.images),
        alert_id=sent.alert_id,
    )


def check_key(day_id: str, store_id: str | None = None) -> None:
    """Refuse a day that is no date, and a store that cannot be one.

    Raises:
        ApiError: 422 `day_id` or `store_id`.
    """
    try:
        is_day = _DAY.fullmatch(day_id) is not None and date.fromisoformat(day_id).year > 1
    except ValueError:
        is_day = False
    if not is_day:
        raise ApiError(422, "day_id", f"day_id: expected a date such as 2026-03-03, got {day_id[:40]!r}")
    reason = None if store_id is None else why_no_store_id(store_id)
    if reason is not None:
        raise ApiError(422, "store_id", f"store_id: {reason}")


def _moment(sent: MatchBody, now: datetime) -> datetime:
    try:
        moment = parse_utc(sent.timestamp)
    except InputError as error:
        raise ApiError(422, "timestamp", f"timestamp: {error}") from error
    if moment > now + _AHEAD:
        # What lies in the future would be kept long after retention should have taken it.
        raise ApiError(422, "future", "timestamp: it is more than 5 minutes ahead of this server's clock")
    day = datetime.fromisoformat(sent.day_id).replace(tzinfo=UTC)
    # Wherever the store is, and however long after midnight it closes.
    if not day - timedelta(days=1) <= moment < day + timedelta(days=2):
        raise ApiError(
            422, "timestamp", f"timestamp: {sent.timestamp[:40]} is no time of the day {sent.day_id}"
        )
    return moment


def _refuse_unread(body: bytes, error: Exception) -> NoReturn:
    if _NOT_FINITE.search(body) and _holds_not_finite(body):
        message = "embeddings: expected finite numbers; NaN and infinite ones say nothing and are not JSON"
        raise ApiError(422, "not_finite", message) from error
    if isinstance(error, msgspec.ValidationError):
        message, _, place = str(error).partition(" - at ")
        details = [{"place": place.strip("`") or "$", "message": message}]
        raise ApiError(422, "invalid", f"the body breaks a rule: {error}", details) from error
    raise ApiError(400, "not_json", "expected a JSON body") from error


class _NotFiniteError(Exception):
    """The body holds a number that is not finite."""


def _holds_not_finite(body: bytes) -> bool:
    """Whether that is what is wrong with a body: Python writes NaN although JSON has none."""

    def refuse(_: str) -> NoReturn:
        raise _NotFiniteError

    def number(text: str) -> float:
        value = float(text)
        if value in (float("inf"), -float("inf")):
            raise _NotFiniteError
        return value

    try:
        json.loads(body, parse_constant=refuse, parse_float=number)
    except _NotFiniteError:
        return True
    except (ValueError, RecursionError):
        return False
    return False
