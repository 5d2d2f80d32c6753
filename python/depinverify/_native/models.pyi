"""The scoring models, each a pure function of the state before, what an epoch showed, and parameters.

Scores, ratios and multipliers are integers in units of 10^-12 (``_e12``); fractions are pairs of integers.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypedDict

class Track(TypedDict):
    start: tuple[int, int]
    lambda_e12: int
    weight_e12: int
    threshold_e12: int

class StandingRules(TypedDict):
    min_age_s: int
    min_observations: int
    offline_threshold_e12: int
    grace_s: int
    tracking_s: int
    offline_dq: bool
    correctness: Track
    unknown: Track

class StandingEvidence(TypedDict):
    at: int
    age_s: int
    observations: int
    availability: int
    is_tracking_full: bool
    correctness: tuple[int, int]
    unknown: tuple[int, int]

_Standing: TypeAlias = tuple[bool, int | None, bool, bool, bool, tuple[bool, bool, bool]]

def windowed_availability(
    windows: Sequence[tuple[int, int, int, int]],
    *,
    moment: int,
    window_s: int,
    tracking_s: int,
    min_data_windows: int,
) -> tuple[int, int, int]:
    """Score windows of decided slots (scoring and rewards, 2.3 and 5.1; model M1).

    Args:
        windows: ``(start, up, total, scheduled)`` of each window, seconds and slots.
        moment: When the score is taken, Unix seconds; the window that holds it does not count.
        window_s: Length of a window.
        tracking_s: Length of the tracking period.
        min_data_windows: Windows from which a score is full.

    Returns:
        Score, windows used, and state: 0 no data, 1 provisional, 2 full.

    Raises:
        depinverify.exceptions.InputError: A window has no length or more slots up than it has, or a number does not
            fit.
    """

def reported_uptime(
    reports: Sequence[tuple[int, int]],
    *,
    start: int,
    end: int,
    boot_first: int | None = None,
    interval_s: int = 2400,
    grace_s: int = 60,
) -> tuple[int, list[tuple[int, int, bool]], int | None]:
    """Credit reports of a device's own uptime counter by the union rule (scoring and rewards, 5.2; model M2).

    Args:
        reports: ``(time of receipt, seconds up)`` in any order.
        start: First second of the epoch.
        end: First second after it.
        boot_first: Boot time that earlier epochs anchored.
        interval_s: Time between two reports.
        grace_s: How much later a report may come.

    Returns:
        Credited seconds; distinct reports, each with whether its counter is ahead; the anchor for the next epoch.
    """

def reputations(
    before: Sequence[tuple[int, int] | None],
    failures: Sequence[int],
    successes: Sequence[int],
    *,
    start: tuple[int, int],
    lambda_e12: int,
    weight_e12: int,
    threshold_e12: int,
) -> list[tuple[int, int, int, bool]]:
    """Update beta reputations by one batch for each device (scoring and rewards, 5.3; model M3).

    Args:
        before: ``(alpha, beta)`` of each device in units of 10^-12, ``None`` for a new one.
        failures: Failures of each device in the batch.
        successes: Successes of each device in the batch.
        start: State of a new device.
        lambda_e12: What is left of a state after one event.
        weight_e12: What one event adds.
        threshold_e12: Score at which the consequence sets in.

    Returns:
        ``(alpha, beta, score, whether the score is at or below the threshold)`` of each device.

    Raises:
        depinverify.exceptions.InputError: Lists of different lengths, or a number does not fit.
    """

def relative_multipliers(
    groups: Sequence[int], owners: Sequence[int], ok: Sequence[int], failed: Sequence[int]
) -> list[int]:
    """Compare devices with those that did the same work (scoring and rewards, 5.5; model M4).

    Args:
        groups: Number of each device's group.
        owners: Number of each device's owner.
        ok: Work done.
        failed: Work not done.

    Returns:
        A multiplier for each device.

    Raises:
        depinverify.exceptions.InputError: Lists of different lengths.
    """

def concentrated_weight(devices: Sequence[tuple[int, int, bytes]]) -> int:
    """Weigh each of the devices that one owner has at one place (scoring and rewards, 5.5).

    Args:
        devices: ``(base weight, coefficient in units of 10^-12, id)``.

    Returns:
        The mean of weights that fall from device to device, rounded down.

    Raises:
        depinverify.exceptions.InputError: No device, or the weight does not fit 64 bits.
    """

def threshold_units(
    duties: Sequence[tuple[int, int, int]],
    network: Sequence[tuple[int, int, int]],
    *,
    leeway: tuple[int, int],
    size: int = 1,
    reward_share_bp: int = 10_000,
) -> tuple[int, int, int] | None:
    """Hold a device against the network's own performance (scoring and rewards, 5.6; model M5).

    Args:
        duties: ``(weight, done, assigned)`` of each kind of duty.
        network: The same, summed over all devices.
        leeway: How far below the network a device may be.
        size: Units of one assigned duty.
        reward_share_bp: Ten thousandths of the units that are paid.

    Returns:
        Units paid, units given back, strikes; ``None`` where no duty was assigned.

    Raises:
        depinverify.exceptions.InputError: A number does not fit, or the leeway has no denominator.
    """

def strikes_after(before: Sequence[int], new: int, lifetime: int) -> list[int]:
    """Return the strikes of the last ``lifetime`` epochs, newest first; empty where all have gone (model M5)."""

def wilson_bounds(successes: int, trials: int, z_times_100: int) -> tuple[int, int]:
    """Bound a rate by the Wilson interval (scoring and rewards, 5.7; model M6).

    Args:
        successes: Successes.
        trials: Trials.
        z_times_100: Normal quantile, times 100.

    Returns:
        Lower and upper bound.

    Raises:
        depinverify.exceptions.InputError: More successes than trials.
    """

def beta_lower_bound(successes: int, failures: int, quantile: tuple[int, int]) -> int | None:
    """Lower quantile of a rate after a uniform prior, in millionths (model M6).

    ``None`` from 5000 trials on, and for a quantile that is not between 0 and 1.
    """

def trials_to_detect(cheats: tuple[int, int], detect: tuple[int, int]) -> int | None:
    """Fewest trials that catch one who cheats in a share ``cheats`` of them with probability ``detect`` (model M7)."""

def sequential_test(
    observations: Sequence[bool], *, total: int = 0, inc_pass: int, inc_fail: int, accept: int, reject: int
) -> tuple[int, list[tuple[int, str]]]:
    """Test whether a device is good or bad, one observation after the other (scoring and rewards, 5.8; model M7).

    Args:
        observations: Whether each passed, in order.
        total: The sum from earlier ones.
        inc_pass: Added by a pass, millionths of the natural logarithm; negative.
        inc_fail: Added by a failure.
        accept: At or below: good.
        reject: At or above: bad.

    Returns:
        The sum, and each verdict with the place of its observation: ``"ACCEPT"`` or ``"REJECT"``.
    """

def service_level(total: int, bad: int, goal: tuple[int, int]) -> tuple[int, bool, int | None]:
    """Measure a service level against its goal (scoring and rewards, 5.9; model M8).

    Args:
        total: Counted events.
        bad: Bad ones among them.
        goal: The share that should be good.

    Returns:
        The level, whether the error budget is exhausted, and the share of it that is consumed (``None`` where the goal
        allows nothing).

    Raises:
        depinverify.exceptions.InputError: No event, more bad ones than there are, or no denominator.
    """

def burning_alerts(
    windows: Mapping[int, tuple[int, int]], goal: tuple[int, int], period_hours: int
) -> list[str]:
    """Names of the alerts that burn (scoring and rewards, 5.9; model M8).

    Args:
        windows: ``(total, bad)`` events of the last so many minutes: 5, 30, 60, 120, 360, 1440, 4320.
        goal: The share that should be good.
        period_hours: Length of the period that the budget is for.

    Raises:
        depinverify.exceptions.InputError: The goal has no denominator.
    """

def standing_after(
    before: _Standing | None, evidence: StandingEvidence, rules: StandingRules
) -> tuple[_Standing, str, list[tuple[int, str, str, str, int, int]]]:
    """Judge a device's standing at one moment (scoring and rewards, 5.4).

    Args:
        before: ``(active, under review since, suspended for availability, suspended for unknown errors, disqualified,
            warned of each of the three scores)``; ``None`` for a new device.
        evidence: What is known of it.
        rules: When a standing changes.

    Returns:
        The standing, its name, and events ``(at, from, to, cause, value, limit)``.
    """

def streak_after(
    good: int, missed: int, is_good: bool, levels: Sequence[tuple[int, int]]
) -> tuple[int, int, int]:
    """Continue a loyalty streak by one epoch (scoring and rewards, 8).

    Args:
        good: Good epochs so far.
        missed: Missed ones in a row.
        is_good: Whether this epoch is good.
        levels: ``(good epochs from which it holds, points)``, ascending.

    Returns:
        Good epochs, missed ones in a row, and the points of this epoch.
    """

def payout(knots: Sequence[tuple[int, int]], score: int) -> int:
    """Read a multiplier from a payout curve (scoring and rewards, 5.10).

    Raises:
        depinverify.exceptions.InputError: The curve is none, or the score is not on it.
    """
