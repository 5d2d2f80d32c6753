"""Findings about devices and validators, by how certain they are.

In: the indicators of the reward file. Out: one section. Rule: scoring and rewards, 7.1 and 7.2. Invariant: a finding
is shown with its catalogue sentence and its numbers, and never as more than it is: only PROOF needs no trust.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from depinverify.report.charts import table
from depinverify.report.figures import knows, number, plural
from depinverify.report.markup import Content, Markup, element, join
from depinverify.report.material import Section, lead, note, sub, word
from depinverify.report.outages import numbers_words

if TYPE_CHECKING:
    from depinverify.report.facts import Finding
    from depinverify.report.material import Material

__all__ = ["fraud"]

_SEVERITIES: Final = {
    "PROOF": "A contradiction that needs no trust: two signatures, or physics. The device earns nothing in this epoch.",
    "SUSPECT": "Statistical: worth a look. It changes no pay unless the ruleset names it.",
    "INFO": "Good to know; changes no pay.",
}
_LISTED: Final = 100
_SUBJECTS: Final = 6


def fraud(material: Material) -> Section:
    """Indicators by severity."""
    by_severity: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in material.facts.findings:
        by_severity[finding.severity if finding.severity in _SEVERITIES else "INFO"].append(finding)
    counts = (
        element(
            "div",
            element("h3", severity),
            element("p", number(len(by_severity[severity])), class_="value"),
            element("p", words),
            class_=f"card severity {severity.lower()}",
        )
        for severity, words in _SEVERITIES.items()
    )
    parts: list[Content] = [
        lead(
            "What the evidence says against devices and validators. PROOF is a contradiction that anybody "
            "can check, SUSPECT a pattern that may have an honest cause, INFO a circumstance."
        ),
        element("div", *counts, class_="cards"),
    ]
    parts += [_of(material, name, found) for name in _SEVERITIES if (found := by_severity[name])]
    if not material.facts.findings:
        parts.append(note("Nothing was found."))
    return Section("findings", "Findings", join(parts))


def _of(material: Material, severity: str, findings: list[Finding]) -> Markup:
    by_code: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_code[finding.code].append(finding)
    overview = [
        (
            element(
                "span",
                word(material, code, "indicator"),
                id=f"finding-{code}" if knows(code, "indicator") else None,
            ),
            number(len(found)),
            entry.sentence if (entry := knows(code, "indicator")) else "",
        )
        for code, found in sorted(by_code.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    rows = [
        (
            word(material, finding.code, "indicator"),
            _subjects(material, finding),
            numbers_words(material, finding),
            number(finding.evidence),
        )
        for finding in findings[:_LISTED]
    ]
    more = len(findings) - _LISTED
    return join(
        [
            sub(severity),
            table(f"{severity} by code", ("Code", "Findings", "Meaning"), overview, "tnp"),
            element(
                "details",
                element(
                    "summary", f"{severity}: {plural(len(findings), 'finding')} with subjects and numbers"
                ),
                table(
                    f"{severity} findings",
                    ("Code", "About", "Numbers", "Rows as evidence"),
                    rows,
                    "ttpn",
                ),
                note(f"{plural(more, 'finding')} more in rewards.json.") if more > 0 else None,
            ),
        ]
    )


def _subjects(material: Material, finding: Finding) -> Content:
    if not finding.subjects:
        return "the network"
    shown = [
        element("div", element("code", material.foreign(subject))) for subject in finding.subjects[:_SUBJECTS]
    ]
    more = len(finding.subjects) - _SUBJECTS
    return join([*shown, element("div", f"and {number(more)} more") if more > 0 else None])
