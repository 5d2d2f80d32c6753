"""A liar with everything that a clever one has: a settlement's files, rewritten so that they agree with the lie.

In: a settlement folder. Out: a copy whose reward file, ledger, tree and manifest say the same false thing. It holds no
private key of a device, a validator or an authority.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from depinverify import _native
from depinverify.canonical import canonical_json
from depinverify.reward import Account, Ledger
from depinverify.reward.ledger import settle_accounts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["ONE", "Liar"]

ONE = 10**12


def address(text: str) -> bytes:
    """The bytes of a payee."""
    return bytes.fromhex(text[2:])


class Liar:
    """A copy of a settlement that can be bent.

    Attributes:
        folder: The copy.
        rewards: The content of its reward file; :meth:`publish` writes it with everything that follows.
    """

    def __init__(self, honest: Path, out: Path) -> None:
        shutil.copytree(honest, out)
        self.folder = out
        self.rewards: dict[str, Any] = json.loads((out / "rewards.json").read_bytes())
        before = out / "ledger-before.json"
        self.before = Ledger.from_json(before.read_bytes()) if before.exists() else Ledger()

    # --------------------------------------------------------------------------------------- what is looked up

    def entry(self, wanted: Callable[[dict[str, Any]], bool], number: int = 0) -> dict[str, Any]:
        """An entry of a device by what it looks like."""
        return [entry for entry in self.rewards["entries"] if wanted(entry)][number]

    def paid_entries(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Two devices with pay, of different payees."""
        first = self.entry(lambda one: one["amount"] != "0")
        return first, self.entry(lambda one: one["amount"] != "0" and one["payee"] != first["payee"])

    def indicator(self, code: str) -> dict[str, Any]:
        """The first indicator of a code."""
        return next(one for one in self.rewards["indicators"] if one["code"] == code)

    # ----------------------------------------------------------------------------- what follows from what is said

    def weigh(self, entry: dict[str, Any], base: int = 1) -> None:
        """The weight and the reasons that follow from a device's multipliers."""
        weight = base * ONE
        for one in entry["multipliers"]:
            weight = weight * one["value"] // ONE
        entry["weight"] = str(weight)
        entry["reasons"] = sorted(
            {one["reason"] for one in entry["multipliers"] if one["reason"] is not None}
        )

    def divide(self) -> None:
        """The amounts that follow from the weights, and everything after them."""
        rewards = self.rewards
        divided = sum(int(rewards[name]) for name in ("pool", "carried_in", "missed_pools"))
        entries = rewards["entries"]
        amounts, left = _native.allocate(
            divided,
            [bytes.fromhex(entry["device"]) for entry in entries],
            [int(entry["weight"]) for entry in entries],
            mode=rewards["params"]["allocation"],
        )
        for entry, amount in zip(entries, amounts, strict=True):
            entry["amount"] = str(amount)
        rewards["remainder"] = str(left)
        self.pay()

    def pay(self, adjustments: dict[str, int] | None = None) -> None:
        """What payees get by the devices' amounts and some adjustments."""
        rewards = self.rewards
        earned: dict[bytes, int] = {}
        for entry in rewards["entries"]:
            if entry["payee"] is not None:
                earned[address(entry["payee"])] = earned.get(address(entry["payee"]), 0) + int(
                    entry["amount"]
                )
        for payee, amount in (adjustments or {}).items():
            earned[address(payee)] = earned.get(address(payee), 0) + amount
        lines, delta = settle_accounts(self.before, earned, int(rewards["params"]["min_payout"]))
        rewards["payees"] = [
            {
                "payee": "0x" + line.payee.hex(),
                "amount": str(line.amount),
                "paid": str(line.paid),
                "carried": str(line.carried),
                "cumulative": str(line.cumulative),
            }
            for line in lines
        ]
        rewards["allocated"] = str(sum(int(entry["amount"]) for entry in rewards["entries"]))
        rewards["adjustments"] = str(sum((adjustments or {}).values()))
        rewards["paid"] = str(sum(line.paid for line in lines))
        rewards["carried_delta"] = str(delta)

    # ------------------------------------------------------------------------------------------- what is written

    def publish(self) -> None:
        """The reward file, and the ledger, tree and hashes that follow from it."""
        payees = self.rewards["payees"]
        accounts = {
            address(line["payee"]): Account(int(line["carried"]), int(line["cumulative"])) for line in payees
        }
        ledger = Ledger(accounts, int(self.rewards["remainder"]))
        (self.folder / "ledger.json").write_bytes(b"".join(ledger.chunks()))
        self.plant(
            [
                (address(line["payee"]), int(line["cumulative"]))
                for line in payees
                if line["cumulative"] != "0"
            ]
        )
        self.write_rewards()

    def plant(self, owed: list[tuple[bytes, int]]) -> None:
        """A claim tree over some amounts, named by the reward file."""
        path = self.folder / "tree.json"
        merkle = {"root": None, "leafEncoding": ["address", "uint256"], "file": None, "sha256": None}
        path.unlink(missing_ok=True)
        if owed:
            tree = _native.ClaimTree.from_entries(owed)
            digest = tree.dump_to(path).hex()
            merkle |= {"root": "0x" + tree.root.hex(), "file": "tree.json", "sha256": digest}
        self.rewards["merkle"] = merkle

    def write_rewards(self) -> None:
        """The reward file alone, and the manifest."""
        (self.folder / "rewards.json").write_bytes(canonical_json(self.rewards))
        self.hash_again()

    def change_exclusions(self) -> None:
        """The hash of the exclusion log as it is now."""
        self.rewards["exclusions"].sort(key=lambda one: (one["slot"], one["validator"]))
        digest = hashlib.sha256(canonical_json(self.rewards["exclusions"])).hexdigest()
        self.rewards["inputs"]["exclusions"] = digest

    def change_table(self, name: str, change: Callable[[list[dict[str, Any]]], object]) -> None:
        """Rows of a table, with everything else as it was."""
        path = self.folder / name
        table = pa.table(_native.read_table(path))
        rows = table.to_pylist()
        change(rows)
        changed = pa.Table.from_pylist(rows, schema=table.schema)
        if name == "scores.parquet":
            _native.write_scores(changed, path)
        else:
            _native.write_parquet(path, changed)

    def change_state(self, device: str, **members: Any) -> None:
        """Members of a device's line of state."""
        lines = [json.loads(line) for line in (self.folder / "state.jsonl").read_bytes().splitlines()]
        for line in lines:
            if line["device"] == device:
                line.update(members)
        content = b"".join(canonical_json(line) + b"\n" for line in lines)
        (self.folder / "state.jsonl").write_bytes(content)

    def hash_again(self, **members: Any) -> None:
        """The manifest, with the hashes and counts of the files as they are now, and some members as told."""
        path = self.folder / "manifest.json"
        manifest = json.loads(path.read_bytes())
        results = {}
        for name in {*manifest["results"], "tree.json"}:
            file = self.folder / name
            if name.endswith(".parquet"):
                results[name] = _native.content_hash(_native.read_table(file)).hex()
            elif file.exists():
                results[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        manifest |= {
            "results": results,
            "inputs": self.rewards["inputs"],
            "params_hash": self.rewards["params_hash"],
        }
        path.write_bytes(canonical_json(manifest | members))

    def manifest(self) -> dict[str, Any]:
        """The manifest as it is now."""
        loaded: dict[str, Any] = json.loads((self.folder / "manifest.json").read_bytes())
        return loaded
