"""The reward step: every multiplier with its reason, group caps, the ledger and the reward file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pyarrow as pa
import pytest

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError, SettlementError
from depinverify.reward import Account, DeviceColumns, Ledger, Money, ScoreColumns
from depinverify.reward.columns import refuse_other_devices
from depinverify.ruleset import ONE
from reward_cases import END, START, Adjustment, Device, columns, document, pay, payee, rules

HALF = ONE // 2


def finding(code: str, severity: str, *subjects: str) -> dict[str, object]:
    return {
        "code": code,
        "severity": severity,
        "subjects": list(subjects),
        "numbers": {"rows": 1},
        "evidence": [],
    }


@pytest.mark.parametrize(
    ("device", "ruleset", "chain", "weight"),
    [
        (Device(b"d"), {}, [("payout", ONE, None)], ONE),
        (Device(b"d", weight=7, payout=HALF + 1), {}, [("payout", HALF + 1, "AVAILABILITY")], 7 * HALF + 7),
        (
            Device(b"d", state=1, windows=5),
            {},
            [("payout", ONE, None), ("provisional", 416666666666, "PROVISIONAL")],
            416666666666,
        ),
        (
            Device(b"d", state=1, windows=5),
            {"pay_provisional": False},
            [("payout", ONE, None), ("provisional", 0, "PROVISIONAL")],
            0,
        ),
        (
            Device(b"d", state=0, windows=0, decided=0),
            {},
            [("payout", ONE, None), ("no_data", 0, "NO_DATA")],
            0,
        ),
        (Device(b"d", state=0, windows=0, decided=0), {"pay_no_data": True}, [("payout", ONE, None)], ONE),
        # Older windows do not pay for an epoch in which nothing was decided.
        (Device(b"d", decided=0), {}, [("payout", ONE, None), ("no_data", 0, "NO_DATA")], 0),
        # Decided slots of a window that cannot be used yet do not make data.
        (Device(b"d", state=0, decided=4), {}, [("payout", ONE, None), ("no_data", 0, "NO_DATA")], 0),
        (
            Device(b"d", state=1, windows=3, decided=0),
            {},
            [("payout", ONE, None), ("provisional", 250000000000, "PROVISIONAL"), ("no_data", 0, "NO_DATA")],
            0,
        ),
        (
            Device(b"d", retired_ms=1000 * START + 21_600_999),
            {},
            [("payout", ONE, None), ("proration", 250000000000, "PRORATED")],
            250000000000,
        ),
        (Device(b"d", retired_ms=1000 * START), {}, [("payout", ONE, None), ("proration", 0, "PRORATED")], 0),
        (Device(b"d", retired_ms=1000 * START - 1), {}, [("payout", ONE, None)], ONE),
        (Device(b"d", retired_ms=1000 * END), {}, [("payout", ONE, None)], ONE),
        (Device(b"d", class_name="m5"), {}, [("payout", ONE, None), ("class", ONE, None)], ONE),
        (
            Device(b"d", class_name="m5", weight=10),
            {"class_multipliers": {"m5": 1_100_000_000_000}},
            [("payout", ONE, None), ("class", 1_100_000_000_000, None)],
            11 * ONE,
        ),
        (
            Device(b"d", class_name="m5"),
            {"class_multipliers": {"m5": HALF}},
            [("payout", ONE, None), ("class", HALF, "CLASS")],
            HALF,
        ),
        (Device(b"d", payee=None), {}, [("payout", ONE, None), ("payee", 0, "NO_PAYEE")], 0),
        # Rounded down at every step: 3 * 1/3 of ONE loses its last unit.
        (
            Device(b"d", weight=1, payout=333333333333, class_name="x"),
            {"class_multipliers": {"x": 3 * ONE}},
            [("payout", 333333333333, "AVAILABILITY"), ("class", 3 * ONE, None)],
            999999999999,
        ),
    ],
)
def test_multipliers_in_their_order(device: Device, ruleset: dict, chain: list, weight: int) -> None:
    entry = document(pay(device, ruleset=rules(**ruleset)))["entries"][0]
    assert [(m["name"], m["value"], m["reason"]) for m in entry["multipliers"]] == chain
    assert entry["weight"] == str(weight)
    assert entry["reasons"] == sorted({reason for _, _, reason in chain if reason})


def test_proofs_against_a_device_take_its_weight() -> None:
    devices = [Device(b"a"), Device(b"b"), Device(b"c"), Device(b"d")]
    indicators = [
        finding("KEY_REUSE", "PROOF", "device:61", "device:62"),
        finding("EQUIVOCATION", "PROOF", "device:61"),
        finding("EQUIVOCATION", "PROOF", "validator:63"),
        finding("KEY_SHARED", "INFO", "device:63"),
        finding("REPLAY", "SUSPECT", "device:64", "validator:63"),
        finding("REPLAY", "SUSPECT", "device:64", "validator:62"),
    ]
    result = document(pay(*devices, indicators=indicators))
    assert [entry["reasons"] for entry in result["entries"]] == [
        ["EQUIVOCATION", "KEY_REUSE"],
        ["KEY_REUSE"],
        [],
        [],
    ]
    assert [m["reason"] for m in result["entries"][0]["multipliers"]] == [None, "EQUIVOCATION", "KEY_REUSE"]
    assert [entry["amount"] for entry in result["entries"]] == ["0", "0", "500", "500"]
    assert [canonical_json(i) for i in result["indicators"]] == sorted(map(canonical_json, indicators))

    strict = document(pay(*devices, indicators=indicators, ruleset=rules(zero_on_suspect=["REPLAY"])))
    assert [m["name"] for m in strict["entries"][3]["multipliers"]] == ["payout", "proof"]
    assert [entry["amount"] for entry in strict["entries"]] == ["0", "0", "1000", "0"]


def capped(devices: list[Device], clusters: list[int] | None = None, **ruleset: object) -> set[bytes]:
    result = pay(*devices, clusters=clusters, ruleset=rules(**ruleset))
    return {
        d.name
        for d, chain in zip(devices, result.weights.multipliers, strict=True)
        if chain[-1].name == "capacity"
    }


def test_groups_pay_their_best_devices() -> None:
    devices = [
        Device(b"a", score=HALF, cell=1),
        Device(b"b", score=ONE, recorded_ms=2, cell=1),
        Device(b"c", score=ONE, recorded_ms=1, cell=1),
        Device(b"d", score=ONE, recorded_ms=2),
        Device(b"e", score=ONE, payout=0),
        Device(b"f", score=ONE, recorded_ms=9, cell=2),
    ]
    same = [0] * 6
    assert capped(devices, same) == set()
    assert capped(devices, same, max_per_cluster=2) == {b"a", b"d", b"f"}
    assert capped(devices, same, max_per_cluster=1) == {b"a", b"b", b"d", b"f"}
    assert capped(devices, [0, 0, 0, 3, 0, 5], max_per_cluster=1) == {b"a", b"b"}
    assert capped(devices, max_per_cluster=1) == set()
    assert capped(devices, max_per_cell=1) == {b"a", b"b"}
    # What its cluster removed does not take a place in the cell.
    assert capped(devices, [0, 1, 0, 0, 0, 0], max_per_cluster=1, max_per_cell=1) == {b"a", b"b", b"d", b"f"}
    assert capped(devices, [0, 1, 1, 3, 4, 5], max_per_cluster=1, max_per_cell=2) == {b"b"}


def test_a_capped_device_says_so_and_does_not_dilute() -> None:
    devices = [Device(b"a", payee=payee(1)), Device(b"b", payee=payee(2)), Device(b"c", payee=payee(3))]
    entries = document(pay(*devices, clusters=[0, 0, 2], ruleset=rules(max_per_cluster=1)))["entries"]
    assert [entry["amount"] for entry in entries] == ["500", "0", "500"]
    assert entries[1]["reasons"] == ["CAPACITY"]
    assert entries[1]["multipliers"][-1] == {"name": "capacity", "value": 0, "reason": "CAPACITY"}


def test_the_reward_file_holds_every_line() -> None:
    result = pay(
        Device(b"a", payee=payee(2), weight=2),
        Device(b"b", payee=payee(1)),
        Device(b"c", payee=None),
        pool=100,
        missed_epochs=[3, 4],
        missed_pool=20,
        adjustments=[Adjustment("0x" + "02" * 20, "-5"), Adjustment("0x" + "AB" * 20, "7")],
        previous=Ledger({payee(2): Account(3, 40), payee(9): Account(6, 11)}, 2),
        exclusions=[
            {"slot": 10, "validator": "62"},
            {"slot": 9, "validator": "63"},
            {"slot": 9, "validator": "61"},
        ],
        ruleset=rules(min_payout="42"),
    )
    raw = b"".join(result.rewards_chunks())
    content = json.loads(raw)
    assert raw == canonical_json(content)
    assert result.rewards_sha256() == hashlib.sha256(raw).digest()
    assert content["entries"] == list(result.entries())
    assert content["format"] == "depinverify-rewards-v1"
    assert content["ruleset"] == "simulation 1"
    assert content["epoch"] == {"index": 5, "start": START, "end": END, "epochs_covered": [3, 4, 5]}
    money = {
        "pool": "100", "carried_in": "2", "missed_pools": "20", "adjustments": "2", "allocated": "122",
        "paid": "79", "carried_delta": "45", "sink": "0", "burned": "0", "withheld": "0", "remainder": "0",
    }  # fmt: skip
    assert {name: content[name] for name in money} == money
    assert [entry["amount"] for entry in content["entries"]] == ["81", "41", "0"]
    assert content["payees"] == [
        {"payee": "0x" + "01" * 20, "amount": "41", "paid": "0", "carried": "41", "cumulative": "0"},
        {"payee": "0x" + "02" * 20, "amount": "76", "paid": "79", "carried": "0", "cumulative": "119"},
        {"payee": "0x" + "09" * 20, "amount": "0", "paid": "0", "carried": "6", "cumulative": "11"},
        {"payee": "0x" + "ab" * 20, "amount": "7", "paid": "0", "carried": "7", "cumulative": "0"},
    ]
    assert [(e["slot"], e["validator"]) for e in content["exclusions"]] == [(9, "61"), (9, "63"), (10, "62")]
    assert result.tree is not None
    assert result.tree.entries() == [(payee(2), 119), (payee(9), 11)]
    assert content["merkle"] == {
        "root": "0x" + result.tree.root.hex(),
        "leafEncoding": ["address", "uint256"],
        "file": "tree.json",
        "sha256": hashlib.sha256(result.tree.dump()).hexdigest(),
    }
    assert content["inputs"] == {"observations": "00" * 32, "previous": None}
    assert (content["transitions"], content["registry_head"]) == ([], "00" * 32)
    ledger = b"".join(result.ledger_chunks())
    assert ledger == canonical_json(json.loads(ledger))
    assert Ledger.from_json(ledger) == result.ledger


def test_while_nobody_is_paid_there_is_no_tree() -> None:
    result = pay(Device(b"a"), ruleset=rules(min_payout="5000"))
    assert result.tree is None
    assert document(result)["merkle"] == {
        "root": None, "leafEncoding": ["address", "uint256"], "file": None, "sha256": None,
    }  # fmt: skip
    assert result.ledger.accounts == {payee(1): Account(1000, 0)}
    empty = document(pay())
    assert (empty["entries"], empty["payees"], empty["remainder"]) == ([], [], "1000")


def test_a_payee_that_earns_nothing_now_stays_in_the_tree() -> None:
    first = pay(Device(b"a"), Device(b"b", payee=payee(2)))
    second = pay(Device(b"b", payee=payee(2)), previous=first.ledger)
    assert second.tree is not None
    assert second.tree.entries() == [(payee(1), 500), (payee(2), 1500)]


def test_filler_stands_beside_a_single_payee() -> None:
    result = pay(Device(b"a"), ruleset=rules(filler=True))
    assert result.tree is not None
    assert result.tree.entries() == [(bytes(20), 0), (payee(1), 1000)]
    assert bytes(20) not in result.ledger.accounts


@pytest.mark.parametrize(
    ("mode", "amounts", "sink", "remainder"),
    [
        ("largest_remainder", ["34", "33", "33"], "0", "0"),
        ("floor_to_sink", ["33", "33", "33"], "1", "0"),
        ("carry", ["33", "33", "33"], "0", "1"),
    ],
)
def test_modes_say_where_the_last_unit_goes(mode: str, amounts: list[str], sink: str, remainder: str) -> None:
    result = pay(Device(b"a"), Device(b"b"), Device(b"c"), pool=100, ruleset=rules(allocation=mode))
    content = document(result)
    assert [entry["amount"] for entry in content["entries"]] == amounts
    assert (content["sink"], content["remainder"]) == (sink, remainder)
    assert result.ledger.remainder == int(remainder)


def test_a_pool_that_nobody_earned_comes_in_again() -> None:
    first = pay(Device(b"a", payout=0))
    assert first.ledger.remainder == 1000
    second = document(pay(Device(b"a"), pool=5, previous=first.ledger))
    assert (second["carried_in"], second["allocated"], second["remainder"]) == ("1000", "1005", "0")


def test_an_adjustment_takes_no_more_than_there_is() -> None:
    ledger = Ledger({payee(3): Account(10, 90)})
    taken = pay(previous=ledger, adjustments=[Adjustment("0x" + "03" * 20, "-10")])
    assert taken.ledger.accounts[payee(3)] == Account(0, 90)
    with pytest.raises(InputError, match=r"0x0303.* has carried 10 and this epoch's amount is -11"):
        pay(previous=ledger, adjustments=[Adjustment("0x" + "03" * 20, "-11")])


def test_a_balance_that_is_off_shows_its_terms() -> None:
    good = Money(
        pool=5, carried_in=1, missed_pools=0, adjustments=-1, allocated=6, paid=3, carried_delta=2, sink=0,
        burned=0, withheld=0, remainder=0,
    )  # fmt: skip
    good.check()
    with pytest.raises(SettlementError, match=r"epoch does not balance: pool 5 .* = 5, but paid 4 .* = 6"):
        replace(good, paid=4).check()
    with pytest.raises(
        SettlementError, match=r"division of the pool does not balance: .* = 6, but allocated 6"
    ):
        replace(good, sink=1, paid=2).check()


def test_money_beyond_256_bits_is_refused() -> None:
    with pytest.raises(InputError, match=r"pool: expected an integer from 0 to 2\^256-1"):
        pay(Device(b"a"), pool=2**256 - 1, missed_pool=1)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"payees":{},"remainder":5}', '{"payees":{"0x1":{}},"remainder":"0"}', "[" * 100_000],
)
def test_what_is_no_ledger_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"ledger\.json"):
        Ledger.from_json(text.encode())


SCORES = {
    "device": pa.array([b"a", b"b"], pa.binary()),
    "state": pa.array([2, 1], pa.uint8()),
    "score_e12": pa.array([ONE, HALF], pa.uint64()),
    "windows_used": pa.array([24, 3], pa.uint64()),
    "up": pa.array([90, 0], pa.uint64()),
    "down": pa.array([6, 0], pa.uint64()),
    "scheduled": pa.array([96, 96], pa.uint64()),
    "excluded": pa.array([0, 0], pa.uint64()),
    "payout_e12": pa.array([ONE, 0], pa.uint64()),
    "reasons": pa.array([b"", b""], pa.binary()),
}
DEVICES = {
    "device": pa.array([b"a", b"b"], pa.binary()),
    "payee": pa.array([payee(1), None], pa.binary()),
    "weight": pa.array(
        ["115792089237316195423570985008687907853269984665640564039457584007913129639935", "1"]
    ),
    "class": pa.array([None, "m5"], pa.string()),
    "retired_ms": pa.array([None, 5], pa.int64()),
    "recorded_ms": pa.array([1, 2], pa.int64()),
    "cell": pa.array([None, 2**64 - 1], pa.uint64()),
}


def test_arrow_tables_come_in_and_reasons_go_out() -> None:
    scores = ScoreColumns.from_arrow(pa.table(SCORES))
    facts = DeviceColumns.from_arrow(pa.table(DEVICES))
    assert (scores.decided, facts.weight) == ([96, 0], [2**256 - 1, 1])
    assert (facts.class_name, facts.retired_ms, facts.cell) == ([None, "m5"], [None, 5], [None, 2**64 - 1])
    result = pay()
    result = replace(
        result, scores=scores, weights=pay(Device(b"a"), Device(b"b", payout=0, state=1, windows=3)).weights
    )
    out = pa.table(result.scores_with_reasons())
    assert out.column("reasons").to_pylist() == [b"", b"AVAILABILITY,PROVISIONAL"]
    assert out.drop(["reasons"]).equals(pa.table(SCORES).drop(["reasons"]))
    assert out.column_names == list(SCORES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"state": pa.array([2, 3], pa.uint8())}, 'column "state": expected 0, 1 or 2, found 3'),
        ({"device": pa.array([b"b", b"a"], pa.binary())}, "ascending ids, each once; row 1 has 61 after 62"),
        ({"device": pa.array([b"a", b"a"], pa.binary())}, "ascending ids, each once"),
        ({"up": pa.array([1, None], pa.uint64())}, 'column "up", row 1: expected a value, found null'),
        ({"up": None}, 'expected a column "up", found device'),
    ],
)
def test_bad_scores_are_named(changes: dict, message: str) -> None:
    table = {name: column for name, column in {**SCORES, **changes}.items() if column is not None}
    with pytest.raises(InputError, match=message):
        ScoreColumns.from_arrow(pa.table(table))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"payee": pa.array([b"abc", None], pa.binary())},
            'column "payee", row 0: expected 20 or 32 bytes, found 3',
        ),
        ({"weight": pa.array(["1", "-1"])}, r'column "weight", row 1: expected a decimal integer, found .-1'),
        ({"weight": pa.array([1, -1])}, r'column "weight", row 1: expected a decimal integer'),
    ],
)
def test_bad_devices_are_named(changes: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        DeviceColumns.from_arrow(pa.table({**DEVICES, **changes}))


def test_scores_and_devices_are_of_the_same_devices() -> None:
    scores, _ = columns([Device(b"a"), Device(b"b")])
    with pytest.raises(InputError, match="62 stands on one side only"):
        refuse_other_devices(scores.device, [b"a"])
