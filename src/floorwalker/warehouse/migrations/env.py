"""What alembic runs for each upgrade: on the connection, and in the transaction, that it was handed."""

from __future__ import annotations

from alembic import context

from floorwalker.warehouse.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
