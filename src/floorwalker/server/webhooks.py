"""Webhooks: who is told of anomalies, and what was sent."""

from __future__ import annotations

import json
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from floorwalker.events import format_utc
from floorwalker.notify.addresses import look_at_address
from floorwalker.notify.outbox import Outbox
from floorwalker.notify.sending import Sender
from floorwalker.notify.webhooks import Webhook, Webhooks
from floorwalker.server.auth import Needs
from floorwalker.server.errors import ApiError
from floorwalker.server.parameters import ONLY_KNOWN_PARAMETERS
from floorwalker.server.state import warehouse_of
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.keys import Role

# Messages carry figures of any store to any place: only who may see and do everything decides that.
ADMIN_OF_ALL = Depends(Needs(Role.ADMIN, all_stores=True))
router = APIRouter(dependencies=[ADMIN_OF_ALL, ONLY_KNOWN_PARAMETERS])
House = Annotated[Warehouse, Depends(warehouse_of)]


class NewWebhook(BaseModel):
    """A webhook that somebody asks for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.org/floorwalker", "stores": None}]},
    )

    url: str = Field(min_length=1, max_length=2000, description="http or https address of the receiver.")
    stores: list[str] | None = Field(
        None, max_length=1000, description="Of which stores; null: all, later ones too."
    )


@router.post("/webhooks", status_code=201, summary="Have anomalies told to an address")
def add_webhook(asked: NewWebhook, request: Request, warehouse: House) -> dict[str, Any]:
    """Register a webhook. The answer holds its secret, which is never shown again."""
    sender: Sender = request.app.state.sender
    look_at_address(asked.url, private=sender.private)
    made = Webhooks(warehouse.database).add(asked.url, asked.stores, warehouse.now())
    return {**_shown(made), "secret": made.secret}


@router.get("/webhooks", summary="All webhooks")
def list_webhooks(warehouse: House) -> list[dict[str, Any]]:
    """The webhooks that are not removed, without their secrets."""
    return [_shown(hook) for hook in Webhooks(warehouse.database).all()]


@router.delete("/webhooks/{webhook_id}", summary="Remove a webhook")
def remove_webhook(webhook_id: str, warehouse: House) -> dict[str, Any]:
    """Send nothing more to a webhook, what is still to be sent included."""
    if not Webhooks(warehouse.database).remove(webhook_id, warehouse.now()):
        raise _unknown(webhook_id)
    return {"webhook_id": webhook_id, "removed": True}


@router.get("/webhooks/{webhook_id}/deliveries", summary="What was sent to a webhook")
def list_deliveries(
    webhook_id: str,
    warehouse: House,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
) -> list[dict[str, Any]]:
    """Messages to a webhook, the newest first: how often each was tried, and what became of it."""
    found = Outbox(warehouse.database).log(webhook_id, limit)
    if not found and Webhooks(warehouse.database).find(webhook_id) is None:
        raise _unknown(webhook_id)
    return list(found)


@router.post("/webhooks/{webhook_id}/test", summary="Send a test message")
def test_webhook(webhook_id: str, request: Request, warehouse: House) -> dict[str, Any]:
    """Send a signed message of type `webhook.test` now, once, and say what became of it."""
    hook = Webhooks(warehouse.database).find(webhook_id)
    if hook is None:
        raise _unknown(webhook_id)
    sender: Sender = request.app.state.sender
    now = warehouse.now()
    body = json.dumps({"type": "webhook.test", "timestamp": format_utc(now), "data": {}}).encode()
    outcome = sender.send(hook.url, hook.secret, str(uuid.uuid4()), body, int(now.timestamp()))
    return {"webhook_id": webhook_id, "delivered": outcome.ok, "outcome": outcome.text}


def _shown(hook: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": hook.webhook_id,
        "url": hook.url,
        "stores": None if hook.stores is None else sorted(hook.stores),
        "created_at": format_utc(hook.created),
    }


def _unknown(webhook_id: str) -> ApiError:
    return ApiError(404, "unknown_webhook", f"no webhook {webhook_id[:60]!r} is known here")
