"""Evidence of a network in a file or from an Arrow producer, a bounded piece at a time.

In: a ``.jsonl``, ``.jsonl.gz`` or ``.parquet`` file, or anything that hands over Arrow record batches; and the two
functions with which a network judges lines and batches. Out: the verdicts, in the order of the records.
Invariant: memory does not grow with the file, but for the verdicts; a line that is longer than a network's longest
record is judged by its first bytes and is none, and its rest is skipped.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arro3.core import RecordBatch, RecordBatchReader, Table

from depinverify import _native
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

__all__ = ["EvidenceReader", "one_record"]

_SLICE = 4 << 20
#: Lines that are judged at once: short ones, too, have a verdict each.
_MOST_LINES = 1 << 16
#: Ends a line that was cut: no JSON text holds this byte, so what was left of a record is never taken for one.
_CUT = b"\0"
#: Records of one id that show that it names none of them.
_ENOUGH = 2
#: Bytes of the longest record of any network.
_MOST_OF_RECORD = 64 << 20


@dataclass(frozen=True)
class EvidenceReader:
    """How a network judges its evidence.

    Attributes:
        lines: Verdicts of lines, each ended by a line feed; the second argument is the number of the first.
        batch: Verdicts of a record batch; the second argument is the number of the first row.
        max_line: Bytes of the longest line that can hold a record.
    """

    lines: Callable[[bytes, int], RecordBatch]
    batch: Callable[[RecordBatch, int], RecordBatch]
    max_line: int = 4 << 20

    def verify(self, source: object) -> Table:
        """Verdicts of a source.

        Args:
            source: Path of a file, or an Arrow producer.

        Returns:
            One row per record. ``record`` is the line of a JSON file, from 1, or the row of a table, from 0.

        Raises:
            InputError: The file cannot be read or is of another kind, or a column has another type.
        """
        return Table.from_batches(list(self.batches(source)))

    def batches(self, source: object) -> Iterator[RecordBatch]:
        """Verdicts of a source as they come, at least one batch; see :meth:`verify`.

        Args:
            source: Path of a file, or an Arrow producer.

        Raises:
            InputError: The file cannot be read or is of another kind, or a column has another type.
        """
        if isinstance(source, (str, os.PathLike)):
            return self._of_file(Path(source))
        if hasattr(source, "__arrow_c_stream__"):
            return self._of_stream(RecordBatchReader.from_stream(source))
        if hasattr(source, "__arrow_c_array__"):
            return iter([self.batch(RecordBatch.from_arrow(source), 0)])
        raise InputError(
            f"source: expected a path or Arrow record batches, found {type(source).__name__}",
            hint="a pyarrow table, a polars frame and a duckdb relation are Arrow producers",
        )

    def _of_stream(self, batches: RecordBatchReader) -> Iterator[RecordBatch]:
        first = 0
        for batch in batches:
            yield self.batch(batch, first)
            first += batch.num_rows
        if not first:
            yield self.lines(b"", 1)

    def _of_file(self, path: Path) -> Iterator[RecordBatch]:
        if path.name.endswith(".parquet"):
            yield from self._of_stream(_native.read_parquet(path))
            return
        first = 1
        try:
            with _open(path) as file:
                for lines, count in self._slices(file):
                    verdicts = self.lines(lines, first)
                    first += count
                    # The next lines are read into the room of these.
                    del lines
                    yield verdicts
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error
        if first == 1:
            yield self.lines(b"", 1)

    def _slices(self, file: BinaryIO) -> Iterator[tuple[bytes, int]]:
        """Some lines at a time, each ended by a line feed, with their number."""
        held = bytearray()
        count = 0
        for line in _bounded_lines(file, self.max_line):
            held += line
            held += b"\n"
            count += 1
            if len(held) >= _SLICE or count >= _MOST_LINES:
                lines = bytes(held)
                held.clear()
                yield lines, count
                count = 0
                del lines
        if count:
            yield bytes(held), count


def one_record(path: Path, content: bytes | None, called: str | None) -> bytes:
    """One record of a file.

    Args:
        path: The file.
        content: What it holds, where that has been read already.
        called: Line, from 1, or id of the record; ``None`` where the file is one record.

    Raises:
        InputError: The file cannot be read, or there is no such record, or more than one.
    """
    if path.name.endswith(".parquet"):
        raise InputError(
            f"{path}: expected JSON lines or one record, found a table",
            hint="`depinverify verify` gives every row of a table its verdict.",
        )
    try:
        with _open_any(path, content) as file:
            if called is None:
                return _whole(file, path)
            found = _called(_bounded_lines(file, _MOST_OF_RECORD), called)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    if len(found) == 1:
        return next(iter(found.values()))
    numbers = " and ".join(map(str, found))
    raise InputError(
        f"{path}: expected one record {called!r}, by its line or id, found {f'lines {numbers}' if found else 'none'}",
        hint="`--record` takes the number of a line too." if found else None,
    )


def _called(lines: Iterator[bytes], called: str) -> dict[int, bytes]:
    """The line of this number, else the first two lines of this id, by their numbers.

    No id of a stranger takes the place of a line.
    """
    by_id = dict[int, bytes]()
    for number, line in enumerate(lines, start=1):
        if called == str(number):
            return {number: line}
        if len(by_id) < _ENOUGH and line and called == _id_of(line):
            by_id[number] = line
    return by_id


def _open_any(path: Path, content: bytes | None) -> BinaryIO:
    """A file that holds records, unpacked where its name says that it is packed."""
    if path.name.endswith(".gz"):
        return gzip.open(path if content is None else io.BytesIO(content), "rb")  # type: ignore[return-value]
    return path.open("rb") if content is None else io.BytesIO(content)


def _whole(file: BinaryIO, path: Path) -> bytes:
    record = file.read(_MOST_OF_RECORD + 1)
    if len(record) > _MOST_OF_RECORD:
        raise InputError(f"{path}: expected a record of at most {_MOST_OF_RECORD} bytes, found more")
    first, _, rest = record.partition(b"\n")
    if rest.strip() and _is_object(first):
        raise InputError(
            f"{path}: expected one record, found several, one a line",
            hint="`--record` says which one: its line, from 1, or its id.",
        )
    return record


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _bounded_lines(file: BinaryIO, most: int) -> Iterator[bytes]:
    """The lines of a file without their line feeds; of a longer one its first bytes, and a mark that it was cut."""
    while line := file.readline(most):
        rest, is_cut = line, False
        while len(rest) == most and not rest.endswith(b"\n"):
            rest = file.readline(most)
            is_cut = is_cut or rest not in {b"", b"\n"}
        yield line + _CUT if is_cut else line.removesuffix(b"\n")


def _id_of(line: bytes) -> str | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found = record.get("id") if isinstance(record, dict) else None
    return found if isinstance(found, str) else None


def _open(path: Path) -> BinaryIO:
    if path.name.endswith(".jsonl"):
        return path.open("rb")
    if path.name.endswith(".jsonl.gz"):
        if path.stat().st_size == 0:
            raise InputError(f"{path}: expected gzip, found an empty file")
        return gzip.open(path, "rb")  # type: ignore[return-value]
    raise InputError(
        f"{path}: expected a name ending in .jsonl, .jsonl.gz or .parquet, found another",
        hint="read other kinds with an Arrow library and hand over the table",
    )
