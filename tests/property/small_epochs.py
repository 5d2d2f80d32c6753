"""Small epochs whose observations are chosen one by one, settled by the package, and what there is to say of them.

Signing is what takes time, so the rows of one set of rules are signed once, good and wrong, and picked from. Every
settlement that comes from here has been held against the balance of the money (scoring and rewards, 9.1).
"""

from __future__ import annotations

import atexit
import functools
import itertools
import json
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq

from depinverify import Epoch, Settlement, settle
from oracle.conftest import SLOT, START, TinyEpoch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What a validator has of a device in a slot.
UP = frozenset({"answer", "late"})
DOWN = frozenset({"offline", "timeout", "wrong"})
ABSENT = "none"
KINDS = sorted(UP | DOWN | {ABSENT})
#: A device that signs to be here has signed something provably wrong.
ELSEWHERE = {"latitude": 0, "longitude": 0}
CELLS = ("8928308280fffff", "8928308281fffff", None)


class Place(NamedTuple):
    """Where an observation belongs; all three are counted from 0."""

    slot: int
    validator: int
    device: int


class Shape(NamedTuple):
    """How large an epoch is. Fewer than ten devices never make an outage (scoring and rewards, 3.3)."""

    devices: int
    slots: int
    validators: int = 3


class Reference(NamedTuple):
    """A validator's probes of targets that nobody pays: all of them failed."""

    slot: int
    validator: int


@dataclass
class Told:
    """What is told of an epoch: observations that are not plain answers, and all that is beside them."""

    seen: dict[Place, str] = field(default_factory=dict)
    references: Sequence[Reference] = ()
    #: Base weights of the first devices.
    weights: Sequence[int] = ()
    #: The third byte of the address of each device, or none of them has one.
    networks: Sequence[int] = ()
    pool: int = 1_000_000
    extra_toml: str = ""
    previous: Settlement | None = None


