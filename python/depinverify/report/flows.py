"""Streams of money: where it came from and where it went, as bands between two sides of equal sum.

In: names and exact amounts. Out: an SVG drawing with the words in HTML at both sides. Invariant: in the middle each
band is as thick as its share; at its end it has room for its words, and what is above nothing can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from depinverify.report.charts import svg
from depinverify.report.figures import percent
from depinverify.report.markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Flow", "flow_chart"]

_SPAN: Final = 1000
_PERCENT: Final = 100
#: Least height of the end of a band, for its words; seven of them fit.
_ROOM: Final = 120
#: Least thickness of a band.
_SEEN: Final = 4
#: Width of the blocks at the ends, and from where to where the block in the middle goes.
_BLOCK: Final = 20
_CORE: Final = (470, 530)


@dataclass(frozen=True)
class Flow:
    """One stream of money.

    Attributes:
        name: What it is called.
        amount: How much, above 0.
        shown: The amount as text.
        class_: Class of the style sheet.
    """

    name: str
    amount: int
    shown: str
    class_: str


def flow_chart(sources: Sequence[Flow], uses: Sequence[Flow], label: tuple[str, str]) -> Markup:
    """Draw sources on the left and uses on the right.

    Args:
        sources: Where it came from.
        uses: Where it went.
        label: Title and description of the drawing.
    """
    left, right = _ends(sources), _ends(uses)
    drawing = svg(
        *label,
        (_SPAN, _SPAN),
        *_bands(sources, left, _BLOCK, _CORE[0]),
        *_bands(uses, right, _SPAN - _BLOCK, _CORE[1]),
        *_blocks(sources, left, 0),
        *_blocks(uses, right, _SPAN - _BLOCK),
        element("rect", x=_CORE[0], y=0, width=_CORE[1] - _CORE[0], height=_SPAN, class_="core"),
        class_="flow",
    )
    return element(
        "div",
        _words(sources, left, "from"),
        drawing,
        _words(uses, right, "to"),
        class_="flows",
        style=f"--ends:{max(len(sources), len(uses))}",
    )


def _total(flows: Sequence[Flow]) -> int:
    return max(1, sum(flow.amount for flow in flows))


def _ends(flows: Sequence[Flow]) -> list[tuple[int, int]]:
    """Top and bottom of the outer end of each band: apart from each other, the whole height in all."""
    total, free = _total(flows), max(0, _SPAN - _ROOM * len(flows))
    ends, top = [], 0
    for flow in flows:
        height = _ROOM + flow.amount * free // total
        thickness = min(height, max(_SEEN, flow.amount * _SPAN // total))
        first = top + (height - thickness) // 2
        ends.append((first, first + thickness))
        top += height
    return ends


def _bands(flows: Sequence[Flow], ends: Sequence[tuple[int, int]], x0: int, x1: int) -> list[Markup]:
    """Bands from their ends to the middle, where they lie upon each other."""
    total, before, bands, middle = _total(flows), 0, [], (x0 + x1) // 2
    for flow, (top, bottom) in zip(flows, ends, strict=True):
        inner = before * _SPAN // total
        before += flow.amount
        last = max(inner + _SEEN // 2, before * _SPAN // total)
        bands.append(
            element(
                "path",
                element("title", f"{flow.name}: {flow.shown}"),
                d=f"M{x0} {top}C{middle} {top} {middle} {inner} {x1} {inner}"
                f"V{last}C{middle} {last} {middle} {bottom} {x0} {bottom}z",
                class_=f"stream {flow.class_}",
            )
        )
    return bands


def _blocks(flows: Sequence[Flow], ends: Sequence[tuple[int, int]], x: int) -> list[Markup]:
    return [
        element("rect", x=x, y=top, width=_BLOCK, height=bottom - top, class_=flow.class_)
        for flow, (top, bottom) in zip(flows, ends, strict=True)
    ]


def _words(flows: Sequence[Flow], ends: Sequence[tuple[int, int]], side: str) -> Markup:
    return element(
        "ul",
        *(
            element(
                "li",
                element("b", flow.name),
                element("span", percent(flow.amount, _total(flows))),
                style=f"top:{(top + bottom) * _PERCENT // (2 * _SPAN)}%",
            )
            for flow, (top, bottom) in zip(flows, ends, strict=True)
        ),
        class_=f"ends {side}",
    )
