"""Availability, reputations, peers, duties and standing against exact fractions, limits met to the last unit."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from depinverify import _native
from differential import exact_models as exact
from differential.draws import COUNTS, SHARES, often, part_of
from differential.exact_models import ONE

if TYPE_CHECKING:
    from collections.abc import Callable

# ------------------------------------------------------------------------------------------------------ 5.1, M1


@st.composite
def histories(
    draw: Callable[..., Any], counts: st.SearchStrategy[int]
) -> tuple[list[tuple[int, ...]], dict[str, int]]:
    """Windows around both ends of the tracking period; schedules at, around and far from twice what was decided."""
    window, periods = draw(st.sampled_from([1, 900, 43_200])), draw(st.integers(1, 6))
    rules = {
        "moment": draw(st.integers(0, 12 * window)),
        "window_s": window,
        "tracking_s": periods * window,
        "min_data_windows": draw(st.integers(0, 7)),
    }
    windows = []
    for index in draw(st.lists(st.integers(0, 13), unique=True, max_size=9)):
        up, total = draw(part_of(counts))
        scheduled = draw(st.sampled_from([0, total, max(2 * total - 1, 0), 2 * total, 2 * total + 1]))
        windows.append((index * window, up, total, scheduled))
    return windows, rules


@often
@given(histories(st.one_of(st.integers(0, 6), st.integers(0, 2**31 - 1))))
def test_windowed_availability(case: tuple[list[tuple[int, ...]], dict[str, int]]) -> None:
    windows, rules = case
    found = _native.windowed_availability(windows, **rules)
    assert found == exact.windowed_availability(windows, *rules.values())
    assert 0 <= found[0] <= ONE


@often
@given(histories(st.integers(0, 6)), st.data())
def test_a_down_slot_less_never_lowers_availability(
    case: tuple[list[tuple[int, ...]], dict[str, int]], data: st.DataObject
) -> None:
    """Within a window that still counts: half of what was scheduled must be decided (2.3)."""
    windows, rules = case
    candidates = [
        at for at, (_, up, total, scheduled) in enumerate(windows)
        if up < total and (2 * (total - 1) >= scheduled or 2 * total < scheduled or total == 1)
    ]  # fmt: skip
    assume(candidates)
    at = data.draw(st.sampled_from(candidates))
    start, up, total, scheduled = windows[at]
    better = [*windows[:at], (start, up, total - 1, scheduled), *windows[at + 1 :]]
    score, _, _ = _native.windowed_availability(windows, **rules)
    assert _native.windowed_availability(better, **rules)[0] >= score


# ------------------------------------------------------------------------------------------------------ 5.2, M2


@st.composite
def counters(draw: Callable[..., Any]) -> tuple[list[tuple[int, int]], dict[str, Any]]:
    """Reports whose boot times lie at, before and after the one that is anchored, less the skew."""
    interval, grace = draw(st.sampled_from([(2400, 60), (10, 0), (0, 7)]))
    start, length = draw(st.integers(0, 10**10)), draw(st.integers(1, 9000))
    anchor = draw(st.none() | st.integers(start - 5000, start + 100))
    boot = start - 3000 if anchor is None else anchor
    reports = []
    for at in draw(st.lists(st.integers(start - 3000, start + length + 3000), max_size=8)):
        near = boot + draw(st.sampled_from([0, -2 * grace, -2 * grace - 1, -2 * grace + 1, grace, 4000]))
        reports.append((at, draw(st.one_of(st.just(max(at - near, 0)), st.integers(0, 10_000)))))
    reports += draw(st.lists(st.sampled_from(reports), max_size=2)) if reports else []
    epoch = {
        "start": start,
        "end": start + length,
        "boot_first": anchor,
        "interval_s": interval,
        "grace_s": grace,
    }
    return draw(st.permutations(reports)), epoch


@often
@given(counters())
def test_reported_uptime(case: tuple[list[tuple[int, int]], dict[str, Any]]) -> None:
    reports, epoch = case
    credit, judged, anchor = _native.reported_uptime(reports, **epoch)
    assert (credit, judged, anchor) == exact.reported_uptime(reports, *epoch.values())
    assert 0 <= credit <= epoch["end"] - epoch["start"]


def test_no_report_earns_nothing() -> None:
    assert _native.reported_uptime([], start=0, end=60) == (0, [], None)
    assert _native.reported_uptime([], start=0, end=60, boot_first=7) == (0, [], 7)


# ------------------------------------------------------------------------------------------------------ 5.3, M3

CORRECTNESS = {
    "start": (1000 * ONE, 0),
    "lambda_e12": 999 * 10**9,
    "weight_e12": ONE,
    "threshold_e12": 96 * 10**10,
}
UNKNOWN_ERRORS = {
    "start": (ONE, 0),
    "lambda_e12": 95 * 10**10,
    "weight_e12": ONE,
    "threshold_e12": 6 * 10**11,
}
TRACKS = st.sampled_from([CORRECTNESS, UNKNOWN_ERRORS]) | st.fixed_dictionaries(
    {
        "start": st.tuples(st.integers(1, 3 * ONE), st.integers(0, 3 * ONE)),
        "lambda_e12": SHARES,
        "weight_e12": st.integers(1, 5 * ONE),
        "threshold_e12": SHARES,
    }
)
BATCHES = st.tuples(st.integers(0, 45), st.integers(0, 45))


@often
@given(
    TRACKS, st.lists(st.tuples(st.none() | st.tuples(COUNTS, st.integers(1, 2**63 - 1)), BATCHES), max_size=4)
)
def test_reputations(
    track: dict[str, Any], devices: list[tuple[tuple[int, int] | None, tuple[int, int]]]
) -> None:
    before, batches = [device[0] for device in devices], [device[1] for device in devices]
    found = _native.reputations(before, [f for f, _ in batches], [s for _, s in batches], **track)
    rules = [track[name] for name in ("lambda_e12", "weight_e12", "threshold_e12")]
    assert found == [
        exact.reputation(state or track["start"], failures, successes, *rules)
        for state, (failures, successes) in zip(before, batches, strict=True)
    ]
    assert all(0 <= score <= ONE for _, _, score, _ in found)


@often
@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**5))
def test_a_threshold_that_is_met_exactly(alpha: int, beta: int, scale: int) -> None:
    """No event: the score as a fraction of whole thresholds, one unit of the scale above and below."""
    unit = 1 + scale
    share = Fraction(alpha, alpha + beta)
    for threshold in {exact.e12(share), ceil(share * ONE), max(exact.e12(share) - 1, 0)}:
        track = CORRECTNESS | {"threshold_e12": threshold}
        ((_, _, score, is_below),) = _native.reputations([(alpha * unit, beta * unit)], [0], [0], **track)
        assert (score, is_below) == (exact.e12(share), share <= Fraction(threshold, ONE))


@often
@given(st.sampled_from([CORRECTNESS, UNKNOWN_ERRORS]), st.lists(BATCHES, min_size=1, max_size=4), st.data())
def test_a_failure_less_never_lowers_a_reputation(
    track: dict[str, Any], batches: list[tuple[int, int]], data: st.DataObject
) -> None:
    candidates = [at for at, (failures, _) in enumerate(batches) if failures]
    assume(candidates)
    spared = data.draw(st.sampled_from(candidates))
    scores = []
    for lucky in (False, True):
        state = None
        for at, (failures, successes) in enumerate(batches):
            less = int(lucky and at == spared)
            ((alpha, beta, score, _),) = _native.reputations([state], [failures - less], [successes], **track)
            state = alpha, beta
        scores.append(score)
    assert scores[1] >= scores[0]


@often
@given(st.sampled_from([CORRECTNESS, UNKNOWN_ERRORS]), st.integers(0, 50), st.integers(0, 300))
def test_integers_stay_by_the_real_formula(track: dict[str, Any], failures: int, successes: int) -> None:
    ((alpha, beta, _, _),) = _native.reputations([None], [failures], [0], **track)
    ((_, _, score, _),) = _native.reputations([(alpha, beta)], [0], [successes], **track)
    real = exact.reputation_of_reals(
        Fraction(alpha, ONE), Fraction(beta, ONE), successes, Fraction(track["lambda_e12"], ONE)
    )
    assert abs(Fraction(score, ONE) - real) <= real / 10**9


# ------------------------------------------------------------------------------------------------------ 5.5, M4

#: Twenty tenths at most, so that rates differ by exactly 1/10 and 6/10 more often than by chance.
WORK = st.one_of(
    st.integers(0, 10).map(lambda bad: (10 - bad, bad)),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.tuples(COUNTS, COUNTS),
)


@often
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), WORK), max_size=9))
@example([(0, 0, (10, 0)), (0, 1, (10, 0)), (0, 2, (10, 0)), (0, 3, (9, 1))])
@example([(0, 0, (10, 0)), (0, 1, (10, 0)), (0, 2, (10, 0)), (0, 3, (4, 6)), (1, 3, (0, 0))])
@example([(0, 0, (0, 0))])
def test_relative_multipliers(devices: list[tuple[int, int, tuple[int, int]]]) -> None:
    groups, owners = [group for group, _, _ in devices], [owner for _, owner, _ in devices]
    ok, failed = [work[0] for _, _, work in devices], [work[1] for _, _, work in devices]
    found = _native.relative_multipliers(groups, owners, ok, failed)
    assert found == exact.relative_multipliers(groups, owners, ok, failed)
    assert all(ONE // 5 <= multiplier <= ONE for multiplier in found)


@often
@given(st.data())
def test_concentrated_weight(data: st.DataObject) -> None:
    base = st.one_of(st.integers(0, 3), st.integers(0, 2**40), st.integers(0, 2**64 - 1))
    ids = data.draw(st.lists(st.binary(max_size=3), unique=True, min_size=1, max_size=8))
    devices = [(data.draw(base), data.draw(SHARES), name) for name in ids]
    found = _native.concentrated_weight(devices)
    assert found == exact.concentrated_weight(devices)
    assert found == _native.concentrated_weight(data.draw(st.permutations(devices)))


# ------------------------------------------------------------------------------------------------------ 5.6, M5

NUMBERS_OF_DUTIES = st.one_of(st.integers(0, 20), st.integers(0, 2**31))


@st.composite
def duties(draw: Callable[..., Any]) -> dict[str, Any]:
    """Counters, and a leeway that often makes the threshold exactly what was performed."""
    weights = draw(st.lists(st.integers(1, 64), min_size=1, max_size=3))
    own = [(weight, *draw(part_of(NUMBERS_OF_DUTIES))) for weight in weights]
    network = [(weight, *draw(part_of(st.integers(1, 2**31)))) for weight in weights]
    assume(any(assigned for _, _, assigned in own))
    gap = exact.performance(network) - exact.performance(own)
    leeway = draw(
        st.sampled_from([Fraction(0), gap, gap + Fraction(1, 10**9), gap - Fraction(1, 10**9), Fraction(2)])
    )
    assume(leeway >= 0 and leeway.denominator < 2**63 and leeway.numerator < 2**63)
    return {
        "duties": own,
        "network": network,
        "leeway": leeway,
        "size": draw(st.integers(0, 2048)),
        "share_bp": draw(st.sampled_from([0, 1, 5500, 8500, 9999, 10_000])),
    }


def threshold_units(case: dict[str, Any]) -> tuple[int, int, int] | None:
    return _native.threshold_units(
        case["duties"], case["network"], leeway=case["leeway"].as_integer_ratio(), size=case["size"],
        reward_share_bp=case["share_bp"],
    )  # fmt: skip


@often
@given(duties())
def test_threshold_units(case: dict[str, Any]) -> None:
    assert threshold_units(case) == exact.threshold_units(*case.values())


def test_the_products_that_binary_fractions_get_wrong() -> None:
    """ceil(800 * 0.55) is 440, and 0.7 is not below 0.8 - 0.1."""
    case = {
        "duties": [(1, 560, 800)],
        "network": [(1, 8, 10)],
        "leeway": Fraction(1, 10),
        "size": 1,
        "share_bp": 5500,
    }
    assert threshold_units(case) == (440, 360, 0)
    assert threshold_units(case | {"duties": [(1, 559, 800)]}) == (0, 0, 1)
    assert threshold_units(case | {"duties": [(1, 0, 0)]}) is None


@often
@given(duties(), st.data())
def test_a_missed_duty_less_is_never_a_strike_more(case: dict[str, Any], data: st.DataObject) -> None:
    """What the network performed stays; a duty that is not there any more is none that the device had."""
    candidates = [at for at, (_, done, assigned) in enumerate(case["duties"]) if done < assigned]
    assume(candidates)
    at = data.draw(st.sampled_from(candidates))
    weight, done, assigned = case["duties"][at]
    better = case | {
        "duties": [*case["duties"][:at], (weight, done, assigned - 1), *case["duties"][at + 1 :]]
    }
    before, after = threshold_units(case), threshold_units(better)
    assert before is not None
    assert after is None or after[2] <= before[2]


@often
@given(
    st.lists(st.integers(0, 3) | st.integers(0, 2**32 - 1), max_size=8), st.integers(0, 3), st.integers(0, 8)
)
def test_strikes(before: list[int], new: int, lifetime: int) -> None:
    assert _native.strikes_after(before, new, lifetime) == exact.strikes_after(before, new, lifetime)


# -------------------------------------------------------------------------------------------------------- 5.4


def name_of(standing: exact.Standing) -> str:
    active, _, offline, suspended, disqualified, _ = standing
    if disqualified:
        return "DISQUALIFIED"
    if offline or suspended:
        return "SUSPENDED_OFFLINE" if offline else "SUSPENDED_UNKNOWN"
    return "ACTIVE" if active else "PROBATION"


FLAGS = st.booleans()
STANDINGS = st.none() | st.tuples(
    FLAGS,
    st.none() | st.just(1000),
    FLAGS,
    FLAGS,
    st.sampled_from([False] * 7 + [True]),
    st.tuples(FLAGS, FLAGS, FLAGS),
).map(lambda one: one if one[1] is not None else (*one[:2], False, *one[3:]))
#: Shares at the thresholds, at 102 % of them, and next to both.
CORRECT = st.sampled_from([(96, 4), (9601, 399), (9792, 208), (9793, 207), (1, 0)])
KNOWN = st.sampled_from([(6, 4), (601, 399), (612, 388), (613, 387)]) | st.tuples(
    COUNTS, st.integers(1, 2**60)
)
STANDING_RULES = {
    "min_age_s": 100, "min_observations": 10, "offline_threshold_e12": 6 * 10**11, "grace_s": 70, "tracking_s": 7200,
    "offline_dq": True, "correctness": CORRECTNESS, "unknown": UNKNOWN_ERRORS,
}  # fmt: skip
LEVELS = [6 * 10**11, 6 * 10**11 - 1, 612 * 10**9, 612 * 10**9 + 1, 0, ONE]


@often
@given(
    before=STANDINGS,
    at=st.sampled_from([1000, 1000 + 70 + 7200, 1001 + 70 + 7200]),
    age_s=st.sampled_from([99, 100]),
    observations=st.sampled_from([9, 10, 10**9]),
    availability=st.sampled_from(LEVELS) | SHARES,
    is_tracking_full=FLAGS,
    correctness=CORRECT,
    unknown=KNOWN,
    offline_dq=FLAGS,
)
def test_standing_after(before: exact.Standing | None, offline_dq: bool, **evidence: Any) -> None:
    rules = STANDING_RULES | {"offline_dq": offline_dq}
    standing, name, events = _native.standing_after(before, evidence, rules)
    found, expected = (*standing[:5], tuple(standing[5])), exact.standing_after(before, evidence, rules)
    assert found == expected
    assert name == name_of(found)
    start = before or (False, None, False, False, False, (False,) * 3)
    path = [name_of(start), *(event[2] for event in events)]
    assert [event[:2] for event in events] == [(evidence["at"], came_from) for came_from in path[:-1]]
    assert path[-1] == name
    is_warning = [event[3].startswith("WARNING") for event in events]
    assert is_warning == sorted(is_warning, reverse=True), "an owner sees warnings before any penalty"
    assert sum(is_warning) == sum(now and not was for now, was in zip(found[5], start[5], strict=True))


def test_a_device_is_suspended_when_its_review_ends_badly() -> None:
    """Under review a device is suspended or lifted as its score changes, also at the moment that disqualifies it."""
    lifted = (True, 1000, False, False, False, (False, False, False))
    evidence = {
        "at": 8271, "age_s": 100, "observations": 10, "availability": 0, "is_tracking_full": True,
        "correctness": (1, 0), "unknown": (1, 0),
    }  # fmt: skip
    standing, name, _ = _native.standing_after(lifted, evidence, STANDING_RULES)
    assert (name, standing[1], standing[4]) == ("DISQUALIFIED", 1000, True)
    assert (*standing[:5], tuple(standing[5])) == exact.standing_after(lifted, evidence, STANDING_RULES)
