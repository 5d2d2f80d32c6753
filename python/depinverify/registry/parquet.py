"""Columns of Parquet files as Python lists, and back, through the native reader and writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arro3.core import Array, DataType, Field, RecordBatch, Schema, Table

from depinverify._native import read_parquet, write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["read_columns", "write_columns"]

_TYPES = {bytes: DataType.binary, str: DataType.string, int: DataType.int64, bool: DataType.bool}


def read_columns(path: Path) -> Iterator[dict[str, list[Any]]]:
    """Batches of rows as lists by column name.

    Raises:
        InputError: Not a Parquet file that can be read.
    """
    for batch in read_parquet(path):
        yield {name: list(batch.column(at).to_pylist()) for at, name in enumerate(batch.schema.names)}


def write_columns(
    path: Path, columns: Mapping[str, type], batches: Iterable[Mapping[str, Sequence[Any]]]
) -> int:
    """Write a file that appears complete or not at all; how many rows it has.

    Args:
        path: The file.
        columns: Name to Python type of each column; every column may hold ``None``.
        batches: Lists by column name.
    """
    schema = Schema([Field(name, _TYPES[kind](), nullable=True) for name, kind in columns.items()])
    # A list, not a generator: an error while a batch is made must not reach the writer's callback.
    made = [
        RecordBatch.from_arrays(
            [Array(batch[name], type=_TYPES[kind]()) for name, kind in columns.items()], schema=schema
        )
        for batch in batches
    ]
    return write_parquet(path, Table.from_batches(made, schema=schema))
