"""Rows of the table of verdicts, and the order that they have.

In: verdicts of records with the part of the evidence in front, and what the records say that they are about. Out: the
key that sorts a row, the bytes in which it waits for its place, and batches of the table. Rule: this project's own
format. Invariant: rows ascend by what they and their records say, so that the order of lines in a file makes no
difference; ``record``, the number of the line, is left out for that.
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from arro3.core import Array, DataType, Field, RecordBatch, Schema

from depinverify.networks.filecoin.period_audit import Stated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.networks.filecoin.proof_statements import ProofStatement

__all__ = ["SCHEMA", "VerdictRow", "batch_of", "packed", "sort_key", "unpacked"]

#: Parts of a key: a block height or another number of 64 bits, and code, masks and outcome.
_HEIGHT: Final = struct.Struct(">Q").pack
_MASKS: Final = struct.Struct(">BIIB").pack
_TRUTH: Final = {False: b"\0", True: b"\1", None: b"\2"}
#: Bytes of a number of leaves.
_RANGE: Final = 16

_COLUMNS: Final = {
    "part": DataType.string(),
    "kind": DataType.string(),
    "subject": DataType.string(),
    "epoch": DataType.uint64(),
    "id": DataType.string(),
    "code": DataType.uint8(),
    "failed": DataType.uint32(),
    "not_run": DataType.uint32(),
    "outcome": DataType.uint8(),
    "is_proved": DataType.bool(),
    "in_time": DataType.bool(),
    "detail": DataType.string(),
}
_NULLABLE: Final = frozenset({"kind", "subject", "epoch", "id", "is_proved", "in_time"})

_ENCODER: Final = json.JSONEncoder(check_circular=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder()

#: The columns of the table.
SCHEMA: Final = Schema([Field(name, kind, nullable=name in _NULLABLE) for name, kind in _COLUMNS.items()])


class VerdictRow(NamedTuple):
    """The verdict of one record; see :mod:`depinverify.networks.filecoin`.

    Attributes:
        part: Which file it is from: ``proofs``, ``beacons`` or ``posts``.
    """

    part: str
    kind: str | None
    subject: str | None
    epoch: int | None
    id: str | None
    code: int
    failed: int
    not_run: int
    outcome: int
    is_proved: bool | None
    in_time: bool | None
    detail: str


def batch_of(rows: Sequence[VerdictRow]) -> RecordBatch:
    """Rows as a batch of the table."""
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(_COLUMNS)
    arrays = [Array(values, type=kind) for values, kind in zip(columns, _COLUMNS.values(), strict=True)]
    return RecordBatch.from_arrays(arrays, schema=SCHEMA)


def sort_key(row: VerdictRow, statement: ProofStatement | None) -> bytes:
    """Bytes whose order is that of all that a record and its verdict say; nothing stands behind everything.

    A record without a statement stands in front of those with one. Lists of pieces, which may be long, are told apart
    by their hash.
    """
    part, kind, subject, epoch, called, code, failed, not_run, outcome, is_proved, in_time, detail = row
    fields = [
        *(_text(part), _text(kind), _text(subject), _height(epoch), _text(called)),
        *(_MASKS(code, failed, not_run, outcome), _TRUTH[is_proved], _TRUTH[in_time], _text(detail)),
    ]
    if statement is not None:
        start, end = statement.window or (None, None)
        fields += [
            _HEIGHT(statement.block),
            b"\1" if statement.range is None else b"\0" + statement.range.to_bytes(_RANGE, "big"),
            hashlib.sha256("\n".join([piece or "" for piece in statement.pieces]).encode()).digest(),
            b"\1" if statement.seed is None else b"\0" + statement.seed,
            *(_text(statement.provider), _height(start), _height(end), _height(statement.answers)),
        ]
    return b"".join(fields)


def _text(value: str | None) -> bytes:
    """A text that ends where it ends: one comes before every longer one that begins with it."""
    if value is None:
        return b"\1"
    return b"\0%b\0\0" % value.encode().replace(b"\0", b"\0\xff")


def _height(value: int | None) -> bytes:
    return b"\1" if value is None else b"\0" + _HEIGHT(value)


def packed(row: VerdictRow, stated: Stated | None) -> bytes:
    """A row, and what is kept of its record's statement, as bytes."""
    values: list[Any] = [*row]
    if stated is not None:
        values += (stated.block, None if stated.seed is None else stated.seed.hex(), stated.wrong)
    return _ENCODER.encode(values).encode()


def unpacked(content: bytes) -> tuple[VerdictRow, Stated | None]:
    """What was packed."""
    values = _DECODER.decode(content.decode())
    row = VerdictRow._make(values[: len(_COLUMNS)])
    if len(values) == len(_COLUMNS):
        return row, None
    block, seed, wrong = values[len(_COLUMNS) :]
    return row, Stated(
        block,
        None if seed is None else bytes.fromhex(seed),
        tuple((label, detail) for label, detail in wrong),
    )
