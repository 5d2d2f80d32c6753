"""The scoring models in exact fractions, sentence by sentence as the specification has them (scoring and rewards).

In: plain numbers. Out: what the rule book says of them. Rule: sections 2.3, 5.1 to 5.10 and 8. Invariant: nothing of
the package is used here, and nothing is rounded before the specification rounds it.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import ceil, comb, floor, isqrt, prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ONE = 10**12
MILLION = 10**6

Pair = tuple[int, int]
Standing = tuple[bool, int | None, bool, bool, bool, tuple[bool, bool, bool]]

#: Name, percent of the budget, long window in hours, short window in minutes (5.9).
ALERTS = (
    ("page-quick", 2, 1, 5),
    ("page-slow", 5, 6, 30),
    ("ticket-quick", 10, 24, 120),
    ("ticket-slow", 10, 72, 360),
)


def e12(value: Fraction) -> int:
    """A fraction in the one scale (1.2)."""
    return floor(value * ONE)


def mulf(a: int, b: int) -> int:
    return e12(Fraction(a, ONE) * Fraction(b, ONE))


# ------------------------------------------------------------------------------------------------------ 5.1, M1


def windowed_availability(
    windows: Sequence[tuple[int, int, int, int]], moment: int, window_s: int, tracking_s: int, enough: int
) -> tuple[int, int, int]:
    current = floor(Fraction(moment, window_s)) * window_s
    used = [
        e12(Fraction(up, total))
        for start, up, total, scheduled in windows
        if current - tracking_s <= start < current and total > 0 and 2 * total >= scheduled
    ]
    if not used:
        return ONE, 0, 0
    return floor(Fraction(sum(used), len(used))), len(used), 2 if len(used) >= enough else 1


# ------------------------------------------------------------------------------------------------------ 5.2, M2


def reported_uptime(
    reports: Sequence[Pair], start: int, end: int, boot_first: int | None, interval: int, grace: int
) -> tuple[int, list[tuple[int, int, bool]], int | None]:
    distinct = sorted(set(reports))
    if boot_first is None and distinct:
        boot_first = distinct[0][0] - distinct[0][1]
    judged, attested = [], []
    for at, up in distinct:
        boot = at - up
        ahead = boot < boot_first - 2 * grace
        judged.append((at, up, ahead))
        if not ahead:
            attested.append((max(boot, at - interval - grace, start), min(at, end)))
    bounds = sorted({bound for one in attested for bound in one})
    credit = sum(
        high - low for low, high in pairwise(bounds) if any(a <= low and high <= b for a, b in attested)
    )
    return credit, judged, boot_first


# ------------------------------------------------------------------------------------------------------ 5.3, M3


def reputation(
    state: Pair, failures: int, successes: int, forgetting: int, weight: int, threshold: int
) -> tuple[int, int, int, bool]:
    alpha, beta = state
    for _ in range(failures):
        alpha, beta = mulf(forgetting, alpha), mulf(forgetting, beta) + weight
    for _ in range(successes):
        alpha, beta = mulf(forgetting, alpha) + weight, mulf(forgetting, beta)
    score = Fraction(alpha, alpha + beta)
    return alpha, beta, e12(score), score <= Fraction(threshold, ONE)


def reputation_of_reals(alpha: Fraction, beta: Fraction, successes: int, forgetting: Fraction) -> Fraction:
    """Closed form of a row of successes with weight 1: the share of good in the end."""
    kept = forgetting**successes
    alpha, beta = kept * alpha + (1 - kept) / (1 - forgetting), kept * beta
    return alpha / (alpha + beta)


# ------------------------------------------------------------------------------------------------------ 5.5, M4


def relative_multipliers(
    groups: Sequence[int], owners: Sequence[int], ok: Sequence[int], failed: Sequence[int]
) -> list[int]:
    devices = list(zip(groups, owners, ok, failed, strict=True))
    relative: list[Fraction | None] = []
    for group, _, good, bad in devices:
        # Peers are the devices that did the same work; one without work did none.
        rates = sorted(Fraction(b, g + b) for peers, _, g, b in devices if peers == group and g + b)
        if good + bad:
            normal = rates[ceil(Fraction(3 * len(rates), 4)) - 1]
            relative.append(max(Fraction(0), Fraction(bad, good + bad) - normal))
        else:
            relative.append(None)
    found = []
    for (_, owner, _, _), own in zip(devices, relative, strict=True):
        of_owner = [r for d, r in zip(devices, relative, strict=True) if d[1] == owner and r is not None]
        mean = sum(of_owner, Fraction(0)) / len(of_owner) if of_owner else Fraction(0)
        found.append(e12(1 - reduction(mean if own is None else own)))
    return found


def reduction(relative: Fraction) -> Fraction:
    if relative < Fraction(1, 10):
        return Fraction(0)
    if relative > Fraction(6, 10):
        return Fraction(8, 10)
    return (relative - Fraction(1, 10)) / Fraction(5, 10) * Fraction(8, 10)


def concentrated_weight(devices: Sequence[tuple[int, int, bytes]]) -> int:
    order = sorted(devices, key=lambda device: (-device[0], -device[1], device[2]))
    coefficients = [Fraction(coefficient, ONE) for _, coefficient, _ in order]
    weights = [base * prod(coefficients[:at], start=Fraction(1)) for at, (base, _, _) in enumerate(order)]
    return floor(sum(weights) / len(weights))


# ------------------------------------------------------------------------------------------------------ 5.6, M5


def performance(duties: Sequence[tuple[int, int, int]]) -> Fraction:
    """Of the duties that there were."""
    had = [(weight, Fraction(done, assigned)) for weight, done, assigned in duties if assigned]
    return sum((weight * rate for weight, rate in had), Fraction(0)) / sum(weight for weight, _ in had)


def threshold_units(
    duties: Sequence[tuple[int, int, int]],
    network: Sequence[tuple[int, int, int]],
    leeway: Fraction,
    size: int,
    share_bp: int,
) -> tuple[int, int, int]:
    """Units are those of the first duty, as the published vectors have it; the specification names no duty."""
    if performance(duties) < max(performance(network) - leeway, Fraction(0)):
        return 0, 0, 1
    all_units = duties[0][2] * size
    paid = ceil(all_units * Fraction(share_bp, 10_000))
    return paid, all_units - paid, 0


def strikes_after(before: Sequence[int], new: int, lifetime: int) -> list[int]:
    strikes = [new, *before, *[0] * lifetime][:lifetime]
    return strikes if any(strikes) else []


# ------------------------------------------------------------------------------------------------------ 5.7, M6


def ceil_sqrt(value: int) -> int:
    root = isqrt(value)
    return root if root * root == value else root + 1


def wilson_bounds(s: int, n: int, zc: int) -> Pair:
    if n == 0:
        return 0, ONE
    a, d = 20_000 * s + zc**2, 2 * (10_000 * n + zc**2)
    r = ceil_sqrt(ceil(Fraction(zc**2 * (zc**2 * n + 40_000 * s * (n - s)) * 10**24, n)))
    return max(0, floor(Fraction(a * ONE - r, d))), min(ONE, ceil(Fraction(a * ONE + r, d)))


def wilson_polynomial(s: int, n: int, zc: int) -> Callable[[Fraction], Fraction]:
    """(p - s/n)^2 - z^2 p (1 - p) / n: negative between the bounds, 0 at each."""
    return lambda p: (p - Fraction(s, n)) ** 2 - Fraction(zc, 100) ** 2 * p * (1 - p) / n


def beta_lower_bound(s: int, f: int, quantile: Fraction) -> int:
    """The largest k, by halving what is left."""
    a, n = s + 1, s + f + 1
    limit = quantile * MILLION**n

    def g(k: int) -> int:
        return sum(comb(n, j) * k**j * (MILLION - k) ** (n - j) for j in range(a, n + 1))

    low, high = 0, MILLION
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if g(middle) <= limit else (low, middle - 1)
    return low


# ------------------------------------------------------------------------------------------------------ 5.8, M7


def sequential_test(
    observations: Sequence[bool], total: int, inc_pass: int, inc_fail: int, accept: int, reject: int
) -> tuple[int, list[tuple[int, str]]]:
    verdicts = []
    for at, passed in enumerate(observations):
        total += inc_pass if passed else inc_fail
        if total >= reject or total <= accept:
            verdicts.append((at, "REJECT" if total >= reject else "ACCEPT"))
            total = 0
    return total, verdicts


def trials_to_detect(cheats: Fraction, detect: Fraction) -> int | None:
    if detect > 0 and (cheats == 0 or (detect == 1 and cheats < 1)):
        return None
    n, (honest, of) = 0, (1 - cheats).as_integer_ratio()
    missed, all_of = 1, 1
    while missed * detect.denominator > (detect.denominator - detect.numerator) * all_of:
        n, missed, all_of = n + 1, missed * honest, all_of * of
    return n


# ------------------------------------------------------------------------------------------------------ 5.9, M8


def service_level(total: int, bad: int, goal: Fraction) -> tuple[int, bool, int | None]:
    budget = total * (1 - goal)
    return e12(Fraction(total - bad, total)), bad > budget, e12(bad / budget) if budget else None


def burning_alerts(windows: Mapping[int, Pair], goal: Fraction, period_hours: int) -> list[str]:
    def burns(minutes: int, factor: Fraction) -> bool:
        total, bad = windows.get(minutes, (0, 0))
        return total > 0 and Fraction(bad, total) / (1 - goal) > factor

    return [
        name
        for name, percent, hours, minutes in ALERTS
        if all(burns(m, Fraction(percent * period_hours, 100 * hours)) for m in (60 * hours, minutes))
    ]


# -------------------------------------------------------------------------------------------------------- 5.4


def is_near(score: Fraction, threshold: int) -> bool:
    """At most 2 % above a threshold, or below it."""
    return score <= Fraction(threshold, ONE) * Fraction(102, 100)


def standing_after(before: Standing | None, shown: Mapping[str, Any], rules: Mapping[str, Any]) -> Standing:
    """The standing alone; what it is called, and the events between two of them, follow from it."""
    new: Standing = (False, None, False, False, False, (False, False, False))
    active, since, offline, suspended, disqualified, warned = before or new
    if disqualified:
        return active, since, offline, suspended, disqualified, warned
    good, known = (Fraction(shown[track][0], sum(shown[track])) for track in ("correctness", "unknown"))
    available, least = Fraction(shown["availability"], ONE), rules["offline_threshold_e12"]
    limits = (least, rules["correctness"]["threshold_e12"], rules["unknown"]["threshold_e12"])
    a, c, u = (is_near(share, limit) for share, limit in zip((available, good, known), limits, strict=True))
    active = active or (
        shown["age_s"] >= rules["min_age_s"] and shown["observations"] >= rules["min_observations"]
    )
    if good <= Fraction(limits[1], ONE):
        return active, since, offline, suspended, True, (a, c, u)
    suspended = known <= Fraction(limits[2], ONE)
    penalise = available < Fraction(least, ONE) and shown["is_tracking_full"]
    if since is None:
        since, offline = (shown["at"], True) if penalise else (None, offline)
    else:
        offline = penalise
        if shown["at"] > since + rules["grace_s"] + rules["tracking_s"]:
            disqualified = penalise and rules["offline_dq"]
            since = since if penalise else None
    return active, since, offline, suspended, disqualified, (a, c, u)


# ---------------------------------------------------------------------------------------------------- 5.10, 8


def payout(knots: Sequence[Pair], x: int) -> int:
    for (x0, y0), (x1, y1) in pairwise(knots):
        if x0 <= x <= x1:
            return y0 + floor(Fraction((y1 - y0) * (x - x0), x1 - x0))
    raise AssertionError(x)


def streak_after(good: int, missed: int, is_good: bool, levels: Sequence[Pair]) -> tuple[int, int, int]:
    """Levels begin at 0, and below the lowest one there is only its own minimum."""
    reached = [level for level, (least, _) in enumerate(levels) if least <= good + is_good][-1]
    if is_good:
        return good + 1, 0, levels[reached][1]
    if (missed + 1) % 3 == 0:
        good = levels[max(reached - 1, 0)][0]
    return good, missed + 1, 0


def emission_of(first: int, decay: Fraction, period: int) -> int:
    for _ in range(period):
        first = floor(first * decay)
    return first


def withheld_of(whole: int, months: int, percents: Sequence[int]) -> Pair:
    percent = percents[months] if months < len(percents) else 0
    withheld = floor(whole * Fraction(percent, 100))
    return whole - withheld, withheld
