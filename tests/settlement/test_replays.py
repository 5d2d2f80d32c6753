"""Which rows a `REPLAY` counts, by us and by the plain verifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from epoch_folders import compare
from oracle.conftest import SLOT, TinyEpoch

if TYPE_CHECKING:
    from pathlib import Path

#: Validator, slot and delay in ms at which the answer to the first of them is presented.
PLACES = {
    "own": (0, 1, 0),
    "own, late": (0, 1, 61_000),
    "own, in another slot's time": (0, 1, SLOT * 1000),
    "of another slot": (0, 2, 0),
    "of another validator": (1, 1, 0),
}


@pytest.mark.parametrize(
    ("presented", "replayed"),
    [
        (["own"], 0),
        (["own, late"], 0),
        (["own", "own, late", "own, in another slot's time"], 0),
        (["of another slot"], 0),
        (["own", "of another slot"], 1),
        (["own, late", "of another slot"], 2),
        (["own", "own, late", "of another validator"], 2),
        (["of another slot", "of another validator"], 2),
        (list(PLACES), 4),
    ],
)
def test_rows_of_a_replay(tmp_path: Path, presented: list[str], replayed: int) -> None:
    epoch = TinyEpoch(tmp_path / "e")
    validators, device = sorted(epoch.validator_keys), next(iter(epoch.device_keys))
    answer = epoch.answer(validators[0], device, 1)
    epoch.rows.clear()
    for place in presented:
        validator, slot, late_ms = PLACES[place]
        row = epoch.answer(validators[validator], device, slot, late_by=late_ms)
        row["proof"] = answer["proof"]
    settled = compare(epoch.write(), tmp_path)
    assert settled is not None
    found = [one["numbers"]["rows"] for one in settled.rewards["indicators"] if one["code"] == "REPLAY"]
    assert sum(found) == replayed
