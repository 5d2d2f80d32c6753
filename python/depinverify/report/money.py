"""Where the pool went, what each reason cost, and who got the least of what was possible.

In: the terms of the balance, the multipliers of each device, base weights where an epoch folder was given. Out: two
sections. Rule: scoring and rewards, 8, 9.1 and 12.2. Invariant: amounts are exact; what a reason cost is weight taken
in the order of the multipliers, so that the parts of one device add up to what it lost.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from depinverify.report.charts import bar, table
from depinverify.report.figures import ABSENT, decimal, knows, number, percent, plural, score
from depinverify.report.flows import Flow, flow_chart
from depinverify.report.markup import Content, Markup, element, join
from depinverify.report.material import Section, anchored, lead, note, sub, word
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from depinverify.report.facts import Entry
    from depinverify.report.material import Material

__all__ = ["lowest", "money"]

_SOURCES: Final = (("pool", "Pool"), ("carried_in", "Carried in"), ("missed_pools", "Missed pools"))
_USES: Final = (("sink", "Sink"), ("burned", "Burned"), ("withheld", "Withheld"), ("remainder", "Remainder"))
_LISTED: Final = 200
_DIGITS: Final = 3


def money(material: Material) -> Section:
    """Where the pool went, and what each reason cost."""
    body = join(
        [
            lead(
                "The pool and what came with it, on the left, and where all of it went, on the right. Both "
                "sides are equal to the last unit; the table has the exact amounts."
            ),
            _flow(material),
            _balance(material),
            _costs(material),
        ]
    )
    return Section("money", "Where the money went", body)


def _terms(material: Material) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Both sides of the balance, each term on the side where it is not negative."""
    amounts = material.facts.money
    sources = [(name, amounts[term]) for term, name in _SOURCES]
    uses = [("Paid", amounts["paid"]), *((name, amounts[term]) for term, name in _USES)]
    adjusted, carried = amounts["adjustments"], amounts["carried_delta"]
    (sources if adjusted >= 0 else uses).append(("Adjustments", abs(adjusted)))
    if carried >= 0:
        uses.insert(1, ("Carried to the next epoch", carried))
    else:
        sources.append(("Paid of what was carried", -carried))
    return sources, uses


def _flow(material: Material) -> Markup | None:
    sources, uses = (
        [
            Flow(name, amount, number(amount), f"s{position}")
            for position, (name, amount) in enumerate(terms)
            if amount > 0
        ]
        for terms in _terms(material)
    )
    if not sources or not uses:
        return note("No money moved in this epoch.")
    words = "; ".join(
        f"{side} {', '.join(f'{flow.name} {flow.shown}' for flow in flows)}"
        for side, flows in (("from", sources), ("to", uses))
    )
    return flow_chart(sources, uses, ("Money flow", words[0].upper() + words[1:] + "."))


def _balance(material: Material) -> Markup:
    sources, uses = _terms(material)
    rows: list[tuple[Content, ...]] = []
    for side, terms in (("in", sources), ("out", uses)):
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
    return table("Balance of the epoch", ("", "Term", "Amount", "Share"), rows, "ttnn")


def _costs(material: Material) -> Markup:
    """What each reason took from the devices' weights."""
    lost: defaultdict[str, int] = defaultdict(int)
    devices: defaultdict[str, int] = defaultdict(int)
    for entry, base in zip(material.facts.entries, material.base_e12, strict=True):
        weight = base
        for factor in entry.chain:
            after = weight * factor.value // ONE
            if factor.reason is not None:
                lost[factor.reason] += weight - after
            weight = after
        for reason in entry.reasons:
            devices[reason] += 1
    rows = [
        (
            element(
                "span",
                word(material, reason, _family(reason)),
                id=f"reason-{reason}" if _is_known(reason) else None,
            ),
            number(devices[reason]),
            bar(lost[reason], max(lost.values(), default=0), "fill over"),
            decimal(lost[reason], ONE, _DIGITS),
            _worth(material, lost[reason]),
            _meaning(reason),
        )
        for reason in sorted(devices, key=lambda reason: (-lost[reason], reason))
    ]
    if not rows:
        return join([sub("What each reason cost"), note("Every device has its full weight.")])
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
                None
                if material.fleet
                else " Base weights are in the registry; without --epoch every device counts once.",
            ),
        ]
    )


def _worth(material: Material, weight: int) -> str:
    """A weight in money, at what a unit of weight earned."""
    facts = material.facts
    total = sum(entry.weight for entry in facts.entries)
    is_exact = material.fleet is not None or _counts_once(material)
    return number(weight * facts.money["allocated"] // total) if total and is_exact else ABSENT


def _counts_once(material: Material) -> bool:
    """Whether the published weights are those of devices with base weight 1."""
    return all(entry.weight in {0, entry.share_e12} for entry in material.facts.entries)


def _family(reason: str) -> str:
    return "reason" if knows(reason, "reason") else "indicator"


def _is_known(reason: str) -> bool:
    return knows(reason, _family(reason)) is not None


def _meaning(reason: str) -> str:
    entry = knows(reason, _family(reason))
    return "" if entry is None else entry.sentence


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
    head = [
        "Device", "Of full pay", "", "Amount", "Score", "Slots up", "Undecided", "State", "Reasons",
        *(["Owner"] if with_owner else []), "Payee",
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
            table("Devices with the lowest pay", head, rows, "tnbnnnnttt" + "t" * with_owner),
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
        element("div", anchored(material, reason, _family(reason), "reason")) for reason in entry.reasons
    )
    owner = (
        [material.foreign(fleet.owner[position])] if fleet is not None and not material.is_redacted else []
    )
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
        *owner,
        ABSENT if entry.payee is None else element("code", material.foreign(entry.payee)),
    )
