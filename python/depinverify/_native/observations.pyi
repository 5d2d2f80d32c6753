"""Observation files and tables."""

from os import PathLike

from arro3.core import RecordBatchReader

def normalise_observations(data: object) -> RecordBatchReader:
    """Give the rows of any table in the schema of observations, as they come.

    Columns that have the right layout are passed on without copying.
    A row that breaks a rule ends the stream.

    Args:
        data: A table or stream of an Arrow library, or a dict of columns (numpy arrays, Arrow arrays).

    Returns:
        A stream of record batches.

    Raises:
        depinverify.exceptions.InputError: A column is missing or of another type.
    """

def write_observations(data: object, path: str | PathLike[str]) -> int:
    """Write observations to a file.

    Args:
        data: As for :func:`normalise_observations`.
        path: A name that ends in ``.parquet``, ``.arrow``, ``.jsonl``, ``.jsonl.gz`` or ``.jsonl.zst``.

    Returns:
        Number of rows.

    Raises:
        depinverify.exceptions.InputError: A column or a row is wrong, or the file cannot be written.
    """

def read_observations(
    path: str | PathLike[str],
    *,
    group_bytes: int | None = None,
    ratio: int | None = None,
    rows: int | None = None,
) -> RecordBatchReader:
    """Read a file of observations, as the rows come.

    Args:
        path: The file; its name says of which kind it is.
        group_bytes: Most decompressed bytes of a row group, record batch or line; 1 GiB if ``None``.
        ratio: Highest compression ratio; 200 if ``None``.
        rows: Most rows; 10^9 if ``None``.

    Returns:
        A stream of record batches; a fault behind the head of the file ends it with its reason.

    Raises:
        depinverify.exceptions.InputError: The file would be quarantined; the message begins with the reason.
    """

def file_digest(path: str | PathLike[str]) -> tuple[bytes, int]:
    """Return SHA-256 and length of a file as it lies on the disk.

    Args:
        path: The file.

    Returns:
        32 bytes, and the number of bytes that they are the hash of.

    Raises:
        depinverify.exceptions.InputError: The file cannot be read.
    """
