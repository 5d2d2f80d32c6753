"""Migrations of the registry's tables: :func:`upgrade` brings a database to the newest version.

Alembic is called from here with our own connection, so there is no ini file and nothing for a user to
configure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["NEWEST", "upgrade"]

#: Version of the tables that this software reads and writes.
NEWEST = "0001"


def upgrade(connection: Connection) -> None:
    """Create the tables, or bring them to the newest version, in the connection's transaction."""
    from alembic import command  # noqa: PLC0415 -- only who migrates pays for the import
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "depinverify.registry:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
