"""Connections to a registry's database: SQLite or PostgreSQL by URL.

A writing transaction holds the registry's one lock from its first statement to its end: ``BEGIN IMMEDIATE``
on SQLite, an advisory lock on PostgreSQL. So events get their numbers one writer after the other, and a
process that is killed leaves all of its transaction or nothing. Every error of the database becomes a
:class:`RegistryError` without the password.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from depinverify.exceptions import RegistryError
from depinverify.registry.migrations import NEWEST, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection as SqliteConnection

    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["Database"]

#: Any number serves, as long as all writers take the same.
_ADVISORY_LOCK = 7_308_604_754_018_202_473
_FORMS = "sqlite:///devices.db or postgresql://user@host/database"


class Database:
    """One database, and the two kinds of transaction that a registry needs."""

    def __init__(self, url: str, *, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise RegistryError(f"registry: expected {_FORMS}; found {url[:80]!r}") from None
        backend = parsed.get_backend_name()
        self.shown = parsed.render_as_string(hide_password=True)
        if backend == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise RegistryError(
                    f"registry {self.shown}: expected the path of a file", hint=f"for example {_FORMS}"
                )
            self.path: str | None = parsed.database
            self._engine = _sqlite(url, wait_seconds)
        elif backend in {"postgresql", "postgres"}:
            self.path = None
            try:
                self._engine = create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
            except ModuleNotFoundError:
                raise RegistryError(
                    f"registry {self.shown}: the PostgreSQL driver psycopg is not installed",
                    hint="pip install 'depinverify[postgres]'",
                ) from None
        else:
            raise RegistryError(f"registry {self.shown}: expected {_FORMS}")

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state from beginning to end."""
        with self._told(), self._engine.connect() as connection:
            if self.path is None:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the registry's lock."""
        with self._told(), self._engine.connect() as connection:
            writer = connection.execution_options(depinverify_writes=True)
            with writer.begin():
                if self.path is None:
                    writer.execute(text(f"SET LOCAL lock_timeout = {int(self._wait_seconds * 1000)}"))
                    writer.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
                yield writer

    def migrate(self) -> bool:
        """Bring the tables to the newest version; whether anything was done."""
        with self.writing() as connection:
            if _version(connection) == NEWEST:
                return False
            upgrade(connection)
            return True

    def check_version(self) -> None:
        """Refuse a database without registry, or with tables of another version."""
        with self.reading() as connection:
            version = _version(connection)
        if version is None:
            raise RegistryError(
                f"registry {self.shown}: there is no registry here",
                hint=f"make one: depinverify registry init --url {self.shown}",
            )
        if version != NEWEST:
            raise RegistryError(
                f"registry {self.shown}: its tables have version {version}, this software reads {NEWEST}",
                hint=f"depinverify registry migrate --url {self.shown}",
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            hint = None
            if "locked" in reason or "lock timeout" in reason:
                hint = f"another process has been writing for more than {self._wait_seconds:g} s; try again"
            raise RegistryError(f"registry {self.shown}: {reason}", hint=hint) from error


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _sqlite(url: str, wait_seconds: float) -> Engine:
    # Each use opens the file anew: a connection that crosses a fork would lose its locks.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": wait_seconds})

    @event.listens_for(engine, "connect")
    def _connected(connection: SqliteConnection, _: ConnectionPoolEntry) -> None:
        # We begin transactions ourselves, since the driver's own would take the lock too late.
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("depinverify_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
