"""The catalogue of verdicts, outcomes, indicators and reasons.

In: the one table of the core, so that a code, its number and its sentence exist once. Out: its entries, the
enumerations of :mod:`depinverify.catalogue_names`, and the page ``docs/verdicts.md``. ``python -m
depinverify.catalogue`` in the project's root writes the enumerations and the page anew; a test compares them with
the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depinverify import _native
from depinverify.catalogue_names import (
    ArweaveCode,
    Code,
    Exclusion,
    Indicator,
    Outcome,
    QuarantineReason,
    Reason,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CATALOGUE",
    "ArweaveCode",
    "Code",
    "Entry",
    "Exclusion",
    "Indicator",
    "Outcome",
    "QuarantineReason",
    "Reason",
    "State",
    "check_names",
    "entry",
    "enumerations",
    "page",
    "sentence",
]

#: Codes from here on are no failed checks but say that there is none.
_FIRST_GOOD_CODE: Final = 32


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
CATALOGUE: tuple[Entry, ...] = tuple(Entry(**row) for row in _native.catalogue())


def entry(name: str, family: str = "code", network: str = "generic") -> Entry:
    """The entry of a word.

    Args:
        name: The word.
        family: Its family.
        network: The network, where the family's words differ from network to network.

    Raises:
        KeyError: There is no such word.
    """
    for found in CATALOGUE:
        if found.family == family and found.name == name and found.network in {"", network}:
            return found
    raise KeyError(name)


def sentence(name: str, family: str = "code", network: str = "generic") -> str:
    """What a word of the catalogue means; see :func:`entry`."""
    return entry(name, family, network).sentence


def check_names(mask: int, network: str = "generic") -> list[str]:
    """Names of the checks in a mask such as ``failed`` or ``not_run``, by bit.

    Args:
        mask: The mask.
        network: Whose checks they are.
    """
    checks = (found for found in CATALOGUE if found.family == "code" and found.network == network)
    return [
        found.name
        for found in checks
        if found.number is not None and found.number < _FIRST_GOOD_CODE and mask >> found.number & 1
    ]


#: Enumeration -> (its family, its network, what it is).
_ENUMERATIONS: Final = {
    "Code": (
        "code",
        "generic",
        "Verdict of one uptime proof: the first failed check by its bit, or no failure.",
    ),
    "ArweaveCode": ("code", "arweave", "Verdict of one Arweave storage proof."),
    "Outcome": ("outcome", "", "What a row counts as in scoring."),
    "Indicator": ("indicator", "", "Finding about a device or a validator."),
    "Reason": ("reason", "", "Why a device earns less than its base weight."),
    "Exclusion": ("exclusion", "", "Why a validator's down observations of a slot are left out."),
    "QuarantineReason": ("quarantine", "", "Why a file is left out."),
    "State": ("state", "", "How much is known about a device."),
}

_FAMILIES: Final = {
    "code": (
        "Verdicts of proofs",
        "The first failing check is the code; all failing checks stand in the mask `failed`.",
    ),
    "outcome": ("Outcomes", "What a row counts as in scoring."),
    "indicator": (
        "Indicators",
        "PROOF sets a device's weight to 0; SUSPECT does so only if the ruleset lists it.",
    ),
    "reason": (
        "Reasons",
        "Why a device earns less than its base weight; they stand in its entry of `rewards.json`.",
    ),
    "exclusion": ("Exclusions", "Why a validator's down observations of a slot are left out."),
    "quarantine": ("Quarantine", "Why a whole file is left out; the settlement goes on with the rest."),
    "state": ("States", "How much is known about a device."),
    "signature": ("Signature verdicts", "Why a signature check gave no."),
}


def _of(family: str, network: str = "") -> list[Entry]:
    return [found for found in CATALOGUE if found.family == family and found.network == network]


def enumerations() -> str:
    """The source of :mod:`depinverify.catalogue_names`, made from the table."""
    return "\n".join(_enumeration_lines())


def _enumeration_lines() -> Iterator[str]:
    yield '"""The words of the catalogue as enumerations: generated by ``python -m depinverify.catalogue``."""'
    yield ""
    yield "from __future__ import annotations"
    yield ""
    yield "from enum import IntEnum, StrEnum"
    yield ""
    yield "__all__ = ["
    yield from (f'    "{name}",' for name in sorted(_ENUMERATIONS))
    yield "]"
    for name, (family, network, text) in _ENUMERATIONS.items():
        members = _of(family, network)
        is_numbered = members[0].number is not None
        yield ""
        yield ""
        yield f"class {name}({'IntEnum' if is_numbered else 'StrEnum'}):"
        yield f'    """{text}"""'
        yield ""
        for found in members:
            value = str(found.number) if is_numbered else f'"{found.name}"'
            yield f"    {found.name} = {value}"
    yield ""


def page() -> str:
    """The documentation page, made from the table."""
    return "\n".join(_page_lines())


def _page_lines() -> Iterator[str]:
    yield "# Verdicts"
    yield ""
    yield "Every word that a result can say about a proof, a device, a validator or a file."
    yield "Made from the catalogue by `make docs`; change `rust/core/src/verdict.rs`, not this page."
    for family, (title, text) in _FAMILIES.items():
        entries = [found for found in CATALOGUE if found.family == family]
        yield ""
        yield f"## {title}"
        yield ""
        yield text
        for network in dict.fromkeys(found.network for found in entries):
            yield ""
            if network:
                yield f"### Network `{network}`"
                yield ""
            yield from _table([found for found in entries if found.network == network])
    yield ""


def _table(entries: list[Entry]) -> Iterator[str]:
    columns = ["name", "meaning", "evidence"]
    if entries[0].number is not None:
        columns.insert(0, "number")
    if entries[0].severity is not None:
        columns.insert(1, "severity")
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    for found in entries:
        cells = {
            "number": str(found.number),
            "name": f"`{found.name}`",
            "severity": found.severity or "",
            "meaning": found.sentence,
            "evidence": found.evidence,
        }
        yield f"| {' | '.join(cells[column].replace('|', '&#124;') for column in columns)} |"


def _write(root: Path) -> None:
    (root / "python/depinverify/catalogue_names.py").write_text(enumerations(), "utf-8")
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs/verdicts.md").write_text(page(), "utf-8")


if __name__ == "__main__":
    _write(Path.cwd())
