"""The work folder of a settlement: what is too much for memory lies there until the results are written.

In: the folder of the results. Out: a locked and empty folder ``.work`` below it. Invariant: two settlements never work
in one folder; what is there goes with the run, and what a killed run left goes with the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from typing import TYPE_CHECKING

from depinverify.exceptions import SettlementError
from depinverify.workspace import writing_to

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
    folder = out / ".work"
    with writing_to(out):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettlementError(f"{out}: another run is working here") from None
        try:
            with writing_to(out):
                for left in folder.iterdir():
                    if left.name != "lock":
                        shutil.rmtree(left) if left.is_dir() else left.unlink()
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if is_new:
                with contextlib.suppress(OSError):
                    out.rmdir()
