"""Which checks proofs failed, and whose devices failed them.

In: rows by device and code, and the registry's facts where an epoch folder was given. Out: one section. Rule: uptime
proof, 4.1. Invariant: a sentence about a code is the catalogue's; makers, models and versions are texts of strangers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from depinverify.catalogue import Code
from depinverify.report.charts import bar, table
from depinverify.report.evidence import name_of
from depinverify.report.figures import bytes_text, knows, number, percent, plural
from depinverify.report.markup import Markup, element, escape, join
from depinverify.report.material import Section, lead, note, sub, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.report.material import Material

__all__ = ["checks"]

_GROUPS: Final = 20
#: Checks of a proof have numbers below this; what is above says that none failed.
_FIRST_GOOD: Final = int(Code.VALID)


def checks(material: Material) -> Section:
    """Verdicts by reason, maker, model and firmware."""
    body = join(
        [
            lead(
                "Every observation has one verdict: valid, no answer, or the first check that its proof "
                "failed. The tables below say which makers, models and firmware versions failed which check."
            ),
            _by_code(material),
            _by_group(material),
        ]
    )
    return Section("verdicts", "Verdicts by reason", body)


def _by_code(material: Material) -> Markup:
    counts = sorted(material.facts.counts.items(), key=lambda item: (-item[1], item[0]))
    total, most = sum(count for _, count in counts), max((count for _, count in counts), default=0)
    rows = [
        (
            element("span", word(material, name, "code"), id=_anchor(name)),
            bar(count, most, "fill" if name == "VALID" else "fill over"),
            number(count),
            percent(count, total),
            entry.sentence if (entry := knows(name, "code")) else "",
        )
        for name, count in counts
    ]
    strangers = material.evidence.strangers
    return join(
        [
            table("Verdicts", ("Verdict", "", "Rows", "Share", "Meaning"), rows, "tbnnp"),
            note(f"{plural(strangers, 'row')} about devices that are not in the registry.")
            if strangers
            else None,
        ]
    )


def _anchor(name: str) -> str | None:
    return f"code-{name}" if knows(name, "code") else None


def _breakable(name: str) -> Markup:
    """A code that may break between its words."""
    return Markup(escape(name).replace("_", "_<wbr>"))


def _by_group(material: Material) -> Markup:
    fleet = material.fleet
    if fleet is None:
        return join(
            [
                sub("By maker, model and firmware"),
                note(
                    "Makers and models stand in the registry, firmware versions in the proofs: give the "
                    "epoch folder with --epoch to see them."
                ),
            ]
        )
    parts = [
        ("Maker (oemid)", [bytes_text(value) for value in fleet.oemid], None),
        ("Model (hwmodel)", [bytes_text(value) for value in fleet.hwmodel], None),
        (
            "Firmware (swname, swversion)",
            [version or "not stated" for version in fleet.firmware],
            "As the first good proof of each device states it; a device without a good proof states none.",
        ),
    ]
    return join(_group_table(material, *part) for part in parts)


def _group_table(material: Material, title: str, names: Sequence[str], remark: str | None) -> Markup:
    """Devices, rows and failed checks of each group, the largest first."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(names):
        members[name].append(position)
    groups = sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))
    shown = groups[:_GROUPS]
    codes = material.evidence.codes
    failing = [code for code in range(_FIRST_GOOD) if codes[:, code].any()]
    rows = []
    for name, positions in shown:
        own = codes[np.array(positions)].sum(axis=0)
        entries = [material.facts.entries[at] for at in positions]
        up, decided = sum(entry.up for entry in entries), sum(entry.decided for entry in entries)
        rows.append(
            (
                material.foreign(name),
                number(len(positions)),
                number(int(own.sum())),
                percent(up, decided),
                percent(int(own[Code.VALID]), int(own.sum())),
                percent(int(own[Code.NO_ANSWER]), int(own.sum())),
                *(
                    number(int(own[code])) if own[code] else element("span", "·", class_="nil")
                    for code in failing
                ),
            )
        )
    head = ["Name", "Devices", "Rows", "Uptime", "Valid", "No answer"]
    kinds = "t" + "n" * (len(head) - 1 + len(failing))
    left = len(groups) - len(shown)
    return join(
        [
            sub(title),
            table(
                title, [*head, *(_breakable(name_of(code)) for code in failing)], rows, kinds, class_="codes"
            ),
            note(remark) if remark else None,
            note(f"{plural(left, 'group')} more, with fewer devices.") if left else None,
        ]
    )
