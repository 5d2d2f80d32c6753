"""Maps: cells lie where they are, also at the antimeridian and the pole, and nothing finer than a cell is drawn."""

from __future__ import annotations

import re

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.report.geography import (
    FULL_CIRCLE,
    Region,
    Tally,
    View,
    ancestor,
    cells_of,
    coarser,
    regions_of,
    turn,
)
from depinverify.report.maps import MOST_IN_PANEL, overview, panel
from depinverify.ruleset import ONE

PARIS, SUVA, POLE = (48.86, 2.35), (-17.0, 180.0), (89.99, 10.0)


def disk(place: tuple[float, float], size: int, resolution: int = 8) -> dict[int, Tally]:
    """Cells around a place with one device each."""
    around = h3.grid_disk(h3.latlng_to_cell(*place, resolution), size)
    return {int(cell, 16): Tally(1, 1, ONE) for cell in around}


def regions(*tallies: dict[int, Tally]) -> list[Region]:
    cells, strange = cells_of({index: tally for each in tallies for index, tally in each.items()})
    assert strange == 0
    return regions_of(cells)


@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(5, 12), st.integers(5, 12))
def test_ancestors_are_those_of_the_reference(lat: float, lon: float, fine: int, coarse: int) -> None:
    cell = h3.latlng_to_cell(lat, lon, fine)
    expected = h3.cell_to_parent(cell, min(fine, coarse))
    assert ancestor(int(cell, 16), coarse) == int(expected, 16)


def test_joined_cells_keep_every_device() -> None:
    tallies = disk(PARIS, 6, 9)
    joined = coarser(tallies, 7)
    assert len(joined) < len(tallies)
    assert sum(tally.devices for tally in joined.values()) == len(tallies)
    assert all((index >> 52 & 15) == 7 for index in joined)


def test_cells_that_are_none_are_counted_and_left_out() -> None:
    cells, strange = cells_of({5: Tally(1), **disk(PARIS, 0)})
    assert (len(cells), strange) == (1, 1)


def test_a_region_over_the_antimeridian_is_one() -> None:
    found = regions(disk(SUVA, 8), disk(PARIS, 2))
    assert [len(region.cells) for region in found] == [len(disk(SUVA, 8)), len(disk(PARIS, 2))]
    assert abs(abs(found[0].lon_e7) - FULL_CIRCLE // 2) < 10**6
    assert abs(found[0].lat_e7 + 17 * 10**7) < 10**6


def test_a_chain_of_cells_around_the_globe_is_cut() -> None:
    ring = {int(h3.latlng_to_cell(0.3, lon / 2 - 180, 6), 16): Tally(1) for lon in range(720)}
    found = regions(ring)
    assert sum(region.tally.devices for region in found) == 720
    assert len(found) >= 30


@pytest.mark.parametrize("place", [PARIS, SUVA, POLE], ids=["paris", "antimeridian", "pole"])
def test_cells_of_a_panel_touch_without_overlapping(place: tuple[float, float]) -> None:
    """Drawn areas add up to the area of their common outline: nothing is torn apart or laid over anything."""
    (region,) = regions(disk(place, 3))
    shapes = [
        [tuple(map(int, point.split(","))) for point in points.split()]
        for points in re.findall(r'<polygon points="([^"]*)"', panel(1, region))
    ]
    assert len(shapes) == 37
    areas = [
        abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(s, s[1:] + s[:1], strict=True))) for s in shapes
    ]
    assert max(areas) < 1.2 * min(areas)
    corners = [corner for shape in shapes for corner in shape]
    assert all(0 < x < 10_000 and 0 < y < 7_500 for x, y in corners)
    # Each inner corner is shared by three cells, up to rounding.
    near = {(x // 40, y // 40) for x, y in corners}
    assert len(near) < len(corners) * 2 // 3


@given(st.floats(-89, 89), st.floats(-179, 179), st.integers(-400, 400), st.integers(-400, 400))
def test_a_view_keeps_distances(lat: float, lon: float, north: int, east: int) -> None:
    """Near its point the drawing is true to scale."""
    view = View(round(lat * 10**7), round(lon * 10**7))
    x, y = view.project(round(lat * 10**7) + north * 1000, turn(round(lon * 10**7) + east * 1000, 0))
    assert abs(y - north * 1000 * 6371007 * 3.14159265358979 / 180 / 10**7) < 3 + abs(east) / 4
    assert abs(x) <= abs(east) * 1000 / 89.9 + 3


def test_an_overview_is_cut_where_nobody_is() -> None:
    cells, _ = cells_of({**disk(SUVA, 0), **disk((-18.1, 178.4), 0), **disk((-14.3, -170.7), 0)})
    drawing = overview(cells, [])
    xs = [
        sum(int(point.split(",")[0]) for point in points.split()) // 6
        for points in re.findall(r'<polygon points="([^"]*)"', drawing)
    ]
    assert len(xs) == 3
    assert max(xs) - min(xs) > 4000
    assert all(0 < x < 10_000 for x in xs)
    assert ">180°<" in drawing


def test_large_regions_are_drawn_with_a_bounded_number_of_cells() -> None:
    (region,) = regions(disk(PARIS, 40, 8))
    drawing = panel(1, region)
    assert 50 < drawing.count("<polygon") <= MOST_IN_PANEL
    assert "of resolution 7" in drawing
    assert f"{len(region.cells):,} cells" in drawing
