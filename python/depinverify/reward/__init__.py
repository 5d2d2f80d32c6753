"""The reward step: from scores to what every payee is owed, and the root that commits to it.

In: scores, device facts, findings, the epoch's terms and the ledger of the epoch before. Out:
:class:`Rewards`, which holds every line of the published files. Reading order: :mod:`.columns` (what comes
in), :mod:`.weights` (which share a device has), :mod:`.division` (what it gets), :mod:`.ledger` (what is paid and
carried), :mod:`.step` (all of it in one function), :mod:`.publish` (the bytes). Rule: scoring specification, sections
7.5 to 11. By the tables of a ruleset: :mod:`.utilisation`, :mod:`.delivery` and :mod:`.validators`, :mod:`.levels`.
Beside the step: :mod:`.economics` and :mod:`.budget` (what a network can afford), :mod:`.packed_leaf` (another
layout of trees).
"""

from __future__ import annotations

from depinverify.reward.adjustments import check_adjustments
from depinverify.reward.columns import DeviceColumns, ScoreColumns
from depinverify.reward.ledger import Account, Ledger, Money
from depinverify.reward.publish import Rewards
from depinverify.reward.step import EpochTerms, reward
from depinverify.reward.weights import Multiplier, Weights, weigh

__all__ = [
    "Account",
    "DeviceColumns",
    "EpochTerms",
    "Ledger",
    "Money",
    "Multiplier",
    "Rewards",
    "ScoreColumns",
    "Weights",
    "check_adjustments",
    "reward",
    "weigh",
]
