"""Public vectors of other networks' formulas: what a function of ours covers is run, and the rest is named.

A case that is neither makes its test fail, so that nothing new stays unread.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from depinverify import _native
from depinverify._native import keccak256
from depinverify.exceptions import InputError
from depinverify.indicators import jaccard_e12, light_distance_m
from depinverify.reward.economics import deterrence
from depinverify.reward.packed_leaf import PackedShare, PackedTree, packed_leaf, verify_packed
from depinverify.score import diversity_multipliers, median, weighted_mean
from public_vectors import cases, public_vectors
from reward_cases import Device, pay, payee, rules

if TYPE_CHECKING:
    from collections.abc import Callable

ONE = 10**12


def run_named(name: str, runs: dict[str, Callable[[dict[str, Any]], int]], left: dict[str, str]) -> None:
    """Run the cases of a file by their names; each must be run or be known to be another network's own."""
    found = {case["name"]: case for case in cases(public_vectors("scoring") / name)}
    assert found.keys() == runs.keys() | left.keys()
    rows = sum(run(found[case]) for case, run in runs.items())
    print(f"{name}: {len(runs)} of {len(found)} cases ran, {rows} rows")
    assert rows >= len(runs)


# ------------------------------------------------------------------------------------------ misc_formulas


def light_distance_bound(case: dict[str, Any]) -> int:
    for row in case["rows"]:
        assert light_distance_m(row["rtt_ns"]) == row["max_distance_m"], row
    return len(case["rows"])


def decentralisation(case: dict[str, Any]) -> int:
    for row in case["rows"]:
        operators = [7] * row["same_asn"] + [8] * (row["total"] - row["same_asn"])
        whole, _, part = row["decentralisation"].partition(".")
        assert diversity_multipliers(operators)[0] == int(whole + part.ljust(12, "0"))
    return len(case["rows"])


def hundredths(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(2, "0"))


def median_of_monitors(case: dict[str, Any]) -> int:
    """That network's measurements have two decimals."""
    for row in case["rows"]:
        assert median(map(hundredths, row["in"])) == hundredths(row["out"]), row
    return len(case["rows"])


def proof_economics(case: dict[str, Any]) -> int:
    for row in case["rows"]:
        found = deterrence(Fraction(row["p"]), int(row["R"]))
        assert found == (Fraction(row["expected_false_claims"]), int(row["min_penalty"])), row
    return len(case["rows"])


def jaccard_of_downtime(case: dict[str, Any]) -> int:
    for row in case["rows"]:
        assert jaccard_e12(row["a"], row["b"]) == row["jaccard_e12"], row
    return len(case["rows"])


#: Formulas that belong to one network, and what we have instead.
NOT_OURS = {
    "nym-node-reward-base": "stake saturation, work and margin of one network",
    "livepeer-rtt-decay": "an exponential of real numbers; a payout curve (5.10) takes its place",
    "solana-timely-credits": "credits by latency in slots; LATE and a payout curve take their place",
    "graph-eligibility": "good days of 28; a threshold or a streak takes its place",
}


def test_misc_formulas() -> None:
    runs = {
        "light-distance-bound": light_distance_bound,
        "aleph-version-and-decentralisation": decentralisation,
        "nym-median-of-monitors": median_of_monitors,
        "pocket-proof-economics": proof_economics,
        "jaccard-downtime": jaccard_of_downtime,
    }
    run_named("misc_formulas.json", runs, NOT_OURS)


def test_corners_of_these_formulas() -> None:
    assert median([-3, -2]) == -3, "rounded down, also below 0"
    assert deterrence(Fraction(1, 3), 5) == (2, 10)
    assert deterrence(Fraction(2, 3), 5) == (Fraction(1, 2), 3), "a penalty is a whole number"
    assert deterrence(Fraction(1), 10**30) == (0, 0)
    with pytest.raises(InputError, match="values: expected at least one"):
        median([])
    for wrong in (Fraction(0), Fraction(3, 2)):
        with pytest.raises(InputError, match="probability: expected more than 0"):
            deterrence(wrong, 1)


# -------------------------------------------------------------------------------------- weatherxm_rewards


