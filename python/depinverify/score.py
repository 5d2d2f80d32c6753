"""The scoring models as functions: each of the state before, what an epoch showed, and parameters; integers only.

The rule behind each is in its own documentation. A settlement calls the same functions, see :mod:`depinverify.models`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depinverify._native import (
    beta_lower_bound,
    burning_alerts,
    committee_ruling,
    concentrated_weight,
    diversity_multipliers,
    emission_of,
    payout,
    product_of_scores,
    relative_multipliers,
    reported_uptime,
    reputations,
    score_outcomes,
    sequential_test,
    service_level,
    standing_after,
    streak_after,
    strikes_after,
    threshold_units,
    trials_to_detect,
    weighted_mean,
    wilson_bounds,
    windowed_availability,
    withheld_of,
)
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "beta_lower_bound",
    "burning_alerts",
    "committee_ruling",
    "concentrated_weight",
    "diversity_multipliers",
    "emission_of",
    "median",
    "payout",
    "product_of_scores",
    "relative_multipliers",
    "reported_uptime",
    "reputations",
    "score_outcomes",
    "sequential_test",
    "service_level",
    "standing_after",
    "streak_after",
    "strikes_after",
    "threshold_units",
    "trials_to_detect",
    "weighted_mean",
    "wilson_bounds",
    "windowed_availability",
    "withheld_of",
]


def median(values: Iterable[int]) -> int:
    """What several validators measured, as one number (scoring and rewards, 2.5).

    The middle one of the sorted values; of an even number of them ``floor((m1 + m2) / 2)``.

    Raises:
        InputError: There are no values.
    """
    ascending = sorted(values)
    if not ascending:
        raise InputError("values: expected at least one, found none")
    middle = len(ascending) // 2
    return (ascending[middle] + ascending[~middle]) // 2
