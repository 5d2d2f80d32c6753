"""The weight of each device, and the reason for every part of it that is missing.

In: scores, device facts, the codes found against each device, and the ruleset. Out: a weight and the list of
multipliers per device. Rule: scoring specification, section 8 (order and reasons) and 7.5 (group caps):
``weight = base * ONE``, then ``floor(weight * multiplier / ONE)`` for each multiplier in the listed order.
Invariant: a weight is below ``base * ONE`` only if a multiplier with a reason stands beside it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from depinverify.reward.columns import FULL, NO_DATA, PROVISIONAL
from depinverify.reward.multiplier import PAYOUT, Multiplier, reasoned
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from depinverify.canonical import Json
    from depinverify.models.judge import Judgement
    from depinverify.reward.columns import DeviceColumns, ScoreColumns
    from depinverify.ruleset import Ruleset

__all__ = ["Multiplier", "Weights", "codes_against_devices", "weigh"]


#: Device, state, windows used, decided slots, payout, payee, class, retirement.
_Row: TypeAlias = "tuple[bytes, int, int, int, int, bytes | None, str | None, int | None]"

NO_PAYEE = Multiplier("payee", 0, "NO_PAYEE")
WITHOUT_DATA = Multiplier("no_data", 0, "NO_DATA")
WITHOUT_SHARE = Multiplier("class_share", 0, "CLASS")
OVER_CAPACITY = Multiplier("capacity", 0, "CAPACITY")


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights and multipliers, in the order of the devices."""

    weight: list[int]
    multipliers: list[tuple[Multiplier, ...]]


def codes_against_devices(
    indicators: Iterable[Mapping[str, Json]], zero_on_suspect: Sequence[str]
) -> dict[bytes, list[str]]:
    """The codes that set a device's weight to zero, ascending and each once, by device."""
    found: defaultdict[bytes, set[str]] = defaultdict(set)
    for indicator in indicators:
        code, severity, subjects = indicator["code"], indicator["severity"], indicator["subjects"]
        if not isinstance(code, str) or not isinstance(subjects, (list, tuple)):
            continue
        if severity != "PROOF" and not (severity == "SUSPECT" and code in zero_on_suspect):
            continue
        for subject in subjects:
            kind, _, name = str(subject).partition(":")
            if kind == "device":
                found[bytes.fromhex(name)].add(code)
    return {device: sorted(codes) for device, codes in found.items()}


def weigh(
    scores: ScoreColumns,
    devices: DeviceColumns,
    codes: Mapping[bytes, Sequence[str]],
    ruleset: Ruleset,
    *,
    start: int,
    end: int,
    clusters: Sequence[int] | None = None,
    judgement: Judgement | None = None,
    utilisation: Sequence[Multiplier] | None = None,
) -> Weights:
    """Weigh every device.

    Args:
        scores: Scores, ascending by device.
        devices: Facts of the same devices in the same order.
        codes: Codes that set a device's weight to zero.
        ruleset: The rules.
        start: First second of the epoch.
        end: First second after it.
        clusters: For each device the name of its cluster by observed addresses; ``None``: each on its own.
        judgement: What the ruleset's further models say of the same devices.
        utilisation: The multiplier of the same devices by their paid work.
    """
    chains = _Chains(ruleset, codes, start=start, end=end)
    rows = zip(
        scores.device,
        scores.state,
        scores.windows_used,
        scores.decided,
        scores.payout_e12,
        devices.payee,
        devices.class_name,
        devices.retired_ms,
        strict=True,
    )
    if judgement is None and utilisation is None:
        multipliers = [chains.of(row) for row in rows]
    else:
        number = len(scores.device)
        own = zip(
            [None] * number if judgement is None else judgement.availability,
            [()] * number if judgement is None else judgement.further,
            [None] * number if utilisation is None else utilisation,
            strict=True,
        )
        multipliers = [chains.of(row, *further) for row, further in zip(rows, own, strict=True)]
    weights = [_product(base, chain) for base, chain in zip(devices.weight, multipliers, strict=True)]
    for position in _over_capacity(scores, devices, weights, ruleset, clusters):
        weights[position] = 0
        multipliers[position] += (OVER_CAPACITY,)
    return Weights(weights, multipliers)


