"""A share of the pool for validators, by what they delivered: who gets what, and whoever checks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify import Epoch, explain, settle
from depinverify.audit import audit, diff, what_if
from depinverify.exceptions import ConfigurationError, InputError
from depinverify.reward.validators import ValidatorWork
from depinverify.ruleset import ONE
from economy.worlds import (
    ANSWERED,
    ERROR,
    NO_ROW,
    NOT_ATTEMPTED,
    REFUSED,
    SLOTS,
    Funded,
    always,
    balance,
    entries,
    falsified,
    settled,
    stopped,
    validator_payee,
)
from epoch_folders import bytes_of
from reward_cases import Device, document, pay, payee, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement

Run = Any
TABLE = {"validators": {"share_bp": 1000}}
ALL = 5 * SLOTS


def deed(device: int, validator: int, slot: int) -> int | None:
    """The second validator leaves out one probe of 40 and could not make another; a device is down for all."""
    if validator == 1 and slot == 0:
        return {0: NO_ROW, 1: ERROR}.get(device, ANSWERED)
    return REFUSED if device == 4 and slot < SLOTS // 2 else ANSWERED


def lines(settlement: Settlement) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = settlement.rewards["validators"]
    return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    """An epoch whose third validator names no payee, beside its folder ``epoch``."""
    return settled(tmp_path_factory.mktemp("shared"), TABLE, deed, payees=2)


def test_who_delivers_is_paid(shared: Settlement) -> None:
    assert [one["validator"] for one in lines(shared)] == [
        name.hex() for name in (b"val-0", b"val-1", b"val-2")
    ]
    # 100000 of 1000000, by 40 and 38 probes.
    assert [{name: one[name] for name in one if name != "validator"} for one in lines(shared)] == [
        {"payee": validator_payee(0), "scheduled": ALL, "missing": 0, "weight": "40", "amount": "51282", "reasons": []},
        {"payee": validator_payee(1), "scheduled": ALL, "missing": 2, "weight": "38", "amount": "48718",
         "reasons": ["VALIDATOR_SILENT"]},
        {"payee": None, "scheduled": ALL, "missing": 0, "weight": "0", "amount": "0", "reasons": ["NO_PAYEE"]},
    ]  # fmt: skip
    assert (shared.rewards["to_validators"], shared.rewards["allocated"]) == ("100000", "900000")
    paid = {line["payee"]: line["amount"] for line in shared.rewards["payees"]}
    assert (paid[validator_payee(0)], paid[validator_payee(1)]) == ("51282", "48718")
    balance(shared)


def test_a_payee_of_devices_and_a_validator_has_one_line(tmp_path: Path) -> None:
    both = settled(tmp_path, TABLE, device_payee=validator_payee(0))
    balance(both)
    # A validator is not asked about devices of its own payee, so the rows of the first one are off schedule.
    assert [one["scheduled"] for one in lines(both)] == [0, ALL, ALL]
    assert [one["amount"] for one in lines(both)] == ["0", "50000", "50000"]
    assert [(line["payee"], line["amount"]) for line in both.rewards["payees"]] == [
        (validator_payee(0), "900000"), (validator_payee(1), "50000"), (validator_payee(2), "50000"),
    ]  # fmt: skip
    shared = settled(tmp_path / "own", TABLE, device_payee=validator_payee(2), payees=2)
    balance(shared)
    assert audit(both.folder, tmp_path / "epoch").is_clean


def test_a_payee_of_two_validators_has_one_line(tmp_path: Path) -> None:
    def one_payee(epoch: Funded) -> None:
        epoch.events.clear()
        epoch.payee_of = lambda _: validator_payee(7)  # type: ignore[method-assign]
        epoch.enrolments()

    shared = settled(tmp_path, TABLE, bend=one_payee)
    balance(shared)
    line = next(line for line in shared.rewards["payees"] if line["payee"] == validator_payee(7))
    assert (line["amount"], len(lines(shared))) == ("100000", 3)


DEEDS = st.lists(
    st.sampled_from([ANSWERED, ANSWERED, ANSWERED, REFUSED, ERROR, NOT_ATTEMPTED, NO_ROW]),
    min_size=3 * ALL,
    max_size=3 * ALL,
)


@settings(max_examples=6)
@given(deeds=DEEDS, spared=st.integers(0, 2))
def test_the_numbers_are_those_of_the_indicators(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[int | None], spared: int
) -> None:
    def say(device: int, validator: int, slot: int) -> int | None:
        return ANSWERED if validator == spared else deeds[(device * 3 + validator) * SLOTS + slot]

    settlement = settled(tmp_path_factory.mktemp("numbers"), TABLE, say)
    balance(settlement)
    found = {one["validator"]: one for one in lines(settlement)}
    for at, line in enumerate(lines(settlement)):
        said = [say(device, at, slot) for device in range(5) for slot in range(SLOTS)]
        assert line["scheduled"] == ALL
        assert line["missing"] == sum(one in {ERROR, NOT_ATTEMPTED, NO_ROW} for one in said)
        assert ("VALIDATOR_SILENT" in line["reasons"]) == (line["missing"] > 0)
    for one in settlement.rewards["indicators"]:
        for subject in one["subjects"]:
            if one["code"] == "UNRELIABLE":
                line = found[subject.removeprefix("validator:")]
                numbers = one["numbers"]
                assert (line["scheduled"], line["missing"]) == (numbers["scheduled"], numbers["missing"])
                assert (line["weight"], "UNRELIABLE" in line["reasons"]) == ("0", True)
            if one["code"] == "VALIDATOR_SILENT":
                assert found[subject.removeprefix("validator:")]["scheduled"] == one["numbers"]["scheduled"]


def test_of_several_rows_the_kept_one_counts(tmp_path: Path) -> None:
    """A better row beside one that says nothing; and of two that say little, the one with the smaller id."""

    def twice(epoch: Funded) -> None:
        validator, device = next(iter(epoch.validator_keys)), next(iter(epoch.device_keys))
        epoch.write_toml()
        epoch._params_hash = Epoch.open(epoch.folder).params_hash
        epoch.silence(validator, device, 0, NOT_ATTEMPTED)
        epoch.silence(validator, device, 1, NOT_ATTEMPTED)
        epoch.silence(validator, device, 1, REFUSED)

    say = lambda device, validator, slot: (  # noqa: E731
        NO_ROW if (device, validator, slot) == (0, 0, 1) else ANSWERED
    )
    settlement = settled(tmp_path, TABLE, say, bend=twice)
    rows = [
        (row, outcome)
        for row, validator, device, slot, outcome in zip(
            *(settlement.verdicts[name].to_pylist() for name in ("row_id", "validator", "device", "slot", "outcome")),
            strict=True,
        )
        if (validator, slot) == (b"val-0", 1) and device.hex() == entries(settlement)[0]["device"]
    ]  # fmt: skip
    assert len(rows) == 2
    kept = min(rows)[1]
    assert lines(settlement)[0]["missing"] == int(kept == 7)


def test_a_void_validator_is_paid_nothing(tmp_path: Path) -> None:
    """It reveals another secret than it committed to, and its part goes to the others."""
    epoch = Funded(tmp_path / "epoch", TABLE)
    epoch.fill(always)
    epoch.secrets[b"val-2"] = bytes(32)
    settlement = settle(epoch.write(), tmp_path / "settlement")
    line = lines(settlement)[2]
    assert (line["missing"], line["reasons"]) == (ALL, ["UNRELIABLE", "VALIDATOR_SILENT"])
    assert [one["amount"] for one in lines(settlement)] == ["50000", "50000", "0"]
    assert audit(settlement.folder, epoch.folder).is_clean


def test_without_the_table_nothing_is_there(tmp_path: Path) -> None:
    rewards = settled(tmp_path, {}).rewards
    assert not {"validators", "to_validators", "classes"} & rewards.keys()
    assert "class" not in rewards["entries"][0]


@pytest.mark.parametrize("share", [-1, 10_001, 0.1, "1000"])
def test_messages_name_the_path(tmp_path: Path, share: object) -> None:
    epoch = Funded(tmp_path / "epoch", {"validators": {"share_bp": share}})
    epoch.write_toml()
    with pytest.raises(ConfigurationError, match=r"ruleset\.validators\.share_bp"):
        Epoch.open(epoch.folder)


# -------------------------------------------------------------------------------------------------------- the promise


WORK = st.dictionaries(
    st.binary(min_size=1, max_size=2),
    st.tuples(st.none() | st.integers(1, 4).map(payee), st.integers(0, 9), st.integers(0, 9), st.booleans()),
    max_size=5,
)
DEVICES = st.dictionaries(
    st.binary(min_size=1, max_size=2),
    st.tuples(
        st.none() | st.integers(3, 6).map(payee), st.integers(0, 3), st.sampled_from([0, ONE // 3, ONE])
    ),
    max_size=5,
)


@given(
    DEVICES,
    WORK,
    st.one_of(st.integers(0, 50), st.integers(0, 2**200)),
    st.integers(0, 10_000),
    st.sampled_from(["largest_remainder", "floor_to_sink", "carry"]),
    st.integers(0, 60),
)
def test_no_unit_is_lost_and_no_loss_is_without_a_reason(
    facts: dict[bytes, Any], work: dict[bytes, Any], pool: int, share: int, mode: str, least: int
) -> None:
    devices = [Device(name, row[0], row[1], payout=row[2]) for name, row in sorted(facts.items())]
    validators = [
        ValidatorWork(name, who, done + missing, missing, bad)
        for name, (who, done, missing, bad) in work.items()
    ]
    ruleset = rules(validators={"share_bp": share}, allocation=mode, min_payout=str(least))
    result = pay(*devices, pool=pool, ruleset=ruleset, validator_work=validators)
    content = document(result)
    money = {name: int(content[name]) for name in result.money.terms()}
    kept = money["sink"] + money["remainder"]
    assert pool == money["allocated"] + money["to_validators"] + kept
    assert pool == money["paid"] + money["carried_delta"] + kept
    assert money["to_validators"] == sum(int(line["amount"]) for line in content["validators"])
    earned = money["allocated"] + money["to_validators"]
    assert sum(int(line["amount"]) for line in content["payees"]) == earned
    assert [line["validator"] for line in content["validators"]] == sorted(name.hex() for name in work)
    for line in content["validators"]:
        assert int(line["weight"]) == line["scheduled"] or line["reasons"]
    can_earn = any(int(line["weight"]) for line in content["validators"])
    assert money["to_validators"] == (pool * share // 10_000 if can_earn else 0)


def test_the_reward_step_asks_for_it() -> None:
    with pytest.raises(InputError, match=r"validator_work: expected what validators delivered"):
        pay(Device(b"a"), ruleset=rules(validators={"share_bp": 1}))


def test_a_run_that_goes_on_ends_with_the_same_bytes(shared: Settlement, tmp_path: Path) -> None:
    epoch = shared.folder.parent / "epoch"
    stopped(epoch, tmp_path / "out")
    assert bytes_of(settle(epoch, tmp_path / "out").folder) == bytes_of(shared.folder)


# ----------------------------------------------------------------------------------------------------- whoever checks


def test_audit_is_clean(shared: Settlement, run: Run) -> None:
    code, out, _ = run("audit", shared.folder, "--epoch", shared.folder.parent / "epoch")
    assert (code, "Nothing was found." in out) == (0, True)
    code, out, _ = run("audit", shared.folder, "--json")
    assert code == 0
    assert "what validators delivered" in {one["what"] for one in json.loads(out)["not_checked"]}


def line_of(rewards: dict[str, Any], **changes: object) -> None:
    rewards["validators"][1].update(changes)


@pytest.mark.parametrize(
    ("change", "field", "is_found_alone"),
    [
        (lambda one: line_of(one, amount="48719"), "amount", True),
        (lambda one: line_of(one, weight="40"), "weight", True),
        (lambda one: line_of(one, missing=0), "missing", True),
        (lambda one: line_of(one, scheduled=41), "scheduled", True),
        (lambda one: line_of(one, reasons=[]), "reasons", True),
        (lambda one: line_of(one, payee=None), "payee", True),
        (lambda one: one["validators"].pop(), "line", False),
    ],
)
def test_audit_names_a_changed_line(
    shared: Settlement, tmp_path: Path, change: Callable[[Any], object], field: str, *, is_found_alone: bool
) -> None:
    folder = falsified(shared, tmp_path / "changed", change)
    first = audit(folder, shared.folder.parent / "epoch").findings[0]
    assert (first.code.name, first.field) == ("VALIDATOR_PAY_DIFFERS", field)
    assert first.subject.startswith("validator:")
    alone = audit(folder).findings
    assert [one.code.name for one in alone[:1]] == ["VALIDATOR_PAY_DIFFERS"] * is_found_alone


def test_audit_names_a_changed_term(shared: Settlement, tmp_path: Path) -> None:
    folder = falsified(shared, tmp_path / "changed", lambda one: one.update(to_validators="99999"))
    for found in (audit(folder, shared.folder.parent / "epoch"), audit(folder)):
        assert "money:to_validators" in {one.subject for one in found.findings}


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.pop("validators"),
        lambda one: one.pop("to_validators"),
        lambda one: one.update(validators={}),
        lambda one: one["validators"].reverse(),
        lambda one: line_of(one, missing=41),
        lambda one: line_of(one, payee="0xZZ"),
        lambda one: line_of(one, amount=1),
        lambda one: line_of(one, validator=[]),
        lambda one: line_of(one, reasons=[1]),
        lambda one: line_of(one, more=1),
    ],
)
def test_a_list_that_is_none_is_a_finding(shared: Settlement, tmp_path: Path, change: Any) -> None:
    folder = falsified(shared, tmp_path / "changed", change)
    assert [one.subject for one in audit(folder).findings] == ["file:rewards.json"]


def test_diff_and_what_if(shared: Settlement, tmp_path: Path, run: Run) -> None:
    epoch = shared.folder.parent / "epoch"
    other = diff(shared.folder, falsified(shared, tmp_path / "changed", lambda one: line_of(one, missing=0)))
    assert [(one.code.name, one.field) for one in other.results] == [("VALIDATOR_PAY_DIFFERS", "missing")]
    assert other.totals["to_validators"] == (100_000, 100_000)
    found = what_if(epoch, {"validators": {"share_bp": 5000}}, against=shared.folder)
    assert found.totals["to_validators"] == (100_000, 500_000)
    assert found.totals["allocated"] == (900_000, 500_000)
    assert sum(one.difference for one in found.payees) == 0
    assert {one.payee for one in found.payees if one.difference > 0} == {
        validator_payee(0),
        validator_payee(1),
    }
    code, out, _ = run("settle", epoch, "--out", tmp_path / "again", "--json")
    assert (code, json.loads(out)["money"]["to_validators"]) == (0, "100000")


def test_devices_are_explained(shared: Settlement) -> None:
    for entry in entries(shared):
        told = explain(entry["device"], shared, shared.folder.parent / "epoch")
        assert told.findings == []
        assert (told.full_amount > told.entry.amount) <= bool(told.entry.reasons)
