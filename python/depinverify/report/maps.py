"""Drawings of cells: an overview of all places, and a panel of each region with its cells true to scale.

In: cells and regions in integers. Out: SVG with a graticule and its coordinates beside it. Invariant: nothing is
loaded from anywhere, so there are no coastlines; the net of coordinates gives the bearings. A panel draws a bounded
number of cells, joining them to coarser ones first.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from math import isqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify import _native
from depinverify.report.charts import LEVELS, level, svg
from depinverify.report.figures import angle, number, place, plural, score
from depinverify.report.geography import (
    COARSEST,
    DEGREE,
    FULL_CIRCLE,
    SCALE,
    Cell,
    Region,
    Tally,
    View,
    cells_of,
    coarser,
    turn,
)
from depinverify.report.markup import Markup, element
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["MOST_IN_PANEL", "overview", "panel", "tally_words"]

#: Coordinates of a drawing.
_WIDTH: Final = 10_000
#: Height of the overview, from the flattest to the highest.
_HEIGHTS: Final = (3_200, 6_000)
_PANEL: Final = (_WIDTH, 7_500)
#: Places nearer than this are one mark of the overview.
_BIN: Final = 160
_SMALLEST, _LARGEST = 50, 130
#: A hexagon with its corners on a circle of radius 100.
_HEXAGON: Final = ((0, -100), (87, -50), (87, 50), (0, 100), (-87, 50), (-87, -50))
#: Steps of the net of coordinates, in 10^-7 degrees.
_STEPS: Final = (
    *(step * 10**power for power in range(2, 8) for step in (1, 2, 5)),
    *(step * DEGREE for step in (10, 15, 30)),
)
_MOST_LINES: Final = 12
_PANEL_LINES: Final = 5
#: Cells that a panel draws one by one.
MOST_IN_PANEL: Final = 800
_WHOLE_GLOBE: Final = 120 * DEGREE
_POLE: Final = 90 * DEGREE
#: Units of 10^-7 degrees to a metre.
_UNITS_PER_METRE: Final = 90
_POINTS: Final = 9
#: Words keep this part of a drawing's side away from its corners.
_MARGIN: Final = 14


class _Line(NamedTuple):
    """A line of the net with its words."""

    drawn: Markup
    words: Markup | None


def tally_words(tally: Tally) -> str:
    """What stands in a cell, in words."""
    mean = f"mean score {score(tally.score // tally.scored, 2)}" if tally.scored else "no score yet"
    return f"{plural(tally.devices, 'device')}, {mean}"


def level_class(tally: Tally) -> str:
    """Colour of a cell."""
    return LEVELS[level(tally.score, tally.scored * ONE)].name if tally.scored else "none"


def overview(cells: Sequence[Cell], numbered: Sequence[Region]) -> Markup:
    """All places on one map, fitted to them.

    Args:
        cells: Cells with their devices, at least one.
        numbered: Regions that have panels, which are numbered from 1.
    """
    plane = _Plane.around(cells)
    bins: defaultdict[tuple[int, int], list[tuple[int, int, Cell]]] = defaultdict(list)
    for cell in cells:
        x, y = plane.project(cell.lat_e7, cell.lon_e7)
        bins[x // _BIN, y // _BIN].append((x, y, cell))
    marks = [_Mark.of(members) for _, members in sorted(bins.items())]
    most = max(mark.tally.devices for mark in marks)
    lines = plane.net()
    return element(
        "div",
        svg(
            "Overview of the devices' places",
            f"{plural(len(cells), 'cell')} between {place(*plane.corner(0, plane.height), 1)} and "
            f"{place(*plane.corner(_WIDTH, 0), 1)}; the table below lists the regions.",
            plane.view,
            *(line.drawn for line in lines),
            # The largest first, so that a small mark is never hidden.
            *(mark.draw(most) for mark in sorted(marks, key=lambda mark: -mark.tally.devices)),
            class_="map",
        ),
        *(line.words for line in lines),
        *(
            _label("badge", *plane.project(region.lat_e7, region.lon_e7), plane.view, str(position))
            for position, region in enumerate(numbered, 1)
        ),
        class_="mapframe wide",
    )


class _Mark(NamedTuple):
    """One mark of the overview: cells whose places are one at this size."""

    x: int
    y: int
    tally: Tally
    words: str

    @classmethod
    def of(cls, members: Sequence[tuple[int, int, Cell]]) -> _Mark:
        tally = Tally()
        for _, _, cell in members:
            tally.add(cell.tally)
        x = sum(member[0] for member in members) // len(members)
        y = sum(member[1] for member in members) // len(members)
        first = members[0][2]
        more = "" if len(members) == 1 else f", {len(members)} cells"
        return cls(x, y, tally, f"{place(first.lat_e7, first.lon_e7, 1)}{more}: {tally_words(tally)}")

    def draw(self, most: int) -> Markup:
        size = _SMALLEST + isqrt(self.tally.devices * (_LARGEST - _SMALLEST) ** 2 // most)
        points = " ".join(f"{self.x + dx * size // 100},{self.y + dy * size // 100}" for dx, dy in _HEXAGON)
        return element(
            "polygon", element("title", self.words), points=points, class_=f"cell {level_class(self.tally)}"
        )


class _Plane:
    """An equirectangular map, cut where the longest way round has no device."""

    def __init__(self, middle: tuple[int, int], extent: int, height: int, cos: int) -> None:
        self.lat_e7, self.lon_e7 = middle
        self.extent, self.height, self.cos = extent, height, cos

    @property
    def view(self) -> tuple[int, int]:
        """Coordinates of the drawing."""
        return _WIDTH, self.height

    @classmethod
    def around(cls, cells: Sequence[Cell]) -> _Plane:
        """The map that holds all cells."""
        lons = sorted({cell.lon_e7 % FULL_CIRCLE for cell in cells})
        gaps = [
            (after - before) % FULL_CIRCLE or FULL_CIRCLE
            for before, after in zip(lons, lons[1:] + lons[:1], strict=True)
        ]
        widest = max(range(len(gaps)), key=gaps.__getitem__)
        span = FULL_CIRCLE - gaps[widest]
        lon = turn(lons[(widest + 1) % len(lons)] + span // 2, 0)
        lats = [cell.lat_e7 for cell in cells]
        lat, rise = (min(lats) + max(lats)) // 2, max(lats) - min(lats)
        cos = SCALE if span > _WHOLE_GLOBE else max(SCALE // 10, _native.cos_sin_18(lat)[0])
        extent = max(span * cos // SCALE, rise * _WIDTH // _HEIGHTS[1], DEGREE // 2)
        extent = min(extent + extent // 8, FULL_CIRCLE)
        height = min(max((rise + extent // 10) * _WIDTH // extent, _HEIGHTS[0]), _HEIGHTS[1])
        # The map ends at the poles.
        room = max(0, _POLE - extent * height // (2 * _WIDTH))
        return cls((min(max(lat, -room), room), lon), extent, height, cos)

    def project(self, lat_e7: int, lon_e7: int) -> tuple[int, int]:
        """Where a point is drawn."""
        across = turn(lon_e7, self.lon_e7) * self.cos // SCALE
        return (
            _WIDTH // 2 + across * _WIDTH // self.extent,
            self.height // 2 - (lat_e7 - self.lat_e7) * _WIDTH // self.extent,
        )

    def corner(self, x: int, y: int) -> tuple[int, int]:
        """Latitude and longitude of a point of the drawing."""
        lon = self.lon_e7 + (x - _WIDTH // 2) * self.extent // _WIDTH * SCALE // self.cos
        return self.lat_e7 - (y - self.height // 2) * self.extent // _WIDTH, turn(lon, 0)

    def net(self) -> list[_Line]:
        """Meridians and parallels with their coordinates."""
        step = next((step for step in _STEPS if self.extent // step <= _MOST_LINES), _STEPS[-1])
        digits = _digits(step)
        half = min(self.extent * SCALE // self.cos // 2, FULL_CIRCLE // 2)
        lines = []
        for lon in _multiples(self.lon_e7 - half, self.lon_e7 + half, step):
            x = _WIDTH // 2 + (lon - self.lon_e7) * self.cos // SCALE * _WIDTH // self.extent
            lines.append(
                _Line(
                    element("path", d=f"M{x} 0V{self.height}", class_="net"),
                    _edge_label(x, self.height, self.view, angle(turn(lon, 0), digits, "EW")),
                )
            )
        up = self.extent * self.height // (2 * _WIDTH)
        # A line at the upper edge has no room for its words.
        low, high = self.lat_e7 - up, self.lat_e7 + up - up // 16
        for lat in _multiples(max(low, -_POLE), min(high, _POLE), step):
            y = self.project(lat, self.lon_e7)[1]
            lines.append(
                _Line(
                    element("path", d=f"M0 {y}H{_WIDTH}", class_="net equator" if lat == 0 else "net"),
                    _edge_label(0, y, self.view, angle(lat, digits, "NS")),
                )
            )
        return lines


def panel(position: int, region: Region) -> Markup:
    """One region with its cells true to scale.

    Args:
        position: Its number.
        region: The region.
    """
    drawn, joined = _fitting(region)
    view = View(region.lat_e7, region.lon_e7)
    shapes = []
    for cell in drawn:
        corners = [view.project(lat, lon) for lat, lon in _native.cell_boundary(cell.name)]
        shapes.append((cell, corners))
    frame = _Frame.around(corner for _, corners in shapes for corner in corners)
    lines = frame.net(view)
    words = f"Region {position}: {place(region.lat_e7, region.lon_e7)}"
    metres, bar = frame.scale_bar()
    note = f"{tally_words(region.tally)}, {plural(len(region.cells), 'cell')}"
    if joined:
        note += f"; {joined}"
    return element(
        "figure",
        element(
            "div",
            svg(
                words,
                note,
                _PANEL,
                *(line.drawn for line in lines),
                # Coarse cells first: a fine one may lie within.
                *(
                    _cell(cell, corners, frame)
                    for cell, corners in sorted(shapes, key=lambda s: s[0].h3 >> 52 & 15)
                ),
                bar,
                class_="map",
            ),
            *(line.words for line in lines),
            element("span", _metres(metres), class_="scale"),
            class_="mapframe",
        ),
        element("figcaption", element("b", words), " ", note, "."),
        class_="panel",
    )


def _fitting(region: Region) -> tuple[list[Cell], str]:
    """The region's cells, joined to coarser ones until a panel can draw them, and what was done to them."""
    cells, said = list(region.cells), ""
    resolution = max(cell.h3 >> 52 & 15 for cell in cells)
    while len(cells) > MOST_IN_PANEL and resolution > COARSEST:
        resolution -= 1
        tallies = coarser({cell.h3: cell.tally for cell in region.cells}, resolution)
        cells, _ = cells_of(tallies)
        said = f"drawn as {plural(len(cells), 'cell')} of resolution {resolution}"
    if len(cells) > MOST_IN_PANEL:
        cells = sorted(cells, key=lambda cell: (-cell.tally.devices, cell.h3))[:MOST_IN_PANEL]
        said = f"the {number(MOST_IN_PANEL)} cells with the most devices are drawn"
    return cells, said


