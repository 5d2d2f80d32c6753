"""The scoring models as functions: each of the state before, what an epoch showed, and parameters; integers only.

The rule behind each is in its own documentation. A settlement calls the same functions, see :mod:`depinverify.models`.
"""

from depinverify._native import (
    beta_lower_bound,
    burning_alerts,
    concentrated_weight,
    emission_of,
    payout,
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
    wilson_bounds,
    windowed_availability,
    withheld_of,
)

__all__ = [
    "beta_lower_bound",
    "burning_alerts",
    "concentrated_weight",
    "emission_of",
    "payout",
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
    "wilson_bounds",
    "windowed_availability",
    "withheld_of",
]
