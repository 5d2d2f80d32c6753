"""What the reward step reads: scores and device facts, as parallel columns.

In: Arrow tables of any producer. Out: plain lists, ascending by device. Rule: uptime proof, sections 5 and
9.3.
Invariant: both sides name the same devices in the same order, each once; nothing is sorted or dropped here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, cast

from depinverify.exceptions import InputError
from depinverify.payee import BYTES, payee_of_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arro3.core import Table

__all__ = [
    "FULL",
    "NO_DATA",
    "PROVISIONAL",
    "STATES",
    "ArrowBatch",
    "ArrowTable",
    "DeviceColumns",
    "ScoreColumns",
]

NO_DATA: Final = 0
PROVISIONAL: Final = 1
FULL: Final = 2
#: Name of each state by its number.
STATES: Final = ("NO_DATA", "PROVISIONAL", "FULL")


class ArrowTable(Protocol):
    """Anything that hands over Arrow record batches: a table of arro3, pyarrow, polars or duckdb."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the capsule of the stream."""
        ...


class ArrowBatch(Protocol):
    """One Arrow record batch."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """Return the capsules of schema and array."""
        ...


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """Scores of the eligible devices.

    Attributes:
        device: Device ids, ascending.
        state: 0 ``NO_DATA``, 1 ``PROVISIONAL``, 2 ``FULL``.
        score_e12: Score in fixed point.
        windows_used: Windows behind the score.
        decided: Slots of this epoch that were decided up or down.
        payout_e12: Value of the payout curve at the score.
        table: The table that was read, for the columns that only pass through.
    """

    device: list[bytes]
    state: list[int]
    score_e12: list[int]
    windows_used: list[int]
    decided: list[int]
    payout_e12: list[int]
    table: Table | None = field(default=None, compare=False)

    @classmethod
    def from_arrow(cls, scores: ArrowTable | ArrowBatch) -> Self:
        """Read the columns of ``scores`` that pay depends on.

        Raises:
            InputError: A column is absent or holds a null, a state is unknown, or devices do not ascend.
        """
        table = _table(scores)
        names = ("device", "state", "score_e12", "windows_used", "up", "down", "payout_e12")
        device, state, score, windows, up, down, payout = (_column(table, name, "scores") for name in names)
        _refuse_disorder(device, "scores")
        if not set(state) <= {NO_DATA, PROVISIONAL, FULL}:
            strange = next(number for number in state if number not in {NO_DATA, PROVISIONAL, FULL})
            raise InputError(f'scores: column "state": expected 0, 1 or 2, found {strange}')
        decided = [ups + downs for ups, downs in zip(up, down, strict=True)]
        return cls(device, state, score, windows, decided, payout, table)


@dataclass(frozen=True, slots=True)
class DeviceColumns:
    """What the registry's snapshot says about each eligible device, as far as pay depends on it.

    Attributes:
        device: Device ids, ascending.
        payee: Its bytes, or ``None`` where nobody is paid.
        weight: Base weight.
        class_name: Class, or ``None``.
        retired_ms: When the device retires, or ``None``.
        recorded_ms: When its enrolment was recorded.
        cell: Map cell, or ``None``.
    """

    device: list[bytes]
    payee: list[bytes | None]
    weight: list[int]
    class_name: list[str | None]
    retired_ms: list[int | None]
    recorded_ms: list[int]
    cell: list[int | None]

    @classmethod
    def from_arrow(cls, devices: ArrowTable | ArrowBatch, *, payee_type: str = "address") -> Self:
        """Read a snapshot table.

        Payees of another type than ``payee_type`` cannot stand in the claim tree and count as none.

        Columns: ``device`` and ``payee`` as binary, ``weight`` as an integer or decimal text, ``class`` as
        text, ``retired_ms``, ``recorded_ms`` and ``cell`` as integers; ``payee``, ``class``, ``retired_ms``
        and ``cell`` may be null.

        Raises:
            InputError: A column is absent, a value is not what it must be, or devices do not ascend.
        """
        table = _table(devices)
        where = "devices"
        device = _column(table, "device", where)
        _refuse_disorder(device, where)
        payees = _column(table, "payee", where, is_nullable=True)
        for row, payee in enumerate(payees):
            if payee is not None and len(payee) not in BYTES.values():
                raise InputError(
                    f'{where}: column "payee", row {row}: expected 20 or 32 bytes, found {len(payee)}'
                )
        return cls(
            device=device,
            payee=[payee_of_type(payee, payee_type) for payee in payees],
            weight=[_base_weight(value, row) for row, value in enumerate(_column(table, "weight", where))],
            class_name=_column(table, "class", where, is_nullable=True),
            retired_ms=_column(table, "retired_ms", where, is_nullable=True),
            recorded_ms=_column(table, "recorded_ms", where),
            cell=_column(table, "cell", where, is_nullable=True),
        )


def refuse_other_devices(scores: Sequence[bytes], devices: Sequence[bytes]) -> None:
    """Refuse scores and facts that do not name the same devices."""
    if scores == devices:
        return
    strangers = sorted(set(scores) ^ set(devices))
    found = f"{strangers[0].hex()} stands on one side only" if strangers else "another order"
    raise InputError(f"expected scores and devices to name the same devices, found {found}")


def _table(source: ArrowTable | ArrowBatch) -> Table:
    """The source as a light Arrow table, without copying."""
    from arro3.core import RecordBatch, Table  # noqa: PLC0415 - heavy, and only needed here

    if isinstance(source, Table):
        return source
    if isinstance(source, RecordBatch):
        return Table.from_batches([source])
    return Table.from_arrow(source)


def _column(table: Table, name: str, where: str, *, is_nullable: bool = False) -> list[Any]:
    if name not in table.column_names:
        raise InputError(f'{where}: expected a column "{name}", found {", ".join(table.column_names)}')
    values = cast("list[Any]", table.column(name).to_pylist())
    if not is_nullable and None in values:
        raise InputError(f'{where}: column "{name}", row {values.index(None)}: expected a value, found null')
    return values


def _refuse_disorder(device: list[bytes], where: str) -> None:
    for row, (before, after) in enumerate(pairwise(device)):
        if before >= after:
            raise InputError(
                f'{where}: column "device": expected ascending ids, each once; '
                f"row {row + 1} has {after.hex()} after {before.hex()}"
            )


def _base_weight(value: int | str | bytes, row: int) -> int:
    """A base weight: an integer, or its decimal text."""
    if isinstance(value, int) and value >= 0:
        return value
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    if not (text.isascii() and text.isdigit()):
        raise InputError(f'devices: column "weight", row {row}: expected a decimal integer, found {text!r}')
    return int(text)
