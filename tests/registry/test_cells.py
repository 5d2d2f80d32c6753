"""Centre and radius of cells against the grid's own library."""

from __future__ import annotations

import math

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.exceptions import InputError
from depinverify.registry.events import cell_members

RADIUS_M = 6_371_007


def arc_m(a, b):
    """Great-circle distance by the angle between unit vectors, another form than the one under test."""
    (lat_a, lon_a), (lat_b, lon_b) = (map(math.radians, point) for point in (a, b))
    first = (math.cos(lat_a) * math.cos(lon_a), math.cos(lat_a) * math.sin(lon_a), math.sin(lat_a))
    second = (math.cos(lat_b) * math.cos(lon_b), math.cos(lat_b) * math.sin(lon_b), math.sin(lat_b))
    return 2 * RADIUS_M * math.asin(math.dist(first, second) / 2)


cells = st.builds(
    h3.latlng_to_cell, st.floats(-90, 90), st.floats(-180, 180), st.integers(5, 12)
) | st.builds(lambda res, at: h3.get_pentagons(res)[at], st.integers(5, 12), st.integers(0, 11))


@given(cells)
def test_every_cell_has_the_place_that_the_grids_library_gives_it(cell):
    members = cell_members(cell)
    centre = h3.cell_to_latlng(cell)
    assert abs(members["lat_e7"] - centre[0] * 1e7) <= 1
    assert abs(members["lon_e7"] - centre[1] * 1e7) <= 1
    farthest = max(arc_m(centre, vertex) for vertex in h3.cell_to_boundary(cell))
    # Rounded up, and the two libraries differ by less than a centimetre.
    assert -0.01 <= members["radius_m"] - farthest <= 1.01


@given(st.text(max_size=20) | st.integers(0, 2**64 - 1).map(lambda index: f"{index:x}"))
def test_a_text_is_a_cell_exactly_if_the_grids_library_says_so(text):
    is_cell = text.islower() or text.isdigit()
    is_cell = is_cell and len(text) in {15, 16} and text.isascii() and text.isalnum()
    is_cell = is_cell and h3.is_valid_cell(text) and 5 <= h3.get_resolution(text) <= 12
    if is_cell:
        assert cell_members(text)["cell"] == text
    else:
        with pytest.raises(InputError, match="cell: "):
            cell_members(text)


def test_no_cell_is_four_nulls():
    assert set(cell_members(None).values()) == {None}
