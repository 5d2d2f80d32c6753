"""Rulesets with models beside windowed availability: explained and disputed like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from device_cases import told

from models.worlds import DOWN, SLOTS, UP, WRONG, settled

if TYPE_CHECKING:
    from pathlib import Path

STANDING = {"min_age_s": 0, "min_observations": 1}
RULES: dict[str, dict[str, object]] = {
    "relative": {"availability": "relative", "relative": {"min_group": 2}},
    "threshold": {"availability": "threshold", "threshold": {"most_strikes": 1}},
    "lower_bound": {"availability": "lower_bound", "lower_bound": {}},
    "objective": {"availability": "objective", "objective": {"goal_num": 7, "goal_den": 8}},
    "standing": {"standing": STANDING},
    "streak": {"streak": {"levels": [[0, 0], [1, 10**11]]}},
    "withholding": {"withholding": {"percents": [75]}},
}


def deed(device: int, slot: int) -> str:
    """Three honest devices; from the middle on one is down and one says what is provably wrong."""
    return {3: WRONG, 4: DOWN}.get(device, UP) if slot >= SLOTS // 2 else UP


@pytest.mark.parametrize("name", RULES)
def test_models(tmp_path: Path, name: str) -> None:
    rules = {"models": RULES[name]}
    first = settled(tmp_path, rules, deed)
    second = settled(tmp_path, rules, deed, previous=first, index=8)
    names: set[str] = set()
    for index, settlement in ((7, first), (8, second)):
        explained = told(settlement, tmp_path / f"epoch-{index}", tmp_path)
        names |= {multiplier.name for one in explained.values() for multiplier, _ in one.costs}
        assert all((one.models_before is None) == (index == 7) for one in explained.values())
        assert all(one.models_after is not None for one in explained.values())
        standing = [one for one in explained.values() if one.transitions]
        assert all("Its standing" in one.to_text() for one in standing)
    if name == "withholding":
        paid = next(one for one in explained.values() if one.entry.amount)
        assert paid.entry.withheld > paid.entry.amount
        assert "is withheld for later" in paid.to_text()
    else:
        assert name in names
    if "payout" not in names:
        assert all(one.goals == [] for one in explained.values())
        assert "Another model than the payout curve" in next(iter(explained.values())).to_text()
