"""What the routes share, kept on the application."""

from __future__ import annotations

from fastapi import Request

from floorwalker.warehouse import Warehouse


def warehouse_of(request: Request) -> Warehouse:
    """The application's warehouse."""
    warehouse: Warehouse = request.app.state.warehouse
    return warehouse
