"""The models of a ruleset over one epoch: outcomes in, multipliers with reasons out.

In: each device's outcomes and score, its record, the state before. Out: multipliers per device, what is withheld, the
state behind the epoch, and transitions. Rule: scoring and rewards, sections 5 and 8; the arithmetic is native.
Invariant: the result depends on sums per device alone, so splitting an epoch's rows over any number of workers changes
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from depinverify import _native
from depinverify.models.state import DeviceState
from depinverify.models.tracks import combine, latency, reputation
from depinverify.reward.multiplier import Multiplier, reasoned
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depinverify._native.models import StandingRules
    from depinverify._native.models import Track as NativeTrack
    from depinverify.canonical import Json
    from depinverify.models.facts import Facts
    from depinverify.models.settings import (
        LowerBound,
        Models,
        Objective,
        Relative,
        Standing,
        Threshold,
        Track,
        TrackName,
        Tracks,
    )
    from depinverify.models.tracks import Combination, TrackScore

__all__ = ["Judgement", "judge"]

#: Seconds of a month, as withholding counts them.
_MONTH_S: Final = 30 * 86_400
#: Layout of an H3 index: where the resolution stands, and bits of each digit.
_RESOLUTION_SHIFT: Final = 52
_RESOLUTION_MASK: Final = 0xF << _RESOLUTION_SHIFT
_FINEST: Final = 15
_DIGIT_BITS: Final = 3


@dataclass(frozen=True)
class Judgement:
    """What the models say about an epoch, in the order of the devices.

    Attributes:
        availability: The multiplier in the place of the payout curve, ``None`` where that one holds.
        further: Multipliers behind it.
        withheld_percent: What is kept back of each device's amount.
        states: State of each device behind the epoch.
        transitions: Changes of standing, and warnings, as the reward file has them.
        tracks: The tracks behind each multiplier in ``availability``; ``None`` where the ruleset has no tracks.
    """

    availability: list[Multiplier | None]
    further: list[tuple[Multiplier, ...]]
    withheld_percent: list[int]
    states: dict[bytes, DeviceState]
    transitions: list[dict[str, Json]]
    tracks: list[tuple[TrackScore, ...]] | None = None


def judge(
    models: Models,
    facts: Sequence[Facts],
    before: Mapping[bytes, DeviceState],
    *,
    end: int,
    windows: int,
    tracking_s: int,
    curve: Sequence[tuple[int, int]],
) -> Judgement:
    """Judge all devices of an epoch.

    Args:
        models: The settings.
        facts: One for each device, ascending by device.
        before: State behind the epoch before.
        end: First second after the epoch.
        windows: Windows of a full tracking period.
        tracking_s: Its length.
        curve: Knots of the payout curve.
    """
    states = {fact.device: _copy(before.get(fact.device)) for fact in facts}
    further: list[list[Multiplier]] = [[] for _ in facts]
    transitions: list[dict[str, Json]] = []
    if models.standing is not None:
        _judge_standing(models.standing, facts, states, further, transitions, end, windows, tracking_s)
    availability, tracks = _availability(models, facts, states, curve), None
    if models.tracks is not None:
        combined = _combined(models.tracks, facts, states, curve)
        availability, tracks = [one.multiplier for one in combined], [one.tracks for one in combined]
    if models.threshold is not None and models.threshold.most_strikes > 0:
        for fact, own in zip(facts, further, strict=True):
            if sum(states[fact.device].strikes) >= models.threshold.most_strikes:
                own.append(Multiplier("strikes", 0, "STRIKES"))
    if models.streak is not None:
        for fact, own in zip(facts, further, strict=True):
            state = states[fact.device]
            is_good = fact.up + fact.down > 0 and fact.score_e12 >= models.streak.good_score_e12
            good, missed, bonus = _native.streak_after(*state.streak, is_good, models.streak.levels)
            state.streak = good, missed
            own.append(Multiplier("streak", ONE + bonus, None))
    percents = () if models.withholding is None else models.withholding.percents
    ages = [(end - fact.enrolled_s) // _MONTH_S for fact in facts]
    withheld = [percents[age] if 0 <= age < len(percents) else 0 for age in ages]
    return Judgement(availability, [tuple(own) for own in further], withheld, states, transitions, tracks)


def _copy(state: DeviceState | None) -> DeviceState:
    if state is None:
        return DeviceState()
    return replace(state, strikes=[*state.strikes])


# ------------------------------------------------------------------------------------------------ availability


def _availability(
    models: Models,
    facts: Sequence[Facts],
    states: Mapping[bytes, DeviceState],
    curve: Sequence[tuple[int, int]],
) -> list[Multiplier | None]:
    """The model that stands in the place of the payout curve; the settings have one table at most."""
    if models.relative is not None:
        return _relative(models.relative, facts)
    if models.threshold is not None:
        return _threshold(models.threshold, facts, states)
    if models.lower_bound is not None:
        return _lower_bound(models.lower_bound, facts, curve)
    if models.objective is not None:
        return _objective(models.objective, facts)
    return [None] * len(facts)


def _relative(rules: Relative, facts: Sequence[Facts]) -> list[Multiplier | None]:
    """M4: failure rates against the group's; small groups keep the payout curve."""
    keys = [_group(fact, rules.group, rules.region_resolution) for fact in facts]
    numbers = {key: number for number, key in enumerate(sorted(set(keys), key=repr))}
    owners = {owner: number for number, owner in enumerate(sorted({fact.owner for fact in facts}))}
    sizes: dict[object, int] = {}
    for key, fact in zip(keys, facts, strict=True):
        sizes[key] = sizes.get(key, 0) + (fact.up + fact.down > 0)
    values = _native.relative_multipliers(
        [numbers[key] for key in keys],
        [owners[fact.owner] for fact in facts],
        [fact.up for fact in facts],
        [fact.down for fact in facts],
    )
    return [
        reasoned("relative", value, "RELATIVE_FAILURE") if sizes[key] >= rules.min_group else None
        for key, value in zip(keys, values, strict=True)
    ]