def _cell(cell: Cell, corners: Sequence[tuple[int, int]], frame: _Frame) -> Markup:
    points = " ".join("{},{}".format(*frame.place(*corner)) for corner in corners)
    title = element("title", f"{cell.name}: {tally_words(cell.tally)}")
    return element("polygon", title, points=points, class_=f"cell {level_class(cell.tally)}")


class _Frame:
    """A window on the plane of a view: metres to coordinates of the drawing."""

    width, height = _PANEL

    def __init__(self, east: int, north: int, extent: int) -> None:
        self.east, self.north, self.extent = east, north, extent

    @classmethod
    def around(cls, corners: Iterable[tuple[int, int]]) -> _Frame:
        """The window that holds all corners, with a margin."""
        points = list(corners)
        xs, ys = [x for x, _ in points], [y for _, y in points]
        extent = max(max(xs) - min(xs), (max(ys) - min(ys)) * cls.width // cls.height, 10)
        return cls((min(xs) + max(xs)) // 2, (min(ys) + max(ys)) // 2, extent + extent // 3)

    def place(self, east: int, north: int) -> tuple[int, int]:
        """Where a point is drawn."""
        return (
            self.width // 2 + (east - self.east) * self.width // self.extent,
            self.height // 2 - (north - self.north) * self.width // self.extent,
        )

    def net(self, view: View) -> list[_Line]:
        """Meridians and parallels that cross the window."""
        half = (self.extent + abs(self.east) + abs(self.north)) * _UNITS_PER_METRE
        across = min(half * SCALE // max(view.cos, SCALE // 1000), FULL_CIRCLE // 2)
        spans = ((half, "NS"), (across, "EW"))
        lines: list[_Line] = []
        for (span, letters), other in zip(spans, (across, half), strict=True):
            visible = span * self.extent // max(1, self.extent + abs(self.east) + abs(self.north))
            step = next((step for step in _STEPS if visible // step <= _PANEL_LINES), _STEPS[-1])
            middle = view.lat_e7 if letters == "NS" else view.lon_e7
            for value in _multiples(middle - span, middle + span, step):
                line = self._line(view, value, letters, other)
                if line is not None:
                    drawn, x, y = line
                    shown = value if letters == "NS" else turn(value, 0)
                    words = _edge_label(x, y, _PANEL, angle(shown, _digits(step), letters))
                    lines.append(_Line(drawn, words))
        return lines

    def _line(self, view: View, value: int, letters: str, reach: int) -> tuple[Markup, int, int] | None:
        """One line of the net, and where it leaves the window; ``None`` if it does not cross it."""
        is_parallel = letters == "NS"
        if is_parallel and abs(value) > _POLE:
            return None
        points = []
        for part in range(-_POINTS, _POINTS + 1):
            other = (view.lon_e7 if is_parallel else view.lat_e7) + reach * part // _POINTS
            if not is_parallel and abs(other) > _POLE:
                continue
            lat, lon = (value, other) if is_parallel else (other, value)
            points.append(self.place(*view.project(lat, lon)))
        path = element("path", d="M" + "L".join(f"{x} {y}" for x, y in points), class_="net")
        if is_parallel:
            y = _crossing([(x, y) for x, y in points], 0)
            return None if y is None or not 0 < y < self.height else (path, 0, y)
        x = _crossing([(y, x) for x, y in points], self.height)
        return None if x is None or not 0 < x < self.width else (path, x, self.height)

    def scale_bar(self) -> tuple[int, Markup]:
        """A length of round metres and its bar."""
        metres = max(
            step * 10**power
            for power in range(7)
            for step in (1, 2, 5)
            if step * 10**power <= max(1, self.extent // 4)
        )
        x = self.width - 300 - metres * self.width // self.extent
        path = f"M{x} {self.height - 420}v120H{self.width - 300}v-120"
        return metres, element("path", d=path, class_="scalebar")


def _crossing(points: Sequence[tuple[int, int]], at: int) -> int | None:
    """The second coordinate where a line of points passes the first coordinate ``at``."""
    for (a0, b0), (a1, b1) in pairwise(points):
        if min(a0, a1) <= at <= max(a0, a1) and a0 != a1:
            return b0 + (b1 - b0) * (at - a0) // (a1 - a0)
    return None


def _multiples(low: int, high: int, step: int) -> range:
    return range(-(-low // step) * step, high + 1, step)


def _digits(step: int) -> int:
    """Digits after the point that a multiple of a step of 10^-7 degrees has."""
    digits, unit = 0, DEGREE
    while step % unit and digits < 7:  # noqa: PLR2004 - 10^-7 degrees
        digits, unit = digits + 1, unit // 10
    return digits


def _label(class_: str, x: int, y: int, view: tuple[int, int], words: str) -> Markup:
    """Words at a point of a drawing, in the size of words."""
    left, top = (min(max(0, at), length) * 1000 // length for at, length in zip((x, y), view, strict=True))
    return element(
        "span", words, class_=class_, style=f"left:{left // 10}.{left % 10}%;top:{top // 10}.{top % 10}%"
    )


def _edge_label(x: int, y: int, view: tuple[int, int], words: str) -> Markup | None:
    """Words of a line of the net where it meets the left or the lower edge; none where they would leave the drawing."""
    width, height = view
    if x == 0:
        return _label("lat", x, y, view, words) if y * _MARGIN > height else None
    return _label("lon", x, y, view, words) if width < x * _MARGIN < width * (_MARGIN - 1) else None


def _metres(metres: int) -> str:
    return f"{metres} m" if metres < 1000 else f"{metres // 1000:,} km"  # noqa: PLR2004 - a kilometre
