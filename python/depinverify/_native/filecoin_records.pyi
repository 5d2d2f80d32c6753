"""Verdicts about evidence of Filecoin."""

from arro3.core import RecordBatch

from depinverify._native.filecoin_post import FilecoinVerifier

def filecoin_verify_lines(
    lines: bytes, first: int = 1, *, keys: list[FilecoinVerifier] = ..., threads: int | None = None
) -> RecordBatch:
    """Give each record, one JSON object a line, its verdict; ``first`` numbers the first line."""

def filecoin_verify_batch(
    batch: object, first: int = 0, *, keys: list[FilecoinVerifier] = ..., threads: int | None = None
) -> RecordBatch:
    """Give each record, one row of an Arrow record batch, its verdict.

    Raises:
        InputError: A column of another type.
    """

def filecoin_explain(line: bytes, kind: str) -> tuple[list[int], list[tuple[str, str]]]:
    """Return the numbers of the checks of a kind of record, and what is derived on the way to this one's verdict.

    Args:
        line: The record, one JSON object.
        kind: Its kind; of any other kind there is the check whether it can be read.
    """
