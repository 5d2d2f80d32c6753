"""Parquet files of any table."""

from os import PathLike

from arro3.core import RecordBatchReader
from arro3.core.types import ArrowStreamExportable

def read_parquet(path: str | PathLike[str]) -> RecordBatchReader:
    """A Parquet file as a stream of record batches.

    Raises:
        depinverify.exceptions.InputError: Not a Parquet file that can be read.
    """

def write_parquet(path: str | PathLike[str], data: ArrowStreamExportable) -> int:
    """Write a stream of record batches as a Parquet file, complete or not at all; how many rows.

    Raises:
        depinverify.exceptions.InputError: The file cannot be written.
    """
