"""Cells on the globe: what stands in them, which of them lie together, and where a point is drawn.

In: the cell of each device. Out: :class:`Cell`, :class:`Region`, and projections into integer coordinates. Invariant:
angles are 10^-7 degrees and lengths metres, all integers, sines from the core's exact table; a cell at the
antimeridian or at a pole is one piece like any other, since nothing is compared across the seam.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from depinverify import _native
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "COARSEST",
    "FULL_CIRCLE",
    "Cell",
    "Region",
    "Tally",
    "View",
    "ancestor",
    "cells_of",
    "coarser",
    "regions_of",
]

DEGREE: Final = 10**7
FULL_CIRCLE: Final = 360 * DEGREE
EARTH_M: Final = 6_371_007
SCALE: Final = 10**18
#: Coarsest resolution whose cells the registry knows.
COARSEST: Final = 5
#: Cells in cubes of this size, in metres, belong together if the cubes touch.
_CUBE: Final = 100_000
#: A region that is wider than this angle is cut into cubes of this size.
_WIDEST: Final = 12 * DEGREE
_WIDEST_CUBE: Final = 1_300_000

#: Where a cube is, counted in cubes from the middle of the earth.
_Cube: TypeAlias = "tuple[int, int, int]"


@dataclass
class Tally:
    """Devices of a cell.

    Attributes:
        devices: How many.
        scored: How many of them have a score.
        score: Sum of their scores.
    """

    devices: int = 0
    scored: int = 0
    score: int = 0

    def add(self, other: Tally) -> None:
        """Count the devices of another cell too."""
        self.devices += other.devices
        self.scored += other.scored
        self.score += other.score


class Cell(NamedTuple):
    """One H3 cell with its devices."""

    h3: int
    tally: Tally
    lat_e7: int
    lon_e7: int

    @property
    def name(self) -> str:
        """The cell as registries write it."""
        return f"{self.h3:x}"


@dataclass(frozen=True)
class Region:
    """Cells that lie together.

    Attributes:
        cells: The cells.
        lat_e7: Latitude of the middle.
        lon_e7: Longitude of the middle.
        tally: Their devices.
    """

    cells: tuple[Cell, ...]
    lat_e7: int
    lon_e7: int
    tally: Tally


def ancestor(index: int, resolution: int) -> int:
    """The cell of a coarser resolution around a cell; a cell that is coarse enough is its own."""
    if (index >> 52) & 15 <= resolution:
        return index
    unused = (1 << 3 * (15 - resolution)) - 1
    return index & ~(15 << 52) | resolution << 52 | unused


def coarser(tallies: Mapping[int, Tally], resolution: int) -> dict[int, Tally]:
    """Join cells to those of a resolution."""
    joined: defaultdict[int, Tally] = defaultdict(Tally)
    for index, tally in tallies.items():
        joined[ancestor(index, resolution)].add(tally)
    return dict(joined)


def cells_of(tallies: Mapping[int, Tally]) -> tuple[list[Cell], int]:
    """Cells with their places, ascending, and how many of them are no cells of the grid."""
    cells, strange = [], 0
    for index in sorted(tallies):
        try:
            lat, lon, _ = _native.cell_place(f"{index:x}")
        except InputError:
            strange += 1
            continue
        cells.append(Cell(index, tallies[index], lat, lon))
    return cells, strange


def turn(lon_e7: int, around: int) -> int:
    """The angle from one meridian to another, from -180 degrees on."""
    return (lon_e7 - around + FULL_CIRCLE // 2) % FULL_CIRCLE - FULL_CIRCLE // 2


def regions_of(cells: Iterable[Cell]) -> list[Region]:
    """Group cells that lie together; the region with the most devices first."""
    cubes = _in_cubes(cells, _CUBE)
    regions = []
    for group in _touching(cubes):
        region = _region([cell for cube in sorted(group) for cell in cubes[cube]])
        if _is_wide(region):
            parts = _in_cubes(region.cells, _WIDEST_CUBE)
            regions += [_region(part) for _, part in sorted(parts.items())]
        else:
            regions.append(region)
    return sorted(regions, key=lambda region: (-region.tally.devices, region.cells[0].h3))


def _in_cubes(cells: Iterable[Cell], size: int) -> dict[_Cube, list[Cell]]:
    """Cells by the cube of space that holds them: space has neither a seam nor poles."""
    cubes: defaultdict[_Cube, list[Cell]] = defaultdict(list)
    for cell in cells:
        cos, sin = _native.cos_sin_18(cell.lat_e7)
        around_cos, around_sin = _native.cos_sin_18(cell.lon_e7)
        x, y, z = cos * around_cos, cos * around_sin, sin * SCALE
        cubes[
            x * EARTH_M // SCALE**2 // size, y * EARTH_M // SCALE**2 // size, z * EARTH_M // SCALE**2 // size
        ].append(cell)
    return dict(cubes)


def _touching(cubes: Iterable[_Cube]) -> list[list[_Cube]]:
    """Groups of cubes that touch, at a corner as well."""
    left = set(cubes)
    groups = []
    for first in sorted(left):
        if first not in left:
            continue
        left.remove(first)
        group, waiting = [], [first]
        while waiting:
            x, y, z = waiting.pop()
            group.append((x, y, z))
            near = {(x + dx, y + dy, z + dz) for dx, dy, dz in product((-1, 0, 1), repeat=3)} & left
            left -= near
            waiting += sorted(near)
        groups.append(group)
    return groups


def _region(cells: Sequence[Cell]) -> Region:
    around = cells[0].lon_e7
    turns = [turn(cell.lon_e7, around) for cell in cells]
    lats = [cell.lat_e7 for cell in cells]
    tally = Tally()
    for cell in cells:
        tally.add(cell.tally)
    return Region(
        cells=tuple(sorted(cells)),
        lat_e7=(min(lats) + max(lats)) // 2,
        lon_e7=turn(around + (min(turns) + max(turns)) // 2, 0),
        tally=tally,
    )


def _is_wide(region: Region) -> bool:
    return any(
        abs(cell.lat_e7 - region.lat_e7) > _WIDEST // 2
        or abs(turn(cell.lon_e7, region.lon_e7)) * _cos(region.lat_e7) > _WIDEST // 2 * SCALE
        for cell in region.cells
    )


def _cos(angle_e7: int) -> int:
    return max(1, _native.cos_sin_18(angle_e7)[0])


class View:
    """The globe seen from above a point: metres to the east and to the north of it, exact to a metre.

    An orthographic projection: near the point it shows shapes as they are, at any longitude and at the poles as well.
    """

    def __init__(self, lat_e7: int, lon_e7: int) -> None:
        self.lat_e7, self.lon_e7 = lat_e7, lon_e7
        self.cos, self.sin = _native.cos_sin_18(lat_e7)

    def project(self, lat_e7: int, lon_e7: int) -> tuple[int, int]:
        """Where a point lies."""
        cos, sin = _native.cos_sin_18(lat_e7)
        across_cos, across_sin = _native.cos_sin_18(turn(lon_e7, self.lon_e7))
        east = cos * across_sin
        north = self.cos * sin - self.sin * (cos * across_cos // SCALE)
        return east * EARTH_M // SCALE**2, north * EARTH_M // SCALE**2
