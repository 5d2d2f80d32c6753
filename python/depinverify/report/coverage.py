"""Where the devices stand: an overview, and each region with its H3 cells.

In: registered cells and scores. Out: one section. Rule: uptime proof, 5 and 8. Invariant: nothing finer than a cell is
ever drawn, and no device is named on a map; redacted, cells finer than resolution 7 are joined to it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from depinverify.report.charts import share_legend, table
from depinverify.report.figures import ABSENT, number, place, plural, score
from depinverify.report.geography import Region, Tally, cells_of, coarser, regions_of
from depinverify.report.maps import overview, panel
from depinverify.report.markup import Content, Markup, element, join
from depinverify.report.material import Section, lead, note, sub

if TYPE_CHECKING:
    from depinverify.report.fleet import Fleet
    from depinverify.report.material import Material

__all__ = ["REDACTED_RESOLUTION", "coverage"]

#: Finest resolution of a redacted map: cells of about five square kilometres.
REDACTED_RESOLUTION: Final = 7
_PANELS: Final = 9
_LISTED: Final = 12


def coverage(material: Material) -> Section:
    """The map of the devices' registered cells."""
    return Section("coverage", "Coverage", _body(material))


def _body(material: Material) -> Markup:
    if material.fleet is None:
        return lead(
            "The map is drawn from the registry, which is not part of a settlement: give the epoch folder "
            "with --epoch to see where the devices stand."
        )
    tallies = _tallies(material, material.fleet)
    cells, strange = cells_of(tallies)
    placed = sum(cell.tally.devices for cell in cells)
    without = len(material.facts.entries) - placed
    if not cells:
        return lead("No device has a registered place, so there is nothing to draw.")
    regions = regions_of(cells)
    # A region of one cell is a single hexagon, which the overview shows as well.
    panels = [region for region in regions if len(region.cells) > 1][:_PANELS]
    parts: list[Content] = [
        lead(
            "Hexagons are the H3 cells in which devices are registered, coloured by the mean score of their "
            "devices. The overview shows where they are, larger where there are more devices, and not to "
            "scale; the panels show the regions with several cells true to scale. Lines are meridians and "
            "parallels."
        ),
        share_legend(),
        overview(cells, panels),
        note(
            f"{plural(placed, 'device')} in {plural(len(cells), 'cell')} and {plural(len(regions), 'region')}.",
            f" {plural(without, 'device')} without a place on the map." if without else None,
            f" {plural(strange, 'cell')} are none of the grid." if strange else None,
            f" Cells finer than resolution {REDACTED_RESOLUTION} are joined to it."
            if material.is_redacted
            else None,
        ),
    ]
    if panels:
        parts.append(
            element(
                "div",
                *(panel(position, region) for position, region in enumerate(panels, 1)),
                class_="panels",
            )
        )
    parts += [sub("Regions"), _table(regions, panels)]
    return join(parts)


def _tallies(material: Material, fleet: Fleet) -> dict[int, Tally]:
    tallies: defaultdict[int, Tally] = defaultdict(Tally)
    for cell, entry in zip(fleet.cell, material.facts.entries, strict=True):
        if cell is not None:
            has_score = entry.state != "NO_DATA"
            tallies[cell].add(Tally(1, int(has_score), entry.score_e12 if has_score else 0))
    return coarser(tallies, REDACTED_RESOLUTION) if material.is_redacted else dict(tallies)


def _table(regions: list[Region], panels: list[Region]) -> Markup:
    numbers = {id(region): number(position) for position, region in enumerate(panels, 1)}
    rows = []
    for region in regions[:_LISTED]:
        scored = [cell for cell in region.cells if cell.tally.scored]
        worst = min(scored, key=lambda cell: (cell.tally.score // cell.tally.scored, cell.h3), default=None)
        rows.append(
            (
                place(region.lat_e7, region.lon_e7),
                *([numbers.get(id(region), ABSENT)] if panels else []),
                number(region.tally.devices),
                number(len(region.cells)),
                _mean(region.tally),
                ABSENT if worst is None else element("code", worst.name),
                ABSENT if worst is None else _mean(worst.tally),
            )
        )
    head = [
        "Middle",
        *(["Panel"] if panels else []),
        "Devices",
        "Cells",
        "Mean score",
        "Lowest cell",
        "Its score",
    ]
    more = len(regions) - _LISTED
    return join(
        [
            table("Regions", head, rows, "tnnnntn" if panels else "tnnntn"),
            note(f"{plural(more, 'region')} more, with fewer devices.") if more > 0 else None,
        ]
    )


def _mean(tally: Tally) -> str:
    return score(tally.score // tally.scored, 2) if tally.scored else ABSENT
