"""A settlement held against the truth: what section 7 of the uptime proof promises, behaviour by behaviour.

In: ``truth.json``, ``rewards.json`` and, where at hand, verdicts' codes by device. Out: a
:class:`Judgement` a behaviour: how many devices got the verdicts, indicators and pay that they deserve, and
how many an indicator struck wrongly. A settlement is right iff every number is full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from depinverify.simulate.behaviours import BEHAVIOURS, Behaviour

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Judgement", "judge"]

_ONE = 10**12
#: Indicators that concern two parties' common history and not what one device did.
_COMPUTED = {indicator for row in BEHAVIOURS.values() for indicator in row.indicators} | {"CLOCK_SKEW"}
#: Reasons that follow from a short epoch and blame nobody.
_BLAMELESS = {"PROVISIONAL"}


class Judgement(NamedTuple):
    """How a settlement treated the devices of one behaviour.

    Attributes:
        behaviour: What they did.
        devices: How many there are.
        verdicts: With exactly the codes that the simulator foresaw, row for row.
        flagged: With each indicator that the table names.
        wrongly_flagged: With an indicator that the table does not name.
        paid: With the pay that the table promises.
        faults: What was found instead, for the first few.
    """

    behaviour: str
    devices: int
    verdicts: int
    flagged: int
    wrongly_flagged: int
    paid: int
    faults: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether recall and precision are both complete."""
        return self.verdicts == self.flagged == self.paid == self.devices and not self.wrongly_flagged


def judge(
    truth: Mapping[str, Any],
    rewards: Mapping[str, Any],
    codes: Mapping[str, Mapping[str, int]] | None = None,
) -> list[Judgement]:
    """Compare a settlement with the truth.

    Args:
        truth: Content of ``truth.json``.
        rewards: Content of ``rewards.json``.
        codes: Number of rows by code name, by device in hex; left out, verdicts are not compared.
    """
    entries = {entry["device"]: entry for entry in rewards["entries"]}
    struck: dict[str, set[str]] = {}
    for indicator in rewards["indicators"]:
        for subject in indicator["subjects"]:
            kind, _, party = subject.partition(":")
            if kind == "device" and indicator["code"] in _COMPUTED:
                struck.setdefault(party, set()).add(indicator["code"])
    judgements = []
    for behaviour, row in BEHAVIOURS.items():
        devices = [device for device in truth["devices"] if device["behaviour"] == behaviour]
        faults: list[str] = []
        counts = {"verdicts": 0, "flagged": 0, "wrongly_flagged": 0, "paid": 0}
        for device in devices:
            party, indicators = device["device"], struck.get(device["device"], set())
            found = None if codes is None else dict(codes.get(party, {}))
            checks = {
                "verdicts": found is None or found == device["codes"],
                "flagged": indicators >= set(row.indicators),
                "wrongly_flagged": bool(indicators - set(row.indicators)),
                "paid": _is_paid_rightly(device, entries[party]),
            }
            for name, holds in checks.items():
                counts[name] += holds
                if holds is (name == "wrongly_flagged"):
                    entry = entries[party]
                    faults.append(f"{party} {name}: {found} {sorted(indicators)} {entry['reasons']}")
        judgements.append(Judgement(behaviour, len(devices), **counts, faults=tuple(faults[:5])))
    return judgements


def _is_paid_rightly(device: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """The table's last column: what a device of this behaviour must get."""
    reasons = set(entry["reasons"]) - _BLAMELESS
    is_nothing = entry["amount"] == "0"
    match BEHAVIOURS[Behaviour(device["behaviour"])].pay:
        case "full":
            return not reasons and entry["score_e12"] == _ONE
        case "availability":
            return reasons <= {"AVAILABILITY"} and (not reasons or entry["score_e12"] < _ONE)
        case "zero":
            return is_nothing and bool(reasons & {"KEY_REUSE", "EQUIVOCATION"})
        case "capped":
            return not reasons if device["is_paid"] else is_nothing and reasons == {"CAPACITY"}
        case _:
            return is_nothing and reasons == {"AVAILABILITY"}
