"""Conservation over many epochs: every unit that was brought in is somewhere, in every epoch and in sum."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify.reward import Ledger
from depinverify.ruleset import ONE
from reward_cases import Adjustment, Device, document, pay, payee, rules

PAYEES = st.none() | st.integers(1, 4).map(payee)
DEVICES = st.dictionaries(
    st.binary(min_size=1, max_size=3),
    st.tuples(
        PAYEES,
        st.integers(0, 2**64),
        st.sampled_from([0, 1, ONE // 3, ONE]),
        st.sampled_from([0, 1, 2]),
        st.integers(0, 11),
        st.integers(0, 2),
        st.integers(0, 2),
    ),
    max_size=8,
)
EPOCHS = st.lists(
    st.tuples(
        DEVICES,
        st.one_of(st.integers(0, 50), st.integers(0, 2**200)),
        st.sampled_from(["largest_remainder", "floor_to_sink", "carry"]),
        st.one_of(st.integers(0, 40), st.integers(0, 2**199)),
        st.lists(st.tuples(st.integers(1, 5), st.integers(0, 2**100)), max_size=2),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150)
@given(EPOCHS, st.integers(0, 2), st.integers(0, 2))
def test_no_unit_appears_or_disappears(epochs: list, per_cluster: int, per_cell: int) -> None:
    ledger = Ledger()
    brought_in = gone = 0
    for facts, pool, mode, min_payout, bonuses, takes_back in epochs:
        devices = [
            Device(name, owner, weight, payout=payout, state=state, decided=decided, windows=3, cell=cell)
            for name, (owner, weight, payout, state, decided, cell, _) in sorted(facts.items())
        ]
        clusters = [facts[device.name][-1] for device in devices]
        adjustments = [Adjustment("0x" + payee(n).hex(), str(amount)) for n, amount in bonuses]
        if takes_back:
            adjustments += [
                Adjustment("0x" + owner.hex(), str(-account.carried))
                for owner, account in ledger.accounts.items()
                if account.carried
            ]
        ruleset = rules(
            allocation=mode, min_payout=str(min_payout), max_per_cluster=per_cluster, max_per_cell=per_cell
        )
        result = pay(
            *devices, pool=pool, ruleset=ruleset, previous=ledger, clusters=clusters, adjustments=adjustments
        )
        content = document(result)
        money = {name: int(content[name]) for name in result.money.terms()}
        left = money["pool"] + money["carried_in"] + money["missed_pools"] + money["adjustments"]
        kept = money["sink"] + money["burned"] + money["withheld"] + money["remainder"]
        assert left == money["paid"] + money["carried_delta"] + kept
        assert sum(int(entry["amount"]) for entry in content["entries"]) == money["allocated"]
        assert (
            sum(int(line["amount"]) for line in content["payees"])
            == money["allocated"] + money["adjustments"]
        )
        for line in content["payees"]:
            before = ledger.accounts.get(bytes.fromhex(line["payee"][2:]), (0, 0))
            assert int(line["cumulative"]) == before[1] + int(line["paid"])
            assert 0 <= int(line["carried"]) < max(min_payout, 1)
        for entry in content["entries"]:
            base = facts[bytes.fromhex(entry["device"])][1]
            assert int(entry["weight"]) == base * ONE or entry["reasons"]
        assert set(ledger.accounts) <= set(result.ledger.accounts)
        brought_in += pool + money["adjustments"]
        gone += money["sink"]
        ledger = Ledger.from_json(b"".join(result.ledger_chunks()))
        held = sum(account.carried + account.cumulative for account in ledger.accounts.values())
        assert brought_in == held + ledger.remainder + gone
        if result.tree is not None:
            owed = sorted((owner, a.cumulative) for owner, a in ledger.accounts.items() if a.cumulative)
            assert result.tree.entries() == owed


@settings(max_examples=50)
@given(DEVICES, st.integers(0, 2**128))
def test_more_weight_never_earns_less(facts: dict, extra: int) -> None:
    devices = [Device(name, payee(1), weight=row[1]) for name, row in sorted(facts.items())]
    if not devices:
        return
    before = pay(*devices, pool=10**30).amounts[0]
    heavier = Device(devices[0].name, payee(1), weight=devices[0].weight + extra)
    assert pay(heavier, *devices[1:], pool=10**30).amounts[0] + 1 >= before
