"""Verdicts of records from several files as one table.

In: files of records. Out: their verdicts with the file's part in front, and how many of each subject are good. Rule:
this project's own format. Invariant: rows ascend by what they and their records say, so that the order of lines in a
file makes no difference; ``record``, the number of the line, is left out for that.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from arro3.core import Array, DataType, Field, Schema, Table

from depinverify.catalogue import Code, Outcome
from depinverify.networks import filecoin
from depinverify.networks.filecoin.proof_statements import read_statements
from depinverify.networks.filecoin.providers import Checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from depinverify import _native
    from depinverify.networks.filecoin.evidence import Evidence
    from depinverify.networks.filecoin.proof_statements import ProofStatement

__all__ = ["VerdictRow", "VerdictRows"]

#: Parts of a folder of evidence.
PROOFS: Final = "proofs"
ROUNDS: Final = "beacons"
POSTS: Final = "posts"

#: Kinds of records that show a provider's sectors.
_WINDOW: Final = "window_post"
_POSSESSION: Final = "possession"

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


class _Verified(NamedTuple):
    """One record: its verdict, its line, and what it says that it is about."""

    row: VerdictRow
    record: int
    statement: ProofStatement | None


class VerdictRows:
    """Verdicts of all files.

    Attributes:
        rows: The verdicts, ascending. From here on a record is called by its place among them.
        statements: What proofs of possession say that they are about.
        good_rounds: Lines of the file of rounds whose verdict is ``VALID``.
    """

    def __init__(self, verified: Iterable[_Verified] = ()) -> None:
        ordered = sorted(verified, key=_order)
        self.rows: Final = [one.row for one in ordered]
        self.statements: Final = [
            replace(one.statement, record=place)
            for place, one in enumerate(ordered)
            if one.statement is not None
        ]
        self.good_rounds: Final = frozenset(
            one.record for one in ordered if one.row.part == ROUNDS and one.row.code == Code.VALID
        )

    @classmethod
    def of_evidence(
        cls,
        evidence: Evidence,
        *,
        keys: Sequence[_native.FilecoinVerifier] = (),
        threads: int | None = None,
    ) -> VerdictRows:
        """Verify the records of a folder of evidence.

        Args:
            evidence: The folder.
            keys: Verification keys for window proofs.
            threads: Number of threads, or ``None`` for all processors.

        Raises:
            InputError: A file cannot be read.
        """
        verified: list[_Verified] = []
        for part, path in ((PROOFS, evidence.proofs), (ROUNDS, evidence.beacons), (POSTS, evidence.posts)):
            if path is None:
                continue
            stated = _statements(path) if part == PROOFS else {}
            verdicts = filecoin.verify(path, keys=keys, threads=threads)
            columns = [verdicts.column(name).to_pylist() for name in ("record", *VerdictRow._fields[1:])]
            verified += (
                _Verified(VerdictRow(part, *values), record, stated.get(record))
                for record, *values in zip(*columns, strict=True)
            )
        return cls(verified)

    @property
    def of_proofs(self) -> Iterator[dict[str, Any]]:
        """Verdicts of the file of proofs, as an audit of periods takes them."""
        for place, row in enumerate(self.rows):
            if row.part == PROOFS:
                yield {**row._asdict(), "record": place}

    @property
    def table(self) -> Table:
        """The verdicts as an Arrow table."""
        columns: list[Any] = list(zip(*self.rows, strict=True)) or [()] * len(_COLUMNS)
        arrays = [
            Array(list(values), type=kind) for values, kind in zip(columns, _COLUMNS.values(), strict=True)
        ]
        fields = [Field(name, kind, nullable=name in _NULLABLE) for name, kind in _COLUMNS.items()]
        return Table.from_arrays(arrays, schema=Schema(fields))

    @property
    def possession(self) -> dict[str, Checked]:
        """Proofs of possession by the decimal id of the data set."""
        return self._checked(_POSSESSION)

    @property
    def window(self) -> dict[str, Checked]:
        """Window proofs by miner id; those that name no miner are nobody's."""
        return {
            subject: checked
            for subject, checked in self._checked(_WINDOW).items()
            if subject.startswith(("f0", "t0"))
        }

    def _checked(self, kind: str) -> dict[str, Checked]:
        found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in self.rows:
            if row.kind == kind and row.subject is not None:
                found[row.subject][_place(row)] += 1
        return {subject: Checked(*counts) for subject, counts in found.items()}


def _statements(path: Path) -> dict[int, ProofStatement]:
    """What proofs say that they are about, by record; equal lists of pieces, which may be long, are held once."""
    held: dict[tuple[str | None, ...], tuple[str | None, ...]] = {}
    return {
        one.record: replace(one, pieces=held.setdefault(one.pieces, one.pieces))
        for one in read_statements(path)
    }


def _place(row: VerdictRow) -> int:
    """Where a verdict counts among good, bad and unchecked."""
    if row.outcome == Outcome.UNKNOWN:
        return 2
    return 0 if row.outcome == Outcome.PASS else 1


def _order(one: _Verified) -> tuple[tuple[bool, Any], ...]:
    """What rows are sorted by: all that the record and its verdict say; nothing stands behind everything."""
    about = one.statement
    values: list[Any] = [*one.row]
    if about is not None:
        pieces = tuple(piece or "" for piece in about.pieces)
        values += (about.block, about.range, pieces, about.seed, about.provider, about.window)
    return tuple((value is None, "" if value is None else value) for value in values)
