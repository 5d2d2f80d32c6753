"""The observations behind a device's verdicts, found in the files of an epoch.

In: an epoch, and the row ids of the device's verdicts. Out: the rows in the order of the ids, and the files that they
stand in. Rule: uptime proof, sections 2.1 and 2.2. Invariant: a row is taken by its identity, which covers everything
that a verdict depends on, so a row that was not settled never comes in.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from arro3.core import Array, DataType, RecordBatchReader

from depinverify import _native
from depinverify.check import Row
from depinverify.exceptions import InputError
from depinverify.observations import observation_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from arro3.core import RecordBatch

    from depinverify.epoch import Epoch

__all__ = ["Found", "find_rows", "observation_lines"]

_FILE: Final = "device.jsonl"


class Found(NamedTuple):
    """What the files hold of the wanted rows.

    Attributes:
        rows: The rows that were found, in the order in which they were asked for.
        files: Name of each file that holds some, and how many.
        missing: Ids of rows that no file holds.
        notes: Files that could not be read.
    """

    rows: tuple[Row, ...]
    files: tuple[tuple[str, int], ...]
    missing: tuple[bytes, ...]
    notes: tuple[str, ...]


def find_rows(epoch: Epoch, device: bytes, row_ids: Sequence[bytes]) -> Found:
    """Look for rows of one device in all files of observations of an epoch."""
    wanted = set(row_ids)
    found: dict[bytes, Row] = {}
    files, notes = [], []
    for file in epoch.observation_files():
        number = 0
        try:
            for row in _rows_of(device, RecordBatchReader.from_arrow(_native.read_observations(file.path))):
                row_id = row.row_id
                if row_id in wanted:
                    number += row_id not in found
                    found.setdefault(row_id, row)
        except (InputError, OSError) as error:
            notes.append(f"{file.name}: {error}")
        if number:
            files.append((file.name, number))
    return Found(
        rows=tuple(found[row_id] for row_id in row_ids if row_id in found),
        files=tuple(files),
        missing=tuple(row_id for row_id in row_ids if row_id not in found),
        notes=tuple(notes),
    )


def _rows_of(device: bytes, batches: Iterable[RecordBatch]) -> Iterator[Row]:
    for batch in batches:
        places = [at for at, other in enumerate(batch["device"].to_pylist()) if other == device]
        if places:
            own = batch.take(Array(places, DataType.uint64()))
            columns = [own[name].to_pylist() for name in Row._fields]
            yield from map(Row._make, zip(*columns, strict=True))


def observation_lines(rows: Sequence[Row]) -> bytes:
    """Rows as JSON lines."""
    with tempfile.TemporaryDirectory(prefix="depinverify-") as folder:
        path = Path(folder) / _FILE
        _native.write_observations(observation_table(rows), path)
        return path.read_bytes()
