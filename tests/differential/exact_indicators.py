"""Indicators of fraud in exact fractions, sentence by sentence as the specification has them (scoring and rewards).

In: plain numbers. Out: what the rule book says of them. Rule: sections 4.2 to 4.5, 5.10, 7.2, 7.3 and 7.4, and what the
project chose where they are silent (``docs/indicators.md``). Invariant: nothing of the package is used here; groups,
pairs and runs are found by looking at all of them.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations
from math import floor, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ONE = 10**12
LIGHT = 299_792_458

Position = tuple[int, int, int]
#: Owner, position, uncertainty, round trips.
Validator = tuple[int, Position, int, "Sequence[int]"]
#: Seen, by, events.
Sighting = tuple[int, int, int]


def e12(value: Fraction) -> int:
    """A fraction in the one scale (1.2)."""
    return floor(value * ONE)


# ---------------------------------------------------------------------------------------------------- 4.2 to 4.5


def light_distance_m(rtt_ns: int) -> int:
    return floor(Fraction(rtt_ns * LIGHT, 2 * 10**9))


def minus(a: Position, b: Position) -> tuple[Fraction, ...]:
    return tuple(Fraction(one - other) for one, other in zip(a, b, strict=True))


def dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((one * other for one, other in zip(a, b, strict=True)), Fraction(0))


def finding(claim: Position, uncertainty_m: int, validator: Validator) -> str:
    _, position, own_m, rtts = validator
    if len(rtts) < 5:
        return "TOO_FEW"
    light = light_distance_m(min(rtts))
    square = dot(minus(claim, position), minus(claim, position))
    if square > (light + uncertainty_m + own_m) ** 2:
        return "LOCATION_IMPOSSIBLE"
    return "LOCATION_UNLIKELY" if square > floor(Fraction(2 * light, 3)) ** 2 else "POSSIBLE"


def shadow(claim: Position, position: Position) -> tuple[Fraction, ...]:
    """The direction of a place on the horizon of the claimed point."""
    up, direction = minus(claim, (0, 0, 0)), minus(position, claim)
    share = dot(direction, up) / dot(up, up)
    return tuple(one - share * above for one, above in zip(direction, up, strict=True))


def surround(claim: Position, positions: Iterable[Position]) -> bool:
    """Whether no closed half plane through the point holds all of the directions.

    If one does, so does one whose border runs through a direction, unless there is none.
    """
    directions = [direction for p in positions if any(direction := shadow(claim, p))]

    def leftward(border: Sequence[Fraction]) -> tuple[Fraction, ...]:
        x, y, z = minus(claim, (0, 0, 0))
        a, b, c = border
        return (y * c - z * b, z * a - x * c, x * b - y * a)

    borders = [(leftward(direction), sign) for direction in directions for sign in (1, -1)]
    halves = [all(sign * dot(left, other) >= 0 for other in directions) for left, sign in borders]
    return bool(directions) and not any(halves)


def judge_location(
    claim: Position, uncertainty_m: int, validators: Sequence[Validator]
) -> dict[str, list[str] | int | bool]:
    findings = [finding(claim, uncertainty_m, validator) for validator in validators]

    def of(name: str) -> list[Validator]:
        return [validator for validator, found in zip(validators, findings, strict=True) if found == name]

    owners = {name: len({validator[0] for validator in of(name)}) for name in set(findings)}
    fitting, against = owners.get("POSSIBLE", 0), owners.get("LOCATION_IMPOSSIBLE", 0)
    return {
        "findings": findings,
        "owners_for": fitting,
        "owners_against": against,
        "is_disproved": against >= 2,
        "is_confirmed": set(findings) <= {"POSSIBLE", "TOO_FEW"}
        and fitting >= 3
        and surround(claim, [position for _, position, _, _ in of("POSSIBLE")]),
    }


# ------------------------------------------------------------------------------------------------- measurements


def mean_ranks(values: Sequence[int]) -> list[Fraction]:
    """Rank 1 for the smallest; equal values share the mean of the ranks that they take up."""
    order = sorted(values)
    first = {value: order.index(value) + 1 for value in order}
    return [Fraction(2 * first[value] + order.count(value) - 1, 2) for value in values]


def ranks_correlate(a: Sequence[int], b: Sequence[int]) -> bool:
    """Pearson's coefficient of the ranks is at least 95 %, by its square."""
    x, y = mean_ranks(a), mean_ranks(b)
    middle = Fraction(len(a) + 1, 2)
    x, y = [rank - middle for rank in x], [rank - middle for rank in y]
    along, spreads = dot(x, y), dot(x, x) * dot(y, y)
    return along > 0 and along**2 >= Fraction(95, 100) ** 2 * spreads


