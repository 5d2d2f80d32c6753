"""Charts as inline SVG, with their words in HTML beside them.

In: counts and shares as integers. Out: markup. Invariant: a drawing stretches to the width that it gets while words
keep their size, so that a chart is read on a phone as well; every drawing has a title and a description, and no
information stands in a colour alone. Coordinates are integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from depinverify.report.markup import Content, Markup, element, join
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LEVELS", "Level", "bar", "legend", "level", "lorenz", "raster", "share_legend", "svg", "table"]

#: Width and height of a drawing that is stretched.
_SPAN: Final = 1000
#: Least width of a bar that is not empty: what is there can be seen.
_SEEN: Final = 4

#: Class of the style sheet for each kind of column.
_KINDS: Final = {"t": "text", "p": "text prose", "n": "num", "b": "chart"}


@dataclass(frozen=True)
class Level:
    """One step of the scale of shares.

    Attributes:
        name: Class of the style sheet.
        words: What it means.
        from_e12: Smallest share of the step.
    """

    name: str
    words: str
    from_e12: int


#: The scale of shares and scores, best first.
LEVELS: Final = (
    Level("q0", "100\u00a0%", ONE),
    Level("q1", "99\u00a0% and more", 99 * ONE // 100),
    Level("q2", "95\u00a0% and more", 95 * ONE // 100),
    Level("q3", "80\u00a0% and more", 80 * ONE // 100),
    Level("q4", "50\u00a0% and more", 50 * ONE // 100),
    Level("q5", "below 50\u00a0%", 0),
)


def level(part: int, whole: int) -> int:
    """Number of the step of a share, by exact comparison."""
    return next(number for number, step in enumerate(LEVELS) if part * ONE >= step.from_e12 * whole)


def svg(
    title: str, description: str, view: tuple[int, int], *content: Content, class_: str = "plot"
) -> Markup:
    """A drawing with its name and description for whoever does not see it.

    Args:
        title: What it is.
        description: What it shows, in words.
        view: Width and height of its coordinates; it is stretched unless its class keeps its shape.
        content: The drawing.
        class_: Class of the style sheet.
    """
    width, height = view
    return element(
        "svg",
        element("title", title),
        element("desc", description),
        *content,
        role="img",
        aria_label=f"{title}. {description}",
        viewBox=f"0 0 {width} {height}",
        preserveAspectRatio="xMidYMid meet" if class_ == "map" else "none",
        class_=class_,
    )


def bar(part: int, whole: int, class_: str = "fill") -> Markup:
    """A bar for the cell of a table; the number stands beside it, so it is hidden from readers of words."""
    width = 0
    if part > 0:
        width = max(_SEEN, 0 if whole <= 0 else min(_SPAN, part * _SPAN // whole))
    return element(
        "svg",
        element("rect", x=0, y=0, width=_SPAN, height=1, class_="track"),
        element("rect", x=0, y=0, width=width, height=1, class_=class_),
        viewBox=f"0 0 {_SPAN} 1",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="bar",
    )


def table(
    label: str,
    head: Sequence[Content],
    rows: Iterable[Sequence[Content]],
    kinds: str,
    *,
    class_: str | None = None,
) -> Markup:
    """A table that scrolls inside itself where it is wider than the page.

    Args:
        label: What it is, for readers of words.
        head: Names of the columns.
        rows: Cells.
        kinds: One letter a column: ``t`` names, ``p`` sentences, ``n`` numbers, ``b`` bars.
        class_: Class of the style sheet.
    """
    sides = [_KINDS[kind] for kind in kinds]
    body = join(
        element("tr", *(element("td", cell, class_=side) for cell, side in zip(row, sides, strict=True)))
        for row in rows
    )
    titles = (element("th", name, scope="col", class_=side) for name, side in zip(head, sides, strict=True))
    return element(
        "div",
        element("table", element("thead", element("tr", *titles)), element("tbody", body), class_=class_),
        class_="scroll",
        role="region",
        aria_label=label,
        tabindex=0,
    )


def legend(marks: Iterable[tuple[str, str]]) -> Markup:
    """What the colours mean.

    Args:
        marks: Class of the style sheet and words.
    """
    return element(
        "ul",
        *(
            element("li", element("i", class_=f"mark {name}", aria_hidden="true"), words)
            for name, words in marks
        ),
        class_="legend",
    )


def share_legend() -> Markup:
    """The scale of shares."""
    return legend([*((step.name, step.words) for step in LEVELS), ("none", "no data")])


def raster(
    up: NDArray[np.int64], down: NDArray[np.int64], titles: Sequence[str], label: tuple[str, str]
) -> Markup:
    """A map of shares: one field per row and column, coloured by the scale of shares.

    Args:
        up: Good ones by row and column.
        down: Bad ones.
        titles: What to say of each row to who points at it.
        label: Title and description of the drawing.
    """
    rows, columns = up.shape
    paths: list[list[str]] = [[] for _ in LEVELS]
    for row, (good, bad) in enumerate(zip(up.tolist(), down.tolist(), strict=True)):
        fields = [level(g, g + b) if g + b else None for g, b in zip(good, bad, strict=True)]
        for start, end, found in _runs(fields):
            if found is not None:
                paths[found].append(f"M{start} {row}h{end - start}v1h{start - end}z")
    return svg(
        *label,
        (columns, rows),
        element("rect", x=0, y=0, width=columns, height=rows, class_="none"),
        *(
            element("path", d="".join(path), class_=step.name)
            for step, path in zip(LEVELS, paths, strict=True)
            if path
        ),
        *(
            element("rect", element("title", title), x=0, y=row, width=columns, height=1, class_="hover")
            for row, title in enumerate(titles)
        ),
        class_="raster",
    )


def _runs(fields: Sequence[int | None]) -> Iterable[tuple[int, int, int | None]]:
    """Neighbours that are equal: first position, position after the last, what they are."""
    start = 0
    for position in range(1, len(fields) + 1):
        if position == len(fields) or fields[position] != fields[start]:
            yield start, position, fields[start]
            start = position


def lorenz(amounts: Sequence[int], label: tuple[str, str]) -> Markup:
    """Lorenz curve: how much the first so many holders have together, the smallest first."""
    ascending, total = sorted(amounts), sum(amounts)
    points = [(0, _SPAN)]
    together = 0
    step = max(1, len(ascending) // 100)
    for rank, amount in enumerate(ascending, 1):
        together += amount
        if rank % step == 0 or rank == len(ascending):
            points.append((rank * _SPAN // len(ascending), _SPAN - together * _SPAN // max(total, 1)))
    line = " ".join(f"{x},{y}" for x, y in points)
    return svg(
        *label,
        (_SPAN, _SPAN),
        element("path", d=f"M0 {_SPAN}L{_SPAN} 0", class_="guide"),
        element("polygon", points=f"{line} {_SPAN},{_SPAN}", class_="area"),
        element("polyline", points=line, class_="line"),
        class_="square",
    )
