"""The verdict table in one pass: what was seen of each device when, by whom, and which checks failed.

In: ``verdicts.parquet``, piece by piece, and the settlement's :class:`~depinverify.report.facts.Facts`. Out: counts.
Rule: uptime proof, 4.4; scoring and rewards, 2.2, 2.5 and 3.4; only the owners of validators, which the table does not
know, are not looked at. Invariant: memory depends on devices and validators, never
on rows; the map of uptime has at most 200 by 200 fields, whatever the size of the network.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise, repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from depinverify import _native
from depinverify.catalogue import Code, Outcome
from depinverify.exceptions import SettlementError
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from arro3.core import RecordBatch
    from numpy.typing import NDArray

    from depinverify.report.facts import Facts
    from depinverify.settlement import Settlement

__all__ = ["CODES", "MOST_COLUMNS", "MOST_ROWS", "Evidence", "Witness", "read_evidence"]

#: Fields of the map of uptime.
MOST_ROWS: Final = 200
MOST_COLUMNS: Final = 200
#: Codes are numbered below this.
CODES: Final = 64

_COLUMNS: Final = ("device", "validator", "slot", "code", "outcome", "proof_hash")
_UP: Final = (Outcome.PASS, Outcome.LATE)
_DOWN: Final = (Outcome.FAIL, Outcome.TIMEOUT, Outcome.OFFLINE, Outcome.INVALID)
#: Down reports that an outage of the validator could have made.
_UNSIGNED_DOWN: Final = (Outcome.TIMEOUT, Outcome.OFFLINE)


@dataclass
class Witness:
    """What one validator reported.

    Attributes:
        rows: Its rows.
        up: Rows that say up.
        down: Rows that say down, before anything is dropped.
        nobody: Rows that count for no device.
    """

    rows: int = 0
    up: int = 0
    down: int = 0
    nobody: int = 0


@dataclass
class Evidence:
    """The verdict table in counts.

    Attributes:
        order: Positions of devices, the one with the smallest share of slots up first, those without data last.
        row_of: Row of the map for each device.
        devices_of: Devices in each row of the map.
        columns: Columns of the map; the epoch's slots are spread over them evenly.
        up: Slots of devices that are up, by row and column.
        down: Slots of devices that are down, by row and column.
        codes: Rows by device and number of code.
        strangers: Rows about devices that are not in the registry.
        witnesses: What each validator reported, by its id in hex.
        good_proof: Hash of the first good proof of each device that has one, by position.
        counts: Rows by number of code.
    """

    order: list[int]
    row_of: NDArray[np.int64]
    devices_of: list[list[int]]
    columns: int
    up: NDArray[np.int64]
    down: NDArray[np.int64]
    codes: NDArray[np.int64]
    strangers: int = 0
    witnesses: dict[str, Witness] = field(default_factory=dict)
    good_proof: dict[int, bytes] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)

    def differs_from(self, counts: dict[str, int]) -> bool:
        """Whether the table holds other rows than the manifest counted."""
        found = {name_of(code): rows for code, rows in self.counts.items() if rows}
        return found != {name: rows for name, rows in counts.items() if rows}


def name_of(code: int) -> str:
    """Name of a code; one that the catalogue lacks by its number."""
    return Code(code).name if code in Code.__members__.values() else f"code {code}"


def read_evidence(settlement: Settlement, facts: Facts) -> Evidence:
    """Count the rows of the verdict table.

    Raises:
        SettlementError: The file is no verdict table.
    """
    evidence = _empty(facts)
    reader = _Reader(facts, evidence)
    path = settlement.folder / "verdicts.parquet"
    for batch in _batches(path):
        missing = set(_COLUMNS) - set(batch.column_names)
        if missing:
            raise SettlementError(f"{path}: expected the columns of verdicts, found no {min(missing)}")
        try:
            reader.take(batch)
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise SettlementError(f"{path}: expected verdicts; {str(error)[:200]}") from None
    reader.finish()
    return evidence


def _batches(path: Path) -> Iterator[RecordBatch]:
    """The table piece by piece; whatever is wrong with the file is said of the file."""
    batches = iter(_native.read_parquet(path))
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - the reader raises that very class, and the file is anybody's
            raise SettlementError(f"{path}: expected a table of verdicts; {str(error)[:200]}") from None
        yield batch


def _empty(facts: Facts) -> Evidence:
    entries = facts.entries
    order = sorted(
        range(len(entries)),
        key=lambda at: (
            entries[at].up * ONE // entries[at].decided if entries[at].decided else ONE + 1,
            entries[at].device,
        ),
    )
    devices_of = _in_rows(order)
    row_of = np.zeros(len(entries), np.int64)
    for row, members in enumerate(devices_of):
        row_of[members] = row
    rows, columns = len(devices_of), min(facts.slots, MOST_COLUMNS)
    grid = (rows, columns)
    return Evidence(
        order,
        row_of,
        devices_of,
        columns,
        np.zeros(grid, np.int64),
        np.zeros(grid, np.int64),
        np.zeros((len(entries), CODES), np.int64),
    )


def _in_rows(order: list[int]) -> list[list[int]]:
    """Devices by row: of many devices the worst have a row each in the upper half, the others share the lower half."""
    if len(order) <= MOST_ROWS:
        return [[position] for position in order]
    alone = MOST_ROWS // 2
    rows, rest = MOST_ROWS - alone, order[alone:]
    bounds = [len(rest) * row // rows for row in range(rows + 1)]
    return [[position] for position in order[:alone]] + [rest[a:b] for a, b in pairwise(bounds)]


class _Rows(NamedTuple):
    """Rows that may count for a device, in the order of the table."""

    device: NDArray[np.int64]
    slot: NDArray[np.int64]
    validator: NDArray[np.int64]
    outcome: NDArray[np.int64]


_NO_ROWS: Final = _Rows(*(np.zeros(0, np.int64) for _ in range(4)))


class _Reader:
    """Adds batches of rows to the counts."""

    def __init__(self, facts: Facts, evidence: Evidence) -> None:
        self._facts = facts
        self._evidence = evidence
        self._devices = {bytes.fromhex(entry.device): at for at, entry in enumerate(facts.entries)}
        #: Number of each validator, as it is met.
        self._validators: dict[bytes, int] = {}
        self._unreliable = {bytes.fromhex(validator) for validator in facts.unreliable}
        self._excluded: dict[bytes, set[int]] = {}
        for line in facts.exclusions:
            self._excluded.setdefault(bytes.fromhex(line.validator), set()).add(line.slot)
        is_single = any(finding.code == "SINGLE_WITNESS" for finding in facts.findings)
        self._quorum = 1 if is_single else facts.quorum
        self._held = _NO_ROWS

    def take(self, batch: RecordBatch) -> None:
        """Count the rows of one batch."""
        size = batch.num_rows
        devices = batch.column("device").to_pylist()
        device = np.fromiter(map(self._devices.get, devices, repeat(-1)), np.int64, size)
        names = batch.column("validator").to_pylist()
        if None in names or None in devices:
            raise ValueError("a row without a device or a validator")
        for name in dict.fromkeys(names):
            self._validators.setdefault(name, len(self._validators))
        validator = np.fromiter(map(self._validators.__getitem__, names), np.int64, size)
        code = _numbers(batch, "code")
        outcome = _numbers(batch, "outcome")
        slot = _numbers(batch, "slot")
        self._count_codes(device, code)
        self._count_witnesses(validator, outcome)
        inside = (device >= 0) & (slot >= 0) & (slot < self._facts.slots) & (outcome != Outcome.NONE)
        rows = _Rows(device[inside], slot[inside], validator[inside], outcome[inside])
        self._decide(rows, is_last=False)
        self._remember_good(device, code, batch)

    def finish(self) -> None:
        """Decide the last slot."""
        self._decide(_NO_ROWS, is_last=True)

    def _count_codes(self, device: NDArray[np.int64], code: NDArray[np.int64]) -> None:
        evidence = self._evidence
        for number, rows in zip(*np.unique(code, return_counts=True), strict=True):
            evidence.counts[int(number)] += int(rows)
        known = (device >= 0) & (code >= 0) & (code < CODES)
        evidence.strangers += int(np.count_nonzero(device < 0))
        np.add.at(evidence.codes, (device[known], code[known]), 1)

    def _count_witnesses(self, validator: NDArray[np.int64], outcome: NDArray[np.int64]) -> None:
        up, down = np.isin(outcome, _UP), np.isin(outcome, _DOWN)
        nobody = outcome == Outcome.NONE
        names = list(self._validators)
        for number in np.unique(validator):
            own = validator == number
            witness = self._evidence.witnesses.setdefault(names[number].hex(), Witness())
            witness.rows += int(np.count_nonzero(own))
            witness.up += int(np.count_nonzero(own & up))
            witness.down += int(np.count_nonzero(own & down))
            witness.nobody += int(np.count_nonzero(own & nobody))

    def _decide(self, rows: _Rows, *, is_last: bool) -> None:
        """Decide whole slots; the rows of the last one wait for the next batch, which may go on with it."""
        held = self._held
        rows = _Rows(*(np.concatenate(pair) for pair in zip(held, rows, strict=True)))
        if len(rows.device) and not is_last:
            ends = (rows.device != rows.device[-1]) | (rows.slot != rows.slot[-1])
            whole = int(np.flatnonzero(ends)[-1]) + 1 if ends.any() else 0
            self._held = _Rows(*(column[whole:] for column in rows))
            rows = _Rows(*(column[:whole] for column in rows))
        if not len(rows.device):
            return
        up = np.isin(rows.outcome, _UP)
        down = np.isin(rows.outcome, _DOWN) & ~self._dropped(rows)
        # One report of each validator counts, the best.
        by_validator = _runs(rows.device, rows.slot, rows.validator)
        says_up, says_down = (np.zeros(by_validator[-1] + 1, bool) for _ in range(2))
        says_up[by_validator[up]] = True
        says_down[by_validator[down]] = True
        says_down &= ~says_up
        first = np.flatnonzero(np.diff(by_validator, prepend=-1))
        device, slot = rows.device[first], rows.slot[first]
        by_slot = _runs(device, slot)
        ups, downs = (np.bincount(by_slot[said], minlength=by_slot[-1] + 1) for said in (says_up, says_down))
        first = np.flatnonzero(np.diff(by_slot, prepend=-1))
        device, slot = device[first], slot[first]
        self._draw(device, slot, (ups + downs >= self._quorum) & (ups > downs), self._evidence.up)
        self._draw(device, slot, (downs >= self._quorum) & (downs > ups), self._evidence.down)

    def _dropped(self, rows: _Rows) -> NDArray[np.bool_]:
        """Down reports that an outage of their validator explains."""
        dropped = np.zeros(len(rows.device), bool)
        may_be = np.isin(rows.outcome, _UNSIGNED_DOWN)
        for name, number in self._validators.items():
            if name in self._unreliable:
                dropped |= may_be & (rows.validator == number)
            elif name in self._excluded:
                slots = np.fromiter(self._excluded[name], np.int64)
                dropped |= may_be & (rows.validator == number) & np.isin(rows.slot, slots)
        return dropped

    def _draw(
        self,
        device: NDArray[np.int64],
        slot: NDArray[np.int64],
        mask: NDArray[np.bool_],
        grid: NDArray[np.int64],
    ) -> None:
        evidence = self._evidence
        column = slot[mask] * evidence.columns // self._facts.slots
        np.add.at(grid, (evidence.row_of[device[mask]], column), 1)

    def _remember_good(self, device: NDArray[np.int64], code: NDArray[np.int64], batch: RecordBatch) -> None:
        """Keep the hash of each device's first good proof, to look up what it says of its firmware."""
        good = np.flatnonzero((code == Code.VALID) & (device >= 0))
        first, where = np.unique(device[good], return_index=True)
        proofs: Any = None
        for position, row in zip(first.tolist(), good[where].tolist(), strict=True):
            if position not in self._evidence.good_proof:
                proofs = batch.column("proof_hash").to_pylist() if proofs is None else proofs
                if isinstance(proofs[row], bytes):
                    self._evidence.good_proof[position] = proofs[row]


def _runs(*columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers neighbouring rows from 0, equal ones alike."""
    changes = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        changes[1:] |= np.diff(column) != 0
    return np.cumsum(changes)


def _numbers(batch: RecordBatch, name: str) -> NDArray[np.int64]:
    """A column of integers; numbers beyond 63 bits, which no slot of an epoch has, become negative."""
    values = batch.column(name).to_numpy()
    if values.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integers, found {values.dtype}")
    return values.astype(np.int64)
