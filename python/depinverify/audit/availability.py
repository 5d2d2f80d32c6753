"""Windowed availability with its reasons: which windows count, what the score is, where it lies on the payout curve.

In: windows ``(start, up, total, scheduled)`` and the ruleset. Out: the score of one device, and for each window why it
counts or does not. Rule: scoring specification, sections 2.3, 5.1 and 5.10. Invariant: the numbers are those of the
score step; whoever explains a score compares them with the published ones.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify.reward.columns import FULL, NO_DATA, PROVISIONAL
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from depinverify.ruleset import Ruleset

__all__ = [
    "Availability",
    "Interval",
    "JudgedWindow",
    "Window",
    "evaluate",
    "judge",
    "least_score",
    "merge",
    "payout",
]


class Window(NamedTuple):
    """What the state carries of one window.

    Attributes:
        start: First second.
        up: Slots decided up.
        total: Slots decided up or down.
        scheduled: Slots in which the device was challenged.
    """

    start: int
    up: int
    total: int
    scheduled: int


#: Why a window does not count; ``None`` stands for one that does.
UNFINISHED: Final = "the moment of evaluation lies in it or before it"
TOO_OLD: Final = "it lies before the tracking period"
UNDECIDED: Final = "none of its slots was decided"
TOO_FEW: Final = "fewer than half of its scheduled slots were decided"


class JudgedWindow(NamedTuple):
    """A window and whether it counts.

    Attributes:
        window: The window.
        why_not: Why it does not count, ``None`` where it does.
        ratio_e12: Share of the decided slots that were up, ``None`` without any.
    """

    window: Window
    why_not: str | None
    ratio_e12: int | None


class Availability(NamedTuple):
    """The score of one device.

    Attributes:
        score_e12: The score; ``ONE`` as a placeholder without data.
        windows_used: Windows that count.
        state: 0 ``NO_DATA``, 1 ``PROVISIONAL``, 2 ``FULL``.
    """

    score_e12: int
    windows_used: int
    state: int


class Interval(NamedTuple):
    """The piece of the payout curve that a score lies on, and the curve's value there."""

    x0: int
    y0: int
    x1: int
    y1: int
    value: int


def merge(earlier: Iterable[Window], epoch: Iterable[Window], end: int, ruleset: Ruleset) -> list[Window]:
    """Add an epoch's windows to those of the state, and drop what has left the tracking period."""
    summed: dict[int, Window] = {}
    for window in (*earlier, *epoch):
        known = summed.get(window.start, Window(window.start, 0, 0, 0))
        counts = (one + other for one, other in zip(known[1:], window[1:], strict=True))
        summed[window.start] = Window(window.start, *counts)
    oldest = _current(end, ruleset) - ruleset.tracking_s
    return [summed[start] for start in sorted(summed) if start >= oldest and summed[start].scheduled > 0]


def judge(windows: Iterable[Window], end: int, ruleset: Ruleset) -> list[JudgedWindow]:
    """Say of each window whether it counts at the end of the epoch."""
    current = _current(end, ruleset)
    judged = []
    for window in windows:
        why_not = None
        if window.start >= current:
            why_not = UNFINISHED
        elif window.start < current - ruleset.tracking_s:
            why_not = TOO_OLD
        elif window.total == 0:
            why_not = UNDECIDED
        elif 2 * window.total < window.scheduled:
            why_not = TOO_FEW
        share = window.up * ONE // window.total if window.total else None
        judged.append(JudgedWindow(window, why_not, share))
    return judged


def evaluate(judged: Sequence[JudgedWindow], ruleset: Ruleset) -> Availability:
    """The score over the windows that count."""
    shares = [one.ratio_e12 for one in judged if one.why_not is None and one.ratio_e12 is not None]
    used = len(shares)
    if used == 0:
        return Availability(ONE, 0, NO_DATA)
    state = PROVISIONAL if used < ruleset.min_data_windows else FULL
    return Availability(sum(shares) // used, used, state)


def payout(curve: Sequence[tuple[int, int]], score_e12: int) -> Interval:
    """The first interval of the curve that holds a score, and the value there."""
    for (x0, y0), (x1, y1) in pairwise(curve):
        if x0 <= score_e12 <= x1:
            return Interval(x0, y0, x1, y1, y0 + (y1 - y0) * (score_e12 - x0) // (x1 - x0))
    # A ruleset is refused unless its curve spans all scores.
    raise AssertionError(score_e12)


def least_score(is_enough: Callable[[int], bool]) -> int | None:
    """The least score that is enough, where every higher one is enough too; ``None`` where none is."""
    if not is_enough(ONE):
        return None
    low, high = 0, ONE
    while low < high:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _current(end: int, ruleset: Ruleset) -> int:
    """Start of the window that holds the end of the epoch, which is never used."""
    return end - end % ruleset.window_s
