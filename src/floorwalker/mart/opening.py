"""Opening a mart by its URL."""

from __future__ import annotations

from floorwalker.errors import InputError
from floorwalker.mart import clickhouse, postgres
from floorwalker.mart.parts import URL_EXAMPLES, Sink


def open_mart(url: str) -> Sink:
    """The mart that a URL means.

    Args:
        url: `clickhouse://…`, `clickhouses://…` (TLS), `chdb://…` (inside this process) or
            `postgresql+psycopg://…`.

    Raises:
        InputError: no such mart can be.
        WorkError: it cannot be reached now.
    """
    scheme = url.partition("://")[0]
    if scheme in clickhouse.SCHEMES:
        return clickhouse.ClickHouseMart(url)
    if scheme in postgres.SCHEMES:
        return postgres.PostgresMart(url)
    raise InputError(f"no mart can be opened by {url.rpartition('@')[2][:100]!r}; expected {URL_EXAMPLES}")
