"""The ruleset's tables about money, and what they add to a reward file.

In: a reward file, which may be anybody's. Out: :class:`Tables`, checked. Rule: scoring and rewards, 8, 9.2, 9.6 and
11.9. Invariant: a table that the parameters lack is ``None`` here, and then nothing of it is on the page; one that they
have without its members in the file is no settlement.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from depinverify.exceptions import ConfigurationError
from depinverify.models.economy import Emission, Utilisation, ValidatorShare
from depinverify.report.values import count, hex_text, text, unsigned
from depinverify.validation import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ClassShare", "Emitted", "PaidValidator", "Period", "Tables", "ValidatorsPay", "read_tables"]

_Table = TypeVar("_Table", bound=BaseModel)


class Period(NamedTuple):
    """Epochs that have one pool.

    Attributes:
        number: Its number, from 0.
        first: Index of its first epoch.
        last: Index of its last epoch.
        pool: Pool of each of them.
    """

    number: int
    first: int
    last: int
    pool: int


class Emitted(NamedTuple):
    """What the emission says of an epoch's pool.

    Attributes:
        rules: The table.
        now: The period of the epoch.
        next: The period behind it; ``None`` where the emission counts no further.
    """

    rules: Emission
    now: Period
    next: Period | None


class PaidValidator(NamedTuple):
    """What a validator delivered and got."""

    validator: str
    payee: str | None
    scheduled: int
    missing: int
    weight: int
    amount: int
    reasons: tuple[str, ...]


class ValidatorsPay(NamedTuple):
    """The validators' share of the pool.

    Attributes:
        share_bp: The share in basis points.
        amount: What all of them got.
        lines: One per validator, ascending.
    """

    share_bp: int
    amount: int
    lines: tuple[PaidValidator, ...]


class ClassShare(NamedTuple):
    """What a class of devices got; the name ``None`` stands for all classes without a share of their own."""

    name: str | None
    share: int
    amount: int
    remainder: int


@dataclass(frozen=True)
class Tables:
    """What tables about money say, each ``None`` where the ruleset lacks it.

    Attributes:
        emission: Pools of this period and the next.
        utilisation: The table; its multipliers stand beside the devices.
        validators: What validators got.
        classes: What classes got, ascending.
        payee_type: Type of the payees, where it is not the address.
    """

    emission: Emitted | None
    utilisation: Utilisation | None
    validators: ValidatorsPay | None
    classes: tuple[ClassShare, ...] | None
    payee_type: str | None

    @cached_property
    def class_names(self) -> frozenset[str]:
        """Classes that have a share of their own."""
        return frozenset(line.name for line in self.classes or () if line.name is not None)


def read_tables(rewards: Mapping[str, Any]) -> Tables:
    """Read what the tables about money add to a reward file.

    Raises:
        ValueError: A member is not what it must be.
        LookupError: A member is absent although the parameters have its table.
    """
    params = rewards["params"]
    emission = _table(params, "emission", Emission)
    share = _table(params, "validators", ValidatorShare)
    payee_type = params.get("payee_type")
    return Tables(
        emission=None if emission is None else _emitted(emission, count(rewards["epoch"]["index"])),
        utilisation=_table(params, "utilisation", Utilisation),
        validators=None
        if share is None
        else ValidatorsPay(
            share.share_bp,
            unsigned(rewards["to_validators"]),
            tuple(_paid_validator(line) for line in rewards["validators"]),
        ),
        classes=None if params.get("levels") is None else _classes(rewards["classes"]),
        payee_type=None if payee_type is None else text(payee_type),
    )


def _table(params: Mapping[str, Any], name: str, kind: type[_Table]) -> _Table | None:
    """One table of the parameters."""
    given = params.get(name)
    if given is None:
        return None
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise ValueError(explain(error, f"params.{name}")) from None


def _emitted(rules: Emission, index: int) -> Emitted:
    number = (index - rules.first_epoch) // rules.period_epochs
    try:
        now = _period(rules, number)
    except ConfigurationError as error:
        raise ValueError(f"params.{error}") from None
    try:
        return Emitted(rules, now, _period(rules, number + 1))
    except ConfigurationError:
        return Emitted(rules, now, None)


def _period(rules: Emission, number: int) -> Period:
    first = rules.first_epoch + number * rules.period_epochs
    return Period(number, first, first + rules.period_epochs - 1, rules.pools([first])[0])


def _paid_validator(line: Mapping[str, Any]) -> PaidValidator:
    scheduled, missing = count(line["scheduled"]), count(line["missing"])
    if missing > scheduled:
        raise ValueError(f"validators: expected missing of at most {scheduled}, found {missing}")
    return PaidValidator(
        validator=hex_text(line["validator"]),
        payee=None if line["payee"] is None else text(line["payee"]),
        scheduled=scheduled,
        missing=missing,
        weight=unsigned(line["weight"]),
        amount=unsigned(line["amount"]),
        reasons=tuple(text(reason) for reason in line["reasons"]),
    )


def _classes(lines: list[Mapping[str, Any]]) -> tuple[ClassShare, ...]:
    classes = tuple(_class(line) for line in lines)
    twice = [name for name, lines_of in Counter(line.name for line in classes).items() if lines_of > 1]
    if twice:
        raise ValueError(f"classes: expected each class once, found {twice[0]!r:.80} twice")
    return classes


def _class(line: Mapping[str, Any]) -> ClassShare:
    name = line["class"]
    amount, remainder = unsigned(line["amount"]), unsigned(line["remainder"])
    if remainder > amount:
        raise ValueError(f"classes: expected a remainder of at most {amount}, found {remainder}")
    return ClassShare(None if name is None else text(name), count(line["share"]), amount, remainder)
