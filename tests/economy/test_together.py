"""All tables about money at once, beside models, over two epochs: the same bytes, one balance, no finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import Options, Settlement, explain, settle
from depinverify.audit import audit
from depinverify.audit.dispute import make_dispute
from depinverify.audit.recheck import check_bundle
from depinverify.reward import Ledger
from depinverify.reward.utilisation import Work
from depinverify.reward.validators import ValidatorWork
from depinverify.ruleset import ONE
from economy.worlds import ANSWERED, NO_ROW, REFUSED, SLOTS, Funded, balance, entries, stopped
from epoch_folders import bytes_of
from reward_cases import Adjustment, Device, document, pay, payee, rules

if TYPE_CHECKING:
    from pathlib import Path

Run = Any
TABLES: dict[str, Any] = {
    "emission": {"first": "999999", "numerator": 2, "denominator": 3, "period_epochs": 1, "first_epoch": 6},
    "utilisation": {"floor_e12": 333_333_333_333, "unlisted": "busy"},
    "validators": {"share_bp": 777},
    "levels": {"class_shares": {"gold": 3, "silver": 1}, "others": 2},
    "allocation": "carry",
    "min_payout": "20000",
    "class_multipliers": {"gold": 1_500_000_000_000},
    "models": {"withholding": {"percents": [10]}, "streak": {"levels": [[0, 0], [1, 10**11]]}},
}


def deed(device: int, validator: int, slot: int) -> int | None:
    if (device, validator) == (2, 1) and slot < 2:
        return NO_ROW
    return REFUSED if (device + slot) % 7 == 0 else ANSWERED


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Settlement]]:
    """Two epochs and their settlements, under all tables."""
    folder = tmp_path_factory.mktemp("together")
    made: list[tuple[Path, Settlement]] = []
    for index in (7, 9):
        epoch = Funded(folder / f"epoch-{index}", TABLES, index=index, payees=2)
        epoch.pool = None
        epoch.work = [
            {"device": device, "paid": at, "capacity": 3} for at, device in enumerate(epoch.devices[:4])
        ]
        if made:
            epoch.follow(made[-1][1])
            epoch.extra_toml = "[missed]\nepochs = [8]"
        made.append((epoch.fill(deed), settle(epoch.folder, folder / f"settlement-{index}")))
    return made


def test_the_money_adds_up(chained: list[tuple[Path, Settlement]]) -> None:
    first, second = (settlement for _, settlement in chained)
    balance(first)
    balance(second)
    # 999999 * 2/3 rounded down once, twice, three times.
    assert first.rewards["pool"] == "666666"
    assert (second.rewards["missed_pools"], second.rewards["pool"]) == ("444444", "296296")
    assert second.rewards["carried_in"] == first.rewards["remainder"] != "0"
    assert int(second.rewards["withheld"]) > 0
    divided = sum(int(second.rewards[name]) for name in ("pool", "carried_in", "missed_pools"))
    assert int(second.rewards["to_validators"]) == divided * 777 // 10_000
    assert [one["class"] for one in second.rewards["classes"]] == [None, "gold", "silver"]
    names = [multiplier["name"] for multiplier in entries(second)[0]["multipliers"]]
    assert names == ["payout", "streak", "class", "utilisation"]


def test_whoever_checks_finds_nothing(
    chained: list[tuple[Path, Settlement]], tmp_path: Path, run: Run
) -> None:
    for epoch, settlement in chained:
        code, out, _ = run("audit", settlement.folder, "--epoch", epoch, "--json")
        assert (code, json.loads(out)["findings"]) == (0, [])
        for entry in entries(settlement):
            assert explain(entry["device"], settlement, epoch).findings == []
            (tmp_path / "bundle.zip").write_bytes(make_dispute(entry["device"], settlement, epoch).content)
            assert check_bundle(tmp_path / "bundle.zip").agrees
    (_, first), (_, second) = chained
    assert audit(second.folder, previous=first.folder).findings == ()
    assert run("report", second.folder, "--epoch", chained[1][0], "--out", tmp_path / "report.html")[0] == 0
    assert run("diff", second.folder, second.folder)[0] == 0


def test_threads_and_a_stop_change_no_byte(chained: list[tuple[Path, Settlement]], tmp_path: Path) -> None:
    epoch, settlement = chained[1]
    stopped(epoch, tmp_path / "out")
    again = settle(epoch, tmp_path / "out", options=Options(threads=3))
    assert bytes_of(again.folder) == bytes_of(settlement.folder)
    models = "models.jsonl"
    assert (again.folder / models).read_bytes() == (settlement.folder / models).read_bytes()


PAYEES = st.none() | st.integers(1, 3).map(payee)
EPOCHS = st.lists(
    st.tuples(
        st.dictionaries(
            st.binary(min_size=1, max_size=2),
            st.tuples(
                PAYEES,
                st.integers(0, 3),
                st.sampled_from([0, ONE // 3, ONE]),
                st.sampled_from([None, "a", "b"]),
                st.none() | st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda two: Work(*two)),
            ),
            max_size=5,
        ),
        st.dictionaries(st.binary(min_size=1, max_size=2), st.tuples(PAYEES, st.integers(0, 5)), max_size=3),
        st.one_of(st.integers(0, 99), st.integers(0, 2**200)),
        st.sampled_from(["largest_remainder", "floor_to_sink", "carry"]),
        st.integers(0, 60),
        st.integers(0, 2),
        st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=4,
)


@given(EPOCHS)
def test_no_unit_appears_or_disappears(epochs: list[Any]) -> None:
    ledger = Ledger()
    brought_in = gone = 0
    for facts, validators, pool, mode, least, others, share in epochs:
        devices = [
            Device(name, row[0], row[1], payout=row[2], class_name=row[3])
            for name, row in sorted(facts.items())
        ]
        ruleset = rules(
            utilisation={"floor_e12": ONE // 7},
            validators={"share_bp": share},
            levels={"class_shares": {"a": 2, "c": 1}, "others": others},
            allocation=mode,
            min_payout=str(least),
        )
        result = pay(
            *devices,
            pool=pool,
            ruleset=ruleset,
            previous=ledger,
            work={name: row[4] for name, row in facts.items() if row[4] is not None},
            validator_work=[ValidatorWork(name, who, done) for name, (who, done) in validators.items()],
            adjustments=[Adjustment("0x" + payee(3).hex(), "5")],
        )
        content = document(result)
        assert [*result.entries()] == content["entries"]
        money = {name: int(content[name]) for name in result.money.terms()}
        kept = money["sink"] + money["remainder"]
        divided = money["pool"] + money["carried_in"]
        assert divided == money["allocated"] + money["to_validators"] + kept
        assert divided + 5 == money["paid"] + money["carried_delta"] + kept
        left = sum(int(one["remainder"]) for one in content["classes"])
        assert kept >= left
        for entry in content["entries"]:
            base = facts[bytes.fromhex(entry["device"])][1]
            assert int(entry["weight"]) == base * ONE or entry["reasons"]
        brought_in += pool + 5
        gone += money["sink"]
        ledger = Ledger.from_json(b"".join(result.ledger_chunks()))
        held = sum(account.carried + account.cumulative for account in ledger.accounts.values())
        assert brought_in == held + ledger.remainder + gone


def test_members_stand_in_canonical_order(chained: list[tuple[Path, Settlement]]) -> None:
    content = (chained[1][1].folder / "rewards.json").read_bytes()
    loaded = json.loads(content)
    written = json.dumps(loaded, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert written == content
    assert {"classes", "validators", "to_validators"} <= loaded.keys()
    assert loaded["validators"][2]["scheduled"] == SLOTS * 5
