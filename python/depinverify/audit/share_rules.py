"""What validators and classes get, held against the rules that divide it, and against another settlement.

In: reward files whose ruleset has the table. Out: findings. Rule: scoring and rewards, 3.6, 9.2 and 12.2. Invariant:
amounts follow from the published weights, weights from what was delivered, and that from the indicators as far as they
speak of it; the schedule itself stands in the epoch folder alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depinverify import _native
from depinverify.audit.comparison import paired
from depinverify.audit.findings import FindingCode
from depinverify.exceptions import InputError
from depinverify.payee import payee_from_text
from depinverify.reward.delivery import unreliable_validators
from depinverify.reward.validators import ValidatorWork, pay_validators

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.audit.findings import Findings
    from depinverify.audit.reward_file import RewardFile
    from depinverify.canonical import Json
    from depinverify.reward.division import ClassLine

__all__ = ["check_validators", "compare_class_lines", "compare_classes", "compare_validators"]

_FIELDS: Final = ("payee", "scheduled", "missing", "reasons", "weight", "amount")
_AMOUNTS: Final = frozenset({"weight", "amount"})


def check_validators(found: Findings, rewards: RewardFile) -> None:
    """The validators' share divided anew, by what the file says that they delivered."""
    rules, money = rewards.ruleset.validators, rewards.money
    if rules is None:
        return
    _check_silence(found, rewards)
    unreliable = unreliable_validators(rewards.indicators)
    work = [
        ValidatorWork(
            bytes.fromhex(line.validator),
            None if line.payee is None else payee_from_text(line.payee),
            line.scheduled,
            line.missing,
            bytes.fromhex(line.validator) in unreliable,
        )
        for line in rewards.validators
    ]
    try:
        pay = pay_validators(
            money["pool"] + money["carried_in"] + money["missed_pools"], rules.share_bp, work
        )
        # By the published weights: one that is wrong is named itself, and not once more by each amount.
        weights = [line.weight for line in rewards.validators]
        amounts, _ = _native.allocate(pay.share, [one.validator for one in work], weights)
    except InputError as error:
        found.add(FindingCode.POOL_UNBALANCED, "division of the pool", "validators", None, str(error))
        return
    for line, follows, amount in zip(rewards.validators, pay.lines, amounts, strict=True):
        for name, value in (("weight", follows.weight), ("reasons", follows.reasons), ("amount", amount)):
            published = getattr(line, name)
            if published != value:
                _add(found, line.validator, name, published, value)
    total = sum(line.amount for line in rewards.validators)
    if money["to_validators"] != total:
        found.add(
            FindingCode.MONEY_DIFFERS,
            "money:to_validators",
            "to_validators",
            str(money["to_validators"]),
            str(total),
        )


def _check_silence(found: Findings, rewards: RewardFile) -> None:
    """What was scheduled and is missing, against the indicators that say so too."""
    lines = {f"validator:{line.validator}": line for line in rewards.validators}
    for one in rewards.indicators:
        if one["code"] not in {"VALIDATOR_SILENT", "UNRELIABLE"}:
            continue
        for line in (lines[subject] for subject in one["subjects"] if subject in lines):
            numbers = one["numbers"]
            scheduled = numbers.get("scheduled", line.scheduled)
            if line.scheduled != scheduled:
                _add(found, line.validator, "scheduled", line.scheduled, scheduled)
            missing = numbers.get("missing", line.missing)
            # A silent validator may have more that is missing: what it says that it did not probe.
            if line.missing < missing or (one["code"] == "UNRELIABLE" and line.missing != missing):
                _add(found, line.validator, "missing", line.missing, missing)


def compare_validators(found: Findings, first: RewardFile, second: RewardFile) -> None:
    """The validators' lines, field by field."""
    for a, b in paired(first.validators, second.validators, lambda line: line.validator):
        line = a or b
        if a == b or line is None:
            continue
        if a is None or b is None:
            amounts = [None if side is None else str(side.amount) for side in (a, b)]
            subject = f"validator:{line.validator}"
            found.add(FindingCode.VALIDATOR_PAY_DIFFERS, subject, "line", amounts[0], amounts[1])
            continue
        name = next(name for name in _FIELDS if getattr(a, name) != getattr(b, name))
        _add(found, line.validator, name, getattr(a, name), getattr(b, name))


def compare_classes(found: Findings, first: RewardFile, second: RewardFile) -> None:
    """The class of each device."""
    theirs = dict(zip(second.entries.device, second.entries.class_name, strict=True))
    for device, name in zip(first.entries.device, first.entries.class_name, strict=True):
        if device in theirs and theirs[device] != name:
            found.add(FindingCode.DEVICE_CLASS_DIFFERS, f"device:{device}", "class", name, theirs[device])


def compare_class_lines(
    found: Findings, published: Sequence[ClassLine], follows: Sequence[ClassLine]
) -> None:
    """The lines of the classes, field by field."""
    for a, b in paired(published, follows, lambda line: (line.name is not None, line.name)):
        line = a or b
        if a == b or line is None:
            continue
        subject = "classes without a share" if line.name is None else f"class:{line.name}"
        if a is None or b is None:
            amounts = [None if side is None else str(side.amount) for side in (a, b)]
            found.add(FindingCode.CLASS_AMOUNT_DIFFERS, subject, "line", amounts[0], amounts[1])
            continue
        name = next(name for name in a._fields if getattr(a, name) != getattr(b, name))
        sides = str(getattr(a, name)), str(getattr(b, name))
        found.add(FindingCode.CLASS_AMOUNT_DIFFERS, subject, name, *sides)


def _add(found: Findings, validator: str, name: str, published: object, follows: object) -> None:
    sides = (_plain(name, published), _plain(name, follows))
    found.add(FindingCode.VALIDATOR_PAY_DIFFERS, f"validator:{validator}", name, *sides)


def _plain(name: str, value: object) -> Json:
    """Weights and amounts do not fit a JSON number."""
    if isinstance(value, tuple):
        return list(value)
    return str(value) if name in _AMOUNTS or not isinstance(value, (int, str, type(None))) else value
