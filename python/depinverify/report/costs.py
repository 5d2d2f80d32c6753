"""What each reason cost, in weight and in money.

In: the multipliers of each device, base weights where an epoch folder was given, what each class got. Out: a part of
the section about money. Rule: scoring and rewards, 8, 9.2 and 9.6. Invariant: what a reason cost is weight taken in the
order of the multipliers, so that the parts of one device add up to what it lost; its worth is exact, or is not shown.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from depinverify.report.charts import bar, table
from depinverify.report.figures import ABSENT, decimal, knows, number
from depinverify.report.markup import Markup, element, join
from depinverify.report.material import note, sub, word
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from depinverify.report.facts import Entry, Facts
    from depinverify.report.material import Material

__all__ = ["costs", "earned_rates", "family_of", "pot_of"]

_DIGITS: Final = 3
#: The multiplier of a device whose class has no part of the pool.
_NO_SHARE: Final = "class_share"
#: The reason that takes no weight: what it keeps back is known as an amount.
_WITHHELD: Final = "WITHHELD"


@dataclass
class _Cost:
    """What one reason cost.

    Attributes:
        devices: Devices that have it.
        lost: Weight that it took, by the pot that the device is paid from.
        has_rate: Whether there is a rate for all of it; there is none for having no share at all.
    """

    devices: int = 0
    has_rate: bool = True
    lost: defaultdict[str | None, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def weight(self) -> int:
        """Weight that it took in all."""
        return sum(self.lost.values())


def costs(material: Material) -> Markup:
    """What each reason took from the devices' weights."""
    found = _costs(material)
    if not found:
        return join([sub("What each reason cost"), note("Every device has its full weight.")])
    most = max(cost.weight for cost in found.values())
    rates = earned_rates(material.facts)
    is_exact = material.fleet is not None or _counts_once(material)
    rows = [
        (
            element(
                "span",
                word(material, reason, family_of(reason)),
                id=f"reason-{reason}" if knows(reason, family_of(reason)) else None,
            ),
            number(cost.devices),
            bar(cost.weight, most, "fill over"),
            decimal(cost.weight, ONE, _DIGITS),
            number(material.facts.money["withheld"])
            if reason == _WITHHELD
            else _worth(cost, rates)
            if is_exact
            else ABSENT,
            "" if (entry := knows(reason, family_of(reason))) is None else entry.sentence,
        )
        for reason, cost in sorted(found.items(), key=lambda item: (-item[1].weight, item[0]))
    ]
    unit = "weight" if material.fleet else "full devices"
    return join(
        [
            sub("What each reason cost"),
            table(
                "What each reason cost",
                ("Reason", "Devices", "", f"Lost ({unit})", "Worth at this epoch's rate", "Meaning"),
                rows,
                "tnbnnp",
            ),
            note(
                "Reasons are applied in the order of the rules; a later one costs nothing where nothing is "
                "left. What is lost is not gone: the others get it. Its worth is the weight times what a "
                "unit of weight earned.",
                " What is withheld takes no weight: it stays the device's own, for later."
                if _WITHHELD in found
                else None,
                _about_classes(material.facts),
                None
                if material.fleet
                else " Base weights are in the registry; without --epoch every device counts once.",
            ),
        ]
    )


def _about_classes(facts: Facts) -> str | None:
    if facts.tables.classes is None:
        return None
    return (
        " Each class has a rate of its own, and the others are those of its class. No worth stands for having no share "
        "at all, nor where a class lost all of its weight: there is no rate for it then."
    )


def _costs(material: Material) -> dict[str, _Cost]:
    found: defaultdict[str, _Cost] = defaultdict(_Cost)
    for entry, base in zip(material.facts.entries, material.base_e12, strict=True):
        weight, pot = base, pot_of(material.facts, entry)
        for factor in entry.chain:
            after = weight * factor.value // ONE
            if factor.reason is not None:
                cost = found[factor.reason]
                cost.lost[pot] += weight - after
                cost.has_rate &= factor.name != _NO_SHARE
            weight = after
        for reason in entry.reasons:
            found[reason].devices += 1
    return dict(found)


def pot_of(facts: Facts, entry: Entry) -> str | None:
    """The class whose amount a device has a part of; ``None`` stands for all without a share of their own."""
    return entry.class_name if entry.class_name in facts.tables.class_names else None


def earned_rates(facts: Facts) -> dict[str | None, Fraction]:
    """What a unit of weight earned in each pot, with what was kept back of it; only where somebody earned something."""
    weights: defaultdict[str | None, int] = defaultdict(int)
    for entry in facts.entries:
        weights[pot_of(facts, entry)] += entry.weight
    if facts.tables.classes is None:
        earned: dict[str | None, int] = {None: facts.money["allocated"] + facts.money["withheld"]}
    else:
        earned = {line.name: line.amount - line.remainder for line in facts.tables.classes}
    rates = {pot: Fraction(amount, weights[pot]) for pot, amount in earned.items() if weights[pot] > 0}
    # Where the others have no part together, no weight of theirs would have earned anything.
    return rates if None in earned else {None: Fraction(0), **rates}


def _worth(cost: _Cost, rates: dict[str | None, Fraction]) -> str:
    """A weight in money, at what a unit of weight earned where it was lost."""
    lost = {pot: weight for pot, weight in cost.lost.items() if weight}
    if not (cost.has_rate and rates and lost.keys() <= rates.keys()):
        return ABSENT
    return number(int(sum(weight * rates[pot] for pot, weight in lost.items())))


def _counts_once(material: Material) -> bool:
    """Whether the published weights are those of devices with base weight 1."""
    return all(entry.weight in {0, entry.share_e12} for entry in material.facts.entries)


def family_of(reason: str) -> str:
    """The family of the catalogue in which a reason stands: an indicator may be one."""
    return "reason" if knows(reason, "reason") else "indicator"
