"""The multipliers of a published weight, held against the rules that give them.

In: a reward file and its score table. Out: findings. Rule: scoring specification, section 8. Invariant: multipliers
that follow from published numbers must be there with value and reason, and no others; of those that only the registry
knows (class, retirement), of paid work and of group caps, form, place and reason are checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depinverify.audit.availability import payout
from depinverify.audit.comparison import chain_difference
from depinverify.audit.costs import product
from depinverify.audit.findings import FindingCode
from depinverify.reward import DeviceColumns, ScoreColumns, weigh
from depinverify.reward.columns import STATES
from depinverify.reward.multiplier import reasoned
from depinverify.reward.weights import codes_against_devices, reasons_of
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.audit.findings import Findings
    from depinverify.audit.results import Results
    from depinverify.canonical import Json
    from depinverify.models.economy import Utilisation
    from depinverify.reward import Multiplier
    from depinverify.ruleset import Ruleset

__all__ = ["check_weights"]

#: Multipliers in the order of section 8.
_ORDER: Final = (
    "payout", "provisional", "no_data", "proration", "class", "class_share", "utilisation", "payee", "proof",
    "capacity",
)  # fmt: skip
#: Those that the folder alone does not give, with their reason.
_UNKNOWN: Final = {
    "proration": "PRORATED",
    "class": "CLASS",
    "utilisation": "UTILISATION",
    "capacity": "CAPACITY",
}


def check_weights(found: Findings, results: Results) -> None:
    """Every device's multipliers, reasons and weight."""
    entries, scores = results.rewards.entries, results.scores
    if entries.device != scores.device:
        return  # devices on one side only are named where the scores are compared
    rules = results.rewards.ruleset
    # Levels publish the classes.
    unknown = _UNKNOWN.keys() if rules.levels is None else _UNKNOWN.keys() - {"class"}
    columns = zip(
        entries.device,
        entries.multipliers,
        # What the ruleset's models say follows from the evidence and their state.
        entries.multipliers if rules.models is not None else _expected(results),
        entries.reasons,
        entries.withheld,
        scores.reasons,
        entries.weight,
        strict=True,
    )
    for device, chain, follows, reasons, withheld, column, weight in columns:
        subject = f"device:{device}"
        if chain != follows:
            known = tuple(one for one in chain if one.name not in unknown)
            difference = chain_difference(known, follows) or _unknown_difference(chain, rules)
            if difference is not None:
                found.add(difference[0], subject, *difference[1:])
        named = reasons_of(chain) if withheld == 0 else tuple(sorted({*reasons_of(chain), "WITHHELD"}))
        if rules.utilisation is not None:
            _check_utilisation(found, subject, chain, rules.utilisation)
        if reasons != named:
            found.add(FindingCode.REASON_DIFFERS, subject, "reasons", list(reasons), list(named))
        text = ",".join(named)
        if column != text.encode():
            found.add(
                FindingCode.REASON_DIFFERS, subject, "scores.reasons", column.decode("utf-8", "replace"), text
            )
        nearest = _nearest_product(weight, [one.value for one in chain])
        if weight != nearest:
            found.add(FindingCode.WEIGHT_DIFFERS, subject, "weight", str(weight), str(nearest))


def _expected(results: Results) -> list[tuple[Multiplier, ...]]:
    """The multipliers that follow from the folder: all but proration, paid work, group caps and unpublished classes."""
    rewards, table = results.rewards, results.scores
    rules, devices = rewards.ruleset, [bytes.fromhex(device) for device in table.device]
    number = len(devices)
    states = {name: at for at, name in enumerate(STATES)}
    scores = ScoreColumns(
        device=devices,
        state=[states[state] for state in rewards.entries.state],
        score_e12=rewards.entries.score_e12,
        windows_used=table.windows_used,
        decided=[up + down for up, down in zip(table.up, table.down, strict=True)],
        payout_e12=[payout(rules.curve, score).value for score in rewards.entries.score_e12],
    )
    facts = DeviceColumns(
        device=devices,
        payee=[None if payee is None else bytes.fromhex(payee[2:]) for payee in rewards.entries.payee],
        weight=[1] * number,
        class_name=rewards.entries.class_name,
        retired_ms=[None] * number,
        recorded_ms=[0] * number,
        cell=[None] * number,
    )
    codes = codes_against_devices(rewards.indicators, rules.zero_on_suspect)
    return weigh(scores, facts, codes, rules, start=rewards.epoch.start, end=rewards.epoch.end).multipliers


def _unknown_difference(
    chain: Sequence[Multiplier], rules: Ruleset
) -> tuple[FindingCode, str, Json, Json] | None:
    """What is wrong with the multipliers that the folder alone does not give, or with the order of all."""
    names = [one.name for one in chain]
    places = [_ORDER.index(name) for name in names]
    if places != sorted(places):
        return (
            FindingCode.MULTIPLIER_DIFFERS,
            "multipliers",
            names,
            [_ORDER[place] for place in sorted(places)],
        )
    allowed: dict[str, set[int] | None] = {
        "proration": None,
        # Its value has bounds of its own.
        "utilisation": None if rules.utilisation is not None else set(),
        "class": {ONE, *rules.class_multipliers.values()},
        "capacity": {0} if rules.max_per_cluster or rules.max_per_cell else set(),
    }
    for one in chain:
        if one.name not in _UNKNOWN:
            continue
        field, values = f"multipliers.{one.name}", allowed[one.name]
        if names.count(one.name) > 1 or (one.value > ONE and values is None):
            return FindingCode.MULTIPLIER_DIFFERS, field, one.value, None
        if values is not None and one.value not in values:
            return FindingCode.MULTIPLIER_DIFFERS, f"{field}.value", one.value, sorted(values)
        reason = _UNKNOWN[one.name] if one.value < ONE else None
        if one.reason != reason:
            return FindingCode.REASON_DIFFERS, f"{field}.reason", one.reason, reason
    return None


def _check_utilisation(
    found: Findings, subject: str, chain: Sequence[Multiplier], rules: Utilisation
) -> None:
    """One multiplier by paid work, between that of idle hardware and ONE."""
    stated = [one for one in chain if one.name == "utilisation"]
    values = [one.value for one in stated]
    if len(values) != 1 or not rules.floor_e12 <= values[0] <= ONE:
        bounds = [rules.floor_e12, ONE]
        found.add(FindingCode.MULTIPLIER_DIFFERS, subject, "multipliers.utilisation", values, bounds)
        return
    reason = reasoned("utilisation", values[0], _UNKNOWN["utilisation"]).reason
    if stated[0].reason != reason:
        field = "multipliers.utilisation.reason"
        found.add(FindingCode.REASON_DIFFERS, subject, field, stated[0].reason, reason)


def _nearest_product(weight: int, values: Sequence[int]) -> int:
    """The weight of the whole base weight that comes nearest; the base itself stands in the registry alone."""
    if 0 in values:
        return 0
    step, exact = ONE, weight
    for value in values:
        exact, step = exact * ONE, step * value
    base = exact // step
    # Rounding down at every step takes a little, so the base is this one or the next.
    return min((product(base, values), product(base + 1, values)), key=lambda found: abs(found - weight))
