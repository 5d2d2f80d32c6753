"""How scores and rewards are spread, and how concentrated the rewards are.

In: scores, amounts, payees. Out: one section. Rule: scoring and rewards, 1.4: shares by exact comparison. Invariant:
the measures of concentration come from :mod:`depinverify.reward.economics`; nothing is estimated here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depinverify.report.charts import bar, lorenz, table
from depinverify.report.figures import decimal, number, percent, plural
from depinverify.report.markup import Markup, element, join
from depinverify.report.material import Section, lead, note, payee_code, sub
from depinverify.reward.economics import gini_e12, hhi_e12, nakamoto
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from depinverify.report.material import Material

__all__ = ["distribution"]

#: Lower edges of the ranges of scores, in parts of 1000; finer where most devices are.
_EDGES: Final = (0, 1, 500, 800, 900, 950, 990, 995, 999, 1000)
_RANGES: Final = (
    "0\u00a0%",
    "above 0\u00a0%",
    *(f"from {edge // 10}\u00a0%" for edge in _EDGES[2:7]),
    "from 99.5\u00a0%",
    "from 99.9\u00a0%",
    "100\u00a0%",
)
_STEPS: Final = 10
_TOP: Final = 10
_PARTS: Final = 1000
_PERCENT: Final = 100


def distribution(material: Material) -> Section:
    """Scores, rewards, concentration."""
    body = join(
        [
            lead(
                "How many devices have which score and which reward, and whether a few payees get most of "
                "it. Each bar is a range; the ranges of scores are narrower near 100\u00a0%, where most "
                "devices are."
            ),
            element("div", _scores(material), _rewards(material), class_="two"),
            _concentration(material),
        ]
    )
    return Section("distribution", "Scores and rewards", body)


def _scores(material: Material) -> Markup:
    counts, without = [0] * len(_EDGES), 0
    for entry in material.facts.entries:
        if entry.state == "NO_DATA":
            without += 1
        else:
            counts[_range_of(entry.score_e12)] += 1
    rows = [*zip(reversed(_RANGES), reversed(counts), strict=True), ("no data", without)]
    return element("div", sub("Devices by score"), _bars("Devices by score", "Score", rows))


def _range_of(score_e12: int) -> int:
    """The range of a score: the last one whose lower edge it reaches; 0 is a range of its own."""
    reached = [at for at, edge in enumerate(_EDGES) if score_e12 * _PARTS >= edge * ONE]
    return max(reached[-1], 1) if score_e12 else 0


def _rewards(material: Material) -> Markup:
    amounts = [entry.amount for entry in material.facts.entries]
    largest = max(amounts, default=0)
    counts = [0] * _STEPS
    for amount in amounts:
        if amount > 0:
            # Ranges are open below and closed above, so that the largest amount is in the last one.
            counts[-(-amount * _STEPS // largest) - 1] += 1
    rows = [
        (f"up to {(step + 1) * _PERCENT // _STEPS}\u00a0%", counts[step]) for step in reversed(range(_STEPS))
    ]
    rows.append(("nothing", sum(amount == 0 for amount in amounts)))
    return element(
        "div",
        sub("Devices by reward"),
        _bars("Devices by reward", "Of the largest", rows),
        note(f"The largest reward of a device is {number(largest)}."),
    )


def _bars(label: str, what: str, rows: list[tuple[str, int]]) -> Markup:
    most, total = max((count for _, count in rows), default=0), sum(count for _, count in rows)
    return table(
        label,
        (what, "", "Devices", "Share"),
        [(name, bar(count, most), number(count), percent(count, total, 1)) for name, count in rows],
        "tbnn",
    )


def _concentration(material: Material) -> Markup:
    payees = sorted(material.facts.payees, key=lambda payee: (-payee.amount, payee.payee))
    # A correction of an earlier epoch may leave a payee below zero; it holds nothing then.
    amounts = [max(0, payee.amount) for payee in payees]
    total = sum(amounts)
    if total == 0:
        return join([sub("Concentration"), note("Nobody earned anything in this epoch.")])
    least = nakamoto(amounts)
    measures = [
        (
            "Gini",
            decimal(gini_e12(amounts), ONE, 4),
            "0 where all payees get the same, near 1 where one gets all",
        ),
        ("HHI", decimal(hhi_e12(amounts), ONE, 4), "sum of squared shares: 1 where one payee gets all"),
        ("Nakamoto", number(least), f"{plural(least, 'payee')} together have more than half"),
    ]
    together = 0
    rows = []
    for rank, (payee, amount) in enumerate(zip(payees[:_TOP], amounts, strict=False), 1):
        together += amount
        rows.append(
            (
                number(rank),
                payee_code(material, payee.payee),
                bar(amount, amounts[0]),
                number(payee.amount),
                percent(amount, total),
                percent(together, total),
            )
        )
    curve = lorenz(
        amounts,
        (
            "Lorenz curve of payees' amounts",
            f"The further the curve hangs below the straight line, the more uneven. Gini {measures[0][1]}.",
        ),
    )
    return join(
        [
            sub("Concentration"),
            element(
                "div",
                element("div", *(_measure(*measure) for measure in measures), class_="measures"),
                element(
                    "figure",
                    curve,
                    element(
                        "figcaption", "Payees from the smallest to the largest, and what they have together."
                    ),
                ),
                class_="beside",
            ),
            table(
                "Payees with the largest amounts",
                ("", "Payee", "", "Amount", "Share", "Together"),
                rows,
                "ntbnnn",
            ),
            note(f"{plural(len(payees) - _TOP, 'payee')} more." if len(payees) > _TOP else None),
        ]
    )


def _measure(name: str, value: str, words: str) -> Markup:
    return element("div", element("h4", name), element("p", value, class_="value"), element("p", words))
