"""Measures of an economy against their definitions in fractions, and their corner cases."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.exceptions import InputError
from depinverify.reward.economics import (
    check_budget,
    emission_over_fees,
    gini,
    gini_e12,
    hhi,
    hhi_e12,
    nakamoto,
    reward_per_service_hour,
    utilisation_multiplier,
)
from depinverify.ruleset import ONE

LARGEST = 2**256 - 1
AMOUNT = st.one_of(st.integers(0, 4), st.integers(0, LARGEST))
AMOUNTS = st.lists(AMOUNT, max_size=12)


def gini_by_differences(amounts: list[int]) -> Fraction:
    """The definition: half of the mean absolute difference of all pairs, over the mean."""
    mean_difference = Fraction(sum(abs(a - b) for a, b in product(amounts, amounts)), len(amounts) ** 2)
    return mean_difference / 2 / Fraction(sum(amounts), len(amounts))


@given(AMOUNTS)
def test_gini_is_the_mean_difference(amounts: list[int]) -> None:
    expected = gini_by_differences(amounts) if sum(amounts) else Fraction(0)
    assert gini(amounts) == expected
    assert gini_e12(amounts) == floor(ONE * expected)
    assert 0 <= gini_e12(amounts) < ONE


@given(AMOUNTS)
def test_hhi_is_the_sum_of_squared_shares(amounts: list[int]) -> None:
    total = sum(amounts)
    expected = (
        sum((Fraction(amount, total) ** 2 for amount in amounts), Fraction(0)) if total else Fraction(0)
    )
    assert hhi(amounts) == expected
    assert hhi_e12(amounts) == floor(ONE * expected)
    assert 0 <= hhi_e12(amounts) <= ONE


@given(AMOUNTS)
def test_nakamoto_is_the_smallest_majority(amounts: list[int]) -> None:
    total, count = sum(amounts), nakamoto(amounts)
    richest = sorted(amounts, reverse=True)
    if total == 0:
        assert count == 0
        return
    assert Fraction(sum(richest[:count]), total) > Fraction(1, 2)
    assert Fraction(sum(richest[: count - 1]), total) <= Fraction(1, 2)


@given(st.lists(AMOUNT, min_size=1, max_size=12).flatmap(lambda a: st.tuples(st.just(a), st.permutations(a))))
def test_order_and_unit_change_nothing(given_amounts: tuple[list[int], list[int]]) -> None:
    amounts, shuffled = given_amounts
    for measure in (gini_e12, hhi_e12, nakamoto):
        assert measure(shuffled) == measure(amounts) == measure([7 * amount for amount in amounts])
    assert hhi_e12([*amounts, 0]) == hhi_e12(amounts)
    assert nakamoto([0, *amounts]) == nakamoto(amounts)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([], (0, 0, 0)),
        ([0], (0, 0, 0)),
        ([0, 0, 0], (0, 0, 0)),
        ([1], (0, ONE, 1)),
        ([LARGEST], (0, ONE, 1)),
        ([5, 5, 5, 5], (0, ONE // 4, 3)),
        ([LARGEST] * 4, (0, ONE // 4, 3)),
        ([1, 1], (0, ONE // 2, 2)),
        ([2, 1, 1], (ONE // 6, 375_000_000_000, 2)),
        ([0, 0, 0, 9], (750_000_000_000, ONE, 1)),
        ([1, 2, 3], (222_222_222_222, 388_888_888_888, 2)),
        ([1, LARGEST], (499_999_999_999, 999_999_999_999, 1)),
    ],
)
def test_corner_cases(amounts: list[int], expected: tuple[int, int, int]) -> None:
    assert (gini_e12(amounts), hhi_e12(amounts), nakamoto(amounts)) == expected


@pytest.mark.parametrize("wrong", [-1, 1.0, True, "1", None])
def test_an_amount_is_an_integer_of_at_least_0(wrong: object) -> None:
    for measure in (gini_e12, hhi_e12, nakamoto):
        with pytest.raises(InputError, match=r"amounts\[1\]: expected an integer"):
            measure([1, wrong])  # type: ignore[list-item]


@given(st.integers(0, LARGEST), st.integers(0, 2**64), st.integers(0, 86_400))
def test_reward_per_hour_is_exact(paid: int, up_slots: int, slot_seconds: int) -> None:
    rate = reward_per_service_hour(paid, up_slots, slot_seconds)
    hours = Fraction(up_slots * slot_seconds, 3600)
    if hours == 0:
        assert rate is None
        return
    assert rate is not None
    assert Fraction(rate.numerator, rate.denominator) == paid / hours
    assert (rate.numerator, rate.denominator) == (paid / hours).as_integer_ratio()
    assert rate.floor == floor(paid / hours)


def test_reward_per_hour_by_hand() -> None:
    assert reward_per_service_hour(1000, 6, 900) == (2000, 3, 666)
    assert reward_per_service_hour(0, 6, 900) == (0, 1, 0)
    assert reward_per_service_hour(1000, 0, 900) is None
    for wrong in ((-1, 1, 1), (1, -1, 1), (1, 1, -1), (1.0, 1, 1)):
        with pytest.raises(InputError):
            reward_per_service_hour(*wrong)


@given(AMOUNT, AMOUNT, st.integers(0, ONE), AMOUNT)
def test_utilisation_pays_between_its_floor_and_all(work: int, capacity: int, least: int, more: int) -> None:
    found = utilisation_multiplier(work, capacity, least)
    used = Fraction(min(work, capacity), capacity) if capacity else Fraction(0)
    assert found == floor(least + (ONE - least) * used)
    assert least <= found <= ONE
    assert utilisation_multiplier(work + more, capacity, least) >= found
    assert utilisation_multiplier(work, capacity + more, least) <= found or capacity == 0


@pytest.mark.parametrize(
    ("work", "capacity", "least", "expected"),
    [
        (0, 10, ONE // 4, ONE // 4),
        (5, 10, ONE // 4, 625_000_000_000),
        (10, 10, ONE // 4, ONE),
        (11, 10, ONE // 4, ONE),
        (5, 0, ONE // 4, ONE // 4),
        (0, 0, 0, 0),
        (1, 3, 0, 333_333_333_333),
        (1, 3, ONE, ONE),
    ],
)
def test_utilisation_by_hand(work: int, capacity: int, least: int, expected: int) -> None:
    assert utilisation_multiplier(work, capacity, least) == expected


@pytest.mark.parametrize("wrong", [(-1, 1, 0), (1, -1, 0), (1, 1, -1), (1, 1, ONE + 1), (1.5, 1, 0)])
def test_utilisation_out_of_range(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(InputError):
        utilisation_multiplier(*wrong)


@given(st.integers(-(2**200), LARGEST), AMOUNT, st.integers(0, 10 * ONE))
def test_the_budget_is_compared_exactly(emission: int, fees: int, limit: int) -> None:
    check = check_budget(emission, fees, limit)
    assert check.is_within is (emission <= fees * Fraction(limit, ONE))
    assert check.excess == max(0, emission - floor(fees * Fraction(limit, ONE)))
    assert check.ratio_e12 == emission_over_fees(emission, fees)
    assert check.ratio_e12 == (floor(ONE * Fraction(emission, fees)) if fees else None)


def test_the_rounded_ratio_does_not_decide() -> None:
    """The ratio that is shown equals the limit, and the emission is above it all the same."""
    fees = 10**15
    check = check_budget(fees + 1, fees, ONE)
    assert (check.ratio_e12, check.is_within, check.excess) == (ONE, False, 1)
    assert check_budget(fees, fees, ONE).is_within
    assert check_budget(0, 0, 0).is_within
    assert not check_budget(1, 0, 10 * ONE).is_within
    for wrong in ((1, -1, 1), (1, 1, -1), (1, 1, 1.5)):
        with pytest.raises(InputError):
            check_budget(*wrong)
