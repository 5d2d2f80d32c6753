"""What validators were paid, by what they delivered.

In: the validators' lines of the reward file. Out: a part of the section about validators, nothing where the ruleset has
no share for them. Rule: scoring and rewards, 9.2 and 12.2. Invariant: amounts are exact; lines that are not listed are
counted, and who got nothing stands there with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depinverify.report.charts import bar, table
from depinverify.report.figures import ABSENT, knows, number, percent, plural
from depinverify.report.markup import Content, Markup, element, join
from depinverify.report.material import note, payee_code, sub, word

if TYPE_CHECKING:
    from depinverify.report.material import Material
    from depinverify.report.tables import PaidValidator, ValidatorsPay

__all__ = ["validators_pay"]

_LISTED: Final = 50
_BASIS_POINTS: Final = 10_000
#: What a reason means for a validator, in words for the one who wonders about an amount.
_MEANINGS: Final = {
    "NO_PAYEE": "it names nobody who could be paid",
    "UNRELIABLE": "its own failures are too many, or it is void",
    "VALIDATOR_SILENT": "probes without a usable report are not paid",
}


def validators_pay(material: Material) -> Markup | None:
    """Who delivered how much, what was missing, and what it earned."""
    pay = material.facts.tables.validators
    if pay is None:
        return None
    ordered = sorted(pay.lines, key=lambda line: (-line.amount, line.validator))
    head = (
        "Validator", "Delivered", "", "Missing", "Amount", "Share", "Reasons", "Payee",
    )  # fmt: skip
    more = len(ordered) - _LISTED
    return join(
        [
            sub("Pay of validators"),
            table(
                "Pay of validators",
                head,
                [_line(material, pay, line) for line in ordered[:_LISTED]],
                "tnbnnnpt",
            ),
            note(
                _summary(material, pay),
                f" {plural(more, 'validator')} more with smaller amounts." if more > 0 else None,
            ),
        ]
    )


def _line(material: Material, pay: ValidatorsPay, line: PaidValidator) -> tuple[Content, ...]:
    delivered = line.scheduled - line.missing
    return (
        element("code", material.foreign(line.validator)),
        f"{number(delivered)} of {number(line.scheduled)}",
        bar(delivered, line.scheduled),
        number(line.missing),
        number(line.amount),
        percent(line.amount, pay.amount),
        join(element("div", _reason(material, reason)) for reason in line.reasons)
        if line.reasons
        else ABSENT,
        payee_code(material, line.payee),
    )


def _reason(material: Material, reason: str) -> Markup:
    family = "reason" if knows(reason, "reason") else "indicator"
    shown = word(material, reason, family)
    return join([shown, f": {_MEANINGS[reason]}"]) if reason in _MEANINGS else shown


def _summary(material: Material, pay: ValidatorsPay) -> Markup:
    amounts = material.facts.money
    divided = amounts["pool"] + amounts["carried_in"] + amounts["missed_pools"]
    share = divided * pay.share_bp // _BASIS_POINTS
    left = share - pay.amount
    by_delivery = (
        f"Validators share {percent(pay.share_bp, _BASIS_POINTS)} of what was divided, {number(share)}, by the probes "
        f"that each of them delivered, whatever these say: an “offline” earns as much as a “pass”. They got "
        f"{number(pay.amount)}."
    )
    unearned = (
        f" Nobody earned the other {number(left)}, which stayed with the devices." if left > 0 else None
    )
    return join([by_delivery, unearned, " The bar is full where nothing is missing."])
