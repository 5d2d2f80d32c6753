"""The shortest change: the least number of down slots that, had they been up, would have given a score.

In: the windows that count, with the down slots of each that may be thought of as up, and a score. Out: how many slots,
and in which windows. Rule: scoring specification, sections 5.1 and 12.1. Invariant: no smaller number of slots reaches
the score, and the named ones do, with every ratio rounded down as the score step rounds it.

A slot weighs ``1 / total`` of its window, so slots of windows with few decided slots come first. Without rounding that
order is the best, which gives a lower bound; with rounding it may miss the score by a unit or so of the last digit, and
then all divisions of the slots over the windows are looked at.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Change", "ChangeableWindow", "least_change"]


class ChangeableWindow(NamedTuple):
    """A window that counts.

    Attributes:
        start: First second.
        up: Slots decided up.
        total: Slots decided up or down.
        down: Down slots that may be thought of as up, at most ``total - up``.
    """

    start: int
    up: int
    total: int
    down: int

    def ratio(self, more: int) -> int:
        """Share of the window in fixed point with so many more slots up."""
        return (self.up + more) * ONE // self.total


class Change(NamedTuple):
    """Down slots that would have had to be up.

    Attributes:
        slots: How many.
        windows: Start of each window concerned, and how many of its down slots; ascending.
    """

    slots: int
    windows: tuple[tuple[int, int], ...]


def least_change(windows: Sequence[ChangeableWindow], score_e12: int) -> Change | None:
    """The least number of down slots that lift the score to ``score_e12``.

    Args:
        windows: All windows that count, at least one.
        score_e12: The score that is to be reached.

    Returns:
        The change, of 0 slots where the score is there already; ``None`` where all down slots together do not
        reach it.
    """
    needed = score_e12 * len(windows)
    if sum(window.ratio(window.down) for window in windows) < needed:
        return None
    # Heaviest slots first; equal ones in order of time.
    order = sorted(windows, key=lambda window: (window.total, window.start))
    least = _without_rounding(order, needed)
    most = least
    while _rounded(order, _filled(order, most)) < needed:
        most += 1
    counts = _filled(order, most) if most == least else _best_division(order, needed, least, most)
    changed = sorted((window.start, more) for window, more in zip(order, counts, strict=True) if more)
    return Change(sum(counts), tuple(changed))


def _filled(order: Sequence[ChangeableWindow], slots: int) -> list[int]:
    """So many slots, the first windows first."""
    counts = []
    for window in order:
        counts.append(min(window.down, slots))
        slots -= counts[-1]
    return counts


def _rounded(order: Sequence[ChangeableWindow], counts: Sequence[int]) -> int:
    return sum(window.ratio(more) for window, more in zip(order, counts, strict=True))


def _without_rounding(order: Sequence[ChangeableWindow], needed: int) -> int:
    """The least number of slots if ratios were exact: no number below it can do."""
    missing = Fraction(needed, ONE) - sum(Fraction(window.up, window.total) for window in order)
    slots = 0
    for window in order:
        if missing <= 0:
            break
        more = min(window.down, -(-missing.numerator * window.total // missing.denominator))
        slots += more
        missing -= Fraction(more, window.total)
    return slots


def _best_division(order: Sequence[ChangeableWindow], needed: int, least: int, most: int) -> Sequence[int]:
    """The division of the least sufficient number of slots, by the best sum for every number up to ``most``."""
    unreachable = -1
    best: NDArray[np.int64] = np.full(most + 1, unreachable, np.int64)
    best[0] = 0
    taken: list[NDArray[np.int64]] = []
    for window in order:
        # Without a slot of this window, then with one, two, ...
        after = np.where(best == unreachable, unreachable, best + window.ratio(0))
        choice = np.zeros(most + 1, np.int64)
        for more in range(1, min(window.down, most) + 1):
            before = best[:-more]
            found = np.where(before == unreachable, unreachable, before + window.ratio(more))
            is_better = found > after[more:]
            after[more:][is_better] = found[is_better]
            choice[more:][is_better] = more
        best = after
        taken.append(choice)
    slots = next(number for number in range(least, most + 1) if best[number] >= needed)
    counts = []
    for choice in reversed(taken):
        counts.append(int(choice[slots]))
        slots -= counts[-1]
    return counts[::-1]
