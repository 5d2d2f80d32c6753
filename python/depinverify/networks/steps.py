"""Networks that do more than verify: they settle their evidence and audit what was settled.

In: a network of :mod:`depinverify.networks`. Out: the protocols that the commands ``settle`` and ``audit`` ask for.
Invariant: a command knows nothing of a network but these; what it prints are the network's own tables.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, runtime_checkable

from depinverify.settlement import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from depinverify.canonical import Json

__all__ = ["NetworkAudit", "NetworkSettlement", "Reports", "Settles", "ShownTable", "network_of"]

#: Bytes of the longest manifest of a network but the generic one.
_MOST_BYTES: Final = 16 << 20

#: Title, names of columns, rows.
ShownTable: TypeAlias = "tuple[str, Sequence[str], Sequence[Sequence[object]]]"


class NetworkSettlement(Protocol):
    """What was settled."""

    @property
    def folder(self) -> Path:
        """Where it lies."""
        ...

    @property
    def manifest_sha256(self) -> str:
        """SHA-256 of its manifest."""
        ...

    def tables(self) -> list[ShownTable]:
        """What a person wants to see of it."""
        ...

    def to_json(self) -> dict[str, Json]:
        """The same for a program."""
        ...

    @property
    def refused(self) -> int:
        """How many lines of the evidence were refused."""
        ...


class NetworkAudit(Protocol):
    """What an audit found."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        ...

    def tables(self) -> list[ShownTable]:
        """What a person wants to see of it."""
        ...

    def to_json(self) -> dict[str, Json]:
        """The same for a program."""
        ...


@runtime_checkable
class Reports(Protocol):
    """A network that writes its settlements as a page to look at."""

    def report(self, settlement: str | Path, path: str | Path) -> tuple[str, ...]:
        """Write a settlement as one HTML file.

        Args:
            settlement: The folder of the results.
            path: The file.

        Returns:
            One sentence per result that is not what the manifest says.
        """
        ...


def network_of(settlement: Path) -> str:
    """The network that a settlement folder names; ``generic`` where it names none, or is none."""
    try:
        with (settlement / MANIFEST).open("rb") as file:
            manifest = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return "generic"
    name = manifest.get("network") if isinstance(manifest, dict) else None
    return name if isinstance(name, str) else "generic"


@runtime_checkable
class Settles(Protocol):
    """A network that settles its evidence and audits what was settled."""

    def settle(
        self,
        source: str | Path,
        out: str | Path,
        *,
        keys: Sequence[Path] = (),
        pins: Sequence[bytes] = (),
        threads: int | None = None,
        progress: Callable[[str, int], None] | None = None,
    ) -> NetworkSettlement:
        """Settle a folder of evidence.

        Args:
            source: The folder.
            out: The folder of the results.
            keys: Files of verification keys, for networks that have such proofs.
            pins: Check values of keys that are trusted beside the network's own.
            threads: Number of threads, or ``None`` for all processors.
            progress: Called with the name of each step and how much of it is done.
        """
        ...

    def audit(
        self,
        settlement: str | Path,
        evidence: str | Path | None = None,
        *,
        keys: Sequence[Path] = (),
        pins: Sequence[bytes] = (),
        threads: int | None = None,
        progress: Callable[[str, int], None] | None = None,
    ) -> NetworkAudit:
        """Hold a settlement against itself, and against its evidence where that is given.

        Args:
            settlement: The folder of the results.
            evidence: The folder of evidence.
            keys: Files of verification keys, for networks that have such proofs.
            pins: Check values of keys that are trusted beside the network's own.
            threads: Number of threads, or ``None`` for all processors.
            progress: Called with the name of each step and how much of it is done.
        """
        ...
