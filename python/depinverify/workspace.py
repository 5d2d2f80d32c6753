"""The work folder of a run: what makes a killed settlement continue.

In: the folder of the results and everything that the run reads. Out: a locked folder ``.work`` below it, emptied if
an earlier run read something else. Invariant: two runs never work in one folder, and pieces of a run with other
inputs are never taken.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Self, TextIO

from depinverify import _native
from depinverify.exceptions import SettlementError
from depinverify.settlement import MANIFEST, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from depinverify.canonical import Json

__all__ = ["Workspace", "clear", "lock", "writing_to"]


@contextlib.contextmanager
def writing_to(out: Path) -> Iterator[None]:
    """Say of a full disk or a folder that cannot be written what it means for the settlement.

    Raises:
        SettlementError: In place of the operating system's error.
    """
    try:
        yield
    except OSError as error:
        raise SettlementError(
            f"{error.filename or out}: expected to write results there: {error.strerror}",
            hint="Make room or choose another folder with --out, then start again: finished pieces are kept.",
        ) from None


def lock(out: Path) -> tuple[Path, TextIO]:
    """Make and lock the work folder of a run; it is unlocked when the file is closed.

    Args:
        out: Folder of the results; made if absent.

    Raises:
        SettlementError: Another run works there, or the folder cannot be made.
    """
    folder = out / ".work"
    with writing_to(out):
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / "lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise SettlementError(
            f"{out}: another run is working here",
            hint="Wait until it has ended, or choose another folder with --out.",
        ) from None
    return folder, held


def clear(folder: Path) -> None:
    """Empty a locked work folder."""
    for entry in folder.iterdir():
        if entry.name != "lock":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


class Workspace:
    """A locked work folder; a context manager.

    Args:
        out: Folder of the results; made if absent.
        inputs: Everything that decides the run's pieces, as JSON.

    Raises:
        SettlementError: Another run works there, or the folder holds a settlement of other inputs.
    """

    def __init__(self, out: Path, inputs: Mapping[str, Json]) -> None:
        self.out = out
        self.folder = out / ".work"
        self.fingerprint = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()

    @property
    def is_complete(self) -> bool:
        """Whether the folder already holds a settlement of the same inputs."""
        provenance = self.out / "provenance.json"
        if not (self.out / MANIFEST).exists() or not provenance.exists():
            return False
        with provenance.open("rb") as file:
            # The fingerprint is the first member, so a long list of rows is not read.
            head = file.read(200).decode("utf-8", "replace")
        return f'"fingerprint":"{self.fingerprint}"' in head

    def __enter__(self) -> Self:
        """Lock the folder and drop what an earlier run of other inputs left."""
        self._refuse_other_settlement()
        _, self._lock = lock(self.out)
        try:
            # The run that held the lock may have finished meanwhile.
            self._refuse_other_settlement()
            with writing_to(self.out):
                self._drop_other_pieces()
        except SettlementError:
            self._lock.close()
            raise
        return self

    def _refuse_other_settlement(self) -> None:
        if (self.out / MANIFEST).exists() and not self.is_complete:
            raise SettlementError(
                f"{self.out}: expected an empty folder or an unfinished run, found a settlement of other inputs",
                hint="Choose another folder with --out, or remove this one.",
            )

    def _drop_other_pieces(self) -> None:
        mark = self.folder / "fingerprint"
        if mark.exists() and mark.read_bytes() == self.fingerprint.encode():
            return
        clear(self.folder)
        write_file(mark, self.fingerprint.encode())

    def remove(self, threads: int | None = None) -> None:
        """Remove the work folder after the manifest is written."""
        _native.remove_files(self.folder, threads=threads)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Unlock the folder; its pieces stay for the next run unless it was removed."""
        self._lock.close()
