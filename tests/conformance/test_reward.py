"""Public vectors of allocation, canonical JSON, claim trees and a whole reward step: every case found."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from depinverify import _native
from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.reward import Account, DeviceColumns, Ledger, ScoreColumns, reward
from depinverify.ruleset import ONE, Ruleset, params_hash
from public_vectors import public_vectors

OWN = Path(__file__).parents[1] / "vectors" / "reward.json"


def load(name: str) -> dict[str, Any]:
    return json.loads((public_vectors("scoring") / name).read_bytes())


def ran(name: str, count: int) -> None:
    print(f"{name}: {count} cases ran")
    assert count > 0


def node(text: str) -> bytes:
    assert text.startswith("0x")
    return bytes.fromhex(text[2:])


def divided(pool: str, weights: dict[str, str], caps: dict[str, str]) -> tuple[dict[str, str], str]:
    ids = list(weights)
    amounts, left = _native.allocate(
        int(pool),
        [name.encode() for name in ids],
        [int(weight) for weight in weights.values()],
        [int(caps[name]) if name in caps else None for name in ids],
    )
    return dict(zip(ids, map(str, amounts), strict=True)), str(left)


def check_allocation(case: dict[str, Any]) -> None:
    if "per_claim" in case:
        equal = dict.fromkeys("abc", "1")
        assert divided(case["batched"]["pool"], equal, {})[0] == case["batched"]["totals"]
        one, _ = divided(case["per_claim"]["pool_each"], equal, {})
        totals = {name: str(int(amount) * case["per_claim"]["calls"]) for name, amount in one.items()}
        assert totals == case["per_claim"]["totals"]
        return
    amounts, left = divided(case["pool"], case["weights"], case.get("caps", {}))
    assert (amounts, left) == (case["allocation"], case["remainder"]), case["name"]


def check_tree(case: dict[str, Any]) -> None:
    """Trees over payees; other leaf encodings are checked in the core."""
    lowered = [[value[0].lower(), value[1]] for value in case["values"]]
    entries = [(node(payee), int(amount)) for payee, amount in lowered]
    if not case.get("sortLeaves", True):
        tree = _native.ClaimTree.load(json.dumps(case["dump"]).encode())
    else:
        tree = _native.ClaimTree.from_entries(entries)
    root = node(case["root"])
    assert tree.root == root, case["name"]
    for proof in case.get("proofs", []):
        payee, amount = node(proof["value"][0]), int(proof["value"][1])
        nodes = [node(text) for text in proof["proof"]]
        assert tree.proof(payee) == nodes
        assert _native.claim_leaf(payee, amount) == node(proof["leaf"])
        assert _native.verify_claim(root, payee, amount, nodes)
    for proof in case.get("multiproofs", []):
        leaves = [(node(payee), int(amount)) for payee, amount in proof["leaves"]]
        nodes = [node(text) for text in proof["proof"]]
        assert tree.multi_proof([payee for payee, _ in leaves]) == (leaves, nodes, proof["proofFlags"])
        hashes = [_native.claim_leaf(*leaf) for leaf in leaves]
        assert _native.verify_multi_proof(root, hashes, nodes, proof["proofFlags"]) == proof["verifies"]
    if "dump" in case:
        dump = case["dump"]
        loaded = _native.ClaimTree.load(json.dumps(dump).encode())
        assert loaded.root == root
        for value, wanted in zip(dump["values"], lowered, strict=True):
            value["value"] = wanted
        assert loaded.dump() == json.dumps(dump, separators=(",", ":")).encode()
        if case.get("sortLeaves", True) and lowered == sorted(lowered):
            assert tree.dump() == loaded.dump()


def check_epoch(case: dict[str, Any]) -> None:
    expected = case["expected"]
    curve = [[int(x), int(y)] for x, y in case["curve"]]
    classes = {device["id"]: device["multiplier_e12"] for device in case["devices"]}
    rules = Ruleset.from_table(
        {
            "name": "vector",
            "version": "1",
            "window_s": case["window_s"],
            "tracking_s": case["tracking_s"],
            "min_data_windows": case["min_data_windows"],
            "curve": curve,
            "class_multipliers": classes,
        }
    )
    device, score, payout, windows = [], [], [], []
    for row in sorted(case["devices"], key=lambda row: row["id"].encode()):
        used = [(up, total) for up, total in row["windows_newest_first_up_total"] if total > 0]
        device.append(row)
        windows.append(len(used))
        score.append(sum(up * ONE // total for up, total in used) // len(used))
        (x0, y0), (x1, y1) = next((a, b) for a, b in pairwise(curve) if a[0] <= score[-1] <= b[0])
        payout.append(y0 + (y1 - y0) * (score[-1] - x0) // (x1 - x0))
    ids = [row["id"].encode() for row in device]
    count = len(ids)
    scores = ScoreColumns(ids, [2] * count, score, windows, [1] * count, payout)
    facts = DeviceColumns(
        device=ids,
        payee=[node(row["payee"]) for row in device],
        weight=[row["base_weight"] for row in device],
        class_name=[row["id"] for row in device],
        retired_ms=[None] * count,
        recorded_ms=[0] * count,
        cell=[None] * count,
    )
    previous = {node(p): Account(0, int(total)) for p, total in case["previous_cumulative"].items()}
    params = rules.params(slot_seconds=case["window_s"], chain_hash=bytes(32))
    epoch = SimpleNamespace(
        index=1, start=case["epoch_end"] - case["tracking_s"], end=case["epoch_end"], pool=int(case["pool"]),
        ruleset=rules, params=params, params_hash=params_hash(params), missed_epochs=(), missed_pool=0,
        adjustments=(),
    )  # fmt: skip
    result = reward(
        scores, facts, indicators=[], exclusions=[], epoch=epoch, inputs={}, registry_head=bytes(32),
        previous_ledger=Ledger(previous),
    )  # fmt: skip
    document = json.loads(b"".join(result.rewards_chunks()))
    for entry, wanted in zip(document["entries"], expected["devices"], strict=True):
        assert bytes.fromhex(entry["device"]).decode() == wanted["device"]
        assert entry["score_e12"] == wanted["score_e12"]
        assert entry["multipliers"][0]["value"] == wanted["payout_e12"]
        assert (entry["weight"], entry["amount"]) == (wanted["weight"], wanted["amount"])
    assert document["remainder"] == expected["remainder"]
    payees = {line["payee"]: line for line in document["payees"]}
    assert {payee: line["amount"] for payee, line in payees.items()} == expected["payees"]
    assert {payee: line["cumulative"] for payee, line in payees.items()} == expected["cumulative"]
    assert document["merkle"]["root"] == expected["root"]
    assert result.tree is not None
    dump = json.loads(result.tree.dump())
    assert (dump["tree"], dump["values"]) == (expected["tree"], expected["values"])
    for (payee, amount), proof in zip(expected["leaves"], expected["proofs"], strict=True):
        assert result.tree.amount(node(payee)) == int(amount)
        assert result.tree.proof(node(payee)) == [node(text) for text in proof]


def check_canonical(case: dict[str, Any]) -> None:
    written = canonical_json(case["value"])
    assert written.decode() == case["canonical_utf8"]
    assert hashlib.sha256(written).hexdigest() == case["sha256"]


def test_allocations() -> None:
    cases = load("reward_allocation.json")["cases"]
    for case in cases:
        check_allocation(case)
    ran("reward_allocation.json", len(cases))


def test_claim_trees() -> None:
    cases = load("oz_standard_merkle.json")["cases"]
    cases = [case for case in cases if case["leafEncoding"] == ["address", "uint256"]]
    for case in cases:
        check_tree(case)
    ran("oz_standard_merkle.json", len(cases))


def test_canonical_json() -> None:
    cases = load("canonical_json.json")["cases"]
    for case in cases:
        check_canonical(case)
    ran("canonical_json.json", len(cases))


def test_epoch_end_to_end() -> None:
    cases = load("epoch_end_to_end.json")["cases"]
    for case in cases:
        check_epoch(case)
    ran("epoch_end_to_end.json", len(cases))


def test_what_trees_refuse() -> None:
    """Cases with a dump are refused as they are; the others say in words what these lines try."""
    file = load("oz_merkle_errors.json")
    for case in file["cases"]:
        if "dump" in case:
            with pytest.raises(InputError, match="stands twice"):
                _native.ClaimTree.load(json.dumps(case["dump"]).encode())
    ran("oz_merkle_errors.json", len(file["cases"]))


def test_own_vectors() -> None:
    """The project's own small file, which needs no other folder."""
    own = json.loads(OWN.read_bytes())
    for case in own["allocation"]:
        check_allocation(case)
    for case in own["trees"]:
        check_tree(case)
    for case in own["canonical"]:
        check_canonical(case)
    for case in own["epochs"]:
        check_epoch(case)
    for case in own["params_hash"]:
        rules = Ruleset.from_table(case["ruleset"])
        params = rules.params(slot_seconds=case["slot_seconds"], chain_hash=bytes.fromhex(case["chain_hash"]))
        assert canonical_json(params).decode() == case["canonical_utf8"]
        assert params_hash(params).hex() == case["sha256"]
    ran("tests/vectors/reward.json", sum(len(cases) for cases in own.values() if isinstance(cases, list)))


