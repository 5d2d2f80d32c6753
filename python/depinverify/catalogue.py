"""The catalogue of verdicts, outcomes, indicators and reasons, as Python enumerations.

Made from the one table of the core, so that a code, its number and its sentence exist once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from depinverify import _native

__all__ = ["CATALOGUE", "Code", "Entry", "Outcome", "State", "check_names", "sentence"]


@dataclass(frozen=True)
class Entry:
    """One word of the catalogue.

    Attributes:
        family: ``code``, ``outcome``, ``indicator``, ``reason``, ``exclusion``, ``quarantine``, ``state`` or
            ``signature``.
        network: The network whose rules define it, empty where all share it.
        number: Its number in results, where they carry numbers.
        name: Its name.
        severity: ``PROOF``, ``SUSPECT`` or ``INFO`` for indicators.
        sentence: What it means, for a device owner.
        evidence: Which numbers stand beside it.
    """

    family: str
    network: str
    number: int | None
    name: str
    severity: str | None
    sentence: str
    evidence: str


#: Every entry, in the order of the documentation page.
CATALOGUE: tuple[Entry, ...] = tuple(Entry(**entry) for entry in _native.catalogue())


def _numbers(family: str, network: str = "generic") -> dict[str, int]:
    own = (entry for entry in CATALOGUE if entry.family == family and entry.network in {"", network})
    return {entry.name: entry.number for entry in own if entry.number is not None}


if TYPE_CHECKING:

    class Code(IntEnum):
        """Verdict of one uptime proof; members as in the catalogue."""

    class Outcome(IntEnum):
        """What a row counts as in scoring."""

    class State(IntEnum):
        """How much is known about a device."""

else:
    Code = IntEnum("Code", _numbers("code"))
    Outcome = IntEnum("Outcome", _numbers("outcome"))
    State = IntEnum("State", _numbers("state"))


def check_names(mask: int, network: str = "generic") -> list[str]:
    """Names of the checks in a mask such as ``failed`` or ``not_run``, by bit."""
    return [name for name, number in _numbers("code", network).items() if number < 32 and mask >> number & 1]  # noqa: PLR2004 - bits


def sentence(name: str, family: str = "code", network: str = "generic") -> str:
    """What a word of the catalogue means.

    Raises:
        KeyError: There is no such word.
    """
    for entry in CATALOGUE:
        if entry.family == family and entry.name == name and entry.network in {"", network}:
            return entry.sentence
    raise KeyError(name)
