"""Records sorted beyond memory."""

from os import PathLike
from typing import Self

class Sorter:
    """Collects records, and gives them back in ascending byte order of key, then payload.

    Args:
        folder: Where records are written that are too many for memory; the caller removes it.
        name: How files begin that are written there. Sorters of one folder have different names.
        budget: Bytes of memory.
    """

    def __new__(cls, folder: str | PathLike[str], name: str, *, budget: int) -> Self: ...
    def push(self, key: bytes, payload: bytes) -> None:
        """Add a record.

        Args:
            key: What it is sorted by.
            payload: What else it holds.

        Raises:
            depinverify.exceptions.InputError: The records are walked already.
            depinverify.exceptions.SettlementError: A file cannot be written, or the record is too long.
        """

    def walk(self) -> SortedRecords:
        """The records, once.

        Raises:
            depinverify.exceptions.InputError: The records are walked already.
            depinverify.exceptions.SettlementError: A file cannot be written, or is not as it was written.
        """

class SortedRecords:
    """A walk over sorted records: lists of key and payload, some thousands at a time."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> list[tuple[bytes, bytes]]:
        """The next records.

        Raises:
            StopIteration: There are no more.
            depinverify.exceptions.SettlementError: A file is not as it was written.
        """
