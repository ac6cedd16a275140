"""The body of an ingest request: what form it says it has, and its bytes, bounded however small it came."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from fastapi import Request

from floorwalker.server.errors import ApiError

MAX_BODY_BYTES = 8_000_000
_MAX_GZIP_MEMBERS = 1000
_LINES = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True, slots=True)
class BodyForm:
    """What a request's headers say of its body.

    Attributes:
        is_lines: JSON lines; else one JSON object.
        is_gzip: compressed.
    """

    is_lines: bool
    is_gzip: bool


def form_of(request: Request) -> BodyForm:
    """Read the headers `Content-Type` and `Content-Encoding`; without the former it is JSON.

    Raises:
        ApiError: 415, a form that is not read here.
    """
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    kind = kind.strip()
    is_lines = kind in _LINES
    if not is_lines and kind not in ("", "application/json") and not kind.endswith("+json"):
        raise _unsupported(
            f"expected Content-Type: application/json or application/x-ndjson, got {kind[:60]!r}"
        )
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in _UTF8:
            raise _unsupported(f"expected UTF-8, got the charset {value.strip()[:60]!r}")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise _unsupported(f"expected Content-Encoding: gzip or none, got {encoding[:60]!r}")
    return BodyForm(is_lines, encoding.endswith("gzip"))


async def read_body(request: Request) -> bytes:
    """The body as it was sent.

    Raises:
        ApiError: 413, longer than `MAX_BODY_BYTES`.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def gunzip(body: bytes) -> bytes:
    """Decompress, never holding more than `MAX_BODY_BYTES` of what comes out.

    Raises:
        ApiError: 400, not gzip or cut off; 413, too large.
    """
    parts: list[bytes] = []
    room = MAX_BODY_BYTES
    rest = body
    for _ in range(_MAX_GZIP_MEMBERS):
        inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            part = inflater.decompress(rest, room + 1)
        except zlib.error as error:
            raise _not_gzip(str(error)) from error
        room -= len(part)
        if room < 0:
            raise _too_large()
        parts.append(part)
        if not inflater.eof:
            raise _not_gzip("it is cut off")
        rest = inflater.unused_data.lstrip(b"\0")  # some writers fill the last block
        if not rest:
            return b"".join(parts)
    raise _not_gzip(f"it has more than {_MAX_GZIP_MEMBERS} members")


def _too_large() -> ApiError:
    return ApiError(
        413, "too_large", f"expected at most {MAX_BODY_BYTES} bytes, also decompressed; send them in parts"
    )


def _not_gzip(why: str) -> ApiError:
    return ApiError(400, "not_gzip", f"the body is not gzip as Content-Encoding says: {why}")


def _unsupported(message: str) -> ApiError:
    return ApiError(415, "unsupported_media_type", message, headers={"Accept-Encoding": "gzip, identity"})
