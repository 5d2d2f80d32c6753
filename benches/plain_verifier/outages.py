"""Outages on the validator's side and the quorum: scoring sections 2.5 and 3.

In: the kept observations of every slot, the clusters, the reference probes. Out: what is excluded and why,
and the decision of every (device, slot). Decided from the observations alone; all validators of a slot are
judged on the same observations.
"""

from __future__ import annotations

from typing import NamedTuple

UP, FAILED, DOWN, NEITHER = 0, 1, 2, 3

NO_DATA, IS_UP, IS_DOWN = 0, 1, 2

MIN_CLUSTERS = 10


class Judged(NamedTuple):
    """One line of the exclusion log."""

    validator: object
    reason: str
    n: int
    f: int
    n2: int
    f2: int
    ok: int
    total: int


def judge_slot(  # noqa: C901
    observations: list[tuple], clusters: dict, prior_up: dict, references: dict
) -> tuple[list[Judged], tuple[int, int] | None]:
    """Exclusions of one slot, ascending by validator, and (n_all, f_all) where it is a network event.

    Args:
        observations: (validator, device, kind) of the kept rows; kinds as above.
        clusters: device -> cluster.
        prior_up: device -> whether its last decision was up.
        references: validator -> (ok, total) of this slot.
    """
    seen: dict = {}
    validators = set()
    for validator, device, kind in observations:
        validators.add(validator)
        if kind != NEITHER and prior_up.get(device):
            by = seen.setdefault(clusters[device], {})
            by[validator] = by.get(validator, False) or kind != DOWN
    answered = [(by, sum(by.values())) for by in seen.values()]
    n_all = len(answered)
    f_all = sum(not ups for _, ups in answered)
    judged = []
    for validator in sorted(validators):
        n = f = n2 = f2 = 0
        for by, ups in answered:
            own = by.get(validator)
            if own is not None:
                n += 1
                f += not own
                if len(by) == 1:
                    continue
            n2 += 1
            f2 += ups == (own is True)
        ok, total = references.get(validator, (0, 0))
        if total >= 3 and 2 * ok < total:
            reason = "VALIDATOR_REFERENCE_FAILED"
        elif n >= MIN_CLUSTERS and n2 >= MIN_CLUSTERS and 100 * f >= 50 * n and 100 * f2 < 10 * n2:
            reason = "VALIDATOR_CORRELATED"
        elif n >= MIN_CLUSTERS and n2 < MIN_CLUSTERS and 100 * f >= 80 * n:
            reason = "VALIDATOR_ALONE_CORRELATED"
        else:
            continue
        judged.append(Judged(validator, reason, n, f, n2, f2, ok, total))
    if not judged and n_all >= MIN_CLUSTERS and 100 * f_all >= 50 * n_all:
        return judged, (n_all, f_all)
    return judged, None


def decide(votes: list[tuple], dropped: set | frozenset, quorum: int, owners: dict) -> int:
    """The decision over (validator, kind); downs of validators in ``dropped`` leave both sides."""
    up, down_by = 0, []
    for validator, kind in votes:
        if kind == UP:
            up += 1
        elif kind == FAILED or (kind == DOWN and validator not in dropped):
            down_by.append(validator)
    down = len(down_by)
    if up + down < quorum:
        return NO_DATA
    if up > down:
        return IS_UP
    if down > up and len({owners[validator] for validator in down_by}) >= quorum:
        return IS_DOWN
    return NO_DATA


def decide_slot(
    observations: list[tuple], excluded: set | frozenset, quorum: int, owners: dict
) -> dict[object, int]:
    """Device -> decision, for the devices with a kept row in this slot."""
    votes: dict = {}
    for validator, device, kind in observations:
        votes.setdefault(device, []).append((validator, kind))
    return {device: decide(found, excluded, quorum, owners) for device, found in votes.items()}
