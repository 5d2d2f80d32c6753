"""From rows with outcomes to scores: scoring sections 2.2 to 3.6, 5.1 and 7.2.

In: checked rows, the snapshot, the schedule, the previous state. Out: for every eligible device its
decisions, windows and score, and for every validator how far it did its work. The order of rows plays no
part.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from .canonical import ONE, ratio
from .checks import FAIL, LATE, NONE, OFFLINE, PASS, TIMEOUT
from .outages import DOWN, FAILED, IS_DOWN, IS_UP, NEITHER, NO_DATA, UP, decide_slot, judge_slot

if TYPE_CHECKING:
    from .config import Epoch
    from .observations import Row
    from .registry import Device, Snapshot
    from .schedule import Schedule

_KIND = {PASS: UP, LATE: UP, FAIL: FAILED, TIMEOUT: DOWN, OFFLINE: DOWN}
STATES = ("NO_DATA", "PROVISIONAL", "FULL")


# ---------------------------------------------------------------------------------------------- deduplication


def keep(rows: list[Row]) -> tuple[list[Row], dict[bytes, list[Row]]]:
    """The best row of each (validator, device, slot), and the rows in conflict by validator (2.2)."""
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        if row.outcome != NONE:
            groups.setdefault((row.validator, row.device, row.slot), []).append(row)
    kept, conflicts = [], {}
    for (validator, _, _), group in groups.items():
        if len(group) == 1:
            kept.append(group[0])
            continue
        kept.append(min(group, key=_preference))
        signed = [row for row in group if row.signed]
        if len({row.transport for row in signed}) > 1:
            conflicts.setdefault(validator, []).extend(signed)
    return kept, conflicts


def _preference(row: Row) -> tuple[int, bytes]:
    if row.outcome == PASS:
        return 0, row.id
    if row.outcome == LATE:
        return 1, row.id
    return (2 if row.key is not None else 3), row.id


# --------------------------------------------------------------------------------------------------- clusters


class Union:
    """Union-find whose root is the smallest member."""

    def __init__(self, members: list) -> None:
        self.parent = {member: member for member in members}

    def root(self, member: bytes) -> bytes:
        parent = self.parent
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    def join(self, a: bytes, b: bytes) -> None:
        a, b = self.root(a), self.root(b)
        if a != b:
            self.parent[max(a, b)] = min(a, b)

    def roots(self) -> dict:
        return {member: self.root(member) for member in self.parent}


_MAPPED = bytes(10) + b"\xff\xff"


def prefix(address: bytes) -> bytes:
    """IPv4 /24 (also of a mapped address) or IPv6 /48."""
    if len(address) == 16:
        if not address.startswith(_MAPPED):
            return address[:6]
        address = address[12:]
    return address[:3]


def find_clusters(devices: list[Device], kept: list[Row], owners: dict, quorum: int) -> tuple[dict, dict]:
    """Device -> cluster by addresses alone (for the caps), and by addresses and payees (for outages)."""
    shown: dict[tuple, set] = {}
    for row in kept:
        if row.address is not None and row.outcome <= LATE:
            shown.setdefault((prefix(row.address), row.device), set()).add(owners[row.validator])
    union = Union([device.id for device in devices])
    first: dict = {}
    for (network, device), by in shown.items():
        if len(by) >= quorum:
            union.join(device, first.setdefault(network, device))
    by_address = union.roots()
    payees: dict = {}
    for device in devices:
        if device.payee is not None:
            union.join(device.id, payees.setdefault(device.payee, device.id))
    return by_address, union.roots()


# ----------------------------------------------------------------------------------------------------- scores


def make_score(
    windows: dict, end: int, window_s: int, tracking_s: int, min_windows: int
) -> tuple[int, int, int]:
    """(score, windows used, state) of ``start -> [up, total, scheduled]``, evaluated at ``end`` (5.1)."""
    current = end - end % window_s
    total = used = 0
    for start, (up, decided, scheduled) in windows.items():
        if current - tracking_s <= start < current and decided > 0 and 2 * decided >= scheduled:
            total += ratio(up, decided)
            used += 1
    if used == 0:
        return ONE, 0, 0
    return total // used, used, 1 if used < min_windows else 2


def payout(curve: list, score: int) -> int:
    for (x0, y0), (x1, y1) in pairwise(curve):
        if x0 <= score <= x1:
            return y0 + (y1 - y0) * (score - x0) // (x1 - x0)
    raise AssertionError(score)


class DeviceScore:
    __slots__ = (
        "boot_first",
        "bootcount",
        "down",
        "excluded",
        "prior_up",
        "scheduled",
        "score",
        "state",
        "under_assigned",
        "up",
        "used",
        "windows",
    )

    def __init__(self, before: dict | None, oldest: int) -> None:
        self.up = self.down = self.scheduled = self.excluded = self.under_assigned = 0
        self.prior_up = self.bootcount = self.boot_first = None
        self.windows: dict[int, list[int]] = {}
        if before is not None:
            self.prior_up = before["prior_up"]
            self.bootcount, self.boot_first = before["bootcount"], before["boot_first"]
            self.windows = {start: counts for start, *counts in before["windows"] if start >= oldest}


class Work:
    """What one validator was to do and did."""

    __slots__ = ("excluded_slots", "missing", "scheduled", "silent", "slots_probed", "unreliable")

    def __init__(self) -> None:
        self.scheduled = self.silent = self.missing = 0
        self.slots_probed: set[int] = set()
        self.excluded_slots = 0
        self.unreliable = False


class Scoring:
    """Runs section 3 and M1 over one epoch; the results stand in its attributes."""

    def __init__(self, epoch: Epoch, snapshot: Snapshot, schedule: Schedule, state: dict) -> None:
        params = epoch.params
        self.epoch, self.snapshot, self.schedule, self.params = epoch, snapshot, schedule, params
        self.oldest = epoch.end - epoch.end % params["window_s"] - params["tracking_s"]
        self.devices = {
            device.id: DeviceScore(state.get(device.id), self.oldest) for device in snapshot.devices
        }
        self.owners = {one.id: one.owner for one in snapshot.validators}
        self.work = {one.id: Work() for one in snapshot.taking_part}
        self.single = len(snapshot.taking_part) == 1
        self.quorum = 1 if self.single else params["quorum"]
        self.exclusions: list[dict] = []
        self.events: list[tuple[int, int, int]] = []

    def run(self, kept: list[Row], references: dict) -> None:
        self.kept = kept
        self.by_address, clusters = find_clusters(self.snapshot.devices, kept, self.owners, self.quorum)
        self.observations: list[list[tuple]] = [[] for _ in range(self.epoch.slots)]
        for row in kept:
            kind = _KIND.get(row.outcome, NEITHER)
            self.observations[row.slot].append((row.validator, row.device, kind))
            self.work[row.validator].slots_probed.add(row.slot)
        first, excluded = self.first_decisions(clusters, references)
        self.count_schedule()
        unreliable = self.find_unreliable()
        self.second_decisions(first, excluded, unreliable)
        for device in self.devices.values():
            device.score, device.used, device.state = make_score(
                device.windows,
                self.epoch.end,
                self.params["window_s"],
                self.params["tracking_s"],
                self.params["min_data_windows"],
            )

    def first_decisions(self, clusters: dict, references: dict) -> tuple[list[dict], list[set]]:
        prior_up = {device: score.prior_up for device, score in self.devices.items()}
        of_slot: dict[int, dict] = {}
        for (validator, slot), counts in references.items():
            of_slot.setdefault(slot, {})[validator] = counts
        decisions, excluded = [], []
        for slot, observations in enumerate(self.observations):
            judged, event = judge_slot(observations, clusters, prior_up, of_slot.get(slot, {}))
            for line in judged:
                entry = line._asdict()
                self.exclusions.append({"slot": slot, **entry, "validator": line.validator.hex()})
                self.work[line.validator].excluded_slots += 1
            if event is not None:
                self.events.append((slot, *event))
            gone = {line.validator for line in judged}
            excluded.append(gone)
            found = decide_slot(observations, gone, self.quorum, self.owners)
            decisions.append(found)
            for device, decision in found.items():
                if decision != NO_DATA:
                    prior_up[device] = decision == IS_UP
        return decisions, excluded

    def count_schedule(self) -> None:
        """Scheduled slots of every device and window, scheduled and missing probes of every validator."""
        done: dict[tuple, bool] = {
            (row.slot, row.device, row.validator): row.transport in (3, 4) for row in self.kept
        }
        window_s, start, length = self.params["window_s"], self.epoch.start, self.epoch.slot_seconds
        for slot in range(self.epoch.slots):
            if self.schedule.slots[slot] is None:
                continue
            moment = start + slot * length
            window = moment - moment % window_s
            for device in self.snapshot.devices:
                assigned = self.schedule.assigned(slot, device)
                if assigned is None:
                    continue
                score = self.devices[device.id]
                score.scheduled += 1
                score.under_assigned += len(assigned) < self.quorum
                if window >= self.oldest:
                    score.windows.setdefault(window, [0, 0, 0])[2] += 1
                for validator in assigned:
                    work = self.work[validator]
                    work.scheduled += 1
                    not_attempted = done.get((slot, device.id, validator))
                    if not_attempted is None:
                        work.silent += 1
                        work.missing += 1
                    elif not_attempted:
                        work.missing += 1

    def find_unreliable(self) -> set[bytes]:
        found = set()
        for validator, work in self.work.items():
            if validator not in self.schedule.secrets:
                work.unreliable = True
            elif 10 * work.excluded_slots > len(work.slots_probed) or 10 * work.missing > work.scheduled:
                work.unreliable = True
                found.add(validator)
        return found

    def second_decisions(self, first: list[dict], excluded: list[set], unreliable: set[bytes]) -> None:
        window_s, start, length = self.params["window_s"], self.epoch.start, self.epoch.slot_seconds
        eventful = (
            {slot for slot, _, _ in self.events} if self.params["network_event"] == "exclude" else set()
        )
        self.decisions: list[dict] = []
        self.excluded = excluded
        self.gone = [left_out | unreliable for left_out in excluded]
        for slot, observations in enumerate(self.observations):
            gone = excluded[slot] | unreliable
            decisions = first[slot]
            if unreliable:
                decisions = decide_slot(observations, gone, self.quorum, self.owners)
            if slot in eventful:
                decisions = {
                    device: NO_DATA if decision == IS_DOWN else decision
                    for device, decision in decisions.items()
                }
            self.decisions.append(decisions)
            if gone:
                for validator, device, kind in observations:
                    if kind == DOWN and validator in gone:
                        self.devices[device].excluded += 1
            moment = start + slot * length
            window = moment - moment % window_s
            for device, decision in decisions.items():
                if decision == NO_DATA:
                    continue
                score = self.devices[device]
                is_up = decision == IS_UP
                score.prior_up = is_up
                score.up += is_up
                score.down += not is_up
                if window >= self.oldest:
                    counts = score.windows[window]
                    counts[0] += is_up
                    counts[1] += 1
