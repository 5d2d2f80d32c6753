"""Weights, caps of groups, allocation and the ledger: scoring sections 7.5, 8, 9 and 10.

In: scores and the previous ledger. Out: entries, payees and the terms of the invariant ``pool + carried_in
+ missed_pools + adjustments = paid + carried_delta + sink + burned + withheld + remainder``, which is
checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .canonical import ONE, InputError, mulf, ratio
from .score import STATES, payout

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .config import Epoch
    from .registry import Device, Snapshot
    from .score import DeviceScore, Scoring


def largest_remainder(pool: int, weights: dict, *, extra: bool = True) -> tuple[dict, int]:
    """Shares of ``pool`` and what is left (9.2); without ``extra`` no unit is given for rounding (9.3)."""
    if pool < 0 or any(weight < 0 for weight in weights.values()):
        raise InputError("a pool and weights are never negative")
    total = sum(weights.values())
    if total == 0:
        return dict.fromkeys(weights, 0), pool
    amounts, rests = {}, []
    left = pool
    for who, weight in weights.items():
        amount, rest = divmod(pool * weight, total)
        amounts[who] = amount
        left -= amount
        if rest:
            rests.append((-rest, who))
    if not extra:
        return amounts, left
    rests.sort()
    for _, who in rests[:left]:
        amounts[who] += 1
    return amounts, 0


def allocate(pool: int, weights: dict, caps: dict | None = None) -> tuple[dict, int]:
    """Largest remainder with caps (9.4); returns amounts and the remainder."""
    caps = caps or {}
    open_weights, fixed = dict(weights), {}
    while True:
        total = sum(open_weights.values())
        reached = [
            who for who, weight in open_weights.items() if who in caps and pool * weight > caps[who] * total
        ]
        if not reached:
            break
        for who in reached:
            fixed[who] = caps[who]
            del open_weights[who]
        pool -= sum(caps[who] for who in reached)
    amounts, left = largest_remainder(pool, open_weights)
    return amounts | fixed, left


# ---------------------------------------------------------------------------------------------------- weights


class Weighing:
    """The weight of one device as it comes about, multiplier by multiplier."""

    def __init__(self, base: int) -> None:
        self.weight = base * ONE
        self.multipliers: list[dict] = []
        self.reasons: set[str] = set()

    def times(self, name: str, value: int, reason: str) -> None:
        self.weight = mulf(self.weight, value)
        if value < ONE:
            self.reasons.add(reason)
        self.multipliers.append({"name": name, "value": value, "reason": reason if value < ONE else None})


def weigh(epoch: Epoch, device: Device, score: DeviceScore, zeroing: list[str]) -> Weighing:
    params = epoch.params
    weighing = Weighing(device.weight)
    weighing.times("payout", payout(params["curve"], score.score), "AVAILABILITY")
    if score.state == 1:
        value = ratio(score.used, params["min_data_windows"]) if params["pay_provisional"] else 0
        weighing.times("provisional", value, "PROVISIONAL")
    if not params["pay_no_data"] and (score.state == 0 or score.up + score.down == 0):
        weighing.times("no_data", 0, "NO_DATA")
    if device.retired_ms is not None and epoch.start_ms <= device.retired_ms < epoch.end_ms:
        active = device.retired_ms // 1000 - epoch.start
        weighing.times("proration", ratio(active, epoch.end - epoch.start), "PRORATED")
    if device.device_class is not None:
        weighing.times("class", params["class_multipliers"].get(device.device_class, ONE), "CLASS")
    if device.payee is None:
        weighing.times("payee", 0, "NO_PAYEE")
    for code in zeroing:
        weighing.times("proof", 0, code)
    return weighing


def cap_groups(epoch: Epoch, devices: list[Device], weighings: dict, scoring: Scoring) -> None:
    """At most so many devices of a cluster, then of a cell, earn (7.5)."""
    for cap, group_of in (
        (epoch.params["max_per_cluster"], lambda device: scoring.by_address[device.id]),
        (epoch.params["max_per_cell"], lambda device: device.cell),
    ):
        if not cap:
            continue
        groups: dict[Hashable, list[Device]] = {}
        for device in devices:
            group = group_of(device)
            if weighings[device.id].weight > 0 and group is not None:
                groups.setdefault(group, []).append(device)
        for group in groups.values():
            group.sort(key=lambda device: (-scoring.devices[device.id].score, device.recorded_ms, device.id))
            for device in group[cap:]:
                weighings[device.id].times("capacity", 0, "CAPACITY")


# ----------------------------------------------------------------------------------------------------- ledger


def make_payees(
    amounts: dict[str, int], previous: dict[str, dict], adjustments: list[tuple[str, int]], min_payout: int
) -> list[dict]:
    """Every payee that ever stood here, ascending, with integers (9.7, 10.1)."""
    sums = dict.fromkeys(previous, 0)
    for payee, amount in list(amounts.items()) + adjustments:
        sums[payee] = sums.get(payee, 0) + amount
    found = []
    for payee in sorted(sums):
        before = previous.get(payee, {"carried": "0", "cumulative": "0"})
        due = int(before["carried"]) + sums[payee]
        if due < 0:
            raise InputError(f"the adjustments take {payee} below 0: {due}")
        paid = 0 if due < min_payout else due
        cumulative = int(before["cumulative"]) + paid
        if cumulative >= 2**256:
            raise InputError(f"the cumulative amount of {payee} is above 2^256-1")
        found.append(
            {
                "payee": payee,
                "amount": sums[payee],
                "paid": paid,
                "carried": due - paid,
                "cumulative": cumulative,
            }
        )
    return found


class Rewards:
    """Entries, payees and sums of one epoch."""

    def __init__(
        self, epoch: Epoch, snapshot: Snapshot, scoring: Scoring, zeroing: dict, ledger: dict
    ) -> None:
        devices = snapshot.devices
        weighings = {
            device.id: weigh(
                epoch, device, scoring.devices[device.id], zeroing.get(f"device:{device.id.hex()}", [])
            )
            for device in devices
        }
        cap_groups(epoch, devices, weighings, scoring)
        self.carried_in = int(ledger["remainder"])
        pool = epoch.pool + self.carried_in + epoch.missed_pool
        mode = epoch.params["allocation"]
        weights = {device: weighing.weight for device, weighing in weighings.items()}
        amounts, left = largest_remainder(pool, weights, extra=mode == "largest_remainder")
        self.sink, self.remainder = (left, 0) if mode == "floor_to_sink" else (0, left)
        self.entries = []
        self.reasons: dict[bytes, list[str]] = {}
        sums: dict[str, int] = {}
        for device in devices:
            weighing, score = weighings[device.id], scoring.devices[device.id]
            self.reasons[device.id] = sorted(weighing.reasons)
            if device.payee is not None:
                sums[device.payee] = sums.get(device.payee, 0) + amounts[device.id]
            self.entries.append(
                {
                    "device": device.id.hex(),
                    "payee": device.payee,
                    "score_e12": score.score,
                    "state": STATES[score.state],
                    "multipliers": weighing.multipliers,
                    "weight": str(weighing.weight),
                    "amount": str(amounts[device.id]),
                    "reasons": self.reasons[device.id],
                }
            )
        self.allocated = sum(amounts.values())
        self.adjustments = sum(amount for _, amount in epoch.adjustments)
        self.payees = make_payees(sums, ledger["payees"], epoch.adjustments, int(epoch.params["min_payout"]))
        self.paid = sum(line["paid"] for line in self.payees)
        carried_before = sum(int(line["carried"]) for line in ledger["payees"].values())
        self.carried_delta = sum(line["carried"] for line in self.payees) - carried_before
        if self.allocated + left != pool:
            raise AssertionError("the allocation does not add up")
        if pool + self.adjustments != self.paid + self.carried_delta + self.sink + self.remainder:
            raise AssertionError("the epoch does not add up")
