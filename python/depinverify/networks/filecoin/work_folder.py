"""The work folder of a settlement: what is too much for memory lies there until the results are written.

In: the folder of the results. Out: a locked and empty folder ``.work`` below it. Invariant: two settlements never work
in one folder; what is there goes with the run, and what a killed run left goes with the next one.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from depinverify.workspace import clear, lock, writing_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["work_folder"]


@contextlib.contextmanager
def work_folder(out: Path) -> Iterator[Path]:
    """A folder of one run.

    Args:
        out: Folder of the results; made if absent, and taken away again if nothing came of the run.

    Raises:
        SettlementError: Another run works there, or the folder cannot be made.
    """
    is_new = not out.exists()
    folder, held = lock(out)
    with held:
        try:
            with writing_to(out):
                clear(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if is_new:
                with contextlib.suppress(OSError):
                    out.rmdir()
