"""Files that other libraries write are read as the same rows, and files that we write are read by them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from samples import SCHEMA, Row, file_of, rows, stream_of, table

from depinverify import _native
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from pathlib import Path

ROWS = rows(1000)


def read(path: Path, **limits: int) -> list[Row]:
    return pa.table(_native.read_observations(path, **limits)).to_pylist()


def line(row: Row) -> str:
    """A row as a JSON line, written without the product's code."""
    members: dict[str, Any] = {name: value for name, value in row.items() if value is not None}
    for name in ("validator", "device", "address"):
        if name in members:
            members[name] = members[name].hex()
    if "proof" in members:
        proof = members["proof"]
        text = base64.urlsafe_b64encode(proof).decode().rstrip("=")
        members["proof"] = proof.decode() if proof.startswith(b"a.") else text
    return json.dumps(members)


def lines() -> bytes:
    return "".join(line(row) + "\n" for row in ROWS).encode()


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "lz4"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_dictionary": False},
        {"data_page_version": "2.0"},
        {"row_group_size": 77, "data_page_size": 500},
        {"store_schema": False},
        {"use_dictionary": False, "column_encoding": {"proof": "DELTA_LENGTH_BYTE_ARRAY"}},
        {"use_dictionary": False, "column_encoding": {"slot": "DELTA_BINARY_PACKED"}},
        {"write_page_index": True, "write_page_checksum": True},
    ],
    ids=str,
)
def test_parquet_of_pyarrow(tmp_path: Path, codec: str, options: dict[str, Any]) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(table(ROWS), path, compression=codec, **options)
    assert read(path) == ROWS


def test_parquet_with_fixed_sizes_and_other_columns(tmp_path: Path) -> None:
    fixed = table(ROWS[5:6])
    fixed = fixed.set_column(
        0, pa.field("validator", pa.binary(5), nullable=False), fixed["validator"].cast(pa.binary(5))
    )
    fixed = fixed.append_column("extra", pa.array([{"x": [1, 2], "y": {"z": "text"}}]))
    path = tmp_path / "a.parquet"
    pq.write_table(fixed, path)
    assert read(path) == ROWS[5:6]


def test_parquet_and_ipc_of_polars(tmp_path: Path) -> None:
    frame = pl.from_arrow(table(ROWS))
    assert isinstance(frame, pl.DataFrame)
    path = tmp_path / "a.parquet"
    for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4"):
        frame.write_parquet(path, compression=codec, row_group_size=300)
        assert read(path) == ROWS, codec
    path = tmp_path / "a.arrow"
    for codec in ("uncompressed", "lz4", "zstd"):
        for level in (pl.CompatLevel.newest(), pl.CompatLevel.oldest()):
            frame.write_ipc(path, compression=codec, compat_level=level)
            assert read(path) == ROWS, codec
            frame.write_ipc_stream(path, compression=codec, compat_level=level)
            assert read(path) == ROWS, codec


def test_parquet_of_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.register("observed", table(ROWS))
        for options in ("", ", COMPRESSION zstd", ", ROW_GROUP_SIZE 2048"):
            connection.execute(f"COPY observed TO '{path}' (FORMAT parquet{options})")
            assert read(path) == ROWS, options
        # Version 2 packs differences; a large one of 32-bit values is refused by the Parquet library.
        small = [row | {"asn": 64_496} for row in ROWS]
        connection.register("small", table(small))
        connection.execute(f"COPY small TO '{path}' (FORMAT parquet, PARQUET_VERSION v2)")
        assert read(path) == small


@pytest.mark.parametrize("make", [file_of, stream_of])
@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
@pytest.mark.parametrize("version", [pa.ipc.MetadataVersion.V4, pa.ipc.MetadataVersion.V5], ids=str)
def test_ipc_of_pyarrow(tmp_path: Path, make: Any, codec: str | None, version: Any) -> None:
    path = tmp_path / "a.arrow"
    legacy = version == pa.ipc.MetadataVersion.V4
    path.write_bytes(make(table(ROWS), compression=codec, metadata_version=version, use_legacy_format=legacy))
    assert read(path) == ROWS


