"""The tables that the migrations make are those that the code speaks of."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from depinverify.exceptions import RegistryError
from depinverify.registry import Registry
from depinverify.registry.database import Database
from depinverify.registry.tables import metadata


def test_migrated_tables_are_the_declared_ones_on_both_servers(url):
    Registry.create(url).close()
    database = Database(url, wait_seconds=5)
    with database.reading() as connection:
        ours = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(ours, metadata) == []
    database.close()


def test_tables_of_another_version_are_not_touched(url):
    Registry.create(url).close()
    assert Registry.migrate(url) is False
    database = Database(url, wait_seconds=5)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(RegistryError, match="have version 9999, this software reads 0001"):
        Registry.open(url)


def test_text_compares_as_bytes_on_postgresql(postgresql_url):
    Registry.create(postgresql_url).close()
    database = Database(postgresql_url, wait_seconds=5)
    query = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type IN ('text', 'character varying') AND collation_name IS DISTINCT FROM 'C' "
        "AND table_name <> 'alembic_version'"
    )
    with database.reading() as connection:
        assert connection.execute(text(query)).all() == []
        # The server's own order is another one, so this test can fail.
        assert connection.execute(text("SELECT 'a' < 'B'")).scalar() is True
    database.close()