PAYEE = bytes.fromhex("dead" * 10)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "at least one leaf"),
        ([(PAYEE, 2**256)], r"entries\[0\]: expected an integer from 0 to 2\^256-1"),
        ([(PAYEE, -1)], r"entries\[0\]: expected an integer"),
        ([(PAYEE, 1), (PAYEE, 2)], "stands twice"),
        ([(PAYEE[1:], 1)], "expected 20 or 32 bytes, found 19"),
    ],
)
def test_entries_that_make_no_tree(entries: list[tuple[bytes, int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _native.ClaimTree.from_entries(entries)


def test_files_that_are_no_tree() -> None:
    tree = _native.ClaimTree.from_entries([(PAYEE, 9007199254740993), (bytes(20), 5)])
    good = tree.dump()
    assert _native.ClaimTree.load(good.replace(b'"9007199254740993"', b"9007199254740993")).dump() == good
    assert _native.ClaimTree.load(good.replace(b"dead", b"dEaD")).dump() == good
    with pytest.raises(InputError, match='expected format "standard-v1"'):
        _native.ClaimTree.load(good.replace(b"standard-v1", b"standard-v2"))
    with pytest.raises(InputError, match=r"values\[1\] does not hash to tree\["):
        _native.ClaimTree.load(good.replace(b"9007199254740993", b"9007199254740992"))
    with pytest.raises(InputError, match="named twice"):
        tree.multi_proof([PAYEE, PAYEE])
    with pytest.raises(InputError, match="at least one leaf"):
        tree.multi_proof([])
    assert not _native.verify_multi_proof(tree.root, [], [tree.root], [])
    with pytest.raises(InputError, match="is not in the tree"):
        tree.proof(b"\x01" * 20)