def test_ipc_steps_over_other_columns(tmp_path: Path) -> None:
    count = len(ROWS)
    others = {
        "a": pa.array([[1, 2]] * count),
        "b": pa.array([{"x": "y", "z": 1.5}] * count),
        "c": pa.array(["v"] * count).dictionary_encode(),
        "d": pa.array([None] * count, pa.null()),
        "e": pa.array([[("k", 1)]] * count, pa.map_(pa.string(), pa.int64())),
        "f": pa.array(["text beyond twelve bytes"] * count, pa.string_view()),
        "g": pa.array([[b"a", b"b"]] * count, pa.list_(pa.binary(), 2)),
        "h": pa.array([True] * count),
        "i": pa.array([[1]] * count, pa.list_view(pa.int8())),
        "j": pa.RunEndEncodedArray.from_arrays([count], [7]),
        "k": pa.UnionArray.from_sparse(
            pa.array([0] * count, pa.int8()), [pa.array([1] * count), pa.array(["x"] * count)]
        ),
        "l": pa.UnionArray.from_dense(
            pa.array([0] * count, pa.int8()), pa.array(range(count), pa.int32()), [pa.array([1] * count)]
        ),
        "m": pa.array([b"another view, also long"] * count, pa.binary_view()),
        "n": pa.array([1] * count, pa.decimal128(5, 1)),
        "o": pa.array([1] * count, pa.timestamp("us", "UTC")),
    }
    made = table(ROWS)
    mixed: dict[str, Any] = {}
    for at, name in enumerate(made.column_names):
        for key in list(others)[at::10]:
            mixed[key] = others[key]
        mixed[name] = made[name].cast(pa.binary_view()) if name in ("device", "proof") else made[name]
    wide = pa.table(mixed).combine_chunks()
    path = tmp_path / "a.arrow"
    for make in (file_of, stream_of):
        for codec in (None, "zstd"):
            path.write_bytes(make(wide, compression=codec))
            assert read(path) == ROWS


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines())
    assert read(path) == ROWS
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(lines()))
    assert read(path) == ROWS
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(pa.Codec("zstd").compress(lines(), asbytes=True))
    assert read(path) == ROWS


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_what_we_write_is_read_by_others(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert _native.write_observations(table(ROWS), path) == len(ROWS)
    assert read(path) == ROWS
    if name == "a.parquet":
        assert pq.read_table(path).to_pylist() == ROWS
        frame = pl.read_parquet(path)
        assert frame.to_arrow().cast(SCHEMA).to_pylist() == ROWS
    elif name == "a.arrow":
        assert pa.ipc.open_file(path).read_all().schema.equals(SCHEMA)
        assert pa.ipc.open_file(path).read_all().to_pylist() == ROWS
    else:
        with pa.input_stream(path, compression="zstd" if name.endswith("zst") else "detect") as source:
            assert source.read() == b"".join(
                json.dumps(json.loads(line(row)), separators=(",", ":")).encode() + b"\n" for row in ROWS
            )
    assert _native.file_digest(path) == (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_size)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("slot", pa.int64()),
        ("device", pa.string()),
        ("transport", pa.int32()),
        ("proof", pa.string()),
        ("asn", pa.float64()),
    ],
)
def test_other_types_are_refused(tmp_path: Path, name: str, column: str, kind: pa.DataType) -> None:
    made = table(ROWS[10:15])
    place = made.column_names.index(column)
    values: list[Any] = ["x", None, None, None, None] if kind == pa.string() else [1] * 5
    made = made.set_column(place, column, pa.array(values, kind))
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(made, path)
    else:
        path.write_bytes(file_of(made))
    with pytest.raises(InputError, match=f'SCHEMA: column "{column}": expected'):
        read(path)


def test_bad_rows_are_named(tmp_path: Path) -> None:
    bad = rows(50)
    bad[31]["transport"] = 9
    path = tmp_path / "a.parquet"
    pq.write_table(table(bad), path, row_group_size=7)
    with pytest.raises(Exception, match='SCHEMA: row 31: column "transport": expected 0 to 4, found 9'):
        read(path)
    with pytest.raises(InputError, match='SCHEMA: row 31: column "transport"'):
        _native.write_observations(table(bad), tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"\.parquet, \.arrow"):
        _native.write_observations(table(ROWS), tmp_path / "b.csv")
    with pytest.raises(InputError, match=r"cannot write .*missing"):
        _native.write_observations(table(ROWS), tmp_path / "missing" / "b.arrow")
