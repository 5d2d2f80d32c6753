"""The division of a pool against exact fractions, by the specification's rounds."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify import _native

if TYPE_CHECKING:
    from collections.abc import Callable

#: Thirteen of the largest are still below 2^512, the least sum that is refused.
WEIGHTS = st.one_of(st.integers(0, 5), st.integers(0, 2**200), st.integers(0, 2**508))
AMOUNTS = st.one_of(st.integers(0, 60), st.integers(0, 2**256 - 1), st.just(2**256 - 1))
SHARES = st.dictionaries(st.binary(max_size=8), st.tuples(WEIGHTS, st.none() | AMOUNTS), max_size=12)
MODES = st.sampled_from(["largest_remainder", "floor_to_sink", "carry"])


def by_fractions(
    pool: int, shares: dict[bytes, tuple[int, int | None]], mode: str
) -> tuple[dict[bytes, int], int]:
    """Whole rounds of caps, then floors, then the largest parts after the point."""
    amounts = dict.fromkeys(shares, 0)
    open_ids = set(shares)
    while True:
        total = sum(shares[name][0] for name in open_ids)
        over = {
            name
            for name in open_ids
            if total
            and shares[name][1] is not None
            and Fraction(pool * shares[name][0], total) > shares[name][1]
        }
        if not over:
            break
        for name in over:
            amounts[name] = shares[name][1] or 0
        pool -= sum(amounts[name] for name in over)
        open_ids -= over
    if not total:
        return amounts, pool
    exact = {name: Fraction(pool * shares[name][0], total) for name in open_ids}
    for name, part in exact.items():
        amounts[name] = part.numerator // part.denominator
    left = pool - sum(amounts[name] for name in open_ids)
    if mode == "largest_remainder":
        for name in sorted(open_ids, key=lambda name: (amounts[name] - exact[name], name))[:left]:
            amounts[name] += 1
        left = 0
    return amounts, left


def divided(
    pool: int, shares: dict[bytes, tuple[int, int | None]], mode: str
) -> tuple[dict[bytes, int], int]:
    weights, caps = [share[0] for share in shares.values()], [share[1] for share in shares.values()]
    amounts, left = _native.allocate(pool, list(shares), weights, caps, mode)
    return dict(zip(shares, amounts, strict=True)), left


@given(AMOUNTS, SHARES, MODES)
def test_equals_exact_fractions(pool: int, shares: dict[bytes, tuple[int, int | None]], mode: str) -> None:
    assert divided(pool, shares, mode) == by_fractions(pool, shares, mode)


@given(AMOUNTS, SHARES, MODES, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_nothing_is_lost(
    pool: int, shares: dict[bytes, tuple[int, int | None]], mode: str, dice: object
) -> None:
    amounts, left = divided(pool, shares, mode)
    assert sum(amounts.values()) + left == pool
    assert all(cap is None or amounts[name] <= cap for name, (_, cap) in shares.items())
    names = list(shares)
    dice.shuffle(names)  # type: ignore[attr-defined]
    assert divided(pool, {name: shares[name] for name in names}, mode) == (amounts, left)


@st.composite
def capped_at_their_share(draw: Callable[..., Any]) -> tuple[int, dict[bytes, tuple[int, int | None]]]:
    """Caps that are the exact share rounded down, or a unit beside it: met exactly they change nothing (9.4)."""
    weights = draw(st.dictionaries(st.binary(max_size=2), WEIGHTS, min_size=1, max_size=8))
    total = sum(weights.values())
    # A multiple of all weights divides without a rest, so that a cap can be equal to the exact share.
    pool = draw(AMOUNTS | st.integers(0, 9).map(lambda times: times * total % 2**256))
    shares: dict[bytes, tuple[int, int | None]] = {}
    for name, weight in weights.items():
        cap = pool * weight // max(total, 1) + draw(st.sampled_from([-1, 0, 0, 1]))
        shares[name] = weight, draw(st.none() | st.just(min(max(cap, 0), 2**256 - 1)))
    return pool, shares


@settings(max_examples=300)
@given(capped_at_their_share(), MODES)
def test_a_cap_that_is_met_exactly(case: tuple[int, dict[bytes, tuple[int, int | None]]], mode: str) -> None:
    pool, shares = case
    assert divided(pool, shares, mode) == by_fractions(pool, shares, mode)


@settings(max_examples=300)
@given(AMOUNTS, SHARES.filter(bool), MODES, WEIGHTS, st.data())
def test_more_weight_never_gives_less_except_by_a_unit(
    pool: int, shares: dict[bytes, tuple[int, int | None]], mode: str, more: int, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(shares)))
    weight, cap = shares[name]
    before, _ = divided(pool, shares, mode)
    after, _ = divided(pool, shares | {name: (weight + more, cap)}, mode)
    assert after[name] >= before[name] - (mode == "largest_remainder")