class World:
    """The signed rows of one set of rules."""

    def __init__(self, rules: dict[str, Any], shape: Shape, index: int) -> None:
        self.shape = shape
        self.folder = Path(tempfile.mkdtemp(prefix="small-epochs-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.epoch = TinyEpoch(
            self.folder / "epoch", devices=("ed25519",) * shape.devices, validators=shape.validators,
            slots=shape.slots, start=START + (index - 7) * shape.slots * SLOT, index=index,
        )  # fmt: skip
        self.epoch.events = []
        cells = itertools.cycle(CELLS)
        enroll = self.epoch.enroll
        self.epoch.enroll = lambda *device, **members: enroll(*device, cell=next(cells), **members)
        self.epoch.enrolments()
        self.epoch.ruleset = {"name": "tiny", "version": "1", **rules}
        self.epoch.write_toml()
        self.epoch._params_hash = Epoch.open(self.epoch.folder).params_hash
        self.enrolled = list(self.epoch.events)
        self.rows: dict[Place, dict[str, dict[str, Any]]] = {}
        for slot in range(shape.slots):
            for v, validator in enumerate(self.epoch.validator_keys):
                for d, device in enumerate(self.epoch.device_keys):
                    self.rows[Place(slot, v, d)] = self._kinds(validator, device, slot)

    def _kinds(self, validator: bytes, device: bytes, slot: int) -> dict[str, dict[str, Any]]:
        answer = self.epoch.answer(validator, device, slot)
        return {
            "answer": answer,
            "late": answer | {"received_ms": answer["sent_ms"] + 6000},
            "wrong": self.epoch.answer(validator, device, slot, location=ELSEWHERE),
            "timeout": self.epoch.silence(validator, device, slot, transport=1),
            "offline": self.epoch.silence(validator, device, slot, transport=2),
        }

    def write(self, told: Told) -> Path:
        """The epoch's folder, signed anew."""
        epoch = self.epoch
        for name in ("observations", "reference"):
            shutil.rmtree(epoch.folder / name, ignore_errors=True)
        epoch.events = list(self.enrolled)
        for device, weight in zip(epoch.device_keys, told.weights, strict=False):
            epoch.event("set_weight", epoch.authority, device=device.hex(), weight=str(weight))
        epoch.pool, epoch.extra_toml = str(told.pool), told.extra_toml
        epoch.previous_toml = ""
        if told.previous is not None:
            path, sha256 = str(told.previous.folder), told.previous.manifest_sha256
            epoch.previous_toml = f'[previous]\npath = {json.dumps(path)}\nsha256 = "{sha256}"'
        epoch.rows = []
        for place, kinds in self.rows.items():
            kind = told.seen.get(place, "answer")
            if kind != ABSENT:
                address = {}
                if told.networks and kind in UP:
                    address = {"address": f"0a00{told.networks[place.device]:02x}{place.device:02x}"}
                epoch.rows.append(kinds[kind] | address)
        epoch.write()
        for v, validator in enumerate(epoch.validator_keys):
            lines = [
                {"validator": validator.hex(), "slot": one.slot, "ok": 0, "total": 3}
                for one in told.references
                if one.validator == v
            ]
            if lines:
                epoch.sign_file(epoch.write_lines(f"reference/{v}.jsonl", lines), validator)
        return epoch.folder


@functools.cache
def _world(rules: str, shape: Shape, index: int) -> World:
    return World(json.loads(rules), shape, index)


@dataclass(frozen=True)
class Settled:
    """What a settlement says, by the number of the device."""

    settlement: Settlement
    entries: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    #: Per device, the windows that count (2.3): start -> (up, decided).
    windows: list[dict[int, tuple[int, int]]]

    @classmethod
    def read(cls, settlement: Settlement) -> Settled:
        states = [json.loads(line) for line in (settlement.folder / "state.jsonl").read_bytes().splitlines()]
        windows = [
            {start: (up, total) for start, up, total, scheduled in state["windows"] if 0 < scheduled <= 2 * total}
            for state in states
        ]  # fmt: skip
        scores = pq.read_table(settlement.folder / "scores.parquet").to_pylist()
        return cls(settlement, settlement.rewards["entries"], scores, windows)

    @property
    def exclusions(self) -> set[tuple[int, str]]:
        """(slot, validator) of the exclusion log."""
        return {(one["slot"], one["validator"]) for one in self.settlement.rewards["exclusions"]}

    @property
    def unreliable(self) -> set[str]:
        """Validators whose down observations are all dropped."""
        found = self.settlement.rewards["indicators"]
        return {one["subjects"][0] for one in found if one["code"] == "UNRELIABLE"}

    def weight(self, device: int) -> int:
        return int(self.entries[device]["weight"])

    def amount(self, device: int) -> int:
        return int(self.entries[device]["amount"])

    def score(self, device: int) -> int:
        return int(self.scores[device]["score_e12"])


def settled(rules: Mapping[str, Any], shape: Shape, told: Told, out: Path, *, index: int = 7) -> Settled:
    """Settle an epoch of these observations; the money is held against 9.1 before anything else is said."""
    world = _world(json.dumps(rules, sort_keys=True), shape, index)
    found = Settled.read(settle(world.write(told), out))
    check_money(found.settlement)
    return found


def check_money(settlement: Settlement) -> None:
    """The invariants of scoring and rewards 9.1 and 11.9, from the published file alone.

    Args:
        settlement: Any settlement.
    """
    rewards = settlement.rewards
    money = {
        name: int(rewards[name])
        for name in (
            "pool", "carried_in", "missed_pools", "adjustments", "allocated", "paid", "carried_delta", "sink",
            "burned", "withheld", "remainder",
        )
    }  # fmt: skip
    brought = money["pool"] + money["carried_in"] + money["missed_pools"] + money["adjustments"]
    spent = ("paid", "carried_delta", "sink", "burned", "withheld", "remainder")
    assert brought == sum(money[name] for name in spent), money
    assert all(value >= 0 for name, value in money.items() if name not in {"adjustments", "carried_delta"})
    assert sum(int(entry["amount"]) for entry in rewards["entries"]) == money["allocated"]
    assert sum(int(entry.get("withheld", "0")) for entry in rewards["entries"]) == money["withheld"]
    by_payee: Counter[str] = Counter()
    for entry in rewards["entries"]:
        if entry["payee"] is not None:
            by_payee[entry["payee"]] += int(entry["amount"])
        else:
            assert entry["amount"] == "0"
    payees = rewards["payees"]
    assert sum(int(line["amount"]) for line in payees) == money["allocated"] + money["adjustments"]
    assert sum(int(line["paid"]) for line in payees) == money["paid"]
    if not rewards["adjustments"].strip("0"):
        assert {line["payee"]: int(line["amount"]) for line in payees if line["amount"] != "0"} == +by_payee
