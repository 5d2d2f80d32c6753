"""Observations as an Arrow table: the columns that every reader and writer of them has.

In: rows in the order of the columns. Out: a table. Rule: uptime proof, section 2.1. Invariant: an answer's time and its
proof are absent where there was no answer, and where an answer came from is known only to a validator that keeps it;
everything else is always there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from arro3.core import Array, DataType, Field, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Origin", "Probe", "observation_table"]

#: Validator, device, slot, time sent, time received, transport and proof.
Probe: TypeAlias = "tuple[bytes, bytes, int, int, int | None, int, bytes | None]"
#: The address that answered, its network operator, and the round trip in nanoseconds.
Origin: TypeAlias = "tuple[bytes | None, int | None, int | None]"

_COLUMNS: Final = {
    "validator": DataType.binary(),
    "device": DataType.binary(),
    "slot": DataType.uint64(),
    "sent_ms": DataType.int64(),
    "received_ms": DataType.int64(),
    "transport": DataType.uint8(),
    "proof": DataType.binary(),
}
_ORIGIN: Final = {
    "address": DataType.binary(),
    "asn": DataType.uint32(),
    "rtt_ns": DataType.uint64(),
}
_NULLABLE: Final = frozenset({"received_ms", "proof", *_ORIGIN})


def observation_table(rows: Iterable[Probe], origins: Iterable[Origin] | None = None) -> Table:
    """Rows as an Arrow table.

    Args:
        rows: What was recorded about each probe.
        origins: Where the answer to each of them came from; without it the table lacks these columns.
    """
    kinds = _COLUMNS if origins is None else {**_COLUMNS, **_ORIGIN}
    whole = rows if origins is None else ((*row, *origin) for row, origin in zip(rows, origins, strict=True))
    columns = list(zip(*whole, strict=True)) or [()] * len(kinds)
    arrays = [Array(list(values), type=kind) for values, kind in zip(columns, kinds.values(), strict=True)]
    fields = [Field(name, kind, nullable=name in _NULLABLE) for name, kind in kinds.items()]
    return Table.from_arrays(arrays, schema=Schema(fields))
