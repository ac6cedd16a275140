"""How long a store keeps what."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


def _days(what: str) -> int | None:
    field: int | None = Field(None, ge=0, le=36_500, description=f"Full days before today to keep {what}.")
    return field


class Retention(BaseModel):
    """Days to keep, by kind; what is left out is kept as the process's settings say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    events_days: int | None = _days("events, and what is known of their visitors")
    transactions_days: int | None = _days("sales and returns")
    recordings_days: int | None = _days("records of recordings and runs, never shorter than their events")
    anomalies_days: int | None = _days("anomalies that are over")
    deliveries_days: int | None = _days("messages to webhooks that are done")
    embeddings_days: int | None = _days("vectors, attributes and addresses of pictures of people at the door")
