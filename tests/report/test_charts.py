"""Drawings are exact: every field, every share and every unit of money is where it belongs."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.report.charts import LEVELS, bar, level, raster
from depinverify.report.distribution import _range_of
from depinverify.report.figures import decimal, duration, percent, place, utc
from depinverify.report.flows import Flow, _ends, flow_chart
from depinverify.ruleset import ONE


@given(st.integers(0, 10**30), st.integers(1, 10**30), st.integers(1, 6))
def test_a_percentage_is_rounded_down_and_never_hides_anything(part: int, whole: int, digits: int) -> None:
    shown = percent(part, whole, digits)
    if part == whole:
        assert shown == "100\u00a0%"
    elif part == 0:
        assert shown == "0\u00a0%"
    elif shown.startswith("<"):
        assert part * 100 * 10**digits < whole
    else:
        head, _, tail = shown.removesuffix("\u00a0%").replace(",", "").partition(".")
        units = int(head) * 10**digits + int(tail)
        assert units * whole <= part * 100 * 10**digits < (units + 1) * whole
        assert part > whole or units < 100 * 10**digits


@pytest.mark.parametrize(
    ("part", "whole", "width"),
    [(0, 5, 0), (0, 0, 0), (-5, 9, 0), (1, 10**9, 4), (1, 2, 500), (9, 5, 1000)],
)
def test_a_bar_is_seen_where_there_is_something(part: int, whole: int, width: int) -> None:
    assert re.findall(r'width="(-?\d+)"', bar(part, whole)) == ["1000", str(width)]


def test_numbers_as_people_read_them() -> None:
    assert percent(0, 0) == "\u2013"
    assert percent(99_999_999, 10**8, 4) == "99.9999\u00a0%"
    assert percent(1, 10**9) == "< 0.01\u00a0%"
    assert percent(312, 100, 1) == "312.0\u00a0%"
    assert decimal(-1_234_567, 1000, 2) == "\u22121,234.56"
    assert decimal(-1, 10**7, 2) == "0.00"
    assert utc(1_800_000_000) == "2027-01-15 08:00"
    assert utc(2**60) == f"{2**60} s"
    assert [duration(seconds) for seconds in (900, 86400, 7200, 5400, 61)] == [
        "15 minutes", "1 day", "2 hours", "90 minutes", "61 seconds",
    ]  # fmt: skip
    assert place(-338_607_879, -1_512_129_583) == "33.86°\u00a0S, 151.21°\u00a0W"


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_the_step_of_a_share_is_the_highest_that_it_reaches(part: int, whole: int) -> None:
    part = min(part, whole)
    found = level(part, whole)
    assert part * ONE >= LEVELS[found].from_e12 * whole
    assert found == 0 or part * ONE < LEVELS[found - 1].from_e12 * whole


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0, 0), (1, 1), (ONE // 2, 2), (ONE * 9 // 10 - 1, 3), (ONE * 999 // 1000, 8), (ONE - 1, 8), (ONE, 9)],
)
def test_the_range_of_a_score(score: int, expected: int) -> None:
    assert _range_of(score) == expected


@given(st.data())
def test_a_raster_draws_each_field_once_in_its_colour(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 9))
    counts = st.lists(st.integers(0, 3), min_size=rows * columns, max_size=rows * columns)
    up, down = (np.array(data.draw(counts)).reshape(rows, columns) for _ in range(2))
    drawing = raster(up, down, [str(row) for row in range(rows)], ("t", "d"))
    found: dict[tuple[int, int], str] = {}
    for path, name in re.findall(r'<path d="([^"]*)" class="(q\d)">', drawing):
        for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
            for column in range(int(x), int(x) + int(width)):
                assert (column, int(y)) not in found
                found[column, int(y)] = name
    expected = {
        (column, row): LEVELS[level(int(up[row, column]), int(up[row, column] + down[row, column]))].name
        for row in range(rows)
        for column in range(columns)
        if up[row, column] + down[row, column]
    }
    assert found == expected


@given(st.lists(st.integers(1, 10**40), min_size=1, max_size=7))
def test_streams_of_money_stay_apart_and_inside(amounts: list[int]) -> None:
    flows = [Flow(str(at), amount, "", "s0") for at, amount in enumerate(amounts)]
    ends = _ends(flows)
    assert all(bottom - top >= 4 for top, bottom in ends)
    assert all(before[1] <= after[0] for before, after in pairwise(ends))
    assert ends[0][0] >= 0
    assert ends[-1][1] <= 1000
    heights = sorted(zip(amounts, (bottom - top for top, bottom in ends), strict=True))
    assert [height for _, height in heights] == sorted(height for _, height in heights)
    assert flow_chart(flows, flows, ("t", "d")).count("<li") == 2 * len(flows)
