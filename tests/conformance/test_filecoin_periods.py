"""Filecoin's proving periods and detection power through the Python surface: public vectors, plain rules, corners."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin import proving_period
from depinverify.networks.filecoin.proving_period import ProvingState
from public_vectors import public_vectors

#: Of the service that the vectors are about, which asks for no finality of its own.
FINALITY = 150


@pytest.mark.parametrize("service", ["warm_storage", "sample"])
def test_fault_periods(service: Literal["warm_storage", "sample"]) -> None:
    file = json.loads((public_vectors("filecoin") / "pdp_fault_periods.json").read_text())
    network = (file["max_proving_period"], file["challenge_window"], FINALITY)
    for case in file["cases"]:
        state = ProvingState(network, service)
        for (what, block, number), expected in zip(case["events"], case["expected"], strict=True):
            where = (case["name"], what, block)
            if what == "prove":
                refusal = state.prove(block, number)
                assert (refusal is None) is expected.get("ok", False), where
                label = None if refusal is None else refusal.label
            else:
                started = state.start(block, number)
                label = None if started.refusal is None else started.refusal.label
                if "faults" in expected:
                    assert (0 if started.faults is None else started.faults.periods) == expected["faults"], (
                        where
                    )
                elif label is None:
                    assert started.faults is None, where
                if "fault_deadline" in expected:
                    assert started.faults is not None
                    assert started.faults.deadline == expected["fault_deadline"], where
            assert label == expected.get("error"), where
            if "deadline" in expected:
                assert (state.deadline or 0) == expected["deadline"], where
    print(f"pdp_fault_periods.json: {len(file['cases'])} cases ran for the service {service}")


@dataclass
class Plain:
    """The rule written down with plain integers; 0 is no deadline, and no activation."""

    period: int
    window: int
    is_sample: bool
    activation: int = 0
    deadline: int = 0
    is_proven: bool = False

    def prove(self, block: int, challenges: int) -> str | None:
        if self.is_proven:
            return "already proven"
        if challenges < 5:
            return "too few challenges"
        if self.deadline == 0:
            return "proving not started"
        if block > self.deadline:
            return "period passed"
        if block < self.deadline - self.window:
            return "too early"
        self.is_proven = True
        return None

    def start(self, block: int, epoch: int) -> tuple[tuple[int, int] | None, str | None]:
        if self.deadline == 0:
            first = block + self.period
            if self.activation and not self.is_sample:
                if epoch <= self.activation:
                    return None, "challenge epoch not after activation"
                while (first - self.activation) % self.period:
                    first += 1
            if not first - self.window <= epoch <= first:
                return None, "challenge epoch outside window"
            self.activation = self.activation or block
            self.deadline = first
            return None, None
        if block <= self.deadline - self.period:
            return None, "already called this period"
        skipped = 0 if block <= self.deadline else (block - self.deadline - 1) // self.period
        faults = skipped + (not self.is_proven)
        following = 0
        if epoch:
            following = self.deadline + self.period * (skipped + 1)
            if not following - self.window <= epoch <= following:
                return None, "challenge epoch outside window"
        record = (faults, self.deadline) if faults else None
        self.deadline, self.is_proven = following, False
        return record, None


@settings(max_examples=300)
@given(data=st.data())
def test_any_history_is_that_of_the_plain_rule(data: st.DataObject) -> None:
    """Blocks in order, challenge epochs around the edges of the window, sets that are emptied and start again."""
    period = data.draw(st.integers(2, 30))
    window = data.draw(st.integers(1, period - 1))
    service: Literal["warm_storage", "sample"] = data.draw(st.sampled_from(["warm_storage", "sample"]))
    state, rule = ProvingState((period, window, 0), service), Plain(period, window, service == "sample")
    block = 1
    for _ in range(data.draw(st.integers(1, 25))):
        block += data.draw(st.integers(0, 3 * period))
        if data.draw(st.booleans()):
            challenges = data.draw(st.sampled_from([4, 5, 5, 5, 40]))
            refusal = state.prove(block, challenges)
            assert (None if refusal is None else refusal.label) == rule.prove(block, challenges)
        else:
            ahead = rule.deadline or block
            late = max(0, block - ahead - 1) // period if rule.deadline else 0
            edge = ahead + period * (late + 1)
            epoch = data.draw(
                st.sampled_from(
                    [0, edge, edge + 1, edge - window, edge - window - 1, edge + period, edge - 1]
                )
            )
            started = state.start(block, epoch)
            label = None if started.refusal is None else started.refusal.label
            assert (started.faults, label) == rule.start(block, epoch)
        assert (state.deadline or 0, state.is_proven) == (rule.deadline, rule.is_proven)
        assert (state.activation or 0) == rule.activation
        now = block + data.draw(st.integers(0, 5 * period))
        is_overdue = 0 < rule.deadline < now and not rule.is_proven
        overdue = (now - rule.deadline - 1) // period + 1 if is_overdue else 0
        assert state.overdue_periods(now) == overdue
        if rule.deadline:
            assert state.window == (rule.deadline - window, rule.deadline)
        else:
            assert state.window is None


def test_parameters() -> None:
    assert proving_period.parameters_of("mainnet") == (2880, 60, 150)
    assert proving_period.parameters_of("calibration") == (240, 20, 10)
    assert ProvingState("calibration").parameters == proving_period.Parameters(240, 20, 10)
    assert ProvingState((10, 3, 1)).parameters.window == 3
    for wrong, message in (
        ("testnet", r'network: expected "mainnet", "calibration" or a triple .* found "testnet"'),
        ((10, 10, 0), r"challenge window: expected 1 to 9 of the period's 10 epochs, found 10"),
        ((10, 0, 0), r"challenge window: expected 1 to 9"),
        ((10, 3), r"network: expected .* found tuple"),
        ((10, 3, -1), r"network, finality: expected an integer"),
    ):
        with pytest.raises(InputError, match=message):
            ProvingState(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r'service: expected "warm_storage" or "sample", found "other"'):
        ProvingState("mainnet", "other")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("network", "ahead", "label"),
    [
        ("mainnet", 149, "challenge epoch too soon"),
        ("mainnet", 150, None),
        ("mainnet", 43_200, None),
        ("mainnet", 43_201, "challenge epoch too far ahead"),
        ("calibration", 9, "challenge epoch too soon"),
        ("calibration", 10, None),
        ("mainnet", -1, "challenge epoch too soon"),
    ],
)
def test_limits_of_challenge_epochs(network: Any, ahead: int, label: str | None) -> None:
    refusal = proving_period.challenge_epoch_refusal(1000, 1000 + ahead, network=network)
    assert (None if refusal is None else refusal.label) == label


def test_abandoned() -> None:
    assert not proving_period.is_abandoned(1000, 1000 + 86_400)
    assert proving_period.is_abandoned(1000, 1001 + 86_400)
    assert not proving_period.is_abandoned(1000, 0)


def test_edges_of_the_window() -> None:
    for block, label, timeliness in (
        (3819, "too early", "too early"),
        (3820, None, "in time"),
        (3880, None, "in time"),
        (3881, "period passed", "late"),
    ):
        state = ProvingState("mainnet")
        assert state.timeliness(block) is None
        assert state.start(1000, 3820).is_started
        assert state.timeliness(block) == timeliness
        refusal = state.prove(block)
        assert (None if refusal is None else refusal.label) == label
        assert state.is_proven is (label is None)


def test_a_set_that_was_emptied_starts_again() -> None:
    """The services agree until then: one keeps its rhythm, the other counts from the new start."""
    for service, deadline in (("warm_storage", 1000 + 5 * 2880), ("sample", 12_000 + 2880)):
        state = ProvingState("mainnet", service)  # type: ignore[arg-type]
        assert state.start(1000, 3820) == (None, None)
        assert state.prove(3820) is None
        assert state.start(3830, 0) == (None, None)
        assert (state.deadline, state.window, state.is_proven, state.activation) == (None, None, False, 1000)
        assert state.overdue_periods(10**9) == 0
        refusal = state.prove(3831)
        assert refusal is not None
        assert refusal.label == "proving not started"
        assert state.start(12_000, deadline - 61).refusal is not None
        assert state.start(12_000, deadline - 60).is_started
        assert (state.deadline, state.activation) == (deadline, 1000)


def test_emptying_an_unproven_set_is_a_fault() -> None:
    state = ProvingState("mainnet")
    state.start(1000, 3820)
    started = state.start(3900, 0)
    assert started.faults == (1, 3880)
    assert started.faults is not None
    assert started.faults.challenges == 5
    assert state.deadline is None


def test_numbers_at_the_end_of_64_bits() -> None:
    top = (1 << 64) - 1
    state = ProvingState("mainnet")
    refusal = state.start(top, top).refusal
    assert refusal is not None
    assert refusal.label == "no deadline"
    assert state.start(top - 2880, top).is_started
    refusal = state.start(top, top).refusal
    assert refusal is not None
    assert refusal.label == "no deadline"
    assert (state.deadline, state.is_proven) == (top, False)
    for call in (
        lambda: state.start(1 << 64, 0),
        lambda: state.start(0, -1),
        lambda: state.prove(True),
        lambda: state.prove(1, 1 << 64),
        lambda: state.overdue_periods(-1),
        lambda: state.timeliness("1"),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError, match="expected an integer from 0 to"):
            call()


def test_a_copy_goes_its_own_way() -> None:
    state = _native.FilecoinProvingState("mainnet")
    state.start(1000, 3820)
    other = copy.copy(state)
    assert other.prove(3820) is None
    assert (state.is_proven, other.is_proven) == (False, True)


# Detection power.


def test_published_shares() -> None:
    """A day and thirty days of one period each, for a loss of 1, 5 and 20 %."""
    ppm = proving_period.detection_ppm
    rounded = [
        round(ppm(lost, 100, periods) / 1000) / 10 for lost, periods in ((1, 1), (1, 30), (5, 1), (20, 1))
    ]
    assert rounded == [4.9, 77.9, 22.6, 67.2]
    assert ppm(5, 100, 30) // 100 == 9995
    assert (ppm(0, 100, 30), ppm(100, 100, 1), ppm(50, 100, 0)) == (0, 1_000_000, 0)


@given(leaves=st.integers(1, 1 << 64), periods=st.integers(0, 40), data=st.data())
def test_detection_is_the_exact_chance_rounded_down(leaves: int, periods: int, data: st.DataObject) -> None:
    lost = data.draw(st.one_of(st.integers(0, leaves), st.integers(0, min(leaves, 10))))
    chance = 1 - Fraction(leaves - lost, leaves) ** (5 * periods)
    assert proving_period.detection_ppm(lost, leaves, periods) == chance * 10**6 // 1


def test_losses_that_are_none() -> None:
    with pytest.raises(InputError, match=r"leaves: expected at least 1, found 0"):
        proving_period.detection_ppm(0, 0, 1)
    with pytest.raises(InputError, match=r"lost leaves: expected at most 4, found 5"):
        proving_period.detection_ppm(5, 4, 1)
    with pytest.raises(InputError, match=r"lost: expected an integer"):
        proving_period.detection_ppm(1 << 128, 4, 1)
