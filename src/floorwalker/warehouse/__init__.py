"""Warehouse: the event store."""
