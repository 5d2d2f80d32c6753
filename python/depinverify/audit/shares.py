"""The lists of a reward file that only a ruleset with the right table has: what validators and classes get.

In: a list of ``rewards.json`` of anybody. Out: its lines. Invariant: every value has its type, and lines ascend and
stand once each.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from depinverify.audit import forms
from depinverify.audit.forms import MalformedError
from depinverify.reward.division import ClassLine

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ValidatorPaid", "read_classes", "read_validators"]

_CLASS: Final = frozenset({"class", "share", "amount", "remainder"})
_VALIDATOR: Final = frozenset({"validator", "payee", "scheduled", "missing", "weight", "amount", "reasons"})


class ValidatorPaid(NamedTuple):
    """The line of a validator, names in hex as the file has them."""

    validator: str
    payee: str | None
    scheduled: int
    missing: int
    weight: int
    amount: int
    reasons: tuple[str, ...]


def read_validators(value: Any, file: str) -> tuple[ValidatorPaid, ...]:  # noqa: ANN401 - foreign JSON
    """The list ``validators``."""
    lines = []
    for position, line in enumerate(forms.array(value, file, "validators")):
        where = f"validators[{position}]"
        forms.members(line, file, where, _VALIDATOR)
        payee, scheduled = line["payee"], forms.count(line["scheduled"], file, f"{where}.scheduled")
        reasons = forms.array(line["reasons"], file, f"{where}.reasons")
        lines.append(
            ValidatorPaid(
                validator=forms.hex_bytes(line["validator"], file, f"{where}.validator"),
                payee=None if payee is None else forms.payee(payee, file, f"{where}.payee"),
                scheduled=scheduled,
                missing=forms.count(line["missing"], file, f"{where}.missing", scheduled),
                weight=forms.amount(line["weight"], file, f"{where}.weight"),
                amount=forms.amount(line["amount"], file, f"{where}.amount"),
                reasons=tuple(forms.text(one, file, f"{where}.reasons") for one in reasons),
            )
        )
    _refuse_disorder([line.validator for line in lines], file, "validators")
    return tuple(lines)


def read_classes(value: Any, file: str) -> tuple[ClassLine, ...]:  # noqa: ANN401 - foreign JSON
    """The list ``classes``."""
    lines = []
    for position, line in enumerate(forms.array(value, file, "classes")):
        where = f"classes[{position}]"
        forms.members(line, file, where, _CLASS)
        name = line["class"]
        lines.append(
            ClassLine(
                name=None if name is None else forms.text(name, file, f"{where}.class"),
                share=forms.count(line["share"], file, f"{where}.share"),
                amount=forms.amount(line["amount"], file, f"{where}.amount"),
                remainder=forms.amount(line["remainder"], file, f"{where}.remainder"),
            )
        )
    # The others have no name and come first.
    _refuse_disorder(["" if line.name is None else f"class {line.name}" for line in lines], file, "classes")
    return tuple(lines)


def _refuse_disorder(names: Sequence[str], file: str, where: str) -> None:
    for position, (before, after) in enumerate(pairwise(names), 1):
        if before >= after:
            raise MalformedError(file, f"{where}[{position}]", f"one after {before}", after)