@dataclass(frozen=True, slots=True)
class _Chains:
    """The multipliers of each device in the order of section 8, but for the last, which looks at groups."""

    ruleset: Ruleset
    codes: Mapping[bytes, Sequence[str]]
    start: int
    end: int
    #: Chains of devices to which only the payout curve applies: most devices, and few different ones.
    usual: dict[int, tuple[Multiplier, ...]] = field(default_factory=dict)

    def of(
        self,
        row: _Row,
        availability: Multiplier | None = None,
        further: tuple[Multiplier, ...] = (),
        utilisation: Multiplier | None = None,
    ) -> tuple[Multiplier, ...]:
        """The multipliers of one device.

        Args:
            row: What is known of it.
            availability: In the place of the payout of windowed availability. A model that leaves the payout curve
                out says nothing of windows, so it is never provisional.
            further: Behind it.
            utilisation: By its paid work, behind the class.
        """
        device, state, windows, decided, payout, payee, class_name, retired_ms = row
        by_class = self._by_class(class_name)
        applies = by_class or retired_ms is not None or payee is None or device in self.codes
        if state == FULL and decided and not (applies or further or availability or utilisation):
            if payout not in self.usual:
                self.usual[payout] = (reasoned(PAYOUT, payout, "AVAILABILITY"),)
            return self.usual[payout]
        chain = [availability or reasoned(PAYOUT, payout, "AVAILABILITY")]
        has_windows = chain[0].name == PAYOUT
        if state == PROVISIONAL and has_windows:
            chain.append(self._provisional(windows))
        if (decided == 0 or (state == NO_DATA and has_windows)) and not self.ruleset.pay_no_data:
            chain.append(WITHOUT_DATA)
        chain.extend(further)
        if retired_ms is not None:
            chain.extend(self._proration(retired_ms))
        chain.extend(by_class)
        if utilisation is not None:
            chain.append(utilisation)
        if payee is None:
            chain.append(NO_PAYEE)
        if device in self.codes:
            chain.extend(Multiplier("proof", 0, code) for code in self.codes[device])
        return tuple(chain)

    def _by_class(self, class_name: str | None) -> list[Multiplier]:
        """What its class is paid, and whether it has a part of the pool at all."""
        found = []
        if class_name is not None:
            value = self.ruleset.class_multipliers.get(class_name, ONE)
            found.append(reasoned("class", value, "CLASS"))
        if self.ruleset.levels is not None and not self.ruleset.levels.pays(class_name):
            found.append(WITHOUT_SHARE)
        return found

    def _provisional(self, windows: int) -> Multiplier:
        """Paid by how much of the needed data there is; the state says that it is too little."""
        rules = self.ruleset
        value = windows * ONE // rules.min_data_windows if rules.pay_provisional else 0
        return reasoned("provisional", value, "PROVISIONAL")

    def _proration(self, retired_ms: int) -> list[Multiplier]:
        """Only for a device that retires inside the epoch."""
        if not self.start * 1000 <= retired_ms < self.end * 1000:
            return []
        active = retired_ms // 1000 - self.start
        return [reasoned("proration", active * ONE // (self.end - self.start), "PRORATED")]


def _product(base: int, chain: Iterable[Multiplier]) -> int:
    """The base weight times each multiplier, rounded down at every step."""
    weight = base * ONE
    for multiplier in chain:
        if multiplier.value != ONE:
            weight = weight * multiplier.value // ONE
    return weight


def reasons_of(multipliers: Iterable[Multiplier]) -> tuple[str, ...]:
    """The distinct reasons of a device, ascending."""
    reasons = [reason for _, _, reason in multipliers if reason is not None]
    # Most devices have one at most, and there may be millions.
    return tuple(sorted(set(reasons))) if len(reasons) > 1 else tuple(reasons)


def _over_capacity(
    scores: ScoreColumns,
    devices: DeviceColumns,
    weights: Sequence[int],
    ruleset: Ruleset,
    clusters: Sequence[int] | None,
) -> set[int]:
    """Positions that earn nothing because enough better devices stand in their cluster or cell."""
    competing = [position for position, weight in enumerate(weights) if weight > 0]
    removed: set[int] = set()
    limits: tuple[tuple[int, Sequence[int | None] | None], ...] = (
        (ruleset.max_per_cluster, clusters),
        (ruleset.max_per_cell, devices.cell),
    )
    for most, group_of in limits:
        if most == 0 or group_of is None:
            continue
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for position in competing:
            group = group_of[position]
            if group is not None and position not in removed:
                groups[group].append(position)
        for members in groups.values():
            if len(members) > most:
                # Positions ascend by id, so the sort is stable for equal scores and times.
                members.sort(key=lambda at: (-scores.score_e12[at], devices.recorded_ms[at]))
                removed.update(members[most:])
    return removed
