"""The verify and score steps."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, final

from arro3.core.types import ArrowStreamExportable

from depinverify._native.epoch import EpochContext

@final
class Verification:
    """One run over an epoch's observations, step by step: ``intake``, ``verify``, ``collect``, ``score``.

    Every step releases the interpreter, reports progress between pieces, and stops on Ctrl-C.

    Args:
        context: The epoch.
        work: Folder for what does not fit in memory; a later run in the same folder continues there.
        threads: Number of threads, or ``None`` for all processors.
        memory_bytes: Budget for sorting, 256 MiB by default; the rest goes to the disk.
    """

    def __new__(
        cls,
        context: EpochContext,
        work: str | PathLike[str],
        *,
        threads: int | None = None,
        memory_bytes: int = ...,
    ) -> Verification: ...
    def intake(
        self,
        files: Sequence[tuple[str, str | PathLike[str]]],
        references: Sequence[tuple[str, str | PathLike[str]]],
        *,
        require_signed: bool = True,
        row_group_bytes: int | None = None,
        ratio: int | None = None,
        rows: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[dict[str, Any]]:
        """Read signed files of observations and reference probes (uptime proof, sections 2.1 to 2.3).

        Args:
            files: Name for reports, and path, of each file of observations.
            references: The same of reference probes.
            require_signed: Quarantine files without a signature beside them.
            row_group_bytes: Most decompressed bytes of a row group; 1 GiB if ``None``.
            ratio: Highest compression ratio; 200 if ``None``.
            rows: Most rows of a file; 10^9 if ``None``.
            progress: Called with the rows that were read so far; an exception from it stops the step.

        Returns:
            A report for each file: ``name``, ``sha256`` (hex or ``None``), ``bytes``, ``signer`` (hex or
            ``None``), ``rows``, and ``quarantine``: ``None``, or ``reason``, ``message``, ``column``, ``place``.

        Raises:
            depinverify.exceptions.SettlementError: The work folder cannot be written.
        """

    def intake_stream(self, rows: ArrowStreamExportable) -> int:
        """Take rows from any Arrow producer instead of files; nobody vouches for them.

        Args:
            rows: A table or stream with the columns of observations.

        Returns:
            Number of rows.

        Raises:
            depinverify.exceptions.InputError: A column is missing or of another type, or a value is out of range.
        """

    def verify(
        self,
        table: str | PathLike[str],
        origins: str | PathLike[str],
        progress: Callable[[int], object] | None = None,
    ) -> None:
        """Judge all rows by the seventeen checks and write the verdict table (uptime proof, section 4).

        Args:
            table: Where to write it, Parquet.
            origins: Where to write file and row of each of its rows, JSON.
            progress: Called with the rows that were judged so far; an exception from it stops the step.

        Raises:
            depinverify.exceptions.SettlementError: There was no intake, or a file cannot be written.
        """

    def collect(self) -> dict[str, Any]:
        """Count the verdicts and hash what they were made from (uptime proof, 9.3).

        Returns:
            ``rows``, ``counts`` by name of code, and the content hashes ``verdicts_hash``,
            ``observations_hash``, ``annotations_hash`` and ``references_hash``, 32 bytes each.

        Raises:
            depinverify.exceptions.SettlementError: Nothing was verified, or the work folder cannot be read.
        """

    def score(self) -> dict[str, Any]:
        """Score all devices (scoring and rewards, sections 2, 3, 5 and 7).

        Returns:
            ``scores``, a record batch ascending by device; ``outcomes``, how often each of these devices showed
            ``pass``, ``late``, ``fail``, ``timeout``, ``offline``, ``unknown``, ``invalid``; ``state``, the bytes of
            ``state.jsonl``;
            ``exclusions`` and ``indicators``, canonical JSON; ``clusters``, the address cluster of each device.

        Raises:
            depinverify.exceptions.SettlementError: Nothing was collected.
        """

def remove_files(folder: str | PathLike[str], *, threads: int | None = None) -> None:
    """Remove the files of a folder on several threads: letting the memory of large ones go takes a while.

    Args:
        folder: The folder; it stays itself, and so does what cannot be removed.
        threads: Number of threads, or ``None`` for all processors.
    """

def observation_rows(path: str | PathLike[str]) -> int | None:
    """Return the number of rows of a file of observations, where the file says it.

    Args:
        path: The file.

    Returns:
        The number, or ``None`` for a file that must be read for it, and for one that cannot be read.
    """
