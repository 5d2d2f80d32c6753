"""The reward step against the plain verifier, which was written from the specification alone."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify.reward import Account, Ledger
from depinverify.ruleset import ONE
from reward_cases import END, START, Adjustment, Device, document, pay, payee, rules

sys.path.insert(0, str(Path(__file__).parents[2]))

from benches.plain_verifier import reward as plain
from benches.plain_verifier.settle import claim_values
from benches.plain_verifier.tree import dump

SCORES = st.sampled_from([0, 799999999999, 800000000000, 958333333333, 994999999999, ONE])
CODES = st.sampled_from(["EQUIVOCATION", "KEY_REUSE", "REPLAY", "CLOCK_SKEW", "KEY_SHARED"])
SEVERITY = {"REPLAY": "SUSPECT", "CLOCK_SKEW": "SUSPECT", "KEY_SHARED": "INFO"}
DEVICES = st.dictionaries(
    st.binary(min_size=1, max_size=4),
    st.fixed_dictionaries(
        {
            "payee": st.none() | st.integers(1, 5).map(payee),
            "weight": st.one_of(st.integers(0, 3), st.integers(0, 2**200)),
            "score": SCORES,
            "state": st.sampled_from([0, 1, 2, 2, 2]),
            "windows": st.integers(0, 11),
            "decided": st.sampled_from([0, 1, 96]),
            "class_name": st.sampled_from([None, None, "m5", "old", "unknown"]),
            "retired_ms": st.none() | st.integers(1000 * START - 2000, 1000 * END + 2000),
            "recorded_ms": st.integers(0, 3),
            "cell": st.none() | st.integers(1, 3),
        }
    ),
    max_size=10,
)
RULES = st.fixed_dictionaries(
    {
        "pay_no_data": st.booleans(),
        "pay_provisional": st.booleans(),
        "allocation": st.sampled_from(["largest_remainder", "floor_to_sink", "carry"]),
        "max_per_cluster": st.integers(0, 2),
        "max_per_cell": st.integers(0, 2),
        "min_payout": st.sampled_from(["0", "1", "300", str(2**190)]),
        "zero_on_suspect": st.sampled_from([[], ["REPLAY"], ["CLOCK_SKEW", "REPLAY"]]),
        "class_multipliers": st.just({"m5": 1_250_000_000_000, "old": 333_333_333_333}),
        "filler": st.booleans(),
    }
)
ACCOUNTS = st.dictionaries(
    st.integers(3, 8).map(payee), st.builds(Account, st.integers(0, 500), st.integers(0, 2**99)), max_size=3
)
TERMS = st.fixed_dictionaries(
    {
        "pool": st.one_of(st.integers(0, 100), st.integers(0, 2**192)),
        "missed_pool": st.integers(0, 1000),
        "adjustments": st.lists(
            st.builds(
                lambda n, a: Adjustment("0x" + payee(n).hex(), str(a)), st.integers(1, 9), st.integers(0, 900)
            ),
            max_size=2,
        ),
    }
)


def by_the_plain_verifier(
    facts: dict, params: Any, terms: dict, ledger: Ledger, *, zeroing: dict, clusters: dict
) -> Any:
    epoch = SimpleNamespace(
        params=params, start=START, end=END, start_ms=1000 * START, end_ms=1000 * END, pool=terms["pool"],
        missed_pool=terms["missed_pool"],
        adjustments=[(a.payee, int(a.amount)) for a in terms["adjustments"]],
    )  # fmt: skip
    devices = [
        SimpleNamespace(
            id=name, payee=None if row["payee"] is None else "0x" + row["payee"].hex(), weight=row["weight"],
            device_class=row["class_name"], retired_ms=row["retired_ms"], recorded_ms=row["recorded_ms"],
            cell=row["cell"],
        )
        for name, row in sorted(facts.items())
    ]  # fmt: skip
    scores = {
        name: SimpleNamespace(
            score=row["score"], state=row["state"], used=row["windows"], up=row["decided"], down=0
        )
        for name, row in facts.items()
    }
    before = {
        "payees": {
            "0x" + owner.hex(): {"carried": str(account.carried), "cumulative": str(account.cumulative)}
            for owner, account in ledger.accounts.items()
        },
        "remainder": str(ledger.remainder),
    }
    scoring = SimpleNamespace(devices=scores, by_address=clusters)
    return plain.Rewards(epoch, SimpleNamespace(devices=devices), scoring, zeroing, before)


@settings(max_examples=300)
@given(DEVICES, RULES, TERMS, st.builds(Ledger, ACCOUNTS, st.integers(0, 50)), st.data())
def test_equal_to_the_last_unit(
    facts: dict, ruleset: dict, terms: dict, ledger: Ledger, data: st.DataObject
) -> None:
    ids = sorted(facts)
    clusters = {name: data.draw(st.integers(0, 2)) for name in ids}
    found = data.draw(st.lists(st.tuples(st.sampled_from(ids), CODES), max_size=4)) if ids else []
    indicators = [
        {
            "code": code, "severity": SEVERITY.get(code, "PROOF"), "subjects": [f"device:{name.hex()}"],
            "numbers": {"rows": 1}, "evidence": [],
        }
        for name, code in found
    ]  # fmt: skip
    zeroing: dict[str, list[str]] = {}
    for name, code in sorted(set(found)):
        if code not in SEVERITY or code in ruleset["zero_on_suspect"]:
            zeroing.setdefault(f"device:{name.hex()}", []).append(code)
    checked = rules(**ruleset)
    curve = [list(knot) for knot in checked.curve]
    devices = [Device(name, payout=plain.payout(curve, facts[name]["score"]), **facts[name]) for name in ids]
    result = pay(
        *devices, ruleset=checked, previous=ledger, indicators=indicators,
        clusters=[clusters[name] for name in ids], **terms,
    )  # fmt: skip
    params = result.epoch.params
    other = by_the_plain_verifier(facts, params, terms, ledger, zeroing=zeroing, clusters=clusters)
    content = document(result)
    assert content["entries"] == other.entries
    assert content["payees"] == [
        {key: value if key == "payee" else str(value) for key, value in line.items()} for line in other.payees
    ]
    for name in ("carried_in", "adjustments", "allocated", "paid", "carried_delta", "sink", "remainder"):
        assert content[name] == str(getattr(other, name))
    assert result.reasons == [",".join(other.reasons[name]).encode() for name in ids]
    values = claim_values(other.payees, checked.filler)
    if result.tree is None:
        assert not values
    else:
        root, tree = dump(values)
        assert (content["merkle"]["root"], result.tree.dump()) == (root, tree)
