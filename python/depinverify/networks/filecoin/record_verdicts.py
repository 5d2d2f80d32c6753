"""The verdicts of all records of a folder of evidence: one pass over the records, and one in the order of the table.

In: the files of records, and the periods that proofs can be about. Out: the table of verdicts, what is summed of it,
and what is wrong with proofs that are about no period. Rule: Filecoin, A8; this project's own order of rows.
Invariant: memory does not grow with the records. A verdict meets what its record states while both files go by; what
is kept of the two waits in a sorter, and its place in the table is known when it comes back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from depinverify import _native
from depinverify.catalogue import Code, Outcome
from depinverify.networks import filecoin
from depinverify.networks.filecoin.proof_statements import (
    read_seeds,
    read_statements,
)
from depinverify.networks.filecoin.providers import Checked
from depinverify.networks.filecoin.refusals import KEPT
from depinverify.networks.filecoin.verdict_rows import (
    SCHEMA,
    VerdictRow,
    batch_of,
    packed,
    sort_key,
    unpacked,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from arro3.core import RecordBatch

    from depinverify.networks.filecoin.evidence import Evidence
    from depinverify.networks.filecoin.period_audit import Contradiction, PeriodBook

__all__ = ["RecordVerdicts", "Strays", "judge_records"]

#: Parts of a folder of evidence.
PROOFS: Final = "proofs"
ROUNDS: Final = "beacons"
POSTS: Final = "posts"

#: Kinds of records that show a provider's sectors.
_WINDOW: Final = "window_post"
_POSSESSION: Final = "possession"

#: Bytes of memory for sorting rows.
_BUDGET: Final = 4 << 20
#: Rows that are taken out of a batch of verdicts at once.
_ROWS: Final = 4096


class _OfRecord(Protocol):
    """What one record says."""

    @property
    def record(self) -> int:
        """The line or row."""


S = TypeVar("S", bound=_OfRecord)


@dataclass(slots=True)
class Strays:
    """What is wrong with proofs that are about no period.

    Attributes:
        limit: How many are kept.
        kept: The first of them, in the order of the table.
        count: How many there are.
    """

    limit: int = KEPT
    kept: list[Contradiction] = field(default_factory=list)
    count: int = 0

    def add(self, stray: Contradiction) -> None:
        """Count one, and keep it while there is room."""
        self.count += 1
        if len(self.kept) < self.limit:
            self.kept.append(stray)


@dataclass(frozen=True)
class RecordVerdicts:
    """What came of the records.

    Attributes:
        content: Content hash of the table of verdicts.
        codes: How many verdicts have each code.
        possession: Proofs of possession by the decimal id of the data set.
        window: Window proofs by miner id; those that name no miner are nobody's.
        seeds: Seeds of the periods' challenge epochs that good rounds show.
        strays: What is wrong with proofs that are about no period.
    """

    content: bytes
    codes: Counter[int]
    possession: dict[str, Checked]
    window: dict[str, Checked]
    seeds: dict[int, bytes]
    strays: Strays


def judge_records(
    evidence: Evidence,
    book: PeriodBook,
    table: Path,
    *,
    keys: Sequence[_native.FilecoinVerifier] = (),
    threads: int | None = None,
    progress: Callable[[str, int], None],
) -> RecordVerdicts:
    """Verify the records of a folder of evidence, write their table, and show the proofs to their periods.

    Args:
        evidence: The folder.
        book: The periods that proofs can be about.
        table: Where the table is written; what is too much for memory lies beside it.
        keys: Verification keys for window proofs.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with the name of the step and the number of records.

    Raises:
        InputError: A file cannot be read.
        SettlementError: The table or what lies beside it cannot be written.
    """
    sorter = _native.Sorter(table.parent, "records", budget=_BUDGET)
    reader = filecoin.evidence_reader(keys=keys, threads=threads)
    done = 0

    def rows_of(part: str, path: Path) -> Iterator[tuple[int, VerdictRow]]:
        nonlocal done
        for batch in reader.batches(path):
            yield from _rows(part, batch)
            done += batch.num_rows
            progress("records", done)

    if evidence.proofs is not None:
        statements = read_statements(evidence.proofs)
        for row, statement in _beside(rows_of(PROOFS, evidence.proofs), statements):
            stated = None if statement is None else book.hold(statement)
            sorter.push(sort_key(row, statement), packed(row, stated))
    seeds: dict[int, bytes] = {}
    if evidence.beacons is not None:
        shown = read_seeds(evidence.beacons, book.epochs)
        for row, seed in _beside(rows_of(ROUNDS, evidence.beacons), shown):
            if seed is not None and row.code == Code.VALID:
                seeds[seed.challenge_epoch] = seed.seed
            sorter.push(sort_key(row, None), packed(row, None))
    if evidence.posts is not None:
        for _, row in rows_of(POSTS, evidence.posts):
            sorter.push(sort_key(row, None), packed(row, None))
    return _in_order(sorter, book, table, seeds)


def _rows(part: str, batch: RecordBatch) -> Iterator[tuple[int, VerdictRow]]:
    """Verdicts with the number of their record, some at a time: a batch may have many."""
    names = ("record", *VerdictRow._fields[1:])
    for start in range(0, batch.num_rows, _ROWS):
        piece = batch.slice(start, min(_ROWS, batch.num_rows - start))
        columns = (piece.column(name).to_pylist() for name in names)
        for record, *values in zip(*columns, strict=True):
            yield record, VerdictRow(part, *values)


def _beside(
    verdicts: Iterable[tuple[int, VerdictRow]], stated: Iterator[S]
) -> Iterator[tuple[VerdictRow, S | None]]:
    """Each verdict with what its record says, if that can be read: both come in the order of the records."""
    one = next(stated, None)
    for record, row in verdicts:
        while one is not None and one.record < record:
            one = next(stated, None)
        yield row, one if one is not None and one.record == record else None


def _in_order(
    sorter: _native.Sorter, book: PeriodBook, table: Path, seeds: dict[int, bytes]
) -> RecordVerdicts:
    """Write the table; from here on a record is called by its place in it."""
    writer = _native.TableWriter(table, SCHEMA)
    codes: Counter[int] = Counter()
    checked: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    strays = Strays()
    place = 0
    for records in sorter.walk():
        rows = []
        for _, content in records:
            row, stated = unpacked(content)
            rows.append(row)
            codes[row.code] += 1
            if row.kind is not None and row.subject is not None and _is_counted(row.kind, row.subject, book):
                checked[row.kind, row.subject][_standing(row)] += 1
            if row.part == PROOFS and row.kind == _POSSESSION:
                stray = book.add({**row._asdict(), "record": place}, stated)
                if stray is not None:
                    strays.add(stray)
            place += 1
        writer.write(batch_of(rows))
    found = {name: Checked(*counts) for name, counts in checked.items()}
    return RecordVerdicts(
        content=writer.finish(),
        codes=codes,
        possession={subject: counts for (kind, subject), counts in found.items() if kind == _POSSESSION},
        window={subject: counts for (kind, subject), counts in found.items() if kind == _WINDOW},
        seeds=seeds,
        strays=strays,
    )


def _is_counted(kind: str, subject: str, book: PeriodBook) -> bool:
    """Whether verdicts are counted for a provider: strangers may name any data set."""
    if kind == _POSSESSION:
        return subject in book.sets
    return kind == _WINDOW and subject.startswith(("f0", "t0"))


def _standing(row: VerdictRow) -> int:
    """Where a verdict counts among good, bad and unchecked."""
    if row.outcome == Outcome.UNKNOWN:
        return 2
    return 0 if row.outcome == Outcome.PASS else 1
