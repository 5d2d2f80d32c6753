"""Indicators of fraud and collusion as functions, for networks that keep the data behind them; integers only.

The open uptime proof computes none of these. The rule behind each is in its own documentation; ``docs/indicators.md``
says whom each accuses and what it needs.
"""

from depinverify._native import (
    clique_insularity,
    clone_timing,
    constant_data,
    earth_centred,
    judge_location,
    light_distance_m,
    self_dealing,
    too_regular,
    witness_concentration,
    witness_reciprocity,
)

__all__ = [
    "clique_insularity",
    "clone_timing",
    "constant_data",
    "earth_centred",
    "judge_location",
    "light_distance_m",
    "self_dealing",
    "too_regular",
    "witness_concentration",
    "witness_reciprocity",
]
