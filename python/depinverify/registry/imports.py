"""Enrolling many devices from a file: all of it in one transaction, all bad rows reported at once.

In: a file of devices (CSV, JSON lines, Parquet), and the authority's key that signs them as existing data;
JSON lines may hold signed ``enroll`` events instead, which prove possession and need no further signature.
Out: one event for each row. Nothing is imported if a row is bad, unless bad rows are to be written to a file
and skipped (uptime proof, section 5). Invariant: after an error, or a kill at any moment, the registry is as
it was.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from depinverify.exceptions import DepinverifyError, InputError, RegistryError
from depinverify.registry import events
from depinverify.registry.chain import EVENTS_PER_RUN, runs
from depinverify.registry.files import written_whole
from depinverify.registry.keys import PublicKey, Scheme, Signer
from depinverify.registry.members import check_members
from depinverify.registry.rows import BadRow, Row, read_rows, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from depinverify.registry.lines import Event
    from depinverify.registry.store import Registry

__all__ = ["ImportRefusedError", "ImportReport", "import_devices"]

#: Bad rows that are kept one by one; later ones are counted only.
_KEPT = 100_000
_UNSIGNED = "the row is not signed, and no authority key was given that could sign it"
_SHOWN_ROWS = 20
_SHOWN_REASONS = 10


@dataclass(slots=True)
class ImportReport:
    """What became of a file.

    Attributes:
        source: The file.
        rows: How many rows it has.
        imported: How many of them are events now.
        bad_rows: Bad ones in the order of the file, the first 100,000 of them.
        bad_count: How many are bad.
        reasons: How often each reason occurs.
    """

    source: str
    rows: int = 0
    imported: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)
    bad_count: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def note(self, bad: BadRow) -> None:
        """Count one more bad row."""
        self.bad_count += 1
        self.reasons[bad.reason if bad.column is None else f"{bad.column}: {bad.reason}"] += 1
        if len(self.bad_rows) < _KEPT:
            self.bad_rows.append(bad)

    def as_dict(self) -> dict[str, Any]:
        """All of it as a JSON value."""
        return {
            "source": self.source,
            "rows": self.rows,
            "imported": self.imported,
            "bad_count": self.bad_count,
            "reasons": dict(self.reasons.most_common()),
            "bad_rows": [
                {"line": bad.line, "column": bad.column, "reason": bad.reason, "found": bad.found}
                for bad in self.bad_rows
            ],
        }

    def summary(self) -> str:
        """A text of bounded length: how many rows are bad, why, and the first of them."""
        lines = [f"{self.source}: {self.bad_count} of {self.rows} rows are bad"]
        common = self.reasons.most_common(_SHOWN_REASONS)
        lines += [f"  {count:>8} x {reason}" for reason, count in common]
        if len(self.reasons) > len(common):
            lines.append(f"           and {len(self.reasons) - len(common)} other reasons")
        lines += [f"  {bad}" for bad in self.bad_rows[:_SHOWN_ROWS]]
        if self.bad_count > _SHOWN_ROWS:
            lines.append(f"  ... and {self.bad_count - _SHOWN_ROWS} more")
        return "\n".join(lines)


class ImportRefusedError(RegistryError):
    """A file has bad rows, so nothing of it was imported.

    Attributes:
        report: All bad rows.
    """

    def __init__(self, report: ImportReport) -> None:
        super().__init__(
            f"nothing was imported. {report.summary()}",
            hint="mend the rows, or import the others with --skip-bad FILE; --json lists all bad rows",
        )
        self.report = report


def import_devices(
    registry: Registry,
    path: Path,
    *,
    authority: Signer | None = None,
    scheme: Scheme | None = None,
    skip_bad: Path | None = None,
    effective_ms: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Enrol all devices of a file in one transaction.

    Args:
        registry: Where to.
        path: CSV, JSON lines or Parquet, see ``rows.COLUMNS``; or JSON lines of signed ``enroll`` events.
        authority: Signs rows that are not signed.
        scheme: Scheme of keys that are raw hex, where no column ``scheme`` says it.
        skip_bad: Import the good rows, and write the bad ones to this file as JSON lines.
        effective_ms: From when on the devices are enrolled; now, if not given.
        progress: Called with the number of rows so far.

    Raises:
        ImportRefusedError: There are bad rows, and they are not to be skipped.
        InputError: The file cannot be read at all.
    """
    report = ImportReport(str(path))
    maker = _Maker(authority, scheme)
    with ExitStack() as stack:
        bad_file = None if skip_bad is None else stack.enter_context(written_whole(skip_bad))
        with registry.appending(effective_ms=effective_ms) as chain:
            for run in runs(_counted(read_rows(path), report, progress)):
                placed: list[tuple[Row, Event]] = []
                bad: list[BadRow] = []
                for row in run:
                    made = row if isinstance(row, BadRow) else maker.event(row)
                    if isinstance(made, BadRow):
                        bad.append(made)
                    elif isinstance(row, Row):
                        placed.append((row, made))
                refused: dict[int, DepinverifyError] = {}
                taken = chain.take([event for _, event in placed], refused=refused)
                report.imported += len(taken)
                bad += [_refused(placed[at][0], error) for at, error in refused.items()]
                for one in sorted(bad, key=lambda one: one.line):
                    report.note(one)
                    if bad_file is not None:
                        _write_bad(bad_file, one)
            if report.bad_count and skip_bad is None:
                report.imported = 0
                raise ImportRefusedError(report)
    return report


