"""Rulesets that a network can adopt as they are, by name and version.

A version never changes: what was settled under it can be settled again. A better rule is a new version beside it. Each
says in :file:`docs/rulesets.md` where it comes from and what differs from the network it is named after. None has a
table about money (:mod:`depinverify.models.economy`): how much there is to divide is a network's own affair.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["READY"]

_ONE: Final = 10**12
_DAY: Final = 86_400
#: Full pay whatever the availability: a standing or a threshold decides instead.
_FLAT: Final = [[0, _ONE], [_ONE, _ONE]]

#: Name -> version -> parameters that differ from those of ``generic``.
READY: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "default": {"1": {"min_data_windows": 30}},
    "storj-like": {
        "1": {
            "window_s": 12 * 3600,
            "tracking_s": 30 * _DAY,
            "min_data_windows": 1,
            "curve": _FLAT,
            "models": {
                "standing": {"offline_dq": True},
                "withholding": {"percents": [75, 75, 75, 50, 50, 50, 25, 25, 25]},
            },
        }
    },
    "icp-like": {
        "1": {
            "window_s": _DAY,
            "tracking_s": 30 * _DAY,
            "min_data_windows": 1,
            "pay_no_data": True,
            "models": {"availability": "relative", "relative": {"group": "network"}},
        }
    },
    "lido-csm-like": {
        "1": {
            "window_s": _DAY,
            "tracking_s": 30 * _DAY,
            "min_data_windows": 1,
            "models": {
                "availability": "threshold",
                "threshold": {
                    "leeway_e12": 50_000_000_000,
                    "reward_share_bp": 10_000,
                    "strike_lifetime": 6,
                    "most_strikes": 3,
                },
            },
        }
    },
}
