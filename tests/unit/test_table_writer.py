"""Tables of results that are written batch by batch: the same file and content hash, however their rows come."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arro3.core import RecordBatch, Schema

from depinverify import _native
from depinverify.exceptions import InputError, SettlementError

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 10_000
TABLE = pa.table(
    {
        "name": pa.array([f"row {row}" if row % 5 else None for row in range(ROWS)], pa.string()),
        "is_good": pa.array([row % 3 == 0 if row % 7 else None for row in range(ROWS)], pa.bool_()),
        "count": pa.array(range(ROWS), pa.uint64()),
    }
)
#: The same columns in the types that have a content form of their own.
FORMED = pa.table(
    {
        "name": TABLE["name"].cast(pa.binary()),
        "is_good": TABLE["is_good"].cast(pa.uint8()),
        "count": TABLE["count"],
    }
)


def written(path: Path, rows: int) -> bytes:
    writer = _native.TableWriter(path, Schema.from_arrow(TABLE.schema))
    for batch in TABLE.combine_chunks().to_batches(max_chunksize=rows):
        writer.write(RecordBatch.from_arrow(batch))
        assert not path.exists()
    return writer.finish()


def test_how_rows_come_makes_no_difference(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    _native.write_parquet(whole, TABLE)
    expected = _native.content_hash(FORMED)
    for rows in (1, 999, 4096, ROWS):
        path = tmp_path / f"{rows}.parquet"
        assert written(path, rows) == expected
        assert path.read_bytes() == whole.read_bytes()
        assert pq.read_table(path).equals(TABLE)
    assert _native.content_hash(_native.read_parquet(whole), texts=True) == expected


def test_texts_have_no_content_form_unless_they_are_asked_for() -> None:
    with pytest.raises(InputError, match="no content form for a column of type Utf8"):
        _native.content_hash(TABLE)
    with pytest.raises(InputError, match="no content form for a column of type Float64"):
        _native.content_hash(pa.table({"x": [1.5]}), texts=True)


def test_row_groups_are_bounded(tmp_path: Path) -> None:
    numbers = pa.table(
        {"digest": pa.array([random.Random(row).randbytes(1000) for row in range(20_000)], pa.binary())}
    )
    _native.write_parquet(tmp_path / "x.parquet", numbers)
    assert pq.ParquetFile(tmp_path / "x.parquet").num_row_groups > 1
    assert pq.read_table(tmp_path / "x.parquet").equals(numbers)


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    assert _native.TableWriter(path, Schema.from_arrow(TABLE.schema)).finish() == _native.content_hash(
        FORMED.slice(0, 0)
    )
    assert pq.read_table(path).schema.names == TABLE.schema.names


def test_a_table_that_is_not_finished_leaves_no_file(tmp_path: Path) -> None:
    writer = _native.TableWriter(tmp_path / "x.parquet", Schema.from_arrow(TABLE.schema))
    batch = RecordBatch.from_arrow(TABLE.combine_chunks().to_batches()[0])
    writer.write(batch)
    assert list(tmp_path.iterdir())
    with pytest.raises(SettlementError, match=r"x\.parquet: expected the columns"):
        writer.write(batch.select(["name"]))
    assert not list(tmp_path.iterdir())
    for late in (writer.finish, lambda: writer.write(batch)):
        with pytest.raises(SettlementError, match="found a finished one"):
            late()
    with pytest.raises(SettlementError, match="absent"):
        _native.TableWriter(tmp_path / "absent" / "x.parquet", Schema.from_arrow(TABLE.schema))
