"""The page: one file that needs nothing else.

In: the material. Out: HTML text. Invariant: no address of anything outside the file, no script; the policy in the head
forbids the browser both. The same settlement gives the same bytes: there is no clock and no random number in it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from depinverify.report.checks import checks
from depinverify.report.coverage import coverage
from depinverify.report.distribution import distribution
from depinverify.report.fraud import fraud
from depinverify.report.markup import Markup, element
from depinverify.report.money import lowest, money
from depinverify.report.opening import head, key_figures
from depinverify.report.outages import outages
from depinverify.report.standing import standing
from depinverify.report.uptime import uptime

if TYPE_CHECKING:
    from depinverify.report.material import Material, Section

__all__ = ["POLICY", "frame", "page"]

#: What the browser may load: nothing but the styles and drawings inside the file.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_SECTIONS: Final = (
    key_figures, uptime, coverage, distribution, checks, outages, fraud, standing, money, lowest,
)  # fmt: skip


def page(material: Material) -> str:
    """Write the page of a settlement."""
    sections = [make(material) for make in _SECTIONS]
    title = f"depinverify report: epoch {material.facts.index}"
    return frame(title, head(material), sections, _footer(material))


def frame(title: str, header: Markup, sections: list[Section], footer: Markup) -> str:
    """Write a page.

    Args:
        title: Its name.
        header: What stands before the sections.
        sections: The sections in their order.
        footer: What stands behind them.
    """
    document = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=POLICY),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("meta", name="referrer", content="no-referrer"),
            element("title", title),
            element("link", rel="icon", href="data:,"),
            element("style", Markup(_style())),
        ),
        element(
            "body",
            element("a", "Skip to the figures", href="#figures", class_="skip"),
            element("div", header, _contents(sections), class_="top"),
            element("main", *(_section(section) for section in sections)),
            footer,
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{document}\n"


def _style() -> str:
    return files(__package__).joinpath("report.css").read_text("utf-8")


def _contents(sections: list[Section]) -> Markup:
    return element(
        "nav",
        element(
            "ol", *(element("li", element("a", part.title, href=f"#{part.anchor}")) for part in sections)
        ),
        aria_label="Sections",
    )


def _section(section: Section) -> Markup:
    heading = f"{section.anchor}-title"
    return element(
        "section",
        element("h2", section.title, id=heading),
        section.body,
        id=section.anchor,
        aria_labelledby=heading,
    )


def _footer(material: Material) -> Markup:
    redacted = (
        " Redacted: addresses shortened, owners left out, cells joined to resolution 7."
        if material.is_redacted
        else ""
    )
    return element(
        "footer",
        element(
            "p",
            "Made by depinverify from the settlement folder alone",
            " and its epoch folder." if material.fleet else ".",
            " Settled with ",
            material.foreign(material.facts.software),
            f".{redacted} This page is a view of the settlement and no part of it; it loads nothing and runs nothing.",
        ),
    )
