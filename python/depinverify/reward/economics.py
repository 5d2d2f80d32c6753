"""The economy of a network in exact numbers: who gets how much of it, what an hour costs, what the budget allows.

In: amounts, slots and limits as integers. Out: integers, ratios in the scale ``ONE``, and exact fractions. Rule:
scoring specification, sections 1.2 to 1.4: one floor at the end of a formula, comparisons by cross-multiplication.
Invariant: nothing here changes a reward, and no result depends on the order of the amounts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify.exceptions import InputError
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BudgetCheck",
    "Deterrence",
    "HourlyReward",
    "check_budget",
    "deterrence",
    "emission_over_fees",
    "floor_e12",
    "gini",
    "gini_e12",
    "hhi",
    "hhi_e12",
    "nakamoto",
    "reward_per_service_hour",
    "utilisation_multiplier",
]

_SECONDS_OF_AN_HOUR: Final = 3600


def gini(amounts: Iterable[int]) -> Fraction:
    """Gini coefficient: 0 where all have the same, near 1 where one of many has all.

    With ``x_1 <= ... <= x_n`` it is ``sum_i (2i - n - 1) * x_i / (n * sum_i x_i)``. Holders of nothing count in ``n``;
    without holders, or where nobody has anything, it is 0. One of ``n`` holders with all of it gives ``(n - 1) / n``.
    """
    ascending = sorted(_amounts(amounts))
    count, total = len(ascending), sum(ascending)
    if total == 0:
        return Fraction(0)
    spread = sum((2 * rank - count - 1) * amount for rank, amount in enumerate(ascending, start=1))
    return Fraction(spread, count * total)


def gini_e12(amounts: Iterable[int]) -> int:
    """:func:`gini` in the scale ``ONE``: ``floor(ONE * sum_i (2i - n - 1) * x_i / (n * sum_i x_i))``."""
    return floor_e12(gini(amounts))


def hhi(amounts: Iterable[int]) -> Fraction:
    """Herfindahl-Hirschman index: the sum of squared shares, 1 where one holder has all.

    ``sum x^2 / (sum x)^2``; 0 where nobody has anything. Holders of nothing change nothing, and ``n`` equal holders
    give ``1 / n``.
    """
    held = _amounts(amounts)
    total = sum(held)
    return Fraction(0) if total == 0 else Fraction(sum(amount * amount for amount in held), total * total)


def hhi_e12(amounts: Iterable[int]) -> int:
    """:func:`hhi` in the scale ``ONE``: ``floor(ONE * sum x^2 / (sum x)^2)``, floored once."""
    return floor_e12(hhi(amounts))


def nakamoto(amounts: Iterable[int]) -> int:
    """Nakamoto coefficient: the least number of holders who together have strictly more than half.

    0 where nobody has anything.
    """
    held = _amounts(amounts)
    total, together = sum(held), 0
    for count, amount in enumerate(sorted(held, reverse=True), start=1):
        together += amount
        if 2 * together > total:
            return count
    return 0


def floor_e12(ratio: Fraction) -> int:
    """A ratio in the scale ``ONE``, floored."""
    return ratio.numerator * ONE // ratio.denominator


def emission_over_fees(emission: int, fees: int) -> int | None:
    """``floor(ONE * emission / fees)``, or ``None`` without fees: then no number says how much too much it is.

    Args:
        emission: What an epoch brings into circulation; below 0 where corrections take back more than it brings.
        fees: What users paid for the service in the same time, in the same unit.
    """
    _whole("fees", fees)
    return None if fees == 0 else emission * ONE // fees


class HourlyReward(NamedTuple):
    """What one proven hour of service costs the network: a fraction in lowest terms, and its floor.

    Attributes:
        numerator: Base units of the token.
        denominator: Hours.
        floor: Whole base units per hour.
    """

    numerator: int
    denominator: int
    floor: int


def reward_per_service_hour(paid: int, up_slots: int, slot_seconds: int) -> HourlyReward | None:
    """What was paid over the hours of service that were proven, ``up_slots * slot_seconds / 3600``.

    Args:
        paid: Base units of the token.
        up_slots: Slots decided ``UP``, over all devices.
        slot_seconds: Length of a slot.

    Returns:
        The exact rate, or ``None`` where no hour was proven.

    Raises:
        InputError: A number is negative, or no integer.
    """
    seconds = _whole("up_slots", up_slots) * _whole("slot_seconds", slot_seconds)
    if seconds == 0:
        return None
    units = _whole("paid", paid) * _SECONDS_OF_AN_HOUR
    common = math.gcd(units, seconds)
    return HourlyReward(units // common, seconds // common, units // seconds)


def utilisation_multiplier(work: int, capacity: int, floor_e12: int) -> int:
    """Multiplier that pays idle hardware less than busy hardware.

    ``floor_e12 + floor((ONE - floor_e12) * min(work, capacity) / capacity)``, and ``floor_e12`` where there is no
    capacity. More work never gives less, and work beyond the capacity gives nothing more.

    Args:
        work: Paid work that was done, in the unit of the capacity.
        capacity: What the hardware could have done.
        floor_e12: Multiplier of idle hardware, 0 to ``ONE``.

    Raises:
        InputError: A number is negative or no integer, or the floor is above ``ONE``.
    """
    if _whole("floor_e12", floor_e12) > ONE:
        raise InputError(f"floor_e12: expected 0 to {ONE}, found {floor_e12}")
    done = min(_whole("work", work), _whole("capacity", capacity))
    return floor_e12 if capacity == 0 else floor_e12 + (ONE - floor_e12) * done // capacity


@dataclass(frozen=True, slots=True)
class BudgetCheck:
    """An emission held against what fees allow.

    Attributes:
        emission: What came into circulation.
        fees: What users paid.
        max_ratio_e12: The largest ratio of both that is allowed.
        ratio_e12: The ratio, ``None`` without fees.
        allowed: The largest emission within the limit.
        excess: What is above it, 0 within the limit.
    """

    emission: int
    fees: int
    max_ratio_e12: int
    ratio_e12: int | None
    allowed: int
    excess: int

    @property
    def is_within(self) -> bool:
        """Whether the limit holds: exactly ``emission * ONE <= max_ratio_e12 * fees``."""
        return self.excess == 0


def check_budget(emission: int, fees: int, max_ratio_e12: int) -> BudgetCheck:
    """Hold an emission against the fees of the same time.

    The comparison is exact: an emission is an integer, so it is within the limit iff it is at most
    ``floor(fees * max_ratio_e12 / ONE)``, however the ratio that is shown was rounded.

    Raises:
        InputError: Fees or limit are negative, or no integer.
    """
    allowed = _whole("fees", fees) * _whole("max_ratio_e12", max_ratio_e12) // ONE
    ratio = emission_over_fees(emission, fees)
    return BudgetCheck(emission, fees, max_ratio_e12, ratio, allowed, max(0, emission - allowed))


class Deterrence(NamedTuple):
    """What probing with a given probability does to somebody who lies.

    Attributes:
        false_claims: How many claims he expects to get away with before one is caught.
        least_penalty: The smallest penalty with which lying does not pay.
    """

    false_claims: Fraction
    least_penalty: int


def deterrence(probability: Fraction, gain: int) -> Deterrence:
    """Choose a probability of probing, or the penalty for who is caught (scoring and rewards, 6.8).

    Args:
        probability: That a claim is probed, above 0 and at most 1.
        gain: What a false claim brings that nobody catches.

    Returns:
        ``(1 - p) / p`` claims, and the least integer that is at least ``gain`` times as much.

    Raises:
        InputError: The probability or the gain is out of its range.
    """
    if not 0 < probability <= 1:
        raise InputError(f"probability: expected more than 0 and at most 1, found {probability}")
    claims = (1 - probability) / probability
    return Deterrence(claims, math.ceil(_whole("gain", gain) * claims))


def _amounts(amounts: Iterable[int]) -> list[int]:
    return [_whole(f"amounts[{position}]", amount) for position, amount in enumerate(amounts)]


def _whole(name: str, value: int) -> int:
    """A count or an amount: an integer of at least 0; a float or a truth value is a mistake of the caller."""
    if type(value) is not int or value < 0:
        raise InputError(f"{name}: expected an integer of at least 0, found {value!r}")
    return value
