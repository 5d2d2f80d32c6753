"""Tables of other libraries come in by the PyCapsule and buffer protocols, uncopied where types match."""

from __future__ import annotations

from typing import Any

import arro3.core
import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from samples import SCHEMA, rows, table

from depinverify import _native
from depinverify.exceptions import InputError

ROWS = rows(200)


def normal(data: object) -> pa.Table:
    return pa.table(_native.normalise_observations(data))


def addresses(made: pa.Table) -> dict[str, list[int]]:
    """Where the buffers of each column lie."""
    found: dict[str, list[int]] = {}
    for name in made.column_names:
        (chunk,) = made[name].chunks
        found[name] = [buffer.address for buffer in chunk.buffers() if buffer is not None and buffer.size]
    return found


def test_pyarrow_is_not_copied() -> None:
    made = table(ROWS).combine_chunks()
    out = normal(made)
    assert out.schema.equals(SCHEMA)
    assert out.to_pylist() == ROWS
    assert addresses(out) == addresses(made)
    (batch,) = made.to_batches()
    assert addresses(normal(batch)) == addresses(made)
    assert normal(made.to_reader()).to_pylist() == ROWS


def test_arro3_is_not_copied() -> None:
    made = table(ROWS).combine_chunks()
    out = normal(arro3.core.Table.from_arrow(made))
    assert out.to_pylist() == ROWS
    assert addresses(out) == addresses(made)


def test_polars_views_are_copied_and_integers_are_not() -> None:
    frame = pl.from_arrow(table(ROWS))
    assert isinstance(frame, pl.DataFrame)
    frame = frame.rechunk()
    out = normal(frame)
    assert out.to_pylist() == ROWS
    own = addresses(pa.table(frame))
    theirs = addresses(out)
    for name in ("slot", "sent_ms", "transport", "asn", "rtt_ns"):
        assert theirs[name][-1] == own[name][-1], name
    back = pl.DataFrame(_native.normalise_observations(frame))
    assert back.to_arrow().cast(SCHEMA).to_pylist() == ROWS


def test_duckdb_in_and_out() -> None:
    observed = table(ROWS)
    with duckdb.connect() as connection:
        connection.register("observed", observed)
        result = connection.sql("SELECT * FROM observed").arrow()
        assert normal(result).to_pylist() == ROWS
        reader = pa.RecordBatchReader.from_stream(_native.normalise_observations(observed))
        connection.register("normal", reader)
        counted = connection.execute("SELECT count(*), sum(transport) FROM normal").fetchall()
    assert counted == [(200, 400)]


def test_large_and_fixed_bytes_share_their_values() -> None:
    made = table(ROWS).combine_chunks()
    large = made.set_column(1, "device", made["device"].cast(pa.large_binary())).combine_chunks()
    out = normal(large)
    assert out.to_pylist() == ROWS
    assert addresses(out)["device"][-1] == addresses(large)["device"][-1]
    fixed = made.set_column(0, "validator", made["validator"].cast(pa.binary(5))).combine_chunks()
    out = normal(fixed.slice(3, 100))
    assert out.to_pylist() == ROWS[3:103]
    assert addresses(out)["validator"][-1] == addresses(fixed)["validator"][-1] + 15


def test_numpy_columns_are_not_copied() -> None:
    count = 60
    columns: dict[str, Any] = {
        "validator": np.full((count, 5), 7, np.uint8),
        "device": np.arange(count * 9, dtype=np.uint64).astype(np.uint8).reshape(count, 9),
        "slot": np.arange(count, dtype=np.uint64),
        "sent_ms": np.arange(count, dtype=np.int64),
        "received_ms": np.arange(count, dtype=np.int64) + 5,
        "transport": np.zeros(count, np.uint8),
        "proof": [bytes([at]) * at for at in range(count)],
        "rtt_ns": np.full(count, 2**64 - 1, np.uint64),
    }
    arrow = columns | {"proof": pa.array(columns["proof"], pa.binary())}
    out = normal(arrow)
    assert out["device"].to_pylist() == [bytes(row) for row in columns["device"]]
    assert out["proof"].to_pylist() == columns["proof"]
    assert out["asn"].null_count == count
    found = addresses(out)
    for name in ("validator", "device", "slot", "sent_ms", "received_ms", "transport", "rtt_ns"):
        assert found[name][-1] == columns[name].__array_interface__["data"][0], name


def test_bad_tables_are_bad_calls() -> None:
    made = table(ROWS)
    with pytest.raises(InputError, match='column "proof": the column is missing'):
        _native.normalise_observations(made.drop_columns(["proof"]))
    with pytest.raises(InputError, match='column "slot": expected type UInt64, found Int64'):
        _native.normalise_observations(made.set_column(2, "slot", pa.array([1] * 200, pa.int64())))
    with pytest.raises(InputError, match='column "slot": the column stands twice'):
        _native.normalise_observations(made.append_column("slot", made["slot"]))
    with pytest.raises(InputError, match="expected a table of observations"):
        _native.normalise_observations(7)
    with pytest.raises(InputError, match="columns of one table"):
        _native.normalise_observations({"slot": np.zeros(3, np.uint64), "asn": np.zeros(4, np.uint32)})
    bad = rows(9)
    bad[7]["address"] = b"12345"
    with pytest.raises(Exception, match='SCHEMA: row 7: column "address": expected 4 or 16 bytes, found 5'):
        normal(table(bad))


def test_rows_are_read_as_they_are_asked_for() -> None:
    taken: list[int] = []

    def batches() -> Any:
        for at in range(5):
            taken.append(at)
            yield table(ROWS).to_batches()[0]

    reader = pa.RecordBatchReader.from_stream(
        _native.normalise_observations(pa.RecordBatchReader.from_batches(SCHEMA, batches()))
    )
    assert taken == []
    assert reader.read_next_batch().num_rows == len(ROWS)
    assert taken == [0]
    assert reader.read_all().num_rows == 4 * len(ROWS)
