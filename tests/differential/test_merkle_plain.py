"""Claim trees of large amounts, read with Python's ``json`` and hashed again by the plain verifier.

Whoever has the file of a tree and a Keccak function needs nothing of ours to check it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError

sys.path.insert(0, str(Path(__file__).parents[2]))

from benches.plain_verifier.tree import leaf_hash, node_hash

AMOUNTS = st.one_of(
    st.sampled_from([2**53 - 1, 2**53, 2**53 + 1, 2**64, 10**24 + 1, 2**255, 2**256 - 1]),
    st.integers(0, 2**256 - 1),
)
ENTRIES = st.dictionaries(st.binary(min_size=20, max_size=20), AMOUNTS, min_size=1, max_size=9)


def unhexed(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def folded(leaf: bytes, proof: list[bytes]) -> bytes:
    """The root that a proof leads to."""
    for node in proof:
        leaf = node_hash(leaf, node)
    return leaf


def folded_together(leaves: list[bytes], proof: list[bytes], flags: list[bool]) -> bytes:
    """The root that a multiproof leads to, as the specification describes it."""
    queue, rest = list(leaves), list(proof)
    assert len(leaves) + len(proof) == len(flags) + 1
    for flag in flags:
        a = queue.pop(0)
        b = queue.pop(0) if flag else rest.pop(0)
        queue.append(node_hash(a, b))
    (root,) = [*queue, *rest]
    return root


@given(ENTRIES, st.data())
def test_the_file_says_every_amount_exactly(entries: dict[bytes, int], data: st.DataObject) -> None:
    tree = _native.ClaimTree.from_entries(list(entries.items()))
    for document in (json.loads(tree.dump()), json.loads(tree.dump(), parse_int=float)):
        read = {unhexed(value["value"][0]): int(value["value"][1]) for value in document["values"]}
        assert read == entries
    document = json.loads(tree.dump())
    nodes = [unhexed(node) for node in document["tree"]]
    for value in document["values"]:
        payee, amount = value["value"]
        assert leaf_hash(payee, int(amount)) == nodes[value["treeIndex"]]
    for at in range(len(entries) - 1):
        assert node_hash(nodes[2 * at + 1], nodes[2 * at + 2]) == nodes[at]
    assert nodes[0] == tree.root
    for payee, amount in entries.items():
        assert folded(leaf_hash("0x" + payee.hex(), amount), tree.proof(payee)) == tree.root
    chosen = data.draw(st.lists(st.sampled_from(sorted(entries)), min_size=1, unique=True))
    claims, proof, flags = tree.multi_proof(chosen)
    leaves = [leaf_hash("0x" + payee.hex(), amount) for payee, amount in claims]
    assert dict(claims) == {payee: entries[payee] for payee in chosen}
    assert folded_together(leaves, proof, flags) == tree.root
    assert _native.verify_multi_proof(tree.root, leaves, proof, flags)


def rounded(value: Any) -> Any:
    """The dump as a reader sees it who makes numbers floats."""
    payee, amount = value["value"]
    return value | {"value": [payee, str(int(float(int(amount))))]}


@pytest.mark.parametrize("amount", [2**53 + 1, 10**24 + 1, 2**256 - 2**200 - 1])
def test_a_rounded_amount_does_not_load(amount: int) -> None:
    tree = _native.ClaimTree.from_entries([(bytes([n]) * 20, amount + n) for n in range(3)])
    document = json.loads(tree.dump())
    document["values"] = [rounded(value) for value in document["values"]]
    with pytest.raises(InputError):
        _native.ClaimTree.load(json.dumps(document).encode())
