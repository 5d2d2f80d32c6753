"""Parquet files of any table."""

from os import PathLike
from typing import Self

from arro3.core import RecordBatchReader
from arro3.core.types import ArrowArrayExportable, ArrowSchemaExportable, ArrowStreamExportable

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

class TableWriter:
    """A table of results that is written batch by batch: no more is held than a row group.

    The file has a temporary name until it is finished, and its bytes do not depend on how the rows were cut.

    Args:
        path: The file.
        schema: Its columns.

    Raises:
        depinverify.exceptions.SettlementError: The file cannot be written.
    """

    def __new__(cls, path: str | PathLike[str], schema: ArrowSchemaExportable) -> Self: ...
    def write(self, batch: ArrowArrayExportable) -> None:
        """Add rows.

        Args:
            batch: A record batch with the columns of the table.

        Raises:
            depinverify.exceptions.SettlementError: The file cannot be written or is finished, or has other columns.
        """

    def finish(self) -> bytes:
        """Sync the file and give it its name.

        Returns:
            The content hash (uptime proof, 9.3), texts as their UTF-8 and truth values as 0 and 1: 32 bytes.

        Raises:
            depinverify.exceptions.SettlementError: The file cannot be written or is finished.
        """
