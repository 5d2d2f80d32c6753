"""Indicators of fraud and collusion as functions, for networks that keep the data behind them; integers only.

The open uptime proof computes none of these. The rule behind each is in its own documentation; ``docs/indicators.md``
says whom each accuses and what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable

__all__ = [
    "clique_insularity",
    "clone_timing",
    "constant_data",
    "earth_centred",
    "jaccard_e12",
    "judge_location",
    "light_distance_m",
    "self_dealing",
    "too_regular",
    "witness_concentration",
    "witness_reciprocity",
]

_ONE: Final = 10**12


def jaccard_e12(a: Collection[Hashable], b: Collection[Hashable]) -> int:
    """How much two sets of slots have in common (scoring and rewards, 7.2): ``floor(|A and B| * ONE / |A or B|)``.

    0 for two empty sets: devices that were never down say nothing of each other.
    """
    first, second = frozenset(a), frozenset(b)
    either = len(first | second)
    return len(first & second) * _ONE // either if either else 0
