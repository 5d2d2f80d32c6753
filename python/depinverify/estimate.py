"""What a run will read, and about how long and how much disk it will take.

In: an epoch folder. Out: a :class:`Plan`. Rows are counted where a file says how many it has and guessed from its
size elsewhere. Time and disk of a row were measured once, on a server processor of 2023: a plan, not a promise.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from depinverify import _native
from depinverify.epoch import Epoch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify.canonical import Json
    from depinverify.ingest import Options

__all__ = ["Plan", "estimate"]

#: Bytes of a row of JSON lines, plain and compressed, where rows can only be guessed.
_LINE_BYTES: Final = 900
_COMPRESSED_LINE_BYTES: Final = 450
#: Bytes on disk per row: sorted rows and shards while the run works, and what stays.
_WORK_BYTES: Final = 300
_RESULT_BYTES: Final = 100
#: Microseconds of a row on one thread, by the unit that checks its signature.
_ROW_MICROSECONDS: Final = {"avx512": 10.0, "avx2": 13.0, "portable": 22.0}
#: Seconds from which a plan is worth a message.
_LONG_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Plan:
    """An estimate.

    Attributes:
        files: Observation files.
        rows: Rows in them, about.
        seconds: Time of the whole run, about.
        disk_bytes: Disk needed while the run works, about.
        free_bytes: Disk that is free where the results go.
    """

    files: int
    rows: int
    seconds: float
    disk_bytes: int
    free_bytes: int

    def to_json(self) -> dict[str, Json]:
        """The plan as JSON; seconds are whole."""
        return {
            "files": self.files,
            "rows": self.rows,
            "seconds": round(self.seconds),
            "disk_bytes": self.disk_bytes,
            "free_bytes": self.free_bytes,
        }

    def to_rows(self) -> list[tuple[str, str]]:
        """The plan as lines of a table."""
        return [
            ("observation files", str(self.files)),
            ("rows, about", f"{self.rows:,}"),
            ("time, about", f"{self.seconds:,.0f} s"),
            ("disk while working, about", f"{self.disk_bytes / 1e9:.2f} GB"),
            ("disk free", f"{self.free_bytes / 1e9:.2f} GB"),
        ]

    def warn(self, say: Callable[[str], None]) -> None:
        """Say what a person wants to know before a long run, or before one that will not fit."""
        if self.disk_bytes > self.free_bytes:
            say(
                f"warning: about {self.disk_bytes / 1e9:.1f} GB of disk needed, {self.free_bytes / 1e9:.1f} GB free"
            )
        if self.seconds > _LONG_SECONDS:
            say(f"about {self.rows:,} rows, {self.seconds:,.0f} s and {self.disk_bytes / 1e9:.1f} GB of disk")


def estimate(source: Path, out: Path, options: Options) -> Plan:
    """Estimate a run of :func:`depinverify.pipeline.settle`."""
    epoch = Epoch.open(source)
    files = epoch.observation_files()
    rows = sum(_rows(file.path) for file in files)
    threads = options.threads or os.cpu_count() or 1
    row_microseconds = _ROW_MICROSECONDS[_native.vector_unit()]
    nearest = next(folder for folder in [out, *out.absolute().parents] if folder.exists())
    return Plan(
        files=len(files),
        rows=rows,
        seconds=1.0 + rows * row_microseconds / 1e6 / threads,
        disk_bytes=rows * (_WORK_BYTES + _RESULT_BYTES),
        free_bytes=shutil.disk_usage(nearest).free,
    )


def _rows(path: Path) -> int:
    counted = _native.observation_rows(path)
    if counted is not None:
        return counted
    try:
        size = path.stat().st_size
    except OSError:
        return 0  # a link to nothing: the run will set it aside
    return size // (_LINE_BYTES if path.name.endswith(".jsonl") else _COMPRESSED_LINE_BYTES)
