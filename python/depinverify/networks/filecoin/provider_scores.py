"""What a provider's rates and periods are worth: score, reputation, objectives, proven bytes.

In: rates, periods, the rules. Out: integers, and whether an objective is reached. Rule: Filecoin, F1 and F2; scoring
and rewards, 5.1. Invariant: integers only; a missing part counts nothing, and too small a sample meets no objective
and misses none.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from depinverify.networks.filecoin.proving_period import CHALLENGES_PER_PROOF
from depinverify.networks.filecoin.rates import raw_bytes
from depinverify.score import windowed_availability

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from depinverify.networks.filecoin.data_sets import PeriodState
    from depinverify.networks.filecoin.rulesets import Objectives, Reputation, Rules, Windows
    from depinverify.networks.filecoin.spark import Rate

__all__ = [
    "JudgedPeriod",
    "JudgedSet",
    "Objective",
    "lower_ppm",
    "objectives_of",
    "proven_bytes_of",
    "reputation_of",
    "score_of",
]

#: Seconds of an epoch.
EPOCH_S: Final = 30
_MILLION: Final = 10**6

#: Whether an objective is reached.
Objective: TypeAlias = Literal["met", "missed", "not enough samples", "not measured"]


class JudgedPeriod(Protocol):
    """A period, or some in a row, as scores see it: one that its proof refutes is a faulted one."""

    @property
    def state(self) -> PeriodState:
        """What became of it."""

    @property
    def deadline(self) -> int:
        """Last epoch in which a proof is taken, of the last one in a row."""

    @property
    def count(self) -> int:
        """How many are in the row."""

    @property
    def range(self) -> int | None:
        """Leaves among which challenges are drawn."""


class JudgedSet(Protocol):
    """A data set as scores see it."""

    @property
    def periods(self) -> Sequence[JudgedPeriod]:
        """Its periods in their order."""

    @property
    def period_length(self) -> int:
        """Epochs of a period."""

    @property
    def deleted_at(self) -> int | None:
        """Block at which it was deleted."""


def lower_ppm(rate: Rate) -> int:
    """What a rate counts as, in millionths: what its sample supports, and nothing where there is none."""
    return (rate.lower_ppm or 0) if rate.total else 0


def score_of(
    rules: Rules, sets: Sequence[JudgedSet], proving: Rate, retrieval: Rate | None, height: int
) -> int:
    """A provider's score by the ruleset, in 10^-12.

    Args:
        rules: What a score is made of.
        sets: The provider's data sets.
        proving: Their proven periods, of those that are over.
        retrieval: Its retrievals that succeeded; ``None`` without any.
        height: Height of the chain.
    """
    match rules.score:
        case "proving":
            return lower_ppm(proving) * _MILLION
        case "retrieval":
            return 0 if retrieval is None else lower_ppm(retrieval) * _MILLION
        case "windows":
            return _availability(rules.windows, sets, height)


def _availability(rules: Windows, sets: Sequence[JudgedSet], height: int) -> int:
    """Windowed availability with periods as slots; windows count from the chain's genesis."""
    up: Counter[int] = Counter()
    total: Counter[int] = Counter()
    earliest = height * EPOCH_S - rules.tracking_s - rules.window_s
    for one in sets:
        for period in one.periods:
            if period.state == "open":
                continue
            for deadline in _deadlines(period, one.period_length, earliest // EPOCH_S):
                start = deadline * EPOCH_S // rules.window_s * rules.window_s
                up[start] += period.state == "proven"
                total[start] += 1
    score, used, _ = windowed_availability(
        [(start, up[start], total[start], total[start]) for start in sorted(total)],
        moment=height * EPOCH_S,
        window_s=rules.window_s,
        tracking_s=rules.tracking_s,
        min_data_windows=rules.min_data_windows,
    )
    return score if used else 0


def _deadlines(period: JudgedPeriod, length: int, earliest: int) -> Iterable[int]:
    """Deadlines of periods in a row, from the last one back to an epoch that no window holds."""
    first = max(earliest, period.deadline - (period.count - 1) * length)
    return range(period.deadline, first - 1, -length)


def proven_bytes_of(one: JudgedSet) -> int:
    """The most bytes of payload behind the leaves of a set's last period that is over, if that one is proven."""
    over = [period for period in one.periods if period.state != "open"]
    if not over or over[-1].state != "proven" or one.deleted_at is not None:
        return 0
    return raw_bytes(over[-1].range or 0)


def reputation_of(weights: Reputation, proving: Rate, retrieval: Rate | None, uploads: Rate | None) -> int:
    """From 0 to 100 points, in millionths of a point."""
    parts = (
        (weights.proving, proving if proving.total else None),
        (weights.retrieval, retrieval),
        (weights.storage, uploads),
    )
    return sum(weight * lower_ppm(rate) for weight, rate in parts if rate is not None)


def objectives_of(
    goals: Objectives, proving: Rate, health: Rate | None, retrieval: Rate | None, uploads: Rate | None
) -> dict[str, Objective]:
    """What a provider reaches, by objective."""
    most_faults = _MILLION - goals.fault_ppm
    periods = -(-goals.fault_samples // CHALLENGES_PER_PROOF)
    return {
        "health": _reached(health, goals.health_ppm, 1),
        "retrieval": _reached(retrieval, goals.retrieval_ppm, 1),
        "approval_uploads": _reached(uploads, goals.transfer_ppm, goals.transfer_samples),
        "approval_retrievals": _reached(retrieval, goals.transfer_ppm, goals.transfer_samples),
        "approval_faults": _reached(proving if proving.total else None, most_faults, periods),
    }


def _reached(rate: Rate | None, goal_ppm: int, samples: int) -> Objective:
    if rate is None:
        return "not measured"
    if rate.total < samples:
        return "not enough samples"
    return "met" if rate.successes * _MILLION >= goal_ppm * rate.total else "missed"
