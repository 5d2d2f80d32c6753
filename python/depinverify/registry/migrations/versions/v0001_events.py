"""First version: the events, and the look-up tables that are made from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER events_no_{verb} BEFORE {verb} ON events "
        "BEGIN SELECT RAISE(ABORT, 'the events of a registry are append-only'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        (
            "CREATE FUNCTION events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the events of a registry are append-only'; END $$"
        ),
        (
            "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
            "FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change()"
        ),
    ],
}


def upgrade() -> None:
    """Create all tables."""
    dialect = op.get_bind().dialect.name
    text = sa.String(collation="C") if dialect == "postgresql" else sa.Text()
    long = sa.Integer() if dialect == "sqlite" else sa.BigInteger()
    op.create_table(
        "events",
        sa.Column("seq", long, nullable=False, autoincrement=False),
        sa.Column("type", text, nullable=False),
        sa.Column("recorded_ms", long, nullable=False),
        sa.Column("effective_ms", long, nullable=False),
        sa.Column("device", sa.LargeBinary()),
        sa.Column("validator", sa.LargeBinary()),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
    )
    for column in ("recorded_ms", "device", "validator"):
        op.create_index(f"ix_events_{column}", "events", [column])
    op.create_table(
        "devices",
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("owner", text, nullable=False),
        sa.Column("owner_proved", sa.Boolean(), nullable=False),
        sa.Column("payee", text),
        sa.Column("cell", text),
        sa.Column("lat_e7", long),
        sa.Column("lon_e7", long),
        sa.Column("radius_m", long),
        sa.Column("hwmodel", sa.LargeBinary()),
        sa.Column("oemid", sa.LargeBinary()),
        sa.Column("capacity", text),
        sa.Column("weight", text, nullable=False),
        sa.Column("device_class", text),
        sa.Column("recorded_ms", long, nullable=False),
        sa.Column("effective_ms", long, nullable=False),
        sa.Column("retired_ms", long),
        sa.PrimaryKeyConstraint("device", name="pk_devices"),
    )
    op.create_table(
        "validators",
        sa.Column("validator", sa.LargeBinary(), nullable=False),
        sa.Column("owner", text, nullable=False),
        sa.Column("owner_proved", sa.Boolean(), nullable=False),
        sa.Column("payee", text),
        sa.Column("lat_e7", long),
        sa.Column("lon_e7", long),
        sa.Column("recorded_ms", long, nullable=False),
        sa.Column("effective_ms", long, nullable=False),
        sa.Column("retired_ms", long),
        sa.PrimaryKeyConstraint("validator", name="pk_validators"),
    )
    op.create_table(
        "keys",
        sa.Column("party", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("kid", sa.LargeBinary(), nullable=False),
        sa.Column("key", text, nullable=False),
        sa.Column("valid_from_ms", long, nullable=False),
        sa.Column("valid_to_ms", long),
        sa.PrimaryKeyConstraint("party", "id", "kid", name="pk_keys"),
    )
    op.create_index("ix_keys_key", "keys", ["key", "party"])
    op.create_table(
        "nonces",
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("issued_ms", long, nullable=False),
        sa.Column("used_seq", long),
        sa.PrimaryKeyConstraint("nonce", name="pk_nonces"),
    )
    op.create_table(
        "settings",
        sa.Column("name", text, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )
    for statement in _APPEND_ONLY[dialect]:
        op.execute(statement)
