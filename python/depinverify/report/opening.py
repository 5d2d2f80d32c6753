"""The head of the page and its key figures.

In: the material. Out: the caveats before everything else, what was settled, and the figures that people ask for
first. Rule: uptime proof, 2.3 and 3; scoring and rewards, 5.9 and 6.6. Invariant: shares are exact and rounded down;
a target is missed or met by exact comparison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify.report.charts import bar, table
from depinverify.report.figures import ABSENT, decimal, duration, knows, number, percent, plural, utc
from depinverify.report.markup import Content, Markup, element, join
from depinverify.report.material import Section, lead, note, sub, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify.report.material import Material

__all__ = ["head", "key_figures"]

_LISTED: Final = 12
_FILES: Final = 50


#: What payees are whose type is not the address.
_PAYEES: Final = {"bytes32": "accounts of 32 bytes; addresses are not paid:"}


class _Goal(NamedTuple):
    """A target: all but one of so many slots are up."""

    name: str
    one_bad_of: int


_GOALS: Final = (_Goal("99\u00a0%", 100), _Goal("99.9\u00a0%", 1_000), _Goal("99.99\u00a0%", 10_000))


def head(material: Material) -> Markup:
    """What a reader must know first, and which settlement this is."""
    facts = material.facts
    rows: list[tuple[str, Content]] = [
        (
            "Epoch",
            f"{facts.index}, {utc(facts.start)} to {utc(facts.end)} UTC ({duration(facts.end - facts.start)})",
        ),
        ("Slots", f"{number(facts.slots)} of {duration(facts.slot_seconds)}"),
        ("Ruleset", material.foreign(facts.ruleset)),
        (
            "Root",
            element("code", material.foreign(facts.root)) if facts.root else "none: nobody has been paid yet",
        ),
        ("Manifest", element("code", facts.manifest_sha256)),
        ("Parameters", element("code", material.foreign(facts.params_hash))),
    ]
    if len(facts.covered) > 1:
        rows.insert(1, ("Covers", "epochs " + ", ".join(map(str, facts.covered[:_LISTED]))))
    payee_type = facts.tables.payee_type
    if payee_type is not None:
        rows.append(
            ("Payees", join([_PAYEES.get(payee_type), " ", element("code", material.foreign(payee_type))]))
        )
    return element(
        "header",
        element("p", "depinverify report", class_="eyebrow"),
        element("h1", f"Epoch {facts.index}"),
        _caveats(material),
        element(
            "dl",
            *(element("div", element("dt", name), element("dd", value)) for name, value in rows),
            class_="identity",
        ),
        note(
            "Root and manifest hash are what to compare with what was published elsewhere: equal hashes "
            "mean an equal settlement."
        ),
    )


def _caveats(material: Material) -> Markup:
    found = list(_caveat_lines(material))
    if not found:
        return element(
            "div",
            element("h2", "Before the first number"),
            element(
                "p",
                "Nothing to hold against these numbers: every file was signed and taken, every beacon "
                "signature was checked, no round is missing and no validator is void.",
            ),
            class_="caveats fine",
        )
    return element(
        "div",
        element("h2", "Before the first number"),
        element("ul", *(element("li", *line) for line in found)),
        _quarantined(material),
        class_="caveats",
    )


def _caveat_lines(material: Material) -> Iterator[tuple[Content, ...]]:
    caveats = material.facts.caveats
    for sentence in material.changed:
        yield element("b", "Changed: "), sentence
    if caveats.unsigned_allowed:
        yield element("b", "Unsigned files were allowed: "), "nobody vouches for their rows."
    if caveats.beacon_pinned:
        yield (
            element("b", "Pinned beacon: "),
            "its signatures were not checked, its values were taken as they are.",
        )
    if caveats.missing_rounds:
        yield (
            element("b", f"{plural(len(caveats.missing_rounds), 'beacon round')} missing: "),
            f"their slots count for nobody ({_some(caveats.missing_rounds)}).",
        )
    if caveats.void_validators:
        names = join(
            part
            for validator in caveats.void_validators[:_LISTED]
            for part in (" ", element("code", material.foreign(validator)))
        )
        yield (
            element("b", f"{plural(len(caveats.void_validators), 'void validator')}: "),
            "no secret was revealed that fits the commitment, so the rows count for nobody:",
            names,
            _more(len(caveats.void_validators) - _LISTED),
        )
    if caveats.quarantined:
        files = plural(len(caveats.quarantined), "file")
        yield element("b", f"{files} quarantined: "), "left out whole, the rest was settled without them."


def _quarantined(material: Material) -> Markup | None:
    files = material.facts.caveats.quarantined
    if not files:
        return None
    rows = [
        (
            material.foreign(file.name),
            word(material, file.reason, "quarantine"),
            entry.sentence if (entry := knows(file.reason, "quarantine")) else "",
            material.foreign(file.message),
            ABSENT if file.signer is None else element("code", material.foreign(file.signer)),
        )
        for file in files[:_FILES]
    ]
    head = ("File", "Reason", "Meaning", "What was found", "Signer")
    return join(
        [
            table("Quarantined files", head, rows, "ttppt"),
            _more_note(len(files) - _FILES, "file"),
        ]
    )


def key_figures(material: Material) -> Section:
    """The figures that people ask for first."""
    facts = material.facts
    up, down = facts.up, facts.down
    money = facts.money
    brought = money["pool"] + money["carried_in"] + money["missed_pools"] + money["adjustments"]
    cards = [
        (
            "Network uptime",
            percent(up, up + down, 4),
            f"{number(up)} of {number(up + down)} decided slots up",
        ),
        ("Devices", number(len(facts.entries)), f"{number(_paid(material))} earned something"),
        (
            "Payees",
            number(len(facts.payees)),
            f"{number(sum(payee.paid > 0 for payee in facts.payees))} paid",
        ),
        (
            "Observations",
            number(sum(facts.counts.values())),
            f"{number(facts.counts.get('VALID', 0))} valid proofs",
        ),
        ("Pool", _long(money["pool"]), "base units of the token"),
        (
            "Paid",
            _long(money["paid"]),
            f"{percent(money['paid'], brought)} of what came in" if brought > 0 else "",
        ),
    ]
    body = join(
        [
            lead(
                "The epoch in six numbers. A slot of a device is up or down by the word of a quorum of "
                "validators; slots that could not be decided are in neither. Shares are rounded down, so "
                "100\u00a0% means that nothing is missing."
            ),
            element("div", *(_card(*card) for card in cards), class_="cards"),
            sub("Targets and their error budgets"),
            note(
                "A target of 99.9\u00a0% allows one decided slot in a thousand to be down: that is the "
                "budget. The bar is full where the budget is used up; above 100\u00a0% the target was "
                "missed."
            ),
            _targets(up, down),
        ]
    )
    return Section("figures", "Key figures", body)


def _paid(material: Material) -> int:
    return sum(entry.amount > 0 for entry in material.facts.entries)


def _targets(up: int, down: int) -> Markup:
    total = up + down
    rows = []
    for goal in _GOALS:
        is_missed = down * goal.one_bad_of > total
        rows.append(
            (
                goal.name,
                "no data" if total == 0 else "missed" if is_missed else "met",
                percent(down * goal.one_bad_of, total),
                bar(down * goal.one_bad_of, total, "fill over" if is_missed else "fill"),
                number(down),
                decimal(total, goal.one_bad_of, 2),
            )
        )
    head = ("Target", "Result", "Budget used", "", "Slots down", "Slots that may be")
    return table("Targets and error budgets", head, rows, "ttnbnn")


def _card(title: str, value: Content, below: str) -> Markup:
    return element(
        "div", element("h3", title), element("p", value, class_="value"), element("p", below), class_="card"
    )


def _long(amount: int) -> Markup:
    """An amount that may break between its thousands."""
    return join(
        part
        for position, group in enumerate(number(amount).split(","))
        for part in (Markup(",<wbr>") if position else None, group)
    )


def _some(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers[:_LISTED])) + _more(len(numbers) - _LISTED)


def _more(count: int) -> str:
    return f" and {number(count)} more" if count > 0 else ""


def _more_note(count: int, noun: str) -> Markup | None:
    return note(f"{plural(count, noun)} more.") if count > 0 else None
