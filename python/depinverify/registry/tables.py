"""Tables of a registry: one schema for SQLite and PostgreSQL.

``events`` is the registry; its lines are the canonical bytes of the events, so an export is a copy. All other
tables can be made again from it: they hold the state after the last event, for look-ups by key, id or nonce.
Bytes are stored as bytes and compare as bytes on both servers; text is compared by code point (collation
``C`` on PostgreSQL).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

__all__ = ["DEVICE", "VALIDATOR", "devices", "events", "keys", "metadata", "nonces", "settings", "validators"]

#: Whose key it is: values of ``keys.party``.
DEVICE, VALIDATOR = 0, 1

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_TEXT = Text().with_variant(String(collation="C"), "postgresql")
_LONG = BigInteger().with_variant(Integer(), "sqlite")

events = Table(
    "events",
    metadata,
    Column("seq", _LONG, primary_key=True, autoincrement=False),
    Column("type", _TEXT, nullable=False),
    Column("recorded_ms", _LONG, nullable=False, index=True),
    Column("effective_ms", _LONG, nullable=False),
    Column("device", LargeBinary, index=True),
    Column("validator", LargeBinary, index=True),
    Column("hash", LargeBinary, nullable=False),
    Column("line", LargeBinary, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("device", LargeBinary, primary_key=True),
    Column("owner", _TEXT, nullable=False),
    Column("owner_proved", Boolean, nullable=False),
    Column("payee", _TEXT),
    Column("cell", _TEXT),
    Column("lat_e7", _LONG),
    Column("lon_e7", _LONG),
    Column("radius_m", _LONG),
    Column("hwmodel", LargeBinary),
    Column("oemid", LargeBinary),
    Column("capacity", _TEXT),
    Column("weight", _TEXT, nullable=False),
    Column("device_class", _TEXT),
    Column("recorded_ms", _LONG, nullable=False),
    Column("effective_ms", _LONG, nullable=False),
    Column("retired_ms", _LONG),
)

validators = Table(
    "validators",
    metadata,
    Column("validator", LargeBinary, primary_key=True),
    Column("owner", _TEXT, nullable=False),
    Column("owner_proved", Boolean, nullable=False),
    Column("payee", _TEXT),
    Column("lat_e7", _LONG),
    Column("lon_e7", _LONG),
    Column("recorded_ms", _LONG, nullable=False),
    Column("effective_ms", _LONG, nullable=False),
    Column("retired_ms", _LONG),
)

keys = Table(
    "keys",
    metadata,
    Column("party", SmallInteger, primary_key=True, autoincrement=False),
    Column("id", LargeBinary, primary_key=True),
    Column("kid", LargeBinary, primary_key=True),
    Column("key", _TEXT, nullable=False),
    Column("valid_from_ms", _LONG, nullable=False),
    Column("valid_to_ms", _LONG),
    Index("ix_keys_key", "key", "party"),
)

#: Nonces that the registry issued; ``used_seq`` is the ``enroll`` that used it.
nonces = Table(
    "nonces",
    metadata,
    Column("nonce", LargeBinary, primary_key=True),
    Column("issued_ms", _LONG, nullable=False),
    Column("used_seq", _LONG),
)

#: What a registry is run with: authority keys and manufacturer roots, each a canonical JSON value.
settings = Table(
    "settings",
    metadata,
    Column("name", _TEXT, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