class _Maker:
    """Makes signed events of rows."""

    def __init__(self, authority: Signer | None, scheme: Scheme | None) -> None:
        self._authority = authority
        self._scheme = scheme

    def event(self, row: Row) -> Event | BadRow:
        """The signed event of a row, or why there is none."""
        if "sigs" in row.values:
            return self._signed_before(row)
        if self._authority is None:
            return BadRow(row.line, None, _UNSIGNED, None, row.values)
        values = {name: None if value is None else str(value) for name, value in row.values.items()}
        for name in ("device", "key", "owner"):
            if values.get(name) is None:
                return BadRow(row.line, name, "expected a value", "none", row.values)
        try:
            key = PublicKey.parse(str(values.pop("key")), self._row_scheme(values.pop("scheme", None)))
        except InputError as error:
            return BadRow(row.line, "key", *_split(error), row.values)
        for name in ("device", "kid", "hwmodel", "oemid"):
            if values.get(name) is not None:
                values[name] = str(values[name]).lower()
        try:
            event = events.enroll(key=key, nonce=secrets.token_bytes(32), **values)  # type: ignore[arg-type]
        except InputError as error:
            column, _, rest = str(error).partition(": ")
            return BadRow(row.line, column, *_split(rest), row.values)
        return events.sign(event, self._authority)

    def _signed_before(self, row: Row) -> Event | BadRow:
        try:
            check_members(row.values, chained=False)
        except RegistryError as error:
            return BadRow(row.line, None, *_split(error), row.values)
        if row.values["type"] != "enroll":
            return BadRow(row.line, "type", "expected enroll", shown(row.values["type"]), row.values)
        return row.values

    def _row_scheme(self, text: str | None) -> Scheme | None:
        if text is None:
            return self._scheme
        for scheme in Scheme:
            if scheme.label == text.lower():
                return scheme
        raise InputError(f"scheme: expected one of {', '.join(s.label for s in Scheme)}; found {shown(text)}")


def _refused(row: Row, error: DepinverifyError) -> BadRow:
    return BadRow(row.line, None, *_split(error), row.values)


def _split(error: object) -> tuple[str, str | None]:
    """Reason and what was found, so that rows with one reason are counted together."""
    for mark in ("; found ", ", found "):
        reason, separator, found = str(error).partition(mark)
        if separator:
            return reason, found
    return str(error), None


def _write_bad(file: IO[bytes], bad: BadRow) -> None:
    entry = {"line": bad.line, "column": bad.column, "reason": bad.reason, "found": bad.found}
    file.write(json.dumps({**entry, "row": bad.values}, ensure_ascii=True).encode() + b"\n")


def _counted(
    rows: Iterable[Row | BadRow], report: ImportReport, progress: Callable[[int], None] | None
) -> Iterator[Row | BadRow]:
    for row in rows:
        report.rows += 1
        if progress is not None and report.rows % EVENTS_PER_RUN == 0:
            progress(report.rows)
        yield row
