"""Numbers that the tests against exact fractions draw: small, large, and at the ends of their ranges."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st

from differential.exact_models import ONE

often = settings(max_examples=300)

COUNTS = st.one_of(st.integers(0, 6), st.integers(0, 2**32 - 1), st.integers(0, 2**63 - 1))
SHARES = st.one_of(st.sampled_from([0, 1, ONE // 2, ONE - 1, ONE]), st.integers(0, ONE))


def part_of(totals: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, int]]:
    """A part and its whole: none, some or all of it."""
    return totals.flatmap(
        lambda n: st.tuples(st.one_of(st.just(0), st.just(n), st.integers(0, n)), st.just(n))
    )


def proportion(largest: int) -> st.SearchStrategy[Fraction]:
    """A fraction from 0 to 1 with a denominator up to ``largest``."""
    return part_of(st.integers(1, largest)).map(lambda pair: Fraction(*pair))
