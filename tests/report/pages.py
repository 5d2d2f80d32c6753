"""A page as a parser sees it: elements, attributes, identifiers, texts, links."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

#: Everything that the page is made of; whatever else a parser finds came in through somebody's text.
ELEMENTS = {
    "a", "b", "bdi", "body", "code", "dd", "desc", "details", "div", "dl", "dt", "figcaption", "figure", "footer",
    "h1", "h2", "h3", "h4", "head", "header", "html", "i", "li", "link", "main", "meta", "nav", "ol", "p", "path",
    "polygon", "polyline", "rect", "section", "span", "style", "summary", "svg", "table", "tbody", "td", "th", "thead",
    "title", "tr", "ul", "wbr",
}  # fmt: skip
ATTRIBUTES = {
    "aria-hidden", "aria-label", "aria-labelledby", "charset", "class", "content", "d", "height", "href", "http-equiv",
    "id", "lang", "name", "points", "preserveaspectratio", "rel", "role", "scope", "style", "tabindex", "title",
    "viewbox", "width", "x", "y",
}  # fmt: skip
EMPTY = {"meta", "link", "wbr"}


@dataclass
class Page(HTMLParser):
    """What a parser found in a page."""

    html: str
    elements: Counter[str] = field(default_factory=Counter)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def of(self, name: str) -> list[str]:
        """Values of an attribute."""
        return [value for _, attribute, value in self.attributes if attribute == name]


def check(html: str) -> Page:
    """A page that is well formed and made of its own elements only, without anything from outside."""
    page = Page(html)
    assert page.open == []
    assert set(page.elements) <= ELEMENTS
    assert {name for _, name, _ in page.attributes} <= ATTRIBUTES
    assert set(page.of("href")) <= {"data:,", *(f"#{anchor}" for anchor in page.of("id"))}
    assert len(page.of("id")) == len(set(page.of("id")))
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page.of("content")
    assert not re.search(r"https?:|url\(|@import|javascript:", html)
    assert not [char for char in html if not char.isprintable() and char not in "\n\xa0"]
    steps = zip([0, *page.headings], page.headings, strict=False)
    assert all(after <= before + 1 for before, after in steps), page.headings
    for drawing in re.findall(r"<svg[^>]*>(?:<title>.*?</title><desc>.*?</desc>)?", html):
        assert 'aria-hidden="true"' in drawing or ('role="img"' in drawing and "<desc>" in drawing), drawing
    return page


def amend_provenance(folder: Path, **members: Any) -> None:
    """Let a settlement's provenance say something else; its long list of rows stays the last member."""
    path = folder / "provenance.json"
    content = json.loads(path.read_text())
    rows = content.pop("rows")
    path.write_text(json.dumps(content | members | {"rows": rows}, separators=(",", ":")))


def quarantined(name: str, reason: str, message: str, place: str | None = None) -> dict[str, Any]:
    """One quarantined file as provenance has it."""
    why = {"reason": reason, "message": message, "column": None, "place": place}
    return {"name": name, "sha256": None, "bytes": 3, "signer": None, "rows": 0, "quarantine": why}


def rows(html: str, label: str) -> list[list[str]]:
    """Cells of the table with this name, as texts."""
    inner = html.partition(f'aria-label="{label}"')[2].partition("</table>")[0].partition("<tbody>")[2]
    assert inner, f"no table {label}"
    lines = re.findall(r"<tr>(.*?)</tr>", inner, re.DOTALL)
    return [
        [Page(f"<td>{cell}</td>").text for cell in re.findall(r"<td[^>]*>(.*?)</td>", line, re.DOTALL)]
        for line in lines
    ]
