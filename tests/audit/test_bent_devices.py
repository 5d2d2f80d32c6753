"""Epochs of every shape and every trouble: each device is explained and disputed, and all of it agrees."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from device_cases import told
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depinverify import settle
from depinverify.ruleset import ONE
from epoch_mutations import mutate
from oracle.conftest import TinyEpoch
from settlement import test_differential as bent

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("shape", bent.SHAPES, ids=lambda shape: shape.__name__)
def test_shapes(tmp_path: Path, shape: Callable[[TinyEpoch], None]) -> None:
    epoch = TinyEpoch(tmp_path / "e", devices=bent.SCHEMES, slots=6)
    shape(epoch)
    with bent.all_secrets(epoch):
        epoch.honest()
        bent.some_trouble(epoch, 3)
    folder = epoch.write()
    explained = told(settle(folder, tmp_path / "s"), folder, tmp_path)
    by_name = {multiplier.name for one in explained.values() for multiplier, _ in one.costs}
    reasons = {reason for one in explained.values() for reason in one.entry.reasons}
    text = "".join(one.to_text() for one in explained.values())
    if shape is bent.missing_rounds:
        assert "beacon round missing" in text or "beacon rounds missing" in text
    if shape in {bent.silent_secret, bent.wrong_secret}:
        assert "Void validators" in text
        assert all(one.thresholds.unreliable for one in explained.values())
    if shape is bent.weights:
        assert "class" in by_name
    if shape is bent.no_payee:
        assert "NO_PAYEE" in reasons
    if shape is bent.departures:
        assert "proration" in by_name
    if shape is bent.caps:
        assert any(one.thresholds.cell is not None for one in explained.values())
    if shape is bent.half_selected:
        assert all(len(one.slots) < 6 or one.model.scheduled < 6 for one in explained.values())
    if shape is bent.little_pay:
        assert any(
            one.thresholds.min_payout and one.thresholds.min_payout.missing for one in explained.values()
        )


def test_ranks_in_a_cell_are_those_of_the_caps(tmp_path: Path) -> None:
    epoch = TinyEpoch(tmp_path / "e", devices=("ed25519",) * 4, slots=4)
    epoch.ruleset |= {"max_per_cell": 2, "curve": [[0, 0], [ONE, ONE]]}
    first, *_, last = epoch.device_keys
    v0, v1, _ = epoch.validator_keys
    bent.down(epoch, {(v, first, 1) for v in (v0, v1)})
    folder = epoch.write()
    explained = told(settle(folder, tmp_path / "s"), folder, tmp_path)
    ranks = {device: one.thresholds.cell for device, one in explained.items()}
    assert all(rank is not None and (rank.competing, rank.most) == (4, 2) for rank in ranks.values())
    assert [rank.rank for rank in ranks.values() if rank is not None] == [4, 1, 2, 3]
    removed = {device for device, one in explained.items() if "CAPACITY" in one.entry.reasons}
    assert removed == {device for device, rank in ranks.items() if rank is not None and (rank.rank or 0) > 2}
    cost = {multiplier.name: cost for multiplier, cost in explained[last.hex()].costs}
    # A third device with full weight would have had a third of the pool.
    assert cost["capacity"] == 333
    assert "is number 3 of 4" in explained[last.hex()].to_text()


def test_epochs_that_follow_each_other(tmp_path: Path) -> None:
    previous = ""
    kinds = set()
    for number in range(3):
        epoch = TinyEpoch(
            tmp_path / f"e{number}",
            devices=bent.SCHEMES,
            index=7 + number,
            start=1_800_000_000 + 3600 * number,
        )
        epoch.ruleset |= {"min_payout": "300", "window_s": 900, "tracking_s": 5400, "allocation": "carry"}
        epoch.pool = "1001"
        epoch.previous_toml = previous
        epoch.honest()
        for at in range(3):
            bent.some_trouble(epoch, 100 + 10 * number + at)
        folder = epoch.write()
        settlement = settle(folder, tmp_path / f"s{number}")
        previous = f'[previous]\npath = "../s{number}"\nsha256 = "{settlement.manifest_sha256}"'
        explained = told(settlement, folder, tmp_path)
        kinds |= {window.why_not for one in explained.values() for window in one.model.windows}
        assert (number == 0) == all(one.before is None for one in explained.values())
    assert len(kinds) >= 2


@pytest.mark.parametrize("policy", ["count", "exclude"])
def test_a_network_event(tmp_path: Path, policy: str) -> None:
    """Half of the network is down for everybody: such a slot is left out where the rules say so."""
    devices = ("ed25519",) * 11
    before = TinyEpoch(tmp_path / "before", devices=devices, slots=2, index=6, start=1_800_000_000 - 3600)
    before.honest()
    first = settle(before.write(), tmp_path / "s0")
    epoch = TinyEpoch(tmp_path / "e", devices=devices, slots=4)
    epoch.ruleset["network_event"] = policy
    epoch.previous_toml = f'[previous]\npath = "../s0"\nsha256 = "{first.manifest_sha256}"'
    bent.down(epoch, {(v, device, 2) for device in epoch.device_keys for v in epoch.validator_keys})
    folder = epoch.write()
    explained = told(settle(folder, tmp_path / "s1"), folder, tmp_path)
    for one in explained.values():
        slot = one.slots[2]
        assert slot.decision == ("DOWN" if policy == "count" else None)
        assert ("half of the network" in slot.why) == (policy == "exclude")
        assert one.model.payout.value == (ONE if policy == "exclude" else one.model.payout.value)


def test_why_slots_are_undecided(tmp_path: Path) -> None:
    epoch = TinyEpoch(tmp_path / "e", devices=("ed25519", "p256"), slots=16)
    device = next(iter(epoch.device_keys))
    v0, v1, v2 = epoch.validator_keys
    # No report; one report; a tie.
    epoch.honest(skip={(v, device, slot) for v in (v0, v1, v2) for slot in (1, 2, 3)})
    epoch.silence(v0, device, 2)
    epoch.answer(v0, device, 3)
    epoch.silence(v1, device, 3)
    epoch.silence(v2, device, 3, transport=3)
    folder = epoch.write()
    one = told(settle(folder, tmp_path / "s"), folder, tmp_path)[device.hex()]
    assert [slot.decision for slot in one.slots] == ["UP", None, None, None, *["UP"] * 12]
    assert "no report of the 3 assigned validators" in one.slots[1].why
    assert "2 reports are needed" in one.slots[2].why
    assert "a tie decides nothing" in one.slots[3].why
    assert len(one.chosen_slots("lost")) == 3
    assert one.to_text().count("no report.") == 3 + 2


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(validators=st.sampled_from([1, 3, 4]), steps=bent.STEPS)
def test_bent_rows(validators: int, steps: list[tuple[str, int, int, int]]) -> None:
    epoch = bent.base(validators, ())
    kept = [dict(row) for row in epoch.rows]
    try:
        for step in steps:
            mutate(epoch, *step)
        shutil.rmtree(epoch.folder / "observations", ignore_errors=True)
        folder = epoch.write()
        with tempfile.TemporaryDirectory() as out:
            told(settle(folder, Path(out) / "s"), folder, Path(out))
    finally:
        epoch.rows = kept
