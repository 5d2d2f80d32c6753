"""The division of a pool against exact fractions, by the specification's rounds."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from depinverify import _native

WEIGHTS = st.one_of(st.integers(0, 5), st.integers(0, 2**200), st.integers(0, 2**511))
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
