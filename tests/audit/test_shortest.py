"""The least number of down slots: against trying every division, and against itself with one slot fewer."""

from __future__ import annotations

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from depinverify.audit.shortest import Change, ChangeableWindow, least_change
from depinverify.ruleset import ONE


@st.composite
def windows(draw: st.DrawFn, most: int = 6, count: int = 5) -> list[ChangeableWindow]:
    made = []
    for start in range(draw(st.integers(1, count))):
        total = draw(st.integers(1, most))
        up = draw(st.integers(0, total))
        made.append(ChangeableWindow(start, up, total, draw(st.integers(0, total - up))))
    return made


def score(found: list[ChangeableWindow], counts: tuple[int, ...]) -> int:
    return sum(w.ratio(more) for w, more in zip(found, counts, strict=True)) // len(found)


def brute(found: list[ChangeableWindow], wanted: int) -> int | None:
    divisions = itertools.product(*(range(window.down + 1) for window in found))
    return min((sum(counts) for counts in divisions if score(found, counts) >= wanted), default=None)


@given(windows(), st.data())
def test_no_division_of_fewer_slots_reaches_the_score(
    found: list[ChangeableWindow], data: st.DataObject
) -> None:
    reachable = score(found, tuple(window.down for window in found))
    # Scores on which rounding decides: those of some division, and their neighbours.
    counts = tuple(data.draw(st.integers(0, window.down)) for window in found)
    wanted = data.draw(
        st.sampled_from(
            [score(found, counts), score(found, counts) + 1, reachable, reachable + 1, 995 * 10**9]
        )
    )
    change = least_change(found, wanted)
    expected = brute(found, wanted)
    assert (change is None) == (expected is None)
    if change is None:
        return
    assert change.slots == expected == sum(slots for _, slots in change.windows)
    by_start = dict(change.windows)
    counts = tuple(by_start.get(window.start, 0) for window in found)
    assert all(0 <= more <= window.down for more, window in zip(counts, found, strict=True))
    assert score(found, counts) >= wanted


@given(windows(most=2**10, count=10), st.integers(0, ONE))
@example([ChangeableWindow(0, 0, 3, 1), ChangeableWindow(1, 1, 3, 2)], ONE // 2)
@example([ChangeableWindow(0, 0, 3, 3), ChangeableWindow(1, 0, 3, 3), ChangeableWindow(2, 0, 3, 3)], ONE // 3)
def test_large_windows(found: list[ChangeableWindow], wanted: int) -> None:
    change = least_change(found, wanted)
    if change is None:
        assert score(found, tuple(window.down for window in found)) < wanted
        return
    by_start = dict(change.windows)
    assert score(found, tuple(by_start.get(window.start, 0) for window in found)) >= wanted
    # Without rounding even the heaviest slots, one fewer, are not enough.
    if change.slots:
        left, best = change.slots - 1, 0
        for window in sorted(found, key=lambda one: one.total):
            more = min(left, window.down)
            left -= more
            best += window.ratio(more)
        assert best // len(found) < wanted


def test_rounding_that_the_usual_order_does_not_survive() -> None:
    """Three thirds in one window are a whole; one third in each of three windows is less."""
    thirds = [ChangeableWindow(start, 0, 3, 3) for start in range(3)]
    assert least_change(thirds, ONE // 3) == Change(3, ((0, 3),))
    assert least_change(thirds, 0) == Change(0, ())
    assert least_change(thirds, ONE) == Change(9, ((0, 3), (1, 3), (2, 3)))
    # Two slots in the first window give two thirds and one third; in the second a whole, which loses nothing.
    uneven = [ChangeableWindow(0, 0, 3, 3), ChangeableWindow(1, 1, 3, 2)]
    assert least_change(uneven, ONE // 2) == Change(2, ((1, 2),))
    assert least_change([ChangeableWindow(0, 0, 3, 2)], ONE) is None
