"""Small epochs whose rulesets have tables about money, with classes, paid work and validators who are paid."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from depinverify import Epoch, Settlement, pipeline, settle
from depinverify.canonical import canonical_json
from oracle.conftest import SLOT, START, TinyEpoch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ONE = 10**12
SLOTS = 8
#: Index of the first epoch.
FIRST = 7
WINDOWS = {"window_s": 2 * SLOT, "tracking_s": SLOTS * SLOT, "min_data_windows": 1}
#: What becomes of a probe: the transport of its row, ``None`` without a row.
ANSWERED, REFUSED, ERROR, NOT_ATTEMPTED, NO_ROW = 0, 2, 3, 4, None


def validator_payee(number: int) -> str:
    """Payee of a validator."""
    return f"0x{0xA0 + number:040x}"


class Funded(TinyEpoch):
    """Five devices, of which two have a class, three validators with payees, and any ruleset.

    Attributes:
        pool: Decimal, or ``None`` to leave the key out.
        work: Lines of ``work.jsonl``, ``None`` without the file.
    """

    def __init__(
        self,
        folder: Path,
        ruleset: dict[str, Any],
        *,
        index: int = FIRST,
        payees: int = 3,
        device_payee: str | None = None,
    ) -> None:
        start = START + (index - FIRST) * SLOTS * SLOT
        self.payees, self.device_payee = payees, device_payee
        super().__init__(folder, devices=("ed25519",) * 5, slots=SLOTS, start=start, index=index)
        self.pool: str | None = "1000000"
        self.work: list[dict[str, Any]] | None = None
        self.ruleset = {"name": "funded", "version": "1", **WINDOWS, **ruleset}
        for device, name in zip(self.device_keys, ("gold", "iron"), strict=False):
            members = {"device": device.hex(), "class": name}
            self.event("set_class", self.authority, **members)

    def event(self, kind: str, *signers: Any, **members: Any) -> None:
        """Validators name payees, the first ones of them, and devices may all name one."""
        if kind == "enroll_validator":
            name = bytes.fromhex(members["validator"]).decode()
            members["payee"] = self.payee_of(int(name.removeprefix("val-")))
        if kind == "enroll" and self.device_payee is not None:
            members["payee"] = self.device_payee
        super().event(kind, *signers, **members)

    def payee_of(self, number: int) -> str | None:
        """Whom a validator names."""
        return validator_payee(number) if number < self.payees else None

    def write_toml(self) -> None:
        super().write_toml()
        path = self.folder / "epoch.toml"
        if self.pool is None:
            path.write_text(path.read_text().replace('pool = "None"\n', ""))

    def write(self) -> Path:
        super().write()
        if self.work is not None:
            self.write_lines("work.jsonl", self.work)
        return self.folder

    @property
    def devices(self) -> list[str]:
        """Ids, hex."""
        return [device.hex() for device in self.device_keys]

    def fill(self, deed: Callable[[int, int, int], int | None]) -> Path:
        """Write all rows: ``deed(device, validator, slot)`` says what became of each probe."""
        self.write_toml()
        self._params_hash = Epoch.open(self.folder).params_hash
        for slot in range(SLOTS):
            for at, device in enumerate(self.device_keys):
                for number, validator in enumerate(self.validator_keys):
                    transport = deed(at, number, slot)
                    if transport == ANSWERED:
                        self.answer(validator, device, slot)
                    elif transport is not None:
                        self.silence(validator, device, slot, transport)
        return self.write()

    def follow(self, settlement: Settlement) -> None:
        """Come after a settlement."""
        path = json.dumps(str(settlement.folder))
        self.previous_toml = f'[previous]\npath = {path}\nsha256 = "{settlement.manifest_sha256}"'


def always(_device: int, _validator: int, _slot: int) -> int | None:
    """Everybody is up and everybody probes."""
    return ANSWERED


def settled(
    folder: Path,
    ruleset: dict[str, Any],
    deed: Callable[[int, int, int], int | None] = always,
    *,
    bend: Callable[[Funded], object] | None = None,
    **terms: Any,
) -> Settlement:
    """Settle an epoch below a folder; ``bend`` changes it before it is written."""
    epoch = Funded(folder / "epoch", ruleset, **terms)
    if bend is not None:
        bend(epoch)
    return settle(epoch.fill(deed), folder / "settlement")


def stopped(epoch: Path, out: Path) -> None:
    """Stop a run after everything was computed, and before anything is published."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.publish, "publish", interrupt)
        with pytest.raises(KeyboardInterrupt):
            settle(epoch, out)


def falsified(settlement: Settlement, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy whose reward file was changed, with the hashes in the manifest."""
    shutil.copytree(settlement.folder, folder)
    rewards = json.loads((folder / "rewards.json").read_bytes())
    change(rewards)
    content = canonical_json(rewards)
    (folder / "rewards.json").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["results"]["rewards.json"] = hashlib.sha256(content).hexdigest()
    manifest["inputs"] = rewards["inputs"]
    (folder / "manifest.json").write_bytes(canonical_json(manifest))
    return folder


def entries(settlement: Settlement) -> list[dict[str, Any]]:
    """Entries of the reward file."""
    found: list[dict[str, Any]] = settlement.rewards["entries"]
    return found


def chain(entry: dict[str, Any]) -> dict[str, int]:
    """Multipliers of an entry by name, in their order."""
    return {multiplier["name"]: multiplier["value"] for multiplier in entry["multipliers"]}


def balance(settlement: Settlement) -> None:
    """Every unit that came in went somewhere, and every list adds up to its term."""
    rewards = settlement.rewards
    names = (
        "pool", "carried_in", "missed_pools", "adjustments", "allocated", "paid", "carried_delta", "sink",
        "burned", "withheld", "remainder",
    )  # fmt: skip
    money = {name: int(rewards[name]) for name in names}
    divided = money["pool"] + money["carried_in"] + money["missed_pools"]
    kept = money["sink"] + money["burned"] + money["withheld"] + money["remainder"]
    to_validators = int(rewards.get("to_validators", "0"))
    assert divided == money["allocated"] + to_validators + kept
    assert divided + money["adjustments"] == money["paid"] + money["carried_delta"] + kept
    assert money["allocated"] == sum(int(entry["amount"]) for entry in rewards["entries"])
    assert to_validators == sum(int(line["amount"]) for line in rewards.get("validators", ()))
    earned = sum(int(line["amount"]) for line in rewards["payees"])
    assert earned == money["allocated"] + to_validators + money["adjustments"]
    payees = [line["payee"] for line in rewards["payees"]]
    assert payees == sorted(set(payees))
    assert settlement.check() == []
