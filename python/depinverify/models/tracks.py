"""Tracks of a device made into one score, and what each of them takes of the payout.

In: a device's score in each track, the ruleset's table ``tracks``, its payout curve. Out: the combined score, the
multiplier ``payout``, and the cost of each track. Rule: scoring and rewards, 5.10. Invariant: a cost is never negative,
since neither combination nor curve falls when a score rises; one track alone is its own combination.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify import _native
from depinverify.reward.multiplier import PAYOUT, Multiplier, reasoned
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.models.settings import TrackName, Tracks

__all__ = ["REASONS", "Combination", "TrackScore", "combine", "combined_score", "latency", "reputation"]

#: Why a device loses pay, by the track that took it.
REASONS: Final[dict[TrackName, str]] = {
    "availability": "AVAILABILITY",
    "correctness": "CORRECTNESS",
    "unknown": "UNKNOWN_ERRORS",
    "latency": "LATENCY",
}


class TrackScore(NamedTuple):
    """One track of a device.

    Attributes:
        track: Which one.
        score_e12: The device's score in it.
        cost_e12: The payout with this score at ONE and the others as they are, less the payout. Where several
            scores are too low, each alone may cost nothing.
    """

    track: TrackName
    score_e12: int
    cost_e12: int


class Combination(NamedTuple):
    """All tracks of a device together.

    Attributes:
        score_e12: The combined score.
        multiplier: What the payout curve makes of it; its reason is that of the track that costs most, of equals
            the lowest score, of those the first listed.
        tracks: The tracks in the listed order.
    """

    score_e12: int
    multiplier: Multiplier
    tracks: tuple[TrackScore, ...]


def combine(rules: Tracks, scores: Sequence[int], curve: Sequence[tuple[int, int]]) -> Combination:
    """Combine the tracks of one device.

    Args:
        rules: Which tracks, and how.
        scores: A score for each of them, in their order.
        curve: Knots of the payout curve.
    """
    score = combined_score(rules, scores)
    payout = _native.payout(curve, score)
    tracks = []
    for place, (track, own) in enumerate(zip(rules.order, scores, strict=True)):
        without = combined_score(rules, [*scores[:place], ONE, *scores[place + 1 :]])
        tracks.append(TrackScore(track, own, _native.payout(curve, without) - payout))
    worst = max(tracks, key=lambda one: (one.cost_e12, -one.score_e12))
    return Combination(score, reasoned(PAYOUT, payout, REASONS[worst.track]), tuple(tracks))


def combined_score(rules: Tracks, scores: Sequence[int]) -> int:
    """The weighted mean, rounded down once, or the product, rounded down behind each track."""
    if rules.weights is None:
        return _native.product_of_scores(scores)
    return _native.weighted_mean(rules.weights, scores)


def latency(in_time: int, late: int) -> int:
    """Share of the right answers that were in time; ``ONE`` without any."""
    answers = in_time + late
    return in_time * ONE // answers if answers else ONE


def reputation(alpha: int, beta: int) -> int:
    """Score of a beta reputation (5.3)."""
    return alpha * ONE // (alpha + beta)