def _group(fact: Facts, group: str, resolution: int) -> str | int | None:
    if group == "class":
        return fact.class_name
    if group == "region" and fact.cell is not None:
        return _parent(fact.cell, resolution)
    return None


def _parent(cell: int, resolution: int) -> int:
    """The H3 cell of a coarser resolution around a cell: finer digits are all ones."""
    unused = (1 << _DIGIT_BITS * (_FINEST - resolution)) - 1
    return cell & ~_RESOLUTION_MASK | resolution << _RESOLUTION_SHIFT | unused


def _threshold(
    rules: Threshold, facts: Sequence[Facts], states: Mapping[bytes, DeviceState]
) -> list[Multiplier | None]:
    """M5: all or nothing, and a strike for whoever misses it."""
    network = [(1, sum(fact.up for fact in facts), sum(fact.up + fact.down for fact in facts))]
    found: list[Multiplier | None] = []
    for fact in facts:
        assigned = fact.up + fact.down
        units = _native.threshold_units(
            [(1, fact.up, assigned)],
            network,
            leeway=(rules.leeway_e12, ONE),
            reward_share_bp=rules.reward_share_bp,
        )
        share, _, strikes = units or (0, 0, 0)
        state = states[fact.device]
        state.strikes = _native.strikes_after(state.strikes, strikes, rules.strike_lifetime)
        if strikes:
            found.append(Multiplier("threshold", 0, "BELOW_THRESHOLD"))
        elif units is None:
            # Without a decided slot the multiplier `no_data` decides.
            found.append(Multiplier("threshold", ONE, None))
        else:
            found.append(reasoned("threshold", share * ONE // assigned, "REWARD_SHARE"))
    return found


def _lower_bound(
    rules: LowerBound, facts: Sequence[Facts], curve: Sequence[tuple[int, int]]
) -> list[Multiplier | None]:
    """M6: the payout curve at the lower bound where few slots were decided."""
    found: list[Multiplier | None] = []
    for fact in facts:
        trials = fact.up + fact.down
        if trials >= rules.min_sample:
            found.append(None)
            continue
        lower, _ = _native.wilson_bounds(fact.up, trials, rules.z_times_100)
        found.append(reasoned("lower_bound", _native.payout(curve, lower), "SMALL_SAMPLE"))
    return found


def _objective(rules: Objective, facts: Sequence[Facts]) -> list[Multiplier | None]:
    """M8: full pay until the error budget is exhausted."""
    found: list[Multiplier | None] = []
    for fact in facts:
        total = fact.up + fact.down
        is_exhausted = (
            total > 0 and _native.service_level(total, fact.down, (rules.goal_num, rules.goal_den))[1]
        )
        value = rules.exhausted_e12 if is_exhausted else ONE
        found.append(reasoned("objective", value, "BUDGET_EXHAUSTED"))
    return found


# ------------------------------------------------------------------------------------------------------ tracks


def _combined(
    rules: Tracks,
    facts: Sequence[Facts],
    states: Mapping[bytes, DeviceState],
    curve: Sequence[tuple[int, int]],
) -> list[Combination]:
    """The tracks of each device through the payout curve."""
    # Few different scores stand among many devices.
    known: dict[tuple[int, ...], Combination] = {}
    found = []
    for fact in facts:
        scores = tuple(_track_score(track, fact, states[fact.device]) for track in rules.order)
        if scores not in known:
            known[scores] = combine(rules, scores, curve)
        found.append(known[scores])
    return found


def _track_score(track: TrackName, fact: Facts, state: DeviceState) -> int:
    """The score behind the epoch; the settings let no track of reputation stand without its state."""
    if track == "availability":
        return fact.score_e12
    if track == "latency":
        return latency(fact.correct - fact.late, fact.late)
    pair = state.correctness if track == "correctness" else state.unknown
    return ONE if pair is None else reputation(*pair)


# ---------------------------------------------------------------------------------------------------- standing


def _judge_standing(
    rules: Standing,
    facts: Sequence[Facts],
    states: Mapping[bytes, DeviceState],
    further: Sequence[list[Multiplier]],
    transitions: list[dict[str, Json]],
    end: int,
    windows: int,
    tracking_s: int,
) -> None:
    """M3 and the status machine."""
    own = [states[fact.device] for fact in facts]
    successes = [fact.correct for fact in facts]
    correctness = _reputations(
        [state.correctness for state in own], [fact.wrong for fact in facts], successes, rules.correctness
    )
    unknown = _reputations(
        [state.unknown for state in own], [fact.unknown for fact in facts], successes, rules.unknown
    )
    limits: StandingRules = {
        "min_age_s": rules.min_age_s,
        "min_observations": rules.min_observations,
        "offline_threshold_e12": rules.offline_threshold_e12,
        "grace_s": rules.grace_s,
        "tracking_s": tracking_s,
        "offline_dq": rules.offline_dq,
        "correctness": _track(rules.correctness),
        "unknown": _track(rules.unknown),
    }
    rows = zip(facts, own, further, correctness, unknown, strict=True)
    for fact, state, multipliers, (alpha, beta), (alpha_u, beta_u) in rows:
        state.correctness, state.unknown = (alpha, beta), (alpha_u, beta_u)
        state.observations += fact.observations
        state.standing, name, events = _native.standing_after(
            state.standing,
            {
                "at": end,
                "age_s": end - fact.enrolled_s,
                "observations": state.observations,
                "availability": fact.score_e12,
                "is_tracking_full": fact.windows_used >= windows,
                "correctness": (alpha, beta),
                "unknown": (alpha_u, beta_u),
            },
            limits,
        )
        transitions.extend(
            {
                "device": fact.device.hex(),
                "at": at,
                "from": was,
                "to": becomes,
                "rule": cause,
                "numbers": {"value": value, "limit": limit},
            }
            for at, was, becomes, cause, value, limit in events
        )
        value, reason = _paid(name, rules)
        multipliers.append(reasoned("standing", value, reason))


def _paid(name: str, rules: Standing) -> tuple[int, str]:
    """What a standing is paid, and the reason where that is less than all."""
    if name == "DISQUALIFIED":
        return 0, name
    if name == "PROBATION":
        return rules.probation_e12, name
    return (ONE, name) if name == "ACTIVE" else (rules.suspended_e12, "SUSPENDED")


def _track(track: Track) -> NativeTrack:
    return {
        "start": (track.alpha0_e12, track.beta0_e12),
        "lambda_e12": track.lambda_e12,
        "weight_e12": track.weight_e12,
        "threshold_e12": track.threshold_e12,
    }


def _reputations(
    before: Sequence[tuple[int, int] | None], failures: Sequence[int], successes: Sequence[int], track: Track
) -> list[tuple[int, int]]:
    rows = _native.reputations(before, failures, successes, **_track(track))
    return [(alpha, beta) for alpha, beta, _, _ in rows]
