"""Filecoin's proofs of possession through the Python surface: every public vector, plain implementations, corners."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from benches.plain_verifier.tree import keccak256
from hypothesis import given
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin import chain, piece, possession
from depinverify.networks.filecoin.possession import PathVerdict
from public_vectors import cases, public_vectors
from reference import filecoin as plain

PieceId = piece.PieceId


# The index over pieces (A4).


def walk(leaf_counts: list[int], leaf: int) -> tuple[int, int] | None:
    """The plain definition: over the pieces in the order of their ids."""
    for number, leaves in enumerate(leaf_counts):
        if leaf < leaves:
            return number, leaf
        leaf -= leaves
    return None


def test_sum_tree() -> None:
    found = cases(public_vectors("filecoin") / "pdp_sumtree.json")
    for case in found:
        tree = possession.SumTree(case["leaf_counts"])
        for removed in case["removed"]:
            assert tree.remove(removed) == case["leaf_counts"][removed]
        assert tree.total == case["total"]
        assert len(tree) == len(case["leaf_counts"])
        if "expected_sums" in case:
            assert tree.sums == case["expected_sums"]
        for leaf, number, offset in case["lookups"]:
            assert tree.find(leaf) == (number, offset)
        for leaf in case["out_of_bounds"]:
            assert tree.find(leaf) is None
    # With a leaf each, a sum counts the pieces that its node covers.
    heights = json.loads((public_vectors("filecoin") / "pdp_sumtree.json").read_text())[
        "node_heights_for_index_0_to_15"
    ]
    assert possession.SumTree([1] * len(heights)).sums == [1 << height for height in heights]
    print(f"pdp_sumtree.json: {len(found)} cases and {len(heights)} heights ran")


@given(
    steps=st.lists(
        st.one_of(st.integers(0, 40), st.integers(0, (1 << 64) - 1), st.just(None)), min_size=1, max_size=60
    ),
    data=st.data(),
)
def test_sum_tree_is_the_plain_walk(steps: list[int | None], data: st.DataObject) -> None:
    """Additions, also of pieces without leaves, and removals (``None``) in any order."""
    tree, counts = possession.SumTree(), list[int]()
    for step in steps:
        if step is None:
            live = [number for number, leaves in enumerate(counts) if leaves]
            if live:
                number = data.draw(st.sampled_from(live))
                assert tree.remove(number) == counts[number]
                counts[number] = 0
        else:
            assert tree.append(step) == len(counts)
            counts.append(step)
        total = sum(counts)
        assert tree.total == total
        ends = {sum(counts[:number]) + shift for number in range(len(counts) + 1) for shift in (-1, 0, 1)}
        for leaf in {*ends, total // 2, total + (1 << 200)}:
            if leaf >= 0:
                assert tree.find(leaf) == walk(counts, leaf), (counts, leaf)


def test_bad_calls_of_the_index() -> None:
    tree = possession.SumTree([3, 0])
    with pytest.raises(InputError, match=r"piece 2: expected an id below 2"):
        tree.remove(2)
    with pytest.raises(InputError, match=r"piece 1: it has been removed before"):
        tree.remove(1)
    with pytest.raises(InputError, match=r"leaves: expected an integer from 0 to 2\^64-1"):
        tree.append(1 << 64)
    with pytest.raises(InputError, match=r"leaf_counts\[1\]: expected an integer"):
        possession.SumTree([1, -1])
    with pytest.raises(InputError, match=r"leaf_counts: expected integers, found int"):
        possession.SumTree(3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"leaf: expected an integer"):
        tree.find(-1)
    assert (tree.total, tree.sums) == (3, [3, 3])


# Challenges (A5).


def test_challenges() -> None:
    found = cases(public_vectors("filecoin") / "pdp_challenges.json")
    for case in found:
        seed, set_id = bytes.fromhex(case["seed_hex"]), int(case["data_set_id"])
        count, leaves = len(case["challenges"]), case["leaf_count"]
        assert case["preimage_0"] == (seed + set_id.to_bytes(32, "big") + bytes(8)).hex()
        assert possession.challenges(seed, set_id, leaves, count) == case["challenges"]
        assert [plain.challenge(seed, set_id, number, leaves) for number in range(count)] == case[
            "challenges"
        ]
    print(f"pdp_challenges.json: {len(found)} cases ran")


@given(
    seed=st.binary(min_size=32, max_size=32),
    set_id=st.integers(0, (1 << 256) - 1),
    leaves=st.one_of(st.integers(1, 1 << 55), st.integers(1, (1 << 128) - 1)),
    first=st.integers(0, (1 << 64) - 6),
)
def test_challenges_are_those_of_plain_integers(seed: bytes, set_id: int, leaves: int, first: int) -> None:
    expected = [plain.challenge(seed, set_id, first + number, leaves) for number in range(3)]
    assert possession.challenges(seed, set_id, leaves, 3, first=first) == expected


def test_corners_of_challenges() -> None:
    seed = bytes(32)
    # No leaves, no challenges; one leaf is asked for again and again.
    assert possession.challenges(seed, 1, 0) == []
    assert possession.challenges(seed, 1, 1) == [0] * 5
    assert possession.challenges(seed, 1, 10, 0) == []
    assert possession.seed_of_number(300).hex() == f"{300:064x}"
    for call, message in {
        (seed[:-1], 1, 1, 5, 0): "seed: expected 32 bytes, found 31",
        (seed, 1 << 256, 1, 5, 0): "set_id: expected an integer from 0 to",
        (seed, 1, 1 << 128, 5, 0): "challenge_range: expected an integer from 0 to",
        (seed, 1, 1, 1_000_001, 0): "count: expected at most 1000000, found 1000001",
        (seed, 1, 1, 5, (1 << 64) - 5): None,
        (seed, 1, 1, 5, (1 << 64) - 4): "first: expected 5 challenges below",
    }.items():
        *arguments, first = call
        if message is None:
            assert len(possession.challenges(*arguments, first=first)) == 5
            continue
        with pytest.raises(InputError, match=message):
            possession.challenges(*arguments, first=first)
    with pytest.raises(InputError, match="seed: expected an integer"):
        possession.seed_of_number(1 << 256)


# Merkle paths (A5).


def climb(leaf: bytes, siblings: list[bytes], offset: int, height: int, root: bytes) -> PathVerdict:
    if len(siblings) != height:
        return PathVerdict.WRONG_LENGTH
    if offset >> height:
        return PathVerdict.OUTSIDE_TREE
    for sibling in siblings:
        leaf = plain.node(sibling, leaf) if offset & 1 else plain.node(leaf, sibling)
        offset >>= 1
    return PathVerdict.INCLUDED if leaf == root else PathVerdict.WRONG_ROOT


Path = tuple[bytes, list[bytes], int, int, bytes]


def columns(paths: list[Path]) -> tuple[object, ...]:
    return (
        [path[0] for path in paths],
        [b"".join(path[1]) for path in paths],
        np.array([path[2] for path in paths], dtype=np.uint64),
        np.array([path[3] for path in paths], dtype=np.uint8),
        [path[4] for path in paths],
    )


@st.composite
def path_of_a_tree(draw: st.DrawFn) -> Path:
    """A right path, or one with one thing wrong."""
    leaves = [bytes([number]) * 31 + b"\0" for number in range(draw(st.integers(1, 20)))]
    tree = plain.Piece(leaves)
    offset = draw(st.integers(0, (1 << tree.height) - 1))
    leaf, siblings = tree.levels[0][offset], tree.path(offset)
    height, root = tree.height, tree.root
    match draw(st.integers(0, 7)):
        case 0:
            leaf = bytes([leaf[0] ^ 1]) + leaf[1:]
        case 1:
            # An inner node passed off as a leaf.
            leaf, siblings, offset = tree.levels[1][offset >> 1], siblings[1:], offset >> 1
        case 2:
            siblings = [*siblings, bytes(32)]
        case 3:
            offset += 1 << height
        case 4:
            offset ^= 1
        case 5:
            root = root[::-1]
    return leaf, siblings, offset, height, root


@given(paths=st.lists(path_of_a_tree(), max_size=12), threads=st.sampled_from([1, 2, None]))
def test_paths_are_judged_each_by_itself(paths: list[Path], threads: int | None) -> None:
    found = possession.check_paths(*columns(paths), threads=threads)
    assert found.dtype == np.uint8
    assert found.tolist() == [climb(*path) for path in paths]


def test_order_of_many_paths() -> None:
    """More than a task of every thread, with single bad ones in between, in every form of columns."""
    tree = plain.Piece([bytes([number]) * 32 for number in range(16)])
    bad = {0, 1023, 1024, 2500, 4999}
    offsets = np.arange(5000, dtype=np.int64) % 16
    leaves = [tree.levels[0][offset] for offset in offsets]
    for row in bad:
        leaves[row] = b"\xff" * 32
    siblings = [b"".join(tree.path(int(offset))) for offset in offsets]
    expected = [
        climb(leaf, tree.path(int(offset)), int(offset), 4, tree.root)
        for leaf, offset in zip(leaves, offsets, strict=True)
    ]
    assert {row for row, verdict in enumerate(expected) if verdict} == bad
    heights = [4] * 5000
    array = np.frombuffer(b"".join(leaves), dtype=np.uint8).reshape(-1, 32)
    joined = np.frombuffer(b"".join(siblings), dtype=np.uint8).reshape(-1, 128)
    roots = pa.array([tree.root] * 5000, pa.binary(32))
    for form in (
        (leaves, siblings, offsets, heights, [tree.root] * 5000),
        (array, joined, offsets, np.array(heights), roots),
        (
            pa.array(leaves),
            pa.array(siblings, pa.large_binary()),
            pa.array(offsets),
            pa.array(heights),
            roots,
        ),
    ):
        for threads in (1, 3):
            assert possession.check_paths(*form, threads=threads).tolist() == expected


def test_corners_of_paths() -> None:
    leaf, other = bytes(32), b"\x01" * 32
    # A tree of one leaf: its root is the leaf.
    assert possession.check_paths([leaf], [b""], [0], [0], [leaf]).tolist() == [PathVerdict.INCLUDED]
    assert possession.check_paths([leaf], [b""], [1], [0], [leaf]).tolist() == [PathVerdict.OUTSIDE_TREE]
    assert possession.check_paths([], [], [], [], []).tolist() == []
    # Part of a node is no node.
    for length in (1, 31, 33):
        found = possession.check_paths([leaf], [bytes(length)], [0], [length // 32], [leaf])
        assert found.tolist() == [PathVerdict.WRONG_LENGTH]
    # As high as any number says, for an offset of 64 bits.
    siblings = [bytes([level]) * 32 for level in range(255)]
    high: Path = (other, siblings, (1 << 64) - 1, 255, bytes(32))
    node, offset = other, (1 << 64) - 1
    for sibling in siblings:
        node = plain.node(sibling, node) if offset & 1 else plain.node(node, sibling)
        offset >>= 1
    assert possession.check_paths(*columns([high, (*high[:4], node)])).tolist() == [3, 0]
    assert _native.filecoin_path_verdicts() == {
        verdict.value: label
        for verdict, label in zip(
            PathVerdict, ("included", "wrong length", "outside the tree", "wrong root"), strict=True
        )
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({0: [bytes(32), bytes(31)]}, r'column "leaves", row 1: expected 32 bytes, found 31'),
        ({4: [bytes(33), bytes(32)]}, r'column "roots", row 0: expected 32 bytes, found 33'),
        ({1: [b"", None]}, r'column "siblings": expected a value in every row'),
        ({2: [0, -1]}, r'column "offsets", row 1: expected an integer from 0 to 2\^64-1'),
        ({3: [0, 256]}, r'column "heights", row 1: expected an integer from 0 to 255, found 256'),
        ({3: [0]}, r"expected columns of one length"),
        ({0: "text"}, r'column "leaves"'),
    ],
)
def test_bad_columns(change: dict[int, Any], message: str) -> None:
    given = {0: [bytes(32)] * 2, 1: [b"", b""], 2: [0, 0], 3: [0, 0], 4: [bytes(32)] * 2, **change}
    with pytest.raises(InputError, match=message):
        possession.check_paths(*given.values())


# Whole proofs (A5, in time A6).


def data_set_of(case: dict[str, Any]) -> possession.DataSet:
    pieces: list[PieceId | None] = [PieceId.from_bytes(bytes.fromhex(cid)) for cid in case["piece_cids_hex"]]
    leaf_counts = [found.leaf_count for found in pieces if found is not None]
    assert leaf_counts == case["piece_leaf_counts"], case["name"]
    for number in case["remove_piece_ids"]:
        pieces[number] = None
    return possession.DataSet(case["data_set_id"], pieces)


def evidence_of(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "block": case["prove_at_epoch"],
        "challenge_epoch": case["challenge_epoch"],
        "seed": possession.seed_of_number(int(case["seed"])),
        "challenge_range": case["challenge_range"],
        "proofs": [
            (bytes.fromhex(proof["leaf"]), b"".join(map(bytes.fromhex, proof["proof"])))
            for proof in case["proofs"]
        ],
    }


def test_proofs() -> None:
    found = cases(public_vectors("filecoin") / "pdp_proofs.json")
    for case in found:
        data, evidence = data_set_of(case), evidence_of(case)
        finding = data.check(**evidence)
        assert finding.is_proved is case["expected"]["accepted"], (case["name"], finding)
        assert finding.label == case["expected"].get("error"), case["name"]
        assert finding.in_time is None
        if case["derived_challenges"] is not None:
            places = [(entry["piece_id"], entry["offset"]) for entry in case["derived_challenges"]]
            drawn = possession.challenges(
                evidence["seed"], case["data_set_id"], case["challenge_range"], len(places)
            )
            assert drawn == [entry["leaf_index"] for entry in case["derived_challenges"]]
            assert finding.places == places
            assert data.challenged(evidence["seed"], case["challenge_range"], len(places)) == places
        fee = possession.proof_fee(case["challenge_range"])
        assert fee == int(case["proof_fee_attofil_default_rate"])
    print(f"pdp_proofs.json: {len(found)} cases ran")
    assert found


def made(challenges: int = 5) -> tuple[possession.DataSet, dict[str, Any], list[tuple[int, int]]]:
    """A set with a removed piece, and a right proof of it."""
    pieces: list[plain.Piece | None] = [
        plain.Piece([bytes([number, part]) * 16 for part in range(leaves)])
        for number, leaves in enumerate((5, 1, 33, 4))
    ]
    pieces[1] = None
    signature = b"a signature of the beacon"
    seed = hashlib.blake2b(signature, digest_size=32).digest()
    leaves = sum(len(one.leaves) for one in pieces if one is not None)
    places = [
        plain.find(pieces, plain.challenge(seed, 1 << 200, number, leaves)) for number in range(challenges)
    ]
    proofs = []
    for number, offset in places:
        shown = pieces[number]
        assert shown is not None
        proofs.append((shown.leaves[offset], b"".join(shown.path(offset))))
    data = possession.DataSet(1 << 200, [None if one is None else PieceId.parse(one.cid) for one in pieces])
    assert data.leaves == leaves
    evidence = {
        "block": 2870,
        "challenge_epoch": 2830,
        "seed": seed,
        "challenge_range": leaves,
        "proofs": proofs,
        "sender": b"\x01" * 20,
        "provider": b"\x01" * 20,
        "signature": signature,
        "leaves_at_start": leaves,
        "challenged": places,
        "window": (2820, 2880),
    }
    return data, evidence, places


def test_all_evidence_together() -> None:
    data, evidence, places = made()
    assert chain.beacon_digest(evidence["signature"]) == evidence["seed"]
    assert data.check(**evidence) == (places, None, "in time")
    # More than five are allowed, and are draws of their own.
    data, evidence, places = made(40)
    assert len(set(places)) < len(places)
    assert data.check(**evidence).places == places


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({"sender": b"\x02" * 20, "proofs": []}, "sender is not the provider"),
        ({"proofs": [], "block": 1}, "empty proof"),
        ({"block": 2829}, "premature proof"),
        ({"challenge_epoch": 0, "signature": b"another"}, "no challenge scheduled"),
        ({"signature": b"another", "leaves_at_start": 1}, "seed not of the beacon"),
        ({"leaves_at_start": 41, "challenge_range": 0}, "challenge range not of the period's start"),
        ({"challenge_range": 0, "leaves_at_start": None}, "empty challenge range"),
        ({"challenge_range": 43, "leaves_at_start": None}, "challenge range beyond the set"),
        ({"challenge_range": (1 << 128) - 1, "leaves_at_start": None}, "challenge range beyond the set"),
        ({"challenged": [(0, 0)] * 5}, "another leaf than was challenged"),
        ({"challenged": []}, "another leaf than was challenged"),
        ({"challenged": [((1 << 64) - 1, 0)]}, "another leaf than was challenged"),
    ],
)
def test_the_first_reason_in_the_order_of_checks(change: dict[str, Any], label: str) -> None:
    data, evidence, _ = made()
    finding = data.check(**{**evidence, **change})
    assert (finding.label, finding.places, finding.is_proved) == (label, None, False)
    # A window is another matter.
    assert finding.timeliness == ("too early" if change.get("block") == 1 else "in time")


def test_wrong_answers() -> None:
    data, evidence, places = made()
    proofs = evidence["proofs"]
    leaf, siblings = proofs[3]
    flipped = bytes([leaf[0] ^ 1]) + leaf[1:]
    for wrong, label in (
        ((flipped, siblings), "proof did not verify"),
        ((leaf, siblings[32:]), "proof length does not match tree height"),
        ((leaf, siblings + bytes(32)), "proof length does not match tree height"),
        ((plain.node(leaf, siblings[:32]), siblings[32:]), "proof length does not match tree height"),
    ):
        finding = data.check(**{**evidence, "proofs": [*proofs[:3], wrong, *proofs[4:]]})
        assert finding.label == label
        assert finding.rejection is not None
        assert finding.rejection.text.startswith("proof 3: ")
        assert f"piece {places[3][0]}" in finding.rejection.text


@pytest.mark.parametrize(
    ("block", "timeliness"),
    [(2830, "in time"), (2880, "in time"), (2881, "late"), (10**6, "late")],
)
def test_a_late_proof_is_right(block: int, timeliness: str) -> None:
    data, evidence, places = made()
    finding = data.check(**{**evidence, "block": block})
    assert finding == (places, None, timeliness)
    assert finding.in_time is (timeliness == "in time")


def test_edges_of_the_window() -> None:
    data, evidence, _ = made()
    for block, expected in ((2839, "too early"), (2840, "in time"), (2880, "in time"), (2881, "late")):
        assert data.check(**{**evidence, "block": block, "window": (2840, 2880)}).timeliness == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": bytes(31)}, "seed: expected 32 bytes, found 31"),
        ({"sender": None}, "sender and provider: expected both or neither"),
        ({"provider": bytes(21)}, "provider: expected 20 bytes, found 21"),
        ({"window": (2, 1)}, "window: expected an end from 2 on, found 1"),
        ({"window": 7}, "window: expected a pair"),
        ({"proofs": [(bytes(31), b"")]}, r"proofs\[0\], leaf: expected 32 bytes, found 31"),
        ({"proofs": [(bytes(32), bytes(33))]}, r"proofs\[0\], siblings: expected 32 bytes for each"),
        ({"proofs": [bytes(32)]}, r"proofs\[0\]: expected a pair of leaf and siblings"),
        ({"challenged": [(0, 1 << 64)]}, r"challenged\[0\], offset: expected an integer"),
        ({"block": -1}, "block: expected an integer"),
        ({"challenge_range": 1 << 128}, "challenge_range: expected an integer"),
    ],
)
def test_bad_calls_of_a_check(change: dict[str, Any], message: str) -> None:
    data, evidence, _ = made()
    with pytest.raises(InputError, match=message):
        data.check(**{**evidence, **change})


def test_what_no_set_takes() -> None:
    for wrong, message in (
        (PieceId.v1(bytes(32)), r"pieces\[1\]: expected a version 2 identifier"),
        (PieceId.v2(bytes(32), 51, 0), r"pieces\[1\]: height: expected at most 50, found 51"),
        (PieceId.v2(bytes(32), 2, 127), r"pieces\[1\]: padding"),
        ("text", r"pieces\[1\]: expected an identifier or None, found str"),
    ):
        with pytest.raises(InputError, match=message):
            possession.DataSet(1, [None, wrong])  # type: ignore[list-item]
    with pytest.raises(InputError, match="set_id: expected an integer"):
        possession.DataSet(-1, [])


def test_a_set_that_was_emptied() -> None:
    data = possession.DataSet(1, [None, None])
    assert data.leaves == 0
    assert data.challenged(bytes(32), 0) == []
    assert data.challenged(bytes(32), 4, 2) == [None, None]
    evidence = {"block": 5, "challenge_epoch": 4, "seed": bytes(32), "proofs": [(bytes(32), b"")]}
    assert data.check(**evidence, challenge_range=0).label == "empty challenge range"
    assert data.check(**evidence, challenge_range=1).label == "challenge range beyond the set"


def test_leaves_beyond_what_a_double_holds() -> None:
    """Pieces of 2^50 leaves each: places behind 2^53 leaves are exact."""
    data = possession.DataSet(9, [PieceId.v2(bytes(32), 50, 0)] * 20)
    assert data.leaves == 20 << 50
    seed = hashlib.sha256(b"seed").digest()
    drawn = possession.challenges(seed, 9, data.leaves, 50)
    assert max(drawn) > 1 << 53
    assert data.challenged(seed, data.leaves, 50) == [divmod(leaf, 1 << 50) for leaf in drawn]
    number = int.from_bytes(keccak256(seed + (9).to_bytes(32, "big") + bytes(8)), "big")
    assert drawn[0] == number % data.leaves


@given(leaves=st.integers(0, (1 << 128) - 1), price=st.integers(0, (1 << 128) - 1))
def test_proof_fee(leaves: int, price: int) -> None:
    assert possession.proof_fee(leaves, per_tebibyte=price) == price * 32 * leaves // (1 << 40)
    assert possession.proof_fee(leaves) == 230_000 * 10**9 * 32 * leaves // (1 << 40)
