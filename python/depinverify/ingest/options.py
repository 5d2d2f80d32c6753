"""How a run goes about it; nothing here reaches a result, except which files are left out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """Settings of a run.

    Attributes:
        threads: Threads to use, ``None`` for all processors.
        memory_bytes: Memory for sorting; rows beyond it go to the disk.
        allow_unsigned: Take files without a signature. Named in the first line of every report.
        is_strict: A quarantined file stops the run before anything is written.
        row_group_bytes: Largest decompressed row group, ``None`` for 1 GiB.
        ratio: Largest compression ratio, ``None`` for 200.
        rows: Most rows of a file, ``None`` for 10^9.
    """

    threads: int | None = None
    memory_bytes: int = 1 << 28
    allow_unsigned: bool = False
    is_strict: bool = False
    row_group_bytes: int | None = None
    ratio: int | None = None
    rows: int | None = None
