"""An optional share of the pool for validators, by the rows that they delivered.

In: the pool, the share in basis points, what each validator was scheduled to do and did. Out: amounts with reasons,
and what stays for the devices. Rule: scoring specification, sections 3.6 (scheduled, missing, ``UNRELIABLE``), 9.2 and
12.2; the open uptime proof itself pays devices only. Invariant: what the validators get and what stays for the devices
is the pool, and no validator gets less than its schedule was worth without a reason.

What is paid for is delivery, not what a row says: a validator earns as much by an ``OFFLINE`` as by a ``PASS``, so that
the share tempts nobody to report one instead of the other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.ruleset import LARGEST_AMOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ValidatorLine", "ValidatorPay", "ValidatorWork", "pay_validators"]

_WHOLE_BP: Final = 10_000


class ValidatorWork(NamedTuple):
    """What a validator had to do in an epoch, and did.

    Attributes:
        validator: Its id.
        payee: Whom it names, 20 bytes, or ``None``.
        scheduled: Probes that the beacon assigned to it.
        missing: Those without a row, or with one that says "error" or "not attempted".
        is_unreliable: Whether it is ``UNRELIABLE`` or void in the epoch.
    """

    validator: bytes
    payee: bytes | None
    scheduled: int
    missing: int = 0
    is_unreliable: bool = False


class ValidatorLine(NamedTuple):
    """What a validator gets.

    Attributes:
        validator: Its id.
        payee: Who is paid.
        scheduled: Probes that the beacon assigned to it.
        missing: Those that it did not deliver.
        weight: Rows delivered, 0 where a reason says why.
        amount: Its part of the share.
        reasons: Why it is less than the schedule was worth, ascending: ``NO_PAYEE``, ``UNRELIABLE``,
            ``VALIDATOR_SILENT``.
    """

    validator: bytes
    payee: bytes | None
    scheduled: int
    missing: int
    weight: int
    amount: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValidatorPay:
    """A pool, divided between validators and devices.

    Attributes:
        share: The most that validators get, ``floor(pool * validator_share_bp / 10000)``.
        for_devices: What stays for the devices: the rest, and the share itself where no validator earned any.
        lines: One per validator, ascending by id.
    """

    share: int
    for_devices: int
    lines: tuple[ValidatorLine, ...]

    @property
    def paid(self) -> int:
        """What all validators get."""
        return sum(line.amount for line in self.lines)

    @property
    def payees(self) -> Mapping[bytes, int]:
        """Amounts in sum per payee, ascending; only who gets something."""
        sums: dict[bytes, int] = defaultdict(int)
        for line in self.lines:
            if line.payee is not None and line.amount:
                sums[line.payee] += line.amount
        return dict(sorted(sums.items()))


def pay_validators(pool: int, validator_share_bp: int, work: Sequence[ValidatorWork]) -> ValidatorPay:
    """Divide the validators' share of a pool by the rows that they delivered.

    Args:
        pool: What is divided in all.
        validator_share_bp: The validators' share in basis points, 0 to 10000.
        work: One entry per validator, in any order.

    Raises:
        InputError: A number is out of its range, or a validator stands twice.
    """
    _within("pool", pool, LARGEST_AMOUNT)
    _within("validator_share_bp", validator_share_bp, _WHOLE_BP)
    ordered = sorted(work, key=lambda one: one.validator)
    weighed = [_weigh(one) for one in ordered]
    share = pool * validator_share_bp // _WHOLE_BP
    amounts, left = _native.allocate(
        share, [one.validator for one in ordered], [weight for weight, _ in weighed]
    )
    lines = tuple(
        ValidatorLine(*one[:4], weight, amount, reasons)
        for one, (weight, reasons), amount in zip(ordered, weighed, amounts, strict=True)
    )
    return ValidatorPay(share, pool - share + left, lines)


def _weigh(work: ValidatorWork) -> tuple[int, tuple[str, ...]]:
    """Rows that count for a validator, and why they are not all that was scheduled."""
    whose = work.validator.hex()
    _within(f"{whose}: missing", work.missing, _within(f"{whose}: scheduled", work.scheduled, 2**64 - 1))
    reasons = []
    if work.payee is None:
        reasons.append("NO_PAYEE")
    if work.is_unreliable:
        reasons.append("UNRELIABLE")
    weight = 0 if reasons else work.scheduled - work.missing
    if work.missing:
        reasons.append("VALIDATOR_SILENT")
    return weight, tuple(reasons)


def _within(name: str, value: int, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise InputError(f"{name}: expected 0 to {most}, found {value!r}")
    return value
