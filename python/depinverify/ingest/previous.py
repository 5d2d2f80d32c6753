"""The settlement before: its state and ledger, checked against what the epoch names.

In: folder and manifest hash from ``[previous]``. Out: state lines, ledger, index and end. Invariant: a settlement
whose content differs from its own manifest, or whose manifest differs from the named hash, is refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from depinverify.exceptions import SettlementError
from depinverify.reward import Ledger
from depinverify.settlement import Settlement

if TYPE_CHECKING:
    from depinverify.epoch import Epoch

__all__ = ["Previous"]


@dataclass(frozen=True)
class Previous:
    """What an epoch takes over.

    Attributes:
        sha256: SHA-256 of the manifest, 64 hex digits; ``None`` at genesis.
        state: ``state.jsonl``.
        ledger: The accounts of its payees, ``None`` at genesis.
        models: ``models.jsonl``; empty where its ruleset had no models.
    """

    sha256: str | None
    state: bytes
    ledger: Ledger | None
    models: bytes = b""

    @classmethod
    def of(cls, epoch: Epoch) -> Previous:
        """Read the settlement that an epoch names.

        Raises:
            SettlementError: It is absent, changed, or not the one before this epoch.
        """
        if epoch.previous is None:
            return cls(None, b"", None)
        settlement = Settlement.open(epoch.previous)
        if settlement.manifest_sha256 != epoch.previous_sha256:
            raise SettlementError(
                f"{epoch.previous}: expected a manifest with SHA-256 {epoch.previous_sha256}, "
                f"found {settlement.manifest_sha256}",
                hint="[previous] of epoch.toml names the settlement that was published before this epoch.",
            )
        results = settlement.manifest["results"]
        content = {}
        models = ("models.jsonl",) if "models.jsonl" in results else ()
        for name in ("state.jsonl", "ledger.json", "rewards.json", *models):
            path = epoch.previous / name
            try:
                content[name] = path.read_bytes()
            except OSError as error:
                raise SettlementError(f"{path}: {error.strerror}") from None
            found = hashlib.sha256(content[name]).hexdigest()
            if found != results.get(name):
                raise SettlementError(f"{path}: expected content {results.get(name)}, found {found}")
        before = settlement.rewards["epoch"]
        if epoch.index <= before["index"] or epoch.start < before["end"]:
            raise SettlementError(
                f"{epoch.folder}: expected an epoch after index {before['index']} ending at {before['end']}, "
                f"found index {epoch.index} starting at {epoch.start}"
            )
        # They ascend and are below this epoch's index already.
        if epoch.missed_epochs and epoch.missed_epochs[0] <= before["index"]:
            raise SettlementError(
                f"{epoch.folder}: missed.epochs: expected indices between {before['index']} and {epoch.index}, "
                f"found {[*epoch.missed_epochs]}"
            )
        return cls(
            epoch.previous_sha256,
            content["state.jsonl"],
            Ledger.from_json(content["ledger.json"]),
            content.get("models.jsonl", b""),
        )
