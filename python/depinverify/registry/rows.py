"""Files of devices (CSV, JSON lines, Parquet) as rows: a path in, rows and bad rows in order out.

A row is a mapping from column to text, with absent values as ``None``, or a bad row with its line and the
reason. A file as a whole is refused only where no row can be read at all: a missing or unknown column, a kind
that is not known. Invariant: memory depends on the longest row, which is bounded, and not on the file.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from depinverify.exceptions import InputError
from depinverify.registry.lines import read_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["COLUMNS", "BadRow", "Row", "read_rows"]

#: Columns of a file of devices; the first three are required.
COLUMNS = ("device", "key", "owner", "scheme", "kid", "payee", "cell", "hwmodel", "oemid", "capacity")
_REQUIRED = COLUMNS[:3]
_LONGEST_LINE = 65_536
_SHOWN = 60
_CSV, _JSON_LINES, _PARQUET = (".csv",), (".jsonl", ".ndjson"), (".parquet",)


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        line: Its line in the file from 1, in a Parquet file its number from 1.
        values: Column to value; a signed event has the members of an event instead.
    """

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be imported.

    Attributes:
        line: As in :class:`Row`.
        column: Where, if one column is to blame.
        reason: What was expected.
        found: What stands there, shortened.
        values: The row, as far as it could be read.
    """

    line: int
    column: str | None
    reason: str
    found: str | None = None
    values: dict[str, Any] | None = None

    def __str__(self) -> str:
        where = f"line {self.line}" if self.column is None else f"line {self.line}, column {self.column}"
        found = "" if self.found is None else f"; found {self.found}"
        return f"{where}: {self.reason}{found}"


AnyRow: TypeAlias = Row | BadRow


def read_rows(path: Path) -> Iterator[AnyRow]:
    """Rows of a file; its kind is told by its name.

    Raises:
        InputError: The file cannot be read, is of another kind, or has not the columns of a file of devices.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _CSV + _JSON_LINES + _PARQUET:
        raise InputError(f"{path}: expected a file of kind {', '.join(_CSV + _JSON_LINES + _PARQUET)}")
    try:
        if suffix in _PARQUET:
            yield from _parquet_rows(path)
            return
        with path.open("rb") as file:
            yield from _csv_rows(file, path) if suffix in _CSV else _json_rows(file)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def _csv_rows(file: IO[bytes], path: Path) -> Iterator[AnyRow]:
    overlong: list[BadRow] = []
    reader = csv.reader(_text_lines(file, overlong), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise InputError(f"{path}, line 1: expected a header of column names ({error})") from None
    check_columns(header, str(path))
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            yield from overlong
            return
        except csv.Error as error:
            yield BadRow(line, None, f"not CSV: {error}")
            continue
        yield from overlong
        overlong.clear()
        if fields:
            yield _csv_row(line, header, fields)


def _csv_row(line: int, header: Sequence[str], fields: Sequence[str]) -> AnyRow:
    values = {name: field.strip() or None for name, field in zip(header, fields, strict=False)}
    if len(fields) != len(header):
        return BadRow(line, None, f"expected {len(header)} fields as in the header", str(len(fields)), values)
    for name, value in values.items():
        if value is not None and any("\udc80" <= character <= "\udcff" for character in value):
            return BadRow(line, name, "expected UTF-8", shown(value), values)
    return Row(line, values)


def _text_lines(file: IO[bytes], overlong: list[BadRow]) -> Iterator[str]:
    """Lines as text; one beyond the limit is noted and stands as an empty line, for the numbers."""
    for line, data in enumerate(_byte_lines(file), 1):
        if data is None:
            overlong.append(BadRow(line, None, f"expected a line of at most {_LONGEST_LINE} bytes"))
            yield "\n"
        else:
            text = data.decode("utf-8", "surrogateescape")
            yield text.removeprefix("\ufeff") if line == 1 else text


def _byte_lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Lines with their ends; ``None`` for one beyond the limit, of which no more is kept."""
    while data := file.readline(_LONGEST_LINE + 1):
        if len(data) <= _LONGEST_LINE:
            yield data
            continue
        while data and not data.endswith(b"\n"):
            data = file.readline(_LONGEST_LINE)
        yield None


def _json_rows(file: IO[bytes]) -> Iterator[AnyRow]:
    for line, data in enumerate(_byte_lines(file), 1):
        if data is None:
            yield BadRow(line, None, f"expected a line of at most {_LONGEST_LINE} bytes")
            continue
        if not data.strip():
            yield BadRow(line, None, "expected a JSON object", "an empty line")
            continue
        try:
            values = read_event(data)
        except InputError as error:
            yield BadRow(line, None, str(error))
            continue
        if "sigs" in values:
            yield Row(line, values)
        else:
            unknown = sorted(values.keys() - set(COLUMNS))
            if unknown:
                yield BadRow(line, shown(unknown[0]), f"expected one of {', '.join(COLUMNS)}", None, values)
            else:
                yield Row(line, values)


def _parquet_rows(path: Path) -> Iterator[AnyRow]:
    from depinverify.registry.parquet import read_columns  # noqa: PLC0415 -- needs the native module

    line = 0
    for columns in read_columns(path):
        check_columns(list(columns), str(path))
        for fields in zip(*columns.values(), strict=True):
            line += 1
            values = {
                name: value.hex() if isinstance(value, bytes) else value
                for name, value in zip(columns, fields, strict=True)
            }
            yield Row(line, values)


def check_columns(names: Iterable[str], where: str) -> None:
    """Refuse a table that lacks a column, has one twice or has one that is not known."""
    found = list(names)
    missing = [name for name in _REQUIRED if name not in found]
    unknown = sorted(set(found) - set(COLUMNS))
    twice = sorted(name for name in COLUMNS if found.count(name) > 1)
    problems = [
        f"{what} {', '.join(map(shown, columns[:5]))}"
        for what, columns in (("missing", missing), ("unknown", unknown), ("twice", twice))
        if columns
    ]
    if problems:
        raise InputError(
            f"{where}: columns {'; '.join(problems)}",
            hint=f"columns of a file of devices: {', '.join(COLUMNS)}; the first three are required",
        )


def shown(value: object) -> str:
    """A value for a message: shortened, and without control characters or bytes that are no text."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