def weather(case: dict[str, Any]) -> int:
    """Gates and places in a cell decide who earns; that network divides by the weights of all that passed the gates.

    So the pool is divided among all of them, whole units down, and what falls to those without a place is left over.
    """
    passed = [
        device
        for device in case["devices"]
        if device["wallet"]
        and device["qod_e12"] >= case["qod_threshold_e12"]
        and device["pol_e12"] >= case["pol_threshold_e12"]
    ]
    assert passed, case["name"]
    (cell, places), *others = case["cell_capacity"].items()
    assert not others, "one cell only: the rule of 7.5 has one number for all cells"
    assert {device["cell"] for device in passed} == {cell}
    weights = [case["class_weights"][device["class"]] for device in passed]
    devices = [
        Device(device["id"].encode(), payee=payee(1), weight=weight, score=device["qod_e12"],
               recorded_ms=device["claimed_at"], cell=1)
        for device, weight in zip(passed, weights, strict=True)
    ]  # fmt: skip
    weighed = pay(*devices, ruleset=rules(max_per_cell=places)).weights
    without = {
        device.name
        for device, chain in zip(devices, weighed.multipliers, strict=True)
        if chain[-1].name == "capacity"
    }
    amounts, left = _native.allocate(
        int(case["emission"]), [device.name for device in devices], weights, mode="floor_to_sink"
    )
    for device, amount in zip(devices, amounts, strict=True):
        expected = case["expected"][device.name.decode()]
        reason = "MAX_CAPACITY_REACHED" if device.name in without else "OK"
        assert (expected["reason"], expected["amount"]) == (
            reason,
            str(0 if device.name in without else amount),
        )
        left += amount if device.name in without else 0
    assert str(left) == case["undistributed_leftover"]
    return len(case["expected"])


def mean_of_hours(case: dict[str, Any]) -> int:
    """Six parameters are whole and one is half: two means of equal weights, each a mean of ours."""
    hours = [ONE] * 12 + [0] * 12
    precipitation = weighted_mean([1] * 24, hours)
    parameters = [ONE] * (case["parameters"] - 1) + [precipitation]
    assert weighted_mean([1] * case["parameters"], parameters) == case["expected_e12"]
    return 1


def test_weatherxm_rewards() -> None:
    runs = {
        "two-classes-full-scores": weather,
        "leftover-goes-to-pool": weather,
        "daily-qod-from-hours": mean_of_hours,
    }
    settings = {
        "availability-thresholds": "settings of that network's sensors; nothing is computed from them"
    }
    run_named("weatherxm_rewards.json", runs, settings)


# ---------------------------------------------------------------------------------- rocketpool_packed_leaf

#: The nine nodes of the published example, which the vector file's root was computed from: (first, second) amount.
EXAMPLE = {
    "0x14cb2253a2F9898EFA43b9ca15bCFDE401CCFbe7": ("2000000000000000000", "0"),
    "0x18A58E43c37DdC9ccCf3AC642c6f430ad663E400": ("1333000000000000000", "300000000000000000"),
    "0x24fBeD7Ecd625D3f0FD19a6c9113DEd436172294": ("2000000000000000000", "1000000000000000000"),
    "0x6f10Fd508321D27D8F19CBCC2F2f3d5527B637eC": ("100000000000000000", "300000000000000000"),
    "0x7e9eA400443957BE3918acfbd1f57cF6D3f5126A": ("1000000000000000000", "0"),
    "0x822Eaeebb9e106C8CB263bDa6455430fEC652653": ("0", "2000000000000000000"),
    "0x8B0EF9f1932A2e44c3D27bE4C70C3BC07A6A27B3": ("1500000000000000000", "2500000000000000000"),
    "0xD57D9c08926E28fC9F1f3dd65Db02e6a7958380c": ("100000000000000000", "300000000000000000"),
    "0xe6ED92D26573c67AF5eca7fB2a49A807FB8f88dB": ("1333000000000000000", "300000000000000000"),
}


def document(**changed: Any) -> dict[str, Any]:
    members = {
        address: {"network": 0, "amountRPL": rpl, "amountETH": eth} for address, (rpl, eth) in EXAMPLE.items()
    }
    return members | changed


