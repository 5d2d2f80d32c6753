"""Uptime by device and time.

In: slots up and down by row and column. Out: the section with the map of uptime, the worst devices at the top. Rule:
scoring and rewards, 2.5 and 3.4. Invariant: a field that stands for several devices or slots says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depinverify.report.charts import raster, share_legend
from depinverify.report.figures import clock, number, percent, plural, short, utc
from depinverify.report.markup import Markup, element, join
from depinverify.report.material import Section, lead, note

if TYPE_CHECKING:
    from depinverify.report.material import Material

__all__ = ["time_axis", "uptime"]

#: Rows that still have room for an id beside them.
_LABELLED: Final = 48
_MARKS: Final = 5
_DAY: Final = 86400


def uptime(material: Material) -> Section:
    """The map of uptime."""
    return Section("uptime", "Uptime by device and time", _body(material))


def _body(material: Material) -> Markup:
    facts, evidence = material.facts, material.evidence
    if not facts.entries:
        return lead("No device was eligible in this epoch, so there is nothing to draw.")
    rows, columns = evidence.up.shape
    devices, slots = len(facts.entries), facts.slots
    joined = []
    if devices > rows:
        alone = sum(len(members) == 1 for members in evidence.devices_of)
        joined.append(
            f"{number(devices)} devices are drawn as {rows} rows, the lowest {alone} alone and the others in rows "
            f"of about {number((devices - alone) // (rows - alone))}"
        )
    if slots > columns:
        joined.append(f"{number(slots)} slots as {columns} columns of about {number(slots // columns)}")
    titles = [_title(material, members) for members in evidence.devices_of]
    description = (
        f"{number(rows)} rows, the devices with the lowest uptime at the top; {number(columns)} columns from "
        f"{utc(facts.start)} to {utc(facts.end)} UTC. Overall {percent(facts.up, facts.up + facts.down, 4)} up."
    )
    drawing = raster(evidence.up, evidence.down, titles, ("Uptime by device and time", description))
    size = "tall" if rows > _LABELLED else "few" if rows <= _LABELLED // 4 else "some"
    return join(
        [
            lead(
                "Each row is a device, the one with the lowest uptime at the top; time runs to the right. A "
                "field shows how many of its slots were up: for one device in one slot that is all or nothing. A "
                "row of strong colour is one device that is down, a column a moment at which many were."
            ),
            share_legend(),
            element(
                "div",
                _row_labels(material),
                element("div", drawing, time_axis(material), class_="stretch"),
                class_=f"plotframe {size}",
            ),
            note(
                "A slot is up or down where enough validators agree for a quorum, otherwise it has no data; down "
                "reports that an outage of the validator explains are left out, as in the score.",
                f" {' and '.join(joined)}; a field then is the share over all of them." if joined else None,
            ),
        ]
    )


def _title(material: Material, members: list[int]) -> str:
    entries = material.facts.entries
    up = sum(entries[at].up for at in members)
    decided = sum(entries[at].decided for at in members)
    who = entries[members[0]].device if len(members) == 1 else plural(len(members), "device")
    return f"{who}: {percent(up, decided, 2)} of {plural(decided, 'decided slot')} up"


def _row_labels(material: Material) -> Markup:
    """Ids where there is room, otherwise the rank of a device in a row."""
    entries, evidence = material.facts.entries, material.evidence
    rows = len(evidence.devices_of)
    if rows <= _LABELLED:
        words = [short(entries[at].device) for at in evidence.order]
        return element("div", *(element("span", text) for text in words), class_="rows ids")
    sizes = [len(members) for members in evidence.devices_of]
    marks = (number(sum(sizes[: rows * part // 4]) + 1) for part in (1, 2, 3))
    spans = (element("span", text) for text in ("lowest", *marks, "highest"))
    return element("div", *spans, class_="rows ranks")


def time_axis(material: Material) -> Markup:
    """Times below a drawing over the whole epoch."""
    start, end = material.facts.start, material.facts.end
    moments = [start + (end - start) * part // (_MARKS - 1) for part in range(_MARKS)]
    is_long = end - start > 3 * _DAY
    return element(
        "div",
        *(
            element("span", utc(at, with_time=False) if is_long else clock(at), title=f"{utc(at)} UTC")
            for at in moments
        ),
        class_="axis",
    )
