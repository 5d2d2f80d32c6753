"""What sections are made from, and what a section is.

In: facts, evidence and, where an epoch folder was given, the fleet. Out: :class:`Material` and :class:`Section`.
Invariant: a text of strangers comes into a section through :meth:`Material.foreign`, which knows what is redacted.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify.report.figures import ABSENT, knows
from depinverify.report.markup import Content, Markup, element, escape, foreign
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from depinverify.report.evidence import Evidence
    from depinverify.report.facts import Facts
    from depinverify.report.fleet import Fleet

__all__ = ["Material", "Section", "anchored", "lead", "note", "payee_code", "sub", "truncated", "word"]

_IPV4: Final = re.compile(r"(?<![0-9])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])")
_IPV6: Final = re.compile(r"(?<![0-9A-Fa-f:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Fa-f:])")
#: Characters of an address with its prefix.
_SHORT_PAYEE: Final = 42
_PREFIX: Final = {4: 24, 6: 48}


class Section(NamedTuple):
    """One section of the page."""

    anchor: str
    title: str
    body: Markup


@dataclass(frozen=True)
class Material:
    """Everything that the page is made from.

    Attributes:
        facts: The settlement.
        evidence: Its verdict table in counts.
        fleet: The registry's facts; ``None`` without the epoch folder.
        is_redacted: Whether addresses are shortened, owners left out and cells coarsened.
    """

    facts: Facts
    evidence: Evidence
    fleet: Fleet | None
    is_redacted: bool

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Sentences about results that are not what the manifest says."""
        changed = self.facts.caveats.changed
        if self.evidence.differs_from(self.facts.counts):
            changed += ("verdicts.parquet holds other rows than the manifest counted.",)
        return changed

    def foreign(self, text: str) -> Markup:
        """A text of strangers as the page may show it."""
        return foreign(truncated(text) if self.is_redacted else text)

    @cached_property
    def base_e12(self) -> list[int]:
        """Weight of each device before any multiplier; every device counts once where no registry is at hand."""
        if self.fleet is None:
            return [ONE] * len(self.facts.entries)
        return [weight * ONE for weight in self.fleet.weight]


def truncated(text: str) -> str:
    """The text with its network addresses cut to /24 and /48."""

    def cut(match: re.Match[str]) -> str:
        try:
            address = ipaddress.ip_address(match.group())
        except ValueError:
            return match.group()
        return str(ipaddress.ip_network((address, _PREFIX[address.version]), strict=False))

    return _IPV6.sub(cut, _IPV4.sub(cut, text))


def lead(*words: Content) -> Markup:
    """What a section shows and how to read it."""
    return element("p", *words, class_="lead")


def note(*words: Content) -> Markup:
    """A remark below a drawing or a table."""
    return element("p", *words, class_="note")


def sub(title: str) -> Markup:
    """Heading inside a section."""
    return element("h3", title)


def payee_code(material: Material, payee: str | None) -> Content:
    """A payee for the cell of a table, with room for the longer ones of 32 bytes."""
    if payee is None:
        return ABSENT
    return element("code", material.foreign(payee), class_="long" if len(payee) > _SHORT_PAYEE else None)


def word(material: Material, name: str, family: str) -> Markup:
    """A word of the catalogue; one that it lacks as a text of strangers."""
    if knows(name, family):
        return element("code", name, class_="word")
    return element("code", material.foreign(name))


def anchored(material: Material, name: str, family: str, prefix: str) -> Markup:
    """A word that leads to the line that explains it."""
    shown = word(material, name, family)
    return element("a", shown, href=f"#{prefix}-{escape(name)}") if knows(name, family) else shown
