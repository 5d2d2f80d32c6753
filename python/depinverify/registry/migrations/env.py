"""Entry point of Alembic: runs the versions on the connection that it is handed."""

from __future__ import annotations

from alembic import context

from depinverify.registry.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
