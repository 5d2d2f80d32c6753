"""A settlement folder: what an epoch's verification, scoring and rewards leave behind.

In: a folder with a manifest. Out: its tables as Arrow, its files as Python objects. Rule: uptime proof, sections 3
and 9.3. Invariant: every file is written under a temporary name, synced and renamed, and the manifest last, so a
folder with a manifest is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from depinverify import _native
from depinverify.exceptions import SettlementError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arro3.core import Table

__all__ = ["MANIFEST", "Settlement", "write_file"]

MANIFEST: Final = "manifest.json"

#: Bytes read at a time where the end of what is wanted is not known.
_PIECE: Final = 1 << 16

#: Tables of the folder, by file name; everything else in the manifest is hashed as bytes.
TABLES: Final = ("verdicts.parquet", "scores.parquet")


def write_file(path: Path, content: bytes | Iterable[bytes]) -> str:
    """Write a file so that it is either absent or whole: temporary name, sync, rename, sync of the folder.

    Returns:
        SHA-256 of the content, 64 hex digits.
    """
    temporary = path.with_name(path.name + ".tmp")
    digest = hashlib.sha256()
    with temporary.open("wb") as file:
        for piece in [content] if isinstance(content, bytes) else content:
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    publish_file(temporary, path)
    return digest.hexdigest()


def _no_settlement(folder: Path) -> SettlementError:
    """What is there instead, as far as one look tells."""
    if not (folder / "epoch.toml").is_file():
        return SettlementError(
            f"{folder}: expected a settlement, found no {MANIFEST}",
            hint="A run that was stopped leaves none; start `depinverify settle` again, it goes on where it was.",
        )
    within = folder / "settlement"
    is_settled = (within / MANIFEST).is_file()
    return SettlementError(
        f"{folder}: expected a settlement, found an epoch folder",
        hint=f"Its settlement is {within}."
        if is_settled
        else f"Settle it first: `depinverify settle {folder}`.",
    )


def publish_file(temporary: Path, path: Path) -> None:
    """Give a synced file its name, and make the name survive a power cut."""
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@dataclass(frozen=True)
class Settlement:
    """A complete settlement folder.

    Attributes:
        folder: Where it lies.
        manifest: Content hashes of inputs and results, ``params_hash``, counts by code.
    """

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a settlement folder.

        Raises:
            SettlementError: The folder has no manifest, or the manifest is not of this format.
        """
        folder = Path(folder)
        path = folder / MANIFEST
        try:
            manifest = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise _no_settlement(folder) from None
        except (OSError, ValueError, RecursionError) as error:
            raise SettlementError(f"{path}: {error}") from None
        found = manifest.get("format") if isinstance(manifest, dict) else None
        if found != "depinverify-manifest-v1":
            raise SettlementError(
                f"{path}: expected the format depinverify-manifest-v1, found {found!r:.60}",
                hint="A settlement of a network's own evidence takes `--network` and the network's name."
                if isinstance(found, str)
                else None,
            )
        return cls(folder, manifest)

    @property
    def verdicts(self) -> Table:
        """One row per distinct observation, ascending by (device, slot, validator, row id)."""
        return _native.read_table(self.folder / "verdicts.parquet")

    @property
    def scores(self) -> Table:
        """One row per eligible device, ascending by device.

        Any Arrow library takes it: ``polars.DataFrame(settlement.scores)``,
        ``pandas.DataFrame.from_arrow(settlement.scores)``.
        """
        return _native.read_table(self.folder / "scores.parquet")

    @cached_property
    def rewards(self) -> dict[str, Any]:
        """The reward file, ``depinverify-rewards-v1``."""
        return self._json("rewards.json")

    @cached_property
    def ledger(self) -> dict[str, Any]:
        """Carried and cumulative amounts per payee, and the remainder."""
        return self._json("ledger.json")

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Which file and row each observation came from, quarantined files, software and machine."""
        return self._json("provenance.json")

    @cached_property
    def sources(self) -> dict[str, Any]:
        """What ``provenance`` holds beside its long list of rows, which is not read."""
        mark = b',"rows":['
        head = b""
        path = self.folder / "provenance.json"
        try:
            with path.open("rb") as file:
                while mark not in head and (piece := file.read(_PIECE)):
                    head += piece
            # Quotes inside a text are escaped, so the mark stands nowhere but before the list.
            loaded = json.loads(head.partition(mark)[0] + b"}")
        except (OSError, ValueError, RecursionError) as error:
            raise SettlementError(f"{path}: {error}") from None
        return dict(loaded)

    @property
    def root(self) -> str | None:
        """The Merkle root of all claims, ``None`` while nobody has a cumulative amount."""
        root = self.rewards["merkle"]["root"]
        return None if root is None else str(root)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by name of code."""
        return dict(self.manifest["counts"])

    @cached_property
    def manifest_sha256(self) -> str:
        """SHA-256 of ``manifest.json``, which the next epoch's ``[previous]`` names."""
        return hashlib.sha256((self.folder / MANIFEST).read_bytes()).hexdigest()

    def check(self) -> list[str]:
        """Compare every result with its hash in the manifest.

        Returns:
            One sentence per file that is absent or has another content; empty if all is well.
        """
        found = []
        for name, expected in sorted(self.manifest["results"].items()):
            path = self.folder / name
            if not path.is_file():
                found.append(f"{name}: expected by the manifest, absent")
                continue
            content = (
                _native.content_hash(_native.read_table(path))
                if name in TABLES
                else hashlib.sha256(path.read_bytes()).digest()
            )
            if content.hex() != expected:
                found.append(f"{name}: expected content {expected}, found {content.hex()}")
        return found

    def _json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            loaded = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise SettlementError(f"{path}: {error}") from None
        if not isinstance(loaded, dict):
            raise SettlementError(f"{path}: expected an object")
        return loaded
