"""Verdict and score tables."""

from os import PathLike

from arro3.core import Table
from arro3.core.types import ArrowStreamExportable

def read_table(path: str | PathLike[str]) -> Table:
    """Read a result table.

    Args:
        path: A Parquet file.

    Returns:
        The whole table.

    Raises:
        depinverify.exceptions.InputError: The file cannot be read.
    """

def read_device_verdicts(path: str | PathLike[str], device: bytes) -> Table:
    """Read the rows of one device from the verdict table, without reading the rest of it.

    Args:
        path: A Parquet file with a column ``device``.
        device: Id of the device.

    Returns:
        Its rows in the order of the table.

    Raises:
        depinverify.exceptions.InputError: The file cannot be read.
    """

def content_hash(rows: ArrowStreamExportable, *, texts: bool = False) -> bytes:
    """Hash the content of a table, whatever its file looks like (uptime proof, 9.3).

    Args:
        rows: A table or stream, its columns in schema order and its rows in canonical order.
        texts: Whether columns of texts, as their UTF-8, and of truth values, as 0 and 1, are taken too.

    Returns:
        32 bytes.

    Raises:
        depinverify.exceptions.InputError: A column has a type that results do not have.
    """

def write_scores(rows: ArrowStreamExportable, path: str | PathLike[str]) -> bytes:
    """Write the table of scores.

    Args:
        rows: The columns of scores (uptime proof, 9.3), ascending by device.
        path: Where to write it, Parquet.

    Returns:
        Its content hash, 32 bytes.

    Raises:
        depinverify.exceptions.SettlementError: Other columns, or the file cannot be written.
    """
