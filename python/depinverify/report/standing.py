"""Changes of standing: who was suspended, disqualified or warned, and by which rule.

In: the transitions of the reward file. Out: one section. Rule: scoring and rewards, 5.4. Invariant: every change is
counted, also where it is not listed; what takes pay comes before what warns of it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify.report.charts import table
from depinverify.report.figures import duration, number, plural, score, utc
from depinverify.report.markup import Content, Markup, element, join
from depinverify.report.material import Section, lead, note
from depinverify.report.outages import numbers_words

if TYPE_CHECKING:
    from collections.abc import Collection

    from depinverify.report.facts import Change
    from depinverify.report.material import Material

__all__ = ["standing"]

_LISTED: Final = 100


class _Rule(NamedTuple):
    """What a rule of the status machine means to a reader.

    Attributes:
        meaning: One sentence.
        is_age: Whether its numbers are seconds, not scores.
    """

    meaning: str
    is_age: bool = False


#: The rules, the ones that weigh most first.
_RULES: Final = {
    "CORRECTNESS": _Rule("Too many answers were provably wrong: the device is out for good."),
    "REVIEW_FAILED": _Rule("A review ended with availability still below its threshold: the device is out for good."),
    "OFFLINE": _Rule("Availability fell below its threshold and the device is suspended, or it is above again."),
    "UNKNOWN_ERRORS": _Rule("Errors that cannot be pinned on the device became too many, or few enough again."),
    "WARNING_AVAILABILITY": _Rule("Availability came within two hundredths of its threshold, or below it."),
    "WARNING_CORRECTNESS": _Rule("The score of right and wrong answers came within two hundredths of its threshold."),
    "WARNING_UNKNOWN_ERRORS": _Rule("The score of errors that nobody can pin on it came within two hundredths."),
    "REVIEW_OVER": _Rule("The review of a suspended device ended well."),
    "PROBATION_OVER": _Rule("The device is old enough and has been seen often enough.", is_age=True),
}  # fmt: skip
_STATES: Final = frozenset({"PROBATION", "ACTIVE", "SUSPENDED_OFFLINE", "SUSPENDED_UNKNOWN", "DISQUALIFIED"})
_WEIGHT: Final = {rule: place for place, rule in enumerate(_RULES)}
_STRANGE: Final = len(_RULES)


def standing(material: Material) -> Section:
    """Changes of standing and warnings."""
    changes = sorted(
        material.facts.changes,
        key=lambda change: (_WEIGHT.get(change.rule, _STRANGE), change.device, change.at),
    )
    parts: list[Content] = [
        lead(
            "What the status machine of the ruleset did: probation, suspension, review and disqualification, "
            "and warnings before any of them. Whoever is warned can still act."
        )
    ]
    if changes:
        parts += [_overview(changes), _list(material, changes)]
    else:
        parts.append(note("No device changed its standing, and none was warned."))
    return Section("standing", "Changes of standing", join(parts))


def _overview(changes: list[Change]) -> Markup:
    counts = Counter(change.rule for change in changes)
    known = [(rule, counts[rule]) for rule in _RULES if counts[rule]]
    strange = sum(counts.values()) - sum(count for _, count in known)
    rows: list[tuple[Content, ...]] = [
        (element("code", rule, class_="word"), number(count), _RULES[rule].meaning) for rule, count in known
    ]
    if strange:
        rows.append(("others", number(strange), "Rules that this version does not know."))
    return table("Changes by rule", ("Rule", "Changes", "Meaning"), rows, "tnp")


def _list(material: Material, changes: list[Change]) -> Markup:
    rows = [
        (
            element("code", material.foreign(change.device)),
            _word(material, change.before, _STATES),
            _word(material, change.behind, _STATES),
            _word(material, change.rule, _RULES),
            _numbers(material, change),
            utc(change.at),
        )
        for change in changes[:_LISTED]
    ]
    head = ("Device", "From", "To", "Rule", "Found, and the limit", "Time (UTC)")
    more = len(changes) - _LISTED
    return element(
        "details",
        element("summary", f"{plural(len(changes), 'change')} by device"),
        table("Changes of standing", head, rows, "ttttpt"),
        note(f"{plural(more, 'change')} more in rewards.json.") if more > 0 else None,
    )


def _word(material: Material, name: str, known: Collection[str]) -> Markup:
    """A word that is never broken; one that nobody knows as a text of strangers."""
    if name in known:
        return element("code", name, class_="word")
    return element("code", material.foreign(name))


def _numbers(material: Material, change: Change) -> Content:
    found, rule = dict(change.numbers), _RULES.get(change.rule)
    if rule is not None and found.keys() == {"value", "limit"} and min(found.values()) >= 0:
        say = duration if rule.is_age else score
        return f"{say(found['value'])}, limit {say(found['limit'])}"
    return numbers_words(material, change)
