"""Validators: what they reported, and when their own outages took their reports out of the count.

In: rows by validator, the exclusion log, indicators about validators. Out: one section. Rule: scoring and rewards,
3.3, 3.6, 3.8 and 6.7. Invariant: every line of the log is counted; the ones that are not listed are said to be there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from depinverify.report.charts import legend, svg, table
from depinverify.report.evidence import Witness
from depinverify.report.figures import ABSENT, knows, number, percent, plural, short, utc
from depinverify.report.markup import Content, Markup, element, join
from depinverify.report.material import Section, lead, note, sub, word
from depinverify.report.uptime import time_axis
from depinverify.report.validators_pay import validators_pay

if TYPE_CHECKING:
    from depinverify.report.facts import Change, Excluded, Finding
    from depinverify.report.material import Material

__all__ = ["outages"]

#: Colour and place within a row for each reason, so that reasons are told apart without colour as well.
_REASONS: Final = {
    "VALIDATOR_REFERENCE_FAILED": ("r0", 0),
    "VALIDATOR_CORRELATED": ("r1", 1),
    "VALIDATOR_ALONE_CORRELATED": ("r2", 2),
}
_LANES: Final = 3
_COLUMNS: Final = 200
_VALIDATORS: Final = 50
_LISTED: Final = 200


def outages(material: Material) -> Section:
    """Outages of validators, and validators that are unreliable or silent."""
    body = join(
        [
            lead(
                "When a validator itself is offline, every device looks down to it. Such reports are found "
                "by the rules below and left out, so that no device pays for them; what a device signed "
                "stays. Each mark is a slot in which a validator's down reports were left out."
            ),
            _timeline(material),
            _validators(material),
            validators_pay(material),
            _log(material),
        ]
    )
    return Section("outages", "Outages of validators", body)


def _names(material: Material) -> list[str]:
    """Validators with rows or lines in the log, the ones with the most exclusions first."""
    lines = Counter(line.validator for line in material.facts.exclusions)
    everybody = {*material.evidence.witnesses, *lines, *material.facts.caveats.void_validators}
    return sorted(everybody, key=lambda name: (-lines[name], name))


def _timeline(material: Material) -> Markup:
    facts = material.facts
    if not facts.exclusions:
        return note("No validator had an outage in this epoch: nothing was left out.")
    by_validator: defaultdict[str, list[Excluded]] = defaultdict(list)
    for line in facts.exclusions:
        by_validator[line.validator].append(line)
    names = [name for name in _names(material) if name in by_validator][:_VALIDATORS]
    columns = min(facts.slots, _COLUMNS)
    marks = []
    for row, name in enumerate(names):
        places = Counter(
            (_REASONS.get(line.reason, ("none", 0)), line.slot * columns // facts.slots)
            for line in by_validator[name]
            if line.slot < facts.slots
        )
        marks += [
            element(
                "rect",
                element(
                    "title",
                    f"{utc(facts.slot_start(column * facts.slots // columns))} UTC: {plural(count, 'slot')}",
                ),
                x=column,
                y=row * (_LANES + 1) + lane,
                width=1,
                height=1,
                class_=colour,
            )
            for ((colour, lane), column), count in sorted(places.items())
        ]
    height = len(names) * (_LANES + 1)
    drawing = svg(
        "Outages of validators over time",
        f"{plural(len(facts.exclusions), 'exclusion')} of {plural(len(by_validator), 'validator')} from "
        f"{utc(facts.start)} to {utc(facts.end)} UTC; the table below has the numbers.",
        (columns, height),
        *(
            element("rect", x=0, y=row * (_LANES + 1), width=columns, height=_LANES, class_="track")
            for row in range(len(names))
        ),
        *marks,
        class_="raster",
    )
    labels = (element("span", short(name)) for name in names)
    return join(
        [
            legend((colour, f"{name}: {_sentence(name)}") for name, (colour, _) in _REASONS.items()),
            element(
                "div",
                element("div", *labels, class_="rows ids"),
                element("div", drawing, time_axis(material), class_="stretch"),
                class_="plotframe lanes",
                style=f"--lanes:{len(names)}",
            ),
        ]
    )


def _sentence(name: str) -> str:
    entry = knows(name, "exclusion")
    return "" if entry is None else entry.sentence


def _validators(material: Material) -> Markup:
    """One line for each validator, with what is held against it."""
    facts = material.facts
    reasons = Counter((line.validator, line.reason) for line in facts.exclusions)
    about: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in facts.findings:
        if finding.code in {"UNRELIABLE", "VALIDATOR_SILENT"}:
            for subject in finding.subjects:
                about[subject.partition(":")[2]].append(finding)
    names = _names(material)
    rows = []
    for name in names[:_VALIDATORS]:
        witness = material.evidence.witnesses.get(name, Witness())
        rows.append(
            (
                element("code", material.foreign(name)),
                number(witness.rows),
                percent(witness.up, witness.up + witness.down),
                number(witness.nobody),
                *(number(reasons[name, reason]) for reason in _REASONS),
                _held_against(material, name, about[name]),
            )
        )
    head = (
        "Validator",
        "Rows",
        "Say up",
        "For nobody",
        "Reference",
        "Correlated",
        "Alone",
        "Held against it",
    )
    more = len(names) - _VALIDATORS
    return join(
        [
            sub("Validators"),
            table("Validators", head, rows, "tnnnnnnp"),
            note(
                "Reference, Correlated and Alone count the slots left out by each rule; “For nobody” are "
                "rows off schedule or about unknown devices.",
                f" {plural(more, 'validator')} more." if more > 0 else None,
            ),
        ]
    )


def _held_against(material: Material, name: str, findings: list[Finding]) -> Content:
    said: list[Content] = []
    if name in material.facts.caveats.void_validators:
        said.append("void: no fitting secret was revealed")
    said += [
        join([word(material, finding.code, "indicator"), " ", numbers_words(material, finding)])
        for finding in findings
    ]
    return join(element("div", part) for part in said) if said else ABSENT


def numbers_words(material: Material, finding: Finding | Change) -> Markup:
    """The numbers behind a finding or a change, by name."""
    parts: list[Content] = []
    for name, value in finding.numbers:
        parts += [", " if parts else None, material.foreign(name.replace("_", " ")), f" {number(value)}"]
    return join(parts)


def _log(material: Material) -> Markup | None:
    facts = material.facts
    if not facts.exclusions:
        return None
    rows = [
        (
            f"{utc(facts.slot_start(line.slot))}",
            element("code", material.foreign(line.validator)),
            word(material, line.reason, "exclusion"),
            number(line.slot),
            f"{number(line.f)} of {number(line.n)}",
            f"{number(line.f2)} of {number(line.n2)}",
            f"{number(line.ok)} of {number(line.total)}" if line.total else ABSENT,
        )
        for line in facts.exclusions[:_LISTED]
    ]
    head = (
        "Time (UTC)",
        "Validator",
        "Reason",
        "Slot",
        "Down for it",
        "Down for the others",
        "References reached",
    )
    more = len(facts.exclusions) - _LISTED
    return element(
        "details",
        element("summary", f"Exclusion log: {plural(len(facts.exclusions), 'line')}"),
        table("Exclusion log", head, rows, "tttnnnn"),
        note(
            "Down for it: clusters of devices in which everything it probed was down, of all clusters it "
            "probed."
        ),
        note(f"{plural(more, 'line')} more in rewards.json.") if more > 0 else None,
    )
