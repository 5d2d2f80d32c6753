"""Rows of observations, and the same rows in every container that other libraries write."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]

SCHEMA = pa.schema(
    [
        pa.field("validator", pa.binary(), nullable=False),
        pa.field("device", pa.binary(), nullable=False),
        pa.field("slot", pa.uint64(), nullable=False),
        pa.field("sent_ms", pa.int64(), nullable=False),
        pa.field("received_ms", pa.int64()),
        pa.field("transport", pa.uint8(), nullable=False),
        pa.field("proof", pa.binary()),
        pa.field("address", pa.binary()),
        pa.field("asn", pa.uint32()),
        pa.field("rtt_ns", pa.uint64()),
    ]
)


def rows(count: int) -> list[Row]:
    """Rows of every transport, with values at the ends of their ranges."""
    made: list[Row] = []
    for at in range(count):
        answered = at % 5 == 0
        proof = b"a.b" + bytes([97 + at % 26]) + b".c" if at % 2 else bytes([0xD2, at % 256, 0, 255])
        made.append(
            {
                "validator": b"val-" + bytes([48 + at % 3]),
                "device": b"\x01" + at.to_bytes(8, "big"),
                "slot": 2**64 - 1 if at == 0 else at,
                "sent_ms": -(2**63) if at == 1 else 1_800_000_000_000 + at,
                "received_ms": 1_800_000_000_100 + at if answered else None,
                "transport": at % 5,
                "proof": proof if answered else None,
                "address": bytes([at % 256]) * (4 if at % 3 else 16) if at % 7 else None,
                "asn": 2**32 - 1 if at == 2 else at if at % 4 else None,
                "rtt_ns": 2**64 - 1 if at == 3 else at if at % 6 else None,
            }
        )
    return made


def table(made: Iterable[Row]) -> pa.Table:
    """The rows as a table of pyarrow."""
    return pa.Table.from_pylist(list(made), schema=SCHEMA)


def stream_of(made: pa.Table, **options: Any) -> bytes:
    """The rows in the stream format of Arrow IPC."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, made.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(made, max_chunksize=100)
    return sink.getvalue()


def file_of(made: pa.Table, **options: Any) -> bytes:
    """The rows in the file format of Arrow IPC."""
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, made.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(made, max_chunksize=100)
    return sink.getvalue()
