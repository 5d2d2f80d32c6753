"""Where the pool went, and who got the least of what was possible.

In: the terms of the balance, the multipliers of each device. Out: two sections. Rule: scoring and rewards, 9.1,
11.9 and 12.2. Invariant: amounts are exact, and both sides of a step are terms of one equation of the balance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify.report.charts import bar, table
from depinverify.report.costs import costs, family_of
from depinverify.report.figures import ABSENT, knows, number, percent, plural, score
from depinverify.report.flows import Flow, flow_chart
from depinverify.report.funding import funding
from depinverify.report.markup import Content, Markup, element, join
from depinverify.report.material import Section, anchored, lead, note, payee_code, sub
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from depinverify.report.facts import Entry
    from depinverify.report.material import Material

__all__ = ["lowest", "money"]

_SOURCES: Final = (("pool", "Pool"), ("carried_in", "Carried in"), ("missed_pools", "Missed pools"))
_KEPT: Final = (("sink", "Sink"), ("burned", "Burned"), ("withheld", "Withheld"), ("remainder", "Remainder"))
_LISTED: Final = 200


class _Step(NamedTuple):
    """A step on the way of the money: what came in and what became of it, of equal sum."""

    title: str
    sources: list[tuple[str, int]]
    uses: list[tuple[str, int]]


def money(material: Material) -> Section:
    """Where the pool went, and what each reason cost."""
    steps = _steps(material)
    body = join(
        [
            lead(
                "The pool and what came with it, on the left, and where all of it went, on the right. Both "
                "sides are equal to the last unit; the table has the exact amounts."
            ),
            _flow(steps[0]),
            *(_balance(step, with_title=len(steps) > 1) for step in steps),
            funding(material),
            costs(material),
        ]
    )
    return Section("money", "Where the money went", body)


def _steps(material: Material) -> list[_Step]:
    """The balance; in two steps where validators earn something too, since both are paid as one."""
    amounts, validators = material.facts.money, material.facts.tables.validators
    divided = [(name, amounts[term]) for term, name in _SOURCES]
    kept = [(name, amounts[term]) for term, name in _KEPT]
    paid_from, paid_to = _payment(amounts)
    if validators is None:
        return [_Step("Balance of the epoch", divided + paid_from, paid_to + kept)]
    earned = [("Devices", amounts["allocated"]), ("Validators", validators.amount)]
    return [
        _Step("What was divided", divided, earned + kept),
        _Step("What was paid", earned + paid_from, paid_to),
    ]


def _payment(amounts: dict[str, int]) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """What is added to what was earned, and what becomes of both; each term on the side where it is not negative."""
    sources: list[tuple[str, int]] = []
    uses = [("Paid", amounts["paid"])]
    adjusted, carried = amounts["adjustments"], amounts["carried_delta"]
    if carried >= 0:
        uses.append(("Carried to the next epoch", carried))
    (sources if adjusted >= 0 else uses).append(("Adjustments", abs(adjusted)))
    if carried < 0:
        sources.append(("Paid of what was carried", -carried))
    return sources, uses


def _flow(step: _Step) -> Markup:
    sources, uses = (
        [
            Flow(name, amount, number(amount), f"s{position}")
            for position, (name, amount) in enumerate(terms)
            if amount > 0
        ]
        for terms in (step.sources, step.uses)
    )
    if not sources or not uses:
        return note("No money moved in this epoch.")
    words = "; ".join(
        f"{side} {', '.join(f'{flow.name} {flow.shown}' for flow in flows)}"
        for side, flows in (("from", sources), ("to", uses))
    )
    return flow_chart(sources, uses, ("Money flow", words[0].upper() + words[1:] + "."))


def _balance(step: _Step, *, with_title: bool) -> Markup:
    rows: list[tuple[Content, ...]] = []
    for side, terms in (("in", step.sources), ("out", step.uses)):
        total = sum(amount for _, amount in terms)
        rows += [(side, name, number(amount), percent(amount, total)) for name, amount in terms]
        rows.append(
            (
                element("b", side),
                element("b", "Sum"),
                element("b", number(total)),
                "100\u00a0%" if total else ABSENT,
            )
        )
    shown = table(step.title, ("", "Term", "Amount", "Share"), rows, "ttnn")
    return join([sub(step.title), shown]) if with_title else shown


def lowest(material: Material) -> Section:
    """The devices that got the least of their full pay."""
    facts = material.facts
    below = sorted(
        ((entry.share_e12, entry.device, entry, position) for position, entry in enumerate(facts.entries)),
        key=lambda line: line[:2],
    )
    below = [line for line in below if line[0] < ONE]
    rows = [_line(material, entry, position) for _, _, entry, position in below[:_LISTED]]
    with_owner = material.fleet is not None and not material.is_redacted
    with_class = facts.tables.classes is not None
    head = [
        "Device", "Of full pay", "", "Amount", "Score", "Slots up", "Undecided", "State", "Reasons",
        *(["Class"] if with_class else []), *(["Owner"] if with_owner else []), "Payee",
    ]  # fmt: skip
    parts: list[Content] = [
        lead(
            "The devices that got the smallest part of what their base weight would have earned, the lowest "
            "first. Each reason leads to its meaning above; a device with full pay is not listed."
        )
    ]
    if rows:
        more = len(below) - len(rows)
        parts += [
            table("Devices with the lowest pay", head, rows, "tnbnnnnttt" + "t" * (with_class + with_owner)),
            note(
                f"{plural(len(below), 'device')} of {number(len(facts.entries))} got less than full pay"
                + (f"; {number(more)} more than are listed here." if more else "."),
            ),
        ]
    else:
        parts.append(note("Every device got its full pay."))
    return Section("lowest", "Lowest pay", join(parts))


def _line(material: Material, entry: Entry, position: int) -> tuple[Content, ...]:
    fleet = material.fleet
    reasons = join(
        element("div", anchored(material, reason, family_of(reason), "reason")) for reason in entry.reasons
    )
    rare: list[Content] = (
        [material.foreign(fleet.owner[position])] if fleet is not None and not material.is_redacted else []
    )
    if material.facts.tables.classes is not None:
        rare.insert(0, ABSENT if entry.class_name is None else material.foreign(entry.class_name))
    state = knows(entry.state, "state")
    return (
        element("code", material.foreign(entry.device)),
        score(entry.share_e12, 2),
        bar(entry.share_e12, ONE),
        number(entry.amount),
        ABSENT if entry.state == "NO_DATA" else score(entry.score_e12, 2),
        f"{number(entry.up)} of {number(entry.decided)}",
        number(max(0, entry.scheduled - entry.decided)),
        element("span", entry.state, title=None if state is None else state.sentence),
        reasons or ABSENT,
        *rare,
        payee_code(material, entry.payee),
    )