def example() -> PackedTree:
    return PackedTree.from_json(json.dumps(document()).encode())


def test_rocketpool_packed_leaf() -> None:
    case = json.loads((public_vectors("scoring") / "rocketpool_packed_leaf.json").read_bytes())
    nodes = {name: bytes.fromhex(text[2:]) for name, text in case["branch_example"].items()}
    left, right = nodes["left"], nodes["right"]
    assert keccak256(min(left, right) + max(left, right)) == nodes["parent"]
    tree = example()
    assert [leaf.hex()[:4] for leaf in tree.leaves] == case["sorted_leaf_prefixes"]
    assert "0x" + tree.root.hex() == case["root_computed"]
    print(f"rocketpool_packed_leaf.json: a node, {len(tree)} leaves and their root ran")


def test_packed_proofs() -> None:
    tree = example()
    for text in EXAMPLE:
        address = bytes.fromhex(text[2:])
        share, proof = tree.share(address), tree.proof(address)
        assert len(proof) == 4
        assert verify_packed(tree.root, share, proof)
        assert not verify_packed(tree.root, share._replace(eth=share.eth + 1), proof)
        assert not verify_packed(tree.root, share, [*proof[:2], bytes(32), *proof[3:]])
        assert not verify_packed(tree.root, share, proof[:-1])
        assert not verify_packed(tree.root, share, [*proof[:-1], proof[-1][:-1]])
        assert not verify_packed(tree.root, share, proof * 5)
    alone = PackedTree([PackedShare(bytes(20), 0, 1, 2)])
    assert (alone.root, alone.proof(bytes(20))) == (alone.leaves[0], [])
    with pytest.raises(InputError, match="is not in the tree"):
        alone.proof(b"\1" * 20)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"\xff", "expected a JSON object of addresses; "),
        (b"[" * 100_000, "expected a JSON object of addresses; "),
        (b'{"a":1,"a":1}', "'a' stands twice"),
        (b"[]", "found list"),
        (b"{}", "at least one address"),
        (b'{"\\ud800":{}}', "expected 0x and 40 hex digits"),
        (json.dumps({next(iter(EXAMPLE)): {"network": 0}}).encode(), "expected the members amountETH"),
        (json.dumps(document() | {next(iter(EXAMPLE)).lower(): document()[next(iter(EXAMPLE))]}).encode(),
         "address 0x14cb2253a2f9898efa43b9ca15bcfde401ccfbe7 stands twice"),
    ],
)  # fmt: skip
def test_what_a_packed_tree_refuses(bad: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        PackedTree.from_json(bad)


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("network", True, r"\.network: expected an integer, found 'True'"),
        ("network", 0.0, r"\.network: expected an integer"),
        ("network", -1, "network: expected an integer from 0"),
        ("amountRPL", 1, r"\.amountRPL: expected a decimal string, found '1'"),
        ("amountRPL", "01", r"\.amountRPL: expected a decimal string"),
        ("amountETH", "٣", r"\.amountETH: expected a decimal string"),
        ("amountETH", str(2**256), r"eth: expected an integer from 0 to 2\^256-1"),
    ],
)
def test_what_a_packed_share_refuses(member: str, value: object, message: str) -> None:
    address = next(iter(EXAMPLE))
    bad = document()[address] | {member: value}
    with pytest.raises(InputError, match=message):
        PackedTree.from_json(json.dumps(document(**{address: bad})).encode())


def test_a_packed_share_is_checked_where_it_is_made_by_hand() -> None:
    with pytest.raises(InputError, match="address: expected 20 bytes"):
        packed_leaf(PackedShare(bytes(19), 0, 0, 0))


def test_keccak_is_the_original_one() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    assert keccak256(b"") != hashlib.sha3_256(b"").digest()


def test_spark_tasking_is_of_a_network_that_is_not_built() -> None:
    """Its tasks, keys and burn address are Filecoin's; a network of that kind brings its own test of this file."""
    found = cases(public_vectors("scoring") / "spark_tasking.json")
    names = {"task-key", "station-key", "three-closest", "score-split", "committee"}
    assert {case["name"] for case in found} == names
