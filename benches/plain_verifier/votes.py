"""Indicators over votes and outages: MINORITY_REPORTER, FAVOURITISM and SHARED_OUTAGE of scoring section 7.2.

In: the observations of every slot, what was left out, the decisions. Out: findings without rows. Every pair is
looked at as the rule says it.
"""

from __future__ import annotations

from itertools import combinations
from math import isqrt
from typing import TYPE_CHECKING

from .canonical import ONE
from .outages import DOWN, FAILED, IS_DOWN, IS_UP, NO_DATA, UP

if TYPE_CHECKING:
    from .registry import Snapshot
    from .score import Scoring

Z_TIMES_100 = 258


def wilson(successes: int, trials: int) -> tuple[int, int]:
    """Lower and upper bound (5.7)."""
    if trials == 0:
        return 0, ONE
    z = Z_TIMES_100**2
    centre, width = 20000 * successes + z, 2 * (10000 * trials + z)
    under = -(-(z * (z * trials + 40000 * successes * (trials - successes)) * ONE * ONE) // trials)
    root = isqrt(under)
    root += root * root < under
    return max(0, (centre * ONE - root) // width), min(ONE, -(-(centre * ONE + root) // width))


def find_votes(snapshot: Snapshot, scoring: Scoring) -> list[tuple[str, list, dict[str, int]]]:
    """(code, subjects, numbers) about validators; a subject is (kind, id)."""
    owner_of = {device.id: device.owner for device in snapshot.devices}
    cast: dict = {}
    rates: dict = {}
    disputed = set()
    for slot, observations in enumerate(scoring.observations):
        by_device: dict = {}
        for validator, device, kind in observations:
            if kind in {UP, FAILED, DOWN}:
                by_device.setdefault(device, []).append((validator, kind))
        for device, said in by_device.items():
            owner = owner_of[device]
            if len({kind == UP for _, kind in said}) > 1:
                disputed.add(owner)
            decision = scoring.decisions[slot].get(device, NO_DATA)
            if decision != NO_DATA:
                gone = scoring.gone[slot]
                votes = {one: kind == UP for one, kind in said if kind != DOWN or one not in gone}
                _count(votes, decision == IS_UP, device, owner, cast, rates)
    return [*_minorities(cast), *_favours(rates, disputed)]


def _count(votes: dict, decided_up: bool, device: bytes, owner: str, cast: dict, rates: dict) -> None:
    for validator, up in votes.items():
        own = cast.setdefault(validator, [0, 0])
        own[0] += 1
        own[1] += up != decided_up
        if len(votes) > 1:
            rate = rates.setdefault((validator, owner), [0, 0, 0, 0, set()])
            rate[0] += up
            rate[1] += 1
            rate[2] += sum(votes.values()) - up
            rate[3] += len(votes) - 1
            rate[4].add(device)


def _minorities(cast: dict) -> list[tuple[str, list, dict[str, int]]]:
    found = []
    for validator, (votes, minority) in cast.items():
        lower, _ = wilson(minority, votes)
        if 10 * lower > ONE:
            numbers = {"votes": votes, "minority": minority, "lower_e12": lower}
            found.append(("MINORITY_REPORTER", [("validator", validator)], numbers))
    return found


def _favours(rates: dict, disputed: set) -> list[tuple[str, list, dict[str, int]]]:
    found = []
    for (validator, owner), (own_up, own, others_up, others, devices) in rates.items():
        lower, upper = wilson(own_up, own)[0], wilson(others_up, others)[1]
        if owner in disputed and lower > upper:
            numbers = {
                "own_up": own_up,
                "own": own,
                "others_up": others_up,
                "others": others,
                "lower_e12": lower,
                "upper_e12": upper,
            }
            subjects = [("device", device) for device in devices]
            found.append(("FAVOURITISM", [*subjects, ("validator", validator)], numbers))
    return found


def find_shared_outages(snapshot: Snapshot, scoring: Scoring) -> list[tuple[list, dict[str, int]]]:
    """(devices, numbers) of devices that pairs of the rule connect."""
    eventful = {slot for slot, _, _ in scoring.events}
    down: dict = {}
    for slot, decisions in enumerate(scoring.decisions):
        if slot in eventful or scoring.excluded[slot]:
            continue
        for device, decision in decisions.items():
            if decision == IS_DOWN:
                down.setdefault(device, set()).add(slot)
    cell_of = {device.id: device.cell for device in snapshot.devices}
    groups: list[tuple[set, int]] = []
    for one, other in combinations(sorted(down), 2):
        common, either = len(down[one] & down[other]), len(down[one] | down[other])
        if cell_of[one] is not None and cell_of[one] == cell_of[other]:
            continue
        if either >= 10 and 10 * common >= 9 * either:
            touched = [group for group in groups if group[0] & {one, other}]
            groups = [group for group in groups if group not in touched]
            members = set().union({one, other}, *(members for members, _ in touched))
            groups.append((members, min(common * ONE // either, *(least for _, least in touched), ONE)))
    return [(sorted(members), {"least_jaccard_e12": least}) for members, least in groups]
