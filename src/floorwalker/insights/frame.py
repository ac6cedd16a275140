"""What every answer says of itself."""

from __future__ import annotations

from typing import Any

from floorwalker.events import format_utc
from floorwalker.insights.picture import Picture


def frame_of(picture: Picture) -> dict[str, Any]:
    """The store, the window, `as_of`, the basis."""
    window = picture.window
    return {
        "store_id": picture.store.store_id,
        "as_of": format_utc(picture.as_of),
        "window": {
            "from": format_utc(window.from_utc),
            "to": format_utc(window.to_utc),
            "day": window.first_day.isoformat() if window.first_day == window.last_day else None,
            "timezone": picture.store.timezone,
        },
        "basis": picture.basis,
    }
