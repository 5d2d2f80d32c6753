"""A pool that is divided over classes before it is divided over devices: who gets what, and whoever checks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import Epoch, _native, explain, settle
from depinverify.audit import audit, diff, what_if
from depinverify.audit.dispute import make_dispute
from depinverify.audit.recheck import check_bundle
from depinverify.exceptions import ConfigurationError
from depinverify.ruleset import ONE
from economy.worlds import (
    ANSWERED,
    REFUSED,
    Funded,
    balance,
    chain,
    entries,
    falsified,
    settled,
    stopped,
)
from epoch_folders import bytes_of
from reward_cases import Device, document, pay, payee, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement

Run = Any
SHARES = {"gold": 5, "iron": 2, "wood": 1}
TABLE = {"levels": {"class_shares": SHARES, "others": 2}}


def deed(device: int, _validator: int, slot: int) -> int:
    """The second device without a class is down for a while."""
    return REFUSED if device == 3 and slot == 0 else ANSWERED


@pytest.fixture(scope="module")
def levelled(tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    """One device of gold, one of iron, none of wood, three of none, beside its folder ``epoch``."""
    return settled(tmp_path_factory.mktemp("levelled"), TABLE, deed)


def line(name: str | None, share: int, amount: int, remainder: int = 0) -> dict[str, Any]:
    return {"class": name, "share": share, "amount": str(amount), "remainder": str(remainder)}


def test_classes_first(levelled: Settlement) -> None:
    assert levelled.rewards["classes"] == [
        line(None, 2, 200_000), line("gold", 5, 500_000), line("iron", 2, 200_000), line("wood", 1, 100_000, 100_000),
    ]  # fmt: skip
    assert [entry["class"] for entry in entries(levelled)] == ["gold", "iron", None, None, None]
    amounts = [int(entry["amount"]) for entry in entries(levelled)]
    assert amounts[:2] == [500_000, 200_000]
    assert sum(amounts[2:]) == 200_000
    assert amounts[3] < amounts[2]
    # Nobody is there to have the part of wood, so it waits for the next epoch.
    assert (levelled.rewards["remainder"], levelled.ledger["remainder"]) == ("100000", "100000")
    balance(levelled)


def test_what_a_class_leaves_follows_the_mode(tmp_path: Path) -> None:
    sink = settled(tmp_path / "sink", {**TABLE, "allocation": "floor_to_sink"})
    assert (sink.rewards["sink"], sink.rewards["remainder"]) == ("100002", "0")
    carry = settled(tmp_path / "carry", {**TABLE, "allocation": "carry"})
    assert (carry.rewards["sink"], carry.rewards["remainder"]) == ("0", "100002")
    assert carry.rewards["classes"][0] == line(None, 2, 200_000, 2)
    for settlement, folder in ((sink, "sink"), (carry, "carry")):
        balance(settlement)
        assert audit(settlement.folder, tmp_path / folder / "epoch").is_clean
        assert audit(settlement.folder).is_clean
    following = settled(
        tmp_path / "next", {**TABLE, "allocation": "carry"}, bend=lambda epoch: epoch.follow(carry), index=8
    )
    assert following.rewards["carried_in"] == "100002"
    balance(following)


def test_a_class_whose_devices_earn_nothing_leaves_its_part(tmp_path: Path) -> None:
    settlement = settled(tmp_path, TABLE, lambda device, _v, _s: REFUSED if device == 0 else ANSWERED)
    assert settlement.rewards["classes"][1] == line("gold", 5, 500_000, 500_000)
    assert (entries(settlement)[0]["amount"], entries(settlement)[0]["reasons"]) == ("0", ["AVAILABILITY"])
    assert settlement.rewards["remainder"] == "600000"
    balance(settlement)


def test_who_has_no_share_has_a_reason(tmp_path: Path, run: Run) -> None:
    settlement = settled(tmp_path, {"levels": {"class_shares": {"gold": 1, "iron": 1}}})
    found = entries(settlement)
    assert [entry["amount"] for entry in found] == ["500000", "500000", "0", "0", "0"]
    assert [entry["reasons"] for entry in found] == [[], [], ["CLASS"], ["CLASS"], ["CLASS"]]
    assert [chain(entry).get("class_share") for entry in found] == [None, None, 0, 0, 0]
    assert [one["class"] for one in settlement.rewards["classes"]] == ["gold", "iron"]
    balance(settlement)
    assert audit(settlement.folder, tmp_path / "epoch").is_clean
    assert audit(settlement.folder).is_clean
    for entry in found:
        assert explain(entry["device"], settlement, tmp_path / "epoch").findings == []
    _, out, _ = run("explain", found[2]["device"], settlement.folder, "--epoch", tmp_path / "epoch")
    assert "class_share 0 (CLASS): cost 0." in out
    assert "CLASS: a class that has a share of the pool; that of the device is None." in out


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"class_shares": {}}, r"ruleset\.levels\.class_shares"),
        ({"class_shares": {"a": 0}}, r"ruleset\.levels\.class_shares\.a"),
        ({"class_shares": {"a": 0.5}}, r"ruleset\.levels\.class_shares\.a"),
        ({"class_shares": {"a": 1}, "others": -1}, r"ruleset\.levels\.others"),
        ({"others": 1}, r"ruleset\.levels\.class_shares: expected a value, found none"),
        ({"class_shares": {"a": 1}, "regions": {}}, r"ruleset\.levels\.regions: unknown key"),
    ],
)
def test_messages_name_the_path(tmp_path: Path, table: dict[str, object], message: str) -> None:
    epoch = Funded(tmp_path / "epoch", {"levels": table})
    epoch.write_toml()
    with pytest.raises(ConfigurationError, match=message):
        Epoch.open(epoch.folder)


# -------------------------------------------------------------------------------------------------------- the promise

NAMES = ["a", "b", "ü", "z"]
DEVICES = st.dictionaries(
    st.binary(min_size=1, max_size=2),
    st.tuples(
        st.sampled_from([None, *NAMES]),
        st.one_of(st.integers(0, 3), st.integers(0, 2**100)),
        st.sampled_from([0, ONE // 3, ONE]),
    ),
    max_size=8,
)


@given(
    DEVICES,
    st.dictionaries(st.sampled_from(NAMES), st.integers(1, 9), min_size=1),
    st.integers(0, 3),
    st.one_of(st.integers(0, 50), st.integers(0, 2**200)),
    st.sampled_from(["largest_remainder", "floor_to_sink", "carry"]),
)
def test_each_level_is_a_division_and_no_unit_is_lost(
    facts: dict[bytes, Any], shares: dict[str, int], others: int, pool: int, mode: str
) -> None:
    devices = [
        Device(name, payee(1), row[1], payout=row[2], class_name=row[0])
        for name, row in sorted(facts.items())
    ]
    ruleset = rules(levels={"class_shares": shares, "others": others}, allocation=mode)
    content = document(pay(*devices, pool=pool, ruleset=ruleset))
    names = [None] * (others > 0) + sorted(shares)
    weights = [others if name is None else shares[name] for name in names]
    ids = [b"" if name is None else name.encode() for name in names]
    amounts, left = _native.allocate(pool, ids, weights, mode=mode)
    assert [one["class"] for one in content["classes"]] == names
    assert [int(one["amount"]) for one in content["classes"]] == amounts
    for one in content["classes"]:
        own = [
            entry for entry in content["entries"]
            if (entry["class"] if entry["class"] in shares else None) == one["class"]
        ]  # fmt: skip
        got, over = _native.allocate(
            int(one["amount"]),
            [bytes.fromhex(entry["device"]) for entry in own],
            [int(entry["weight"]) for entry in own],
            mode=mode,
        )
        assert [int(entry["amount"]) for entry in own] == got
        assert int(one["remainder"]) == over
        left += over
    assert sum(int(entry["amount"]) for entry in content["entries"]) == int(content["allocated"])
    assert int(content["sink" if mode == "floor_to_sink" else "remainder"]) == left
    assert int(content["allocated"]) + left == pool
    for entry in content["entries"]:
        is_left_out = entry["class"] not in shares and others == 0
        assert is_left_out == ("class_share" in chain(entry))
        assert not is_left_out or (entry["amount"], "CLASS" in entry["reasons"]) == ("0", True)


def test_a_run_that_goes_on_ends_with_the_same_bytes(levelled: Settlement, tmp_path: Path) -> None:
    epoch = levelled.folder.parent / "epoch"
    stopped(epoch, tmp_path / "out")
    assert bytes_of(settle(epoch, tmp_path / "out").folder) == bytes_of(levelled.folder)


# ----------------------------------------------------------------------------------------------------- whoever checks


def test_audit_is_clean(levelled: Settlement, run: Run) -> None:
    code, out, _ = run("audit", levelled.folder, "--epoch", levelled.folder.parent / "epoch")
    assert (code, "Nothing was found." in out) == (0, True)
    assert run("audit", levelled.folder)[0] == 0


@pytest.mark.parametrize(
    ("change", "code", "subject"),
    [
        (lambda one: one["classes"][1].update(amount="500001"), "CLASS_AMOUNT_DIFFERS", "class:gold"),
        (lambda one: one["classes"][3].update(remainder="0"), "CLASS_AMOUNT_DIFFERS", "class:wood"),
        (lambda one: one["classes"][0].update(share=3), "CLASS_AMOUNT_DIFFERS", "classes without a share"),
        (lambda one: one["classes"].pop(), "CLASS_AMOUNT_DIFFERS", "class:wood"),
        (lambda one: one["entries"][2].update({"class": "wood"}), "DEVICE_CLASS_DIFFERS", "device:"),
    ],
)
def test_audit_names_what_was_changed(
    levelled: Settlement, tmp_path: Path, change: Callable[[Any], object], code: str, subject: str
) -> None:
    folder = falsified(levelled, tmp_path / "changed", change)
    first = audit(folder, levelled.folder.parent / "epoch").findings[0]
    assert (first.code.name, first.subject.startswith(subject)) == (code, True)
    assert not audit(folder).is_clean


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.pop("classes"),
        lambda one: one["classes"].reverse(),
        lambda one: one["classes"][0].update({"class": 7}),
        lambda one: one["classes"][0].update(amount=7),
        lambda one: one["entries"][0].pop("class"),
        lambda one: one["entries"][0].update({"class": []}),
    ],
)
def test_a_list_that_is_none_is_a_finding(levelled: Settlement, tmp_path: Path, change: Any) -> None:
    folder = falsified(levelled, tmp_path / "changed", change)
    assert [one.subject for one in audit(folder).findings] == ["file:rewards.json"]


def test_explain_and_dispute(levelled: Settlement, tmp_path: Path) -> None:
    """What a multiplier cost is a division of the class alone."""
    epoch = levelled.folder.parent / "epoch"
    for entry in entries(levelled):
        made = make_dispute(entry["device"], levelled, epoch)
        assert made.explanation.findings == []
        (tmp_path / "bundle.zip").write_bytes(made.content)
        assert check_bundle(tmp_path / "bundle.zip").agrees
    flaky = explain(entries(levelled)[3]["device"], levelled, epoch)
    assert (flaky.full_amount, flaky.entry.reasons) == (66_667, ("AVAILABILITY",))
    (cost,) = (cost for one, cost in flaky.costs if one.name == "payout")
    assert cost == 66_667 - flaky.entry.amount > 0
    # Alone in its class, a device gets all of it, whatever its weight is.
    alone = explain(entries(levelled)[0]["device"], levelled, epoch)
    assert alone.full_amount == alone.entry.amount == 500_000


def test_diff_and_what_if(levelled: Settlement, tmp_path: Path, run: Run) -> None:
    epoch = levelled.folder.parent / "epoch"
    changed = falsified(levelled, tmp_path / "changed", lambda one: one["classes"][0].update(amount="200001"))
    other = diff(levelled.folder, changed)
    assert [(one.code.name, one.field) for one in other.results] == [("CLASS_AMOUNT_DIFFERS", "amount")]
    found = what_if(epoch, {"levels": {"class_shares": {"gold": 1}}}, against=levelled.folder)
    assert dict(found.multipliers) == {"class_share": 4}
    assert found.totals["allocated"] == (900_000, 1_000_000)
    assert found.totals["remainder"] == (100_000, 0)
    plain = settled(tmp_path, {}, deed)
    code, out, _ = run(
        "what-if", tmp_path / "epoch", "--json", "--set", "levels={class_shares={gold=1},others=1}"
    )
    assert code == 0
    said = {one["device"]: one["after"] for one in json.loads(out)["devices"]}
    assert said[entries(plain)[0]["device"]] == "500000"
