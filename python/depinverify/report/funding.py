"""How a ruleset's tables about money shaped what was divided: emission, classes, utilisation.

In: the tables and the devices. Out: parts of the section about money, none where the ruleset has no such table. Rule:
scoring and rewards, 8 and 9.6. Invariant: amounts are exact; rows that are not listed are counted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from depinverify.report.charts import bar, table
from depinverify.report.costs import earned_rates, pot_of
from depinverify.report.figures import ABSENT, number, percent, plural, score
from depinverify.report.markup import Content, Markup, element, join
from depinverify.report.material import note, sub
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from depinverify.models.economy import Utilisation
    from depinverify.report.material import Material
    from depinverify.report.tables import ClassShare, Emitted, Period

__all__ = ["funding"]

_CLASSES: Final = 50
_STEPS: Final = 10
_PERCENT: Final = 100


def funding(material: Material) -> Markup:
    """What the tables about money say of the pool and of its division."""
    tables = material.facts.tables
    return join(
        [
            None if tables.emission is None else _emission(material, tables.emission),
            None if tables.classes is None else _classes(material, tables.classes),
            None if tables.utilisation is None else _utilisation(material, tables.utilisation),
        ]
    )


def _emission(material: Material, emission: Emitted) -> Markup:
    rules, now, following = emission
    first, pool = int(rules.first), material.facts.money["pool"]
    rows = [_period("this period", now, first)]
    if following is not None:
        rows.append(_period("next period", following, first))
    left = now.last - material.facts.index
    return join(
        [
            sub("Emission"),
            table(
                "Emission by period",
                ("", "Period", "First epoch", "Last epoch", "Pool of an epoch", "", "Of the first pool"),
                rows,
                "tnnnnbn",
            ),
            note(
                f"Each period of {plural(rules.period_epochs, 'epoch')} has {number(rules.numerator)} of "
                f"{number(rules.denominator)} parts of the pool before it, rounded down; period 0 began with "
                f"{number(first)} an epoch. ",
                f"{plural(left, 'epoch')} of this period still to come."
                if left
                else "This epoch is the last one of its period.",
                None if following is not None else " The emission counts no further period.",
                None
                if pool == now.pool
                else f" The pool in the reward file, {number(pool)}, is not the one of the emission.",
            ),
        ]
    )


def _period(name: str, period: Period, first: int) -> tuple[Content, ...]:
    return (
        name,
        number(period.number),
        number(period.first),
        number(period.last),
        number(period.pool),
        bar(period.pool, first),
        percent(period.pool, first),
    )


def _classes(material: Material, classes: tuple[ClassShare, ...]) -> Markup:
    facts = material.facts
    members = Counter(pot_of(facts, entry) for entry in facts.entries)
    earning = Counter(pot_of(facts, entry) for entry in facts.entries if entry.weight > 0)
    rates = earned_rates(facts)
    ordered = sorted(classes, key=lambda line: (-line.amount, line.name or ""))
    shares, most = sum(line.share for line in classes), max((line.amount for line in classes), default=0)
    rows = [
        (
            "all others" if line.name is None else element("code", material.foreign(line.name)),
            f"{number(line.share)} of {number(shares)}",
            bar(line.amount, most),
            number(line.amount),
            number(line.remainder),
            number(members[line.name]),
            number(earning[line.name]),
            number(int(rates[line.name] * ONE)) if line.name in rates else ABSENT,
        )
        for line in ordered[:_CLASSES]
    ]
    outside = 0 if any(line.name is None for line in classes) else members[None]
    together, more = sum(line.amount for line in classes), len(classes) - _CLASSES
    head = ("Class", "Share", "", "Amount", "Left over", "Devices", "Earning", "For a weight of 1")
    return join(
        [
            sub("Division over classes"),
            table("Division over classes", head, rows, "ttbnnnnn"),
            note(
                f"{number(together)} was divided over the classes by their shares, and the amount of each over its own "
                "devices by their weights. What a class leaves over goes where the remainder goes.",
                f" {plural(outside, 'device')} of other classes, or of none, have no part."
                if outside
                else None,
                f" {plural(more, 'class', 'classes')} more with smaller amounts." if more > 0 else None,
            ),
        ]
    )


def _utilisation(material: Material, rules: Utilisation) -> Markup:
    """Devices by the multiplier that their paid work gave them."""
    values = [
        factor.value
        for entry in material.facts.entries
        for factor in entry.chain
        if factor.name == "utilisation"
    ]
    # Ranges are closed below and open above, so that whoever was busy all the time is in a row of its own.
    counts = Counter(min(value, ONE) * _STEPS // ONE for value in values)
    lowest = rules.floor_e12 * _STEPS // ONE
    most = max(counts.values(), default=0)
    rows = [
        (
            f"{step * _PERCENT // _STEPS}\u00a0%"
            if step == _STEPS
            else f"from {step * _PERCENT // _STEPS}\u00a0%",
            bar(counts[step], most, "fill" if step == _STEPS else "fill over"),
            number(counts[step]),
            percent(counts[step], len(values), 1),
        )
        for step in range(_STEPS, min([lowest, *counts]) - 1, -1)
    ]
    source = material.facts.inputs.get("work")
    return join(
        [
            sub("Utilisation"),
            table("Devices by utilisation", ("Multiplier", "", "Devices", "Share"), rows, "tbnn"),
            note(
                f"A device that did no paid work keeps {score(rules.floor_e12, 2)} of its weight, one that was busy "
                f"all the time keeps all of it; {number(sum(value <= rules.floor_e12 for value in values))} of "
                f"{plural(len(values), 'device')} are at that floor. A device without a line in work.jsonl counts as "
                f"{rules.unlisted}. Nothing proves that file",
                None
                if source is None
                else join([": its hash is ", element("code", material.foreign(source))]),
                ".",
            ),
        ]
    )