def connected(links: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The groups that links connect, ascending."""
    groups: list[set[int]] = []
    for link in links:
        touched = [group for group in groups if group & set(link)]
        groups = [group for group in groups if group not in touched] + [set(link).union(*touched)]
    return sorted(sorted(group) for group in groups)


def clone_timing(rows: Iterable[tuple[int, int, int]]) -> list[dict[str, list[int] | int]]:
    devices: dict[int, dict[int, int]] = {}
    for device, slot, rtt in rows:
        devices.setdefault(device, {})[slot] = rtt
    accused = {}
    for a, b in combinations(sorted(devices), 2):
        common = sorted(devices[a].keys() & devices[b].keys())
        if len(common) < 30:
            continue
        x, y = [devices[a][slot] for slot in common], [devices[b][slot] for slot in common]
        close = [
            Fraction(abs(p - q), min(p, q)) < Fraction(1, 100) if min(p, q) else False
            for p, q in zip(x, y, strict=True)
        ]
        by_rank = ranks_correlate(x, y)
        by_share = Fraction(sum(close), len(common)) >= Fraction(95, 100)
        if by_rank or by_share:
            accused[a, b] = (by_rank, by_share, len(common))
    found: list[dict[str, list[int] | int]] = []
    for group in connected(accused):
        own = [numbers for (a, _), numbers in accused.items() if a in group]
        found.append(
            {
                "devices": group,
                "pairs": len(own),
                "by_rank": sum(by_rank for by_rank, _, _ in own),
                "by_share": sum(by_share for _, by_share, _ in own),
                "least_slots": min(slots for _, _, slots in own),
            }
        )
    return found


def constant_data(rows: Sequence[tuple[int, int, bytes]], limit_s: int) -> list[dict[str, int]]:
    found = []
    for device in sorted({device for device, _, _ in rows}):
        own = [(at, value) for name, at, value in rows if name == device]
        times = sorted({at for at, _ in own})
        runs = [
            (first, last)
            for first in times
            for last in times
            if first <= last and len({value for at, value in own if first <= at <= last}) == 1
        ]
        if not runs:
            continue
        first, last = min(runs, key=lambda run: (run[0] - run[1], run[0]))
        if last - first > limit_s:
            moments = sum(first <= at <= last for at in times)
            found.append({"device": device, "moments": moments, "first_s": first, "last_s": last})
    return found


def too_regular(rows: Sequence[tuple[int, int]]) -> list[dict[str, int]]:
    found = []
    for series in sorted({series for series, _ in rows}):
        own = [rtt for name, rtt in rows if name == series]
        mean = Fraction(sum(own), len(own))
        if len(own) >= 50 and max(own) - min(own) < mean / 100:
            numbers = (series, len(own), min(own), max(own), floor(mean))
            names = ("series", "answers", "least_ns", "most_ns", "mean_ns")
            found.append(dict(zip(names, numbers, strict=True)))
    return found


# --------------------------------------------------------------------------------------------------- witnesses


def directed(sightings: Iterable[Sighting]) -> Callable[[int, int], int]:
    """``w(i, j)``: events in which ``j`` saw ``i``."""
    counts: Counter[tuple[int, int]] = Counter()
    for seen, by, events in sightings:
        counts[seen, by] += events
    return lambda i, j: counts[i, j]


def names_of(sightings: Iterable[Sighting]) -> list[int]:
    return sorted({device for seen, by, events in sightings if events for device in (seen, by)})


def witness_reciprocity(sightings: Sequence[Sighting]) -> list[dict[str, int]]:
    w, devices = directed(sightings), names_of(sightings)

    def of(i: int) -> int:
        return sum(w(i, k) + w(k, i) for k in devices)

    return [
        {"a": i, "b": j, "a_by_b": w(i, j), "b_by_a": w(j, i), "events_of_a": of(i), "events_of_b": of(j)}
        for i, j in combinations(devices, 2)
        if (both := w(i, j) + w(j, i)) >= 20
        and Fraction(2 * min(w(i, j), w(j, i)), both) >= Fraction(9, 10)
        and all(Fraction(both, of(one)) >= Fraction(1, 2) for one in (i, j))
    ]


def witness_concentration(
    sightings: Sequence[Sighting], others_in_range: Sequence[int]
) -> list[dict[str, int]]:
    w, devices = directed(sightings), names_of(sightings)
    found = []
    for i in devices:
        own = [w(i, j) for j in devices if w(i, j)]
        index = sum(e12(Fraction(one, sum(own)) ** 2) for one in own)
        if sum(own) >= 20 and others_in_range[i] >= 5 and Fraction(index, ONE) >= Fraction(1, 2):
            found.append({"device": i, "events": sum(own), "witnesses": len(own), "index_e12": index})
    return found


def clique_insularity(sightings: Sequence[Sighting]) -> list[dict[str, list[int] | int]]:
    w, devices = directed(sightings), names_of(sightings)
    pairs = {(i, j): w(i, j) + w(j, i) for i, j in combinations(devices, 2)}
    found: dict[tuple[int, ...], dict[str, list[int] | int]] = {}
    for tie in sorted({events for events in pairs.values() if events}, reverse=True):
        for group in connected(pair for pair, events in pairs.items() if events >= tie):
            inside = {pair: sum(one in group for one in pair) for pair in pairs}
            internal = sum(events for pair, events in pairs.items() if inside[pair] == 2)
            touching = sum(events for pair, events in pairs.items() if inside[pair])
            fits = 3 <= len(group) <= 50 and touching >= 50
            if fits and Fraction(internal, touching) >= Fraction(8, 10):
                numbers = {"devices": group, "internal": internal, "touching": touching, "tie": tie}
                found.setdefault(tuple(group), numbers)
    return [found[group] for group in sorted(found)]


def self_dealing(
    rows: Sequence[tuple[int, int]],
    devices: Sequence[tuple[int, int | None]],
    validators: Sequence[tuple[int, int | None]],
) -> list[dict[str, int | bool]]:
    found = []
    for (device, validator), count in sorted(Counter(rows).items()):
        (owner, payee), (judge, paid) = devices[device], validators[validator]
        shares = {"shares_owner": owner == judge, "shares_payee": payee is not None and payee == paid}
        if any(shares.values()):
            found.append({"device": device, "validator": validator, "rows": count, **shares})
    return found


# ---------------------------------------------------------------------------------------------- 7.3, 7.4, 5.10


def diversity_multipliers(operators: Sequence[int | None]) -> list[int]:
    found = []
    for operator in operators:
        g = e12(Fraction(operators.count(operator), len(operators)))
        found.append(e12(Fraction(ONE - g, ONE) ** 2))
    return found


def committee_ruling(reports: Sequence[bytes], least: int) -> tuple[bytes, list[str]] | None:
    for result in reports:
        if len(reports) >= least and Fraction(reports.count(result), len(reports)) > Fraction(1, 2):
            return result, ["MAJORITY" if report == result else "MINORITY" for report in reports]
    return None


def weighted_mean(tracks: Sequence[tuple[int, int]]) -> int:
    return floor(Fraction(sum(prod(track) for track in tracks), sum(weight for weight, _ in tracks)))


def product_of_scores(scores: Sequence[int]) -> int:
    whole = ONE
    for score in scores:
        whole = e12(Fraction(whole, ONE) * Fraction(score, ONE))
    return whole
