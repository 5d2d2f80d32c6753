"""Bounds, tests, service levels, curves and schedules against exact fractions, limits met to the last unit."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError
from differential import exact_models as exact
from differential.draws import COUNTS, SHARES, often, part_of, proportion
from differential.exact_models import ONE

# ------------------------------------------------------------------------------------------------------ 5.7, M6

QUANTILES = st.sampled_from([196, 258, 0, 1, 100]) | st.integers(0, 1000)


@often
@given(part_of(COUNTS), QUANTILES)
@example((3, 15), 335)  # here a root that is rounded down instead of up gives another bound
@example((12, 15), 335)
def test_wilson_bounds(sample: tuple[int, int], zc: int) -> None:
    found = _native.wilson_bounds(*sample, zc)
    assert found == exact.wilson_bounds(*sample, zc)
    assert 0 <= found[0] <= found[1] <= ONE


@often
@given(part_of(st.integers(1, 10**6)), st.sampled_from([196, 258, 100]))
def test_wilson_bounds_enclose_the_interval_and_hardly_more(sample: tuple[int, int], zc: int) -> None:
    lower, upper = (Fraction(bound, ONE) for bound in _native.wilson_bounds(*sample, zc))
    outside, unit = exact.wilson_polynomial(*sample, zc), Fraction(2, ONE)
    assert outside(lower) >= 0
    assert outside(upper) >= 0
    assert outside(lower + unit) < 0
    assert outside(upper - unit) < 0


@often
@given(part_of(COUNTS), QUANTILES)
def test_a_failure_less_never_lowers_a_bound(sample: tuple[int, int], zc: int) -> None:
    successes, trials = sample
    assume(successes < trials - 1)
    before, after = (
        _native.wilson_bounds(successes, trials, zc),
        _native.wilson_bounds(successes, trials - 1, zc),
    )
    assert after[0] >= before[0]


@settings(max_examples=200)
@given(st.integers(0, 40), st.integers(0, 40), proportion(1000))
def test_beta_lower_bound(successes: int, failures: int, quantile: Fraction) -> None:
    assume(0 < quantile < 1)
    found = _native.beta_lower_bound(successes, failures, quantile.as_integer_ratio())
    assert found is not None
    assert found == exact.beta_lower_bound(successes, failures, quantile)
    if failures:
        less = _native.beta_lower_bound(successes, failures - 1, quantile.as_integer_ratio())
        assert less is not None
        assert less >= found


def test_beta_lower_bound_up_to_its_limit() -> None:
    """Successes alone: the largest k with k^N * qd <= qn * 10^(6N); N is one more than there were trials."""
    k = _native.beta_lower_bound(4999, 0, (1, 20))
    assert k is not None
    assert 20 * k**5000 <= exact.MILLION**5000 < 20 * (k + 1) ** 5000
    assert _native.beta_lower_bound(5000, 0, (1, 20)) is None
    assert _native.beta_lower_bound(0, 5000, (1, 20)) is None
    assert _native.beta_lower_bound(0, 4999, (1, 20)) == 10


# ------------------------------------------------------------------------------------------------------ 5.8, M7

#: Steps that meet their limits exactly, and those of the specification.
TESTS = st.sampled_from(
    [
        (-95_310, 2_302_585, -2_985_682, 4_553_877),
        (-19_202, 2_995_732, -4_595_120, 4_595_120),
        (-171_850, 1_386_294, -2_944_439, 2_944_439),
        (-1, 2, -3, 4),
        (-5, 7, -5, 7),
    ]
)


@often
@given(st.lists(st.booleans(), max_size=60), TESTS, st.integers(-3, 3))
def test_sequential_test(observations: list[bool], steps: tuple[int, ...], total: int) -> None:
    names = ("inc_pass", "inc_fail", "accept", "reject")
    found = _native.sequential_test(observations, total=total, **dict(zip(names, steps, strict=True)))
    assert found == exact.sequential_test(observations, total, *steps)


@often
@given(proportion(200), proportion(10_000))
@example(Fraction(1, 2), Fraction(3, 4))
@example(Fraction(1, 10), Fraction(19, 100))
@example(Fraction(0), Fraction(0))
@example(Fraction(0), Fraction(1, 2))
@example(Fraction(1), Fraction(1))
@example(Fraction(1, 2), Fraction(1))
def test_trials_to_detect(cheats: Fraction, detect: Fraction) -> None:
    found = _native.trials_to_detect(cheats.as_integer_ratio(), detect.as_integer_ratio())
    assert found == exact.trials_to_detect(cheats, detect)


# ------------------------------------------------------------------------------------------------------ 5.9, M8

GOALS = st.sampled_from([Fraction(999, 1000), Fraction(99, 100), Fraction(1, 2), Fraction(0)]) | proportion(
    10_000
)


@often
@given(part_of(st.integers(1, 10**4) | st.integers(1, 2**40)), GOALS | st.just(Fraction(1)))
@example((100, 100_000), Fraction(999, 1000))
@example((0, 1), Fraction(1))
@example((1, 1), Fraction(1))
def test_service_level(events: tuple[int, int], goal: Fraction) -> None:
    bad, total = events
    level, is_exhausted, consumed = _native.service_level(total, bad, goal.as_integer_ratio())
    assert (level, is_exhausted, consumed) == exact.service_level(total, bad, goal)
    assert 0 <= level <= ONE


@often
@given(st.data(), GOALS, st.sampled_from([720, 672, 168, 1]))
def test_burning_alerts(data: st.DataObject, goal: Fraction, period: int) -> None:
    """Often windows burn exactly at the factor of an alert, which is not above it, or by one event more."""
    assume(goal < 1)
    windows = {}
    for minutes in data.draw(st.lists(st.sampled_from([5, 30, 60, 120, 360, 1440, 4320]), unique=True)):
        _, percent, hours, _ = data.draw(st.sampled_from(exact.ALERTS))
        exactly = Fraction(percent * period, 100 * hours) * (1 - goal)
        if exactly <= 1 and data.draw(st.booleans()):
            bad, total = exactly.numerator, exactly.denominator
            bad = min(total, bad + data.draw(st.integers(0, 1)))
        else:
            bad, total = data.draw(part_of(st.integers(0, 2000)))
        windows[minutes] = total, bad
    assert _native.burning_alerts(windows, goal.as_integer_ratio(), period) == exact.burning_alerts(
        windows, goal, period
    )


# ---------------------------------------------------------------------------------------------------- 5.10, 8

KNOTS = st.lists(st.integers(1, ONE - 1), unique=True, max_size=4).flatmap(
    lambda inner: st.lists(
        st.sampled_from([0, 1, ONE, 3 * ONE]) | st.integers(0, 2 * ONE),
        min_size=len(inner) + 2,
        max_size=len(inner) + 2,
    ).map(lambda heights: list(zip([0, *sorted(inner), ONE], sorted(heights), strict=True)))
)
DEFAULT_CURVE = [
    (0, 0),
    (799_999_999_999, 0),
    (800_000_000_000, 500_000_000_000),
    (995_000_000_000, ONE),
    (ONE, ONE),
]


@often
@given(KNOTS | st.just(DEFAULT_CURVE), st.data())
def test_payout(knots: list[tuple[int, int]], data: st.DataObject) -> None:
    at_knots = st.sampled_from([min(max(x + d, 0), ONE) for x, _ in knots for d in (-1, 0, 1)])
    low, high = sorted(data.draw(st.tuples(at_knots | SHARES, at_knots | SHARES)))
    assert _native.payout(knots, low) == exact.payout(knots, low)
    assert _native.payout(knots, low) <= _native.payout(knots, high)


STREAKS = ((0, 0), (4, 1000), (21, 2000), (36, 3000))


@often
@given(
    st.integers(0, 40) | st.integers(0, 2**31),
    st.integers(0, 9),
    st.booleans(),
    st.sampled_from([STREAKS, ((0, 7),)]),
)
def test_streak_after(good: int, missed: int, is_good: bool, levels: tuple[tuple[int, int], ...]) -> None:
    assert _native.streak_after(good, missed, is_good, levels) == exact.streak_after(
        good, missed, is_good, levels
    )


AMOUNTS = st.one_of(st.integers(0, 300), st.integers(0, 2**256 - 1), st.just(2**256 - 1))


@often
@given(AMOUNTS, proportion(1000), st.integers(0, 30))
def test_emission_decays_once_a_period(first: int, decay: Fraction, period: int) -> None:
    assert _native.emission_of(first, decay.as_integer_ratio(), period) == exact.emission_of(
        first, decay, period
    )


@often
@given(st.integers(0, 2**256 - 1), st.integers(1, 3), st.integers(0, 3))
def test_an_emission_that_grows_out_of_its_bits_is_refused(first: int, factor: int, period: int) -> None:
    expected = exact.emission_of(first, Fraction(factor), period)
    if expected < 2**256:
        assert _native.emission_of(first, (factor, 1), period) == expected
    else:
        with pytest.raises(InputError):
            _native.emission_of(first, (factor, 1), period)


@often
@given(AMOUNTS, st.integers(0, 12), st.lists(st.integers(0, 100), max_size=10))
def test_withheld_is_never_lost(whole: int, months: int, percents: list[int]) -> None:
    found = _native.withheld_of(whole, months, percents)
    assert found == exact.withheld_of(whole, months, percents)
    assert sum(found) == whole
