"""The shapes of webhooks, for the description of the API."""

from __future__ import annotations

from pydantic import RootModel

from floorwalker.server.answers import Shape, Utc


class WebhookShape(Shape):
    """Who is told of anomalies."""

    webhook_id: str
    url: str
    stores: list[str] | None
    created_at: Utc


class WebhookMade(WebhookShape):
    """A new webhook, with its secret, this once."""

    secret: str


class WebhookList(RootModel[list[WebhookShape]]):
    """All webhooks."""


class WebhookRemoved(Shape):
    """It is told nothing more."""

    webhook_id: str
    removed: bool


class DeliveryShape(Shape):
    """A message, and what became of it."""

    delivery_id: str
    attempts: int


class DeliveryList(RootModel[list[DeliveryShape]]):
    """The newest first."""


class WebhookTested(Shape):
    """What became of a test message."""

    webhook_id: str
    delivered: bool
    outcome: str
