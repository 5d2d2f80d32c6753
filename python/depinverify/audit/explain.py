"""One device of a settlement explained: what was observed, what was decided, what it cost, what would have helped.

In: a device, the settlement and the epoch folder. Out: an :class:`Explanation`, as values, as JSON and as text. Rule:
scoring specification, sections 12.1, 12.2 and 3.8. Invariant: decisions, score, weight and amount are recomputed and
held against the published ones; where they differ the explanation says so in ``findings`` and explains what it found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from depinverify.audit.costs import Cost, Division, costs_of, product
from depinverify.audit.from_settlement import read_published
from depinverify.audit.model import Goal, Model, differences, goals_of, model_of
from depinverify.audit.slots import read_slots
from depinverify.audit.thresholds import Thresholds, thresholds_of
from depinverify.audit.tracks import by_availability, combination_of
from depinverify.audit.weight import weight_differences
from depinverify.epoch import Epoch
from depinverify.exceptions import InputError
from depinverify.ruleset import ONE
from depinverify.settlement import Settlement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from depinverify.audit.published import Entry, Payee, Published, Registered, State
    from depinverify.audit.slots import Slot
    from depinverify.models.tracks import Combination
    from depinverify.reward.utilisation import Work

__all__ = ["Explanation", "explain", "explain_published"]


@dataclass(frozen=True)
class Explanation:
    """Why a device earned what it earned.

    Attributes:
        device: The device's id.
        epoch: Index of the epoch.
        start: Its first second.
        end: The first second after it.
        window_s: Length of a window.
        curve: Knots of the payout curve.
        caveats: On whose word, and with what left out, the settlement rests.
        registered: What the registry says about the device.
        entry: Its entry of the reward file.
        payee: Its payee's line.
        full_amount: What would have been allocated to it with every multiplier that is below ONE at ONE.
        costs: What each multiplier alone cost.
        model: Inputs and result of the score.
        combination: The tracks behind the payout, ``None`` where the ruleset has none.
        before: State at the start.
        after: State at the end.
        work: Paid work and capacity of the device, ``None`` where none is stated or the ruleset does not ask for it.
        models_before: State of the ruleset's further models at the start, ``None`` without any.
        models_after: The same at the end.
        without_exclusions: The score if no report had been left out.
        goals: Higher payouts and the shortest change to each; none where the payout curve does not hold.
        thresholds: How far the device is from each threshold.
        slots: Every slot in which it was challenged or has rows.
        indicators: Those about the device.
        transitions: Changes of its standing, and warnings.
        findings: Where what was published is not what follows from the inputs.
    """

    device: bytes
    epoch: int
    start: int
    end: int
    window_s: int
    curve: Sequence[tuple[int, int]]
    caveats: Mapping[str, Any]
    registered: Registered
    entry: Entry
    payee: Payee | None
    full_amount: int
    costs: Sequence[Cost]
    model: Model
    combination: Combination | None
    before: State | None
    after: State | None
    work: Work | None
    models_before: Mapping[str, Any] | None
    models_after: Mapping[str, Any] | None
    without_exclusions: Model
    goals: Sequence[Goal]
    thresholds: Thresholds
    slots: Sequence[Slot]
    indicators: Sequence[Mapping[str, Any]]
    transitions: Sequence[Mapping[str, Any]]
    findings: Sequence[str]

    @property
    def agrees(self) -> bool:
        """Whether everything recomputed is what was published."""
        return not self.findings

    def chosen_slots(self, which: str) -> list[Slot]:
        """Slots to show: ``all``, ``lost`` (down, undecided, or with a report left out) or ``none``."""
        if which == "none":
            return []
        return [
            slot
            for slot in self.slots
            if which == "all" or slot.is_lost or any(one.dropped for one in slot.observations)
        ]

    def to_json(self, slots: str = "all") -> dict[str, Any]:
        """The explanation as JSON values: ids as hex, amounts as decimal text."""
        from depinverify.audit.as_json import document  # noqa: PLC0415 - text and JSON are rarely both wanted

        return document(self, slots)

    def to_text(self, slots: str = "lost") -> str:
        """The explanation for the owner of the device."""
        from depinverify.audit.narrative import narrate  # noqa: PLC0415 - text and JSON are rarely both wanted

        return "\n".join(narrate(self, slots)) + "\n"


def explain(device: bytes | str, settlement: Settlement | str | Path, epoch: str | Path) -> Explanation:
    """Explain what a device earned in an epoch.

    Args:
        device: The device's id, or its hex digits.
        settlement: The published settlement, or its folder.
        epoch: The epoch folder; its observations are not read.

    Raises:
        DepinverifyError: A file cannot be read, the settlement is of another epoch, or it does not know the device.

    Example:
        >>> explain("01ab..", "settlement", "epoch").to_text()  # doctest: +SKIP
    """
    opened = settlement if isinstance(settlement, Settlement) else Settlement.open(settlement)
    return explain_published(read_published(device_id(device), opened, Epoch.open(epoch)))


def device_id(device: bytes | str) -> bytes:
    """A device's id from its hex digits.

    Raises:
        InputError: They are none.
    """
    if isinstance(device, bytes):
        return device
    try:
        return bytes.fromhex(device)
    except ValueError:
        raise InputError(f"device: expected hex digits, found {device[:100]!r}") from None


def explain_published(published: Published) -> Explanation:
    """Explain a device that was read already."""
    epoch, entry = published.inputs.epoch, published.entry
    slots = read_slots(published)
    model = model_of(published, slots, (slot.decision for slot in slots))
    without = model_of(published, slots, (slot.without_exclusions for slot in slots))
    combination = combination_of(published, model)
    combined = by_availability(epoch.ruleset, combination)
    division = Division.of(published.rewards, epoch.ruleset)
    position, base = published.position, published.registered.weight
    costs = costs_of(division, position, base, entry.multipliers)
    values = [max(ONE, one.value) for one in entry.multipliers]
    full_amount = division.amount(position, product(base, values))
    findings = [
        *published.findings,
        *differences(model, published),
        *weight_differences(model, published),
        *_amount_differences(published, division),
    ]
    if full_amount > entry.amount and not entry.reasons:
        findings.append(
            f"rewards.json: amount {entry.amount} is below {full_amount}, and no reason stands beside it"
        )
    return Explanation(
        device=published.device,
        epoch=epoch.index,
        start=epoch.start,
        end=epoch.end,
        window_s=epoch.ruleset.window_s,
        curve=epoch.ruleset.curve,
        caveats=published.caveats,
        registered=published.registered,
        entry=entry,
        payee=published.payee,
        full_amount=full_amount,
        costs=costs,
        model=model,
        combination=combination,
        before=published.before,
        after=published.after,
        work=(published.inputs.work or {}).get(published.device),
        models_before=published.models_before,
        models_after=published.models_after,
        without_exclusions=without,
        goals=goals_of(model, slots, epoch.ruleset, combined) if _has_payout(entry) else [],
        thresholds=thresholds_of(published, model, slots, combined(model.availability.score_e12)),
        slots=slots,
        indicators=published.about_device(),
        transitions=published.transitions,
        findings=findings,
    )


def _has_payout(entry: Entry) -> bool:
    """Whether the payout curve holds, and no further model stands in its place."""
    return any(one.name == "payout" for one in entry.multipliers)


def _amount_differences(published: Published, division: Division) -> list[str]:
    entry = published.entry
    amount = division.amount(published.position, entry.weight)
    if amount == entry.amount + entry.withheld:
        return []
    return [
        f"rewards.json: published amount {entry.amount} and {entry.withheld} withheld, recomputed {amount} in all"
    ]
