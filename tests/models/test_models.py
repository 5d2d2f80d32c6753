"""Models that a ruleset chooses: multipliers, reasons, state from epoch to epoch, and the balance of the money."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from depinverify import Options
from depinverify.exceptions import InputError
from depinverify.models.state import DeviceState, read, write
from models.worlds import DOWN, SLOTS, UP, WRONG, chain, entries, settled, states

if TYPE_CHECKING:
    from pathlib import Path

ONE = 10**12


def test_availability_against_the_group(tmp_path: Path) -> None:
    rules = {"models": {"availability": "relative", "relative": {}}}
    found = entries(settled(tmp_path, rules, lambda at, slot: DOWN if at == 4 and slot < 3 else UP))
    assert [chain(entry)["relative"] for entry in found[:4]] == [ONE] * 4
    # 3 of 8 down, and the group at 0.
    reduction = (Fraction(3, 8) - Fraction(1, 10)) / Fraction(1, 2) * Fraction(8, 10)
    assert chain(found[4])["relative"] == int((1 - reduction) * ONE)
    assert found[4]["reasons"] == ["RELATIVE_FAILURE"]
    assert int(found[4]["weight"]) == chain(found[4])["relative"]


def test_small_groups_keep_the_payout_curve(tmp_path: Path) -> None:
    rules = {"models": {"availability": "relative", "relative": {"min_group": 6}}}
    found = entries(settled(tmp_path, rules, lambda at, slot: DOWN if at == 4 and slot < 3 else UP))
    assert all("relative" not in chain(entry) and "payout" in chain(entry) for entry in found)


def test_threshold_and_strikes(tmp_path: Path) -> None:
    rules = {
        "models": {
            "availability": "threshold",
            "threshold": {"leeway_e12": 10**11, "strike_lifetime": 2, "most_strikes": 2},
        }
    }
    lazy = lambda at, slot: DOWN if at == 0 and slot < 4 else UP  # noqa: E731
    first = settled(tmp_path, rules, lazy)
    assert entries(first)[0]["reasons"] == ["BELOW_THRESHOLD"]
    assert [state["strikes"] for state in states(first)] == [[1, 0], [], [], [], []]
    second = settled(tmp_path, rules, lazy, previous=first, index=8)
    assert entries(second)[0]["reasons"] == ["BELOW_THRESHOLD", "STRIKES"]
    third = settled(tmp_path, rules, lambda *_: UP, previous=second, index=9)
    # One of its two strikes has gone.
    assert entries(third)[0]["reasons"] == []
    assert states(third)[0]["strikes"] == [0, 1]


def test_small_samples_count_by_their_lower_bound(tmp_path: Path) -> None:
    rules = {"curve": [[0, 0], [ONE, ONE]], "models": {"availability": "lower_bound", "lower_bound": {}}}
    found = entries(settled(tmp_path, rules, lambda *_: UP))[0]
    # Wilson, 8 of 8: n / (n + z^2).
    assert chain(found)["lower_bound"] == pytest.approx(ONE * 8 / (8 + 1.96**2), abs=1)
    assert found["reasons"] == ["SMALL_SAMPLE"]


def test_an_error_budget_pays_in_full_until_it_is_exhausted(tmp_path: Path) -> None:
    rules = {"models": {"availability": "objective", "objective": {"goal_num": 7, "goal_den": 8}}}
    found = entries(settled(tmp_path, rules, lambda at, slot: DOWN if slot < at else UP))
    assert [chain(entry)["objective"] for entry in found] == [ONE, ONE, 0, 0, 0]
    assert found[2]["reasons"] == ["BUDGET_EXHAUSTED"]


STANDING = {
    "min_age_s": 0,
    "min_observations": 1,
    "correctness": {"alpha0_e12": ONE, "lambda_e12": 9 * 10**11, "threshold_e12": 5 * 10**11},
}


def test_a_device_that_lies_is_out_for_good(tmp_path: Path) -> None:
    rules = {"models": {"standing": STANDING}}
    first = settled(tmp_path, rules, lambda at, slot: WRONG if at == 2 and slot > 0 else UP)
    liar = entries(first)[2]
    assert chain(liar)["standing"] == 0
    assert "DISQUALIFIED" in liar["reasons"]
    events = [(event["device"], event["rule"], event["to"]) for event in first.rewards["transitions"]]
    assert (liar["device"], "CORRECTNESS", "DISQUALIFIED") in events
    assert all(rule == "PROBATION_OVER" for device, rule, _ in events if device != liar["device"])
    second = settled(tmp_path, rules, lambda *_: UP, previous=first, index=8)
    assert entries(second)[2]["amount"] == "0"
    assert second.rewards["transitions"] == []


def test_probation_and_suspension_are_paid_as_the_rules_say(tmp_path: Path) -> None:
    standing = {"probation_e12": 25 * 10**10, "suspended_e12": 10**11, "min_age_s": 86400 + 3600}
    rules = {"models": {"standing": standing}, "curve": [[0, ONE], [ONE, ONE]]}
    first = settled(tmp_path, rules, lambda at, _: DOWN if at == 1 else UP)
    assert [chain(entry)["standing"] for entry in entries(first)] == [25 * 10**10, 10**11, *[25 * 10**10] * 3]
    assert [entry["reasons"] for entry in entries(first)][:2] == [["PROBATION"], ["SUSPENDED"]]


def test_a_streak_raises_pay(tmp_path: Path) -> None:
    rules = {"models": {"streak": {"levels": [[0, 0], [2, 10**11]]}}}
    first = settled(tmp_path, rules, lambda *_: UP)
    second = settled(tmp_path, rules, lambda at, _: DOWN if at == 0 else UP, previous=first, index=8)
    assert [chain(entry)["streak"] for entry in entries(second)] == [ONE, *[ONE + 10**11] * 4]
    assert states(second)[0]["streak"] == [1, 1]


def test_what_is_withheld_is_a_line_of_its_own(tmp_path: Path) -> None:
    rules = {"models": {"withholding": {"percents": [75]}}}
    first = settled(tmp_path, rules, lambda *_: UP)
    money = {
        name: int(value)
        for name, value in first.rewards.items()
        if isinstance(value, str) and value.isdigit()
    }
    assert money["withheld"] == 750_000
    assert money["paid"] == money["allocated"] == 250_000
    assert [(entry["amount"], entry["withheld"], entry["reasons"]) for entry in entries(first)] == [
        ("50000", "150000", ["WITHHELD"])
    ] * 5
    second = settled(tmp_path, rules, lambda *_: UP, previous=first, index=8)
    assert [state["withheld"] for state in states(second)] == ["300000"] * 5


def test_any_number_of_threads_gives_the_same_bytes(tmp_path: Path) -> None:
    rules = {
        "models": {"standing": STANDING, "streak": {"levels": [[0, 1]]}, "withholding": {"percents": [10]}}
    }
    deed = lambda at, slot: (UP, DOWN, WRONG)[(at * slot) % 3]  # noqa: E731
    one = settled(tmp_path / "one", rules, deed, options=Options(threads=1))
    two = settled(tmp_path / "two", rules, deed, options=Options(threads=2))
    assert one.manifest == two.manifest
    assert "models.jsonl" in one.manifest["results"]
    assert len(states(one)) == 5
    assert sum(len(state["strikes"]) for state in states(one)) == 0
    assert [state["observations"] for state in states(one)] == [3 * SLOTS] * 5


def test_state_reads_back_what_was_written() -> None:
    full = DeviceState(
        3, (1, 2), (3, 4), (True, 5, False, True, False, (True, False, True)), [1, 0], (6, 7), 2**80
    )
    written = b"".join(write({b"b": DeviceState(), b"a": full}))
    assert read(written) == {b"a": full, b"b": DeviceState()}
    for bad in (
        b"{}",
        b"[]",
        b'{"device":"zz"}',
        b"\xff",
        written.replace(b'"withheld":"0"', b'"withheld":0'),
    ):
        with pytest.raises(InputError, match=r"models\.jsonl line"):
            read(bad)
