"""Claim trees against the JavaScript library that claim contracts are tested with."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from absent import absent
from depinverify import _native

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = "@openzeppelin/merkle-tree@1.0.8"

#: Reads {types, entries, dump, sets} as text from stdin; answers with the library's own tree over the same entries.
SCRIPT = """
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const text = require('fs').readFileSync(0, 'utf8');
const { types, entries, dump, sets } = JSON.parse(text);
const own = StandardMerkleTree.of(entries, types);
const loaded = StandardMerkleTree.load(JSON.parse(dump));
loaded.validate();
const proofs = entries.map((_, i) => own.getProof(i));
const multi = sets.map((set) => own.getMultiProof(set));
const verified = entries.every((entry, i) => loaded.verify(entry, loaded.getProof(entry)));
process.stdout.write(JSON.stringify({
  root: own.root, loadedRoot: loaded.root, dump: JSON.stringify(own.dump()),
  loadedDump: JSON.stringify(loaded.dump()), proofs, multi, verified,
}));
"""

#: Checks {types, root, claims, multi} of our tree without one of its own, as the users of a contract do. Then loads
#: {numbers}, a dump whose amounts are numbers.
CHECK_SCRIPT = """
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const { types, root, claims, multi, numbers } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const attempt = (check) => { try { return check(); } catch (error) { return false; } };
process.stdout.write(JSON.stringify({
  claims: claims.map(({ value, proof }) => attempt(() => StandardMerkleTree.verify(root, types, value, proof))),
  wrong: claims.map(({ value, proof }) => attempt(
    () => StandardMerkleTree.verify(root, types, [value[0], (BigInt(value[1]) - 1n).toString()], proof))),
  multi: multi.map((one) => attempt(() => StandardMerkleTree.verifyMultiProof(root, types, one))),
  numbers: attempt(() => StandardMerkleTree.load(JSON.parse(numbers)).root === root),
}));
"""

#: Leaf encodings, by the bytes of a payee.
TYPES = {20: ["address", "uint256"], 32: ["bytes32", "uint256"]}

#: Each is rounded by a reader that makes numbers floats.
LARGE = [2**53 + 1, 2**64 - 1, 10**24 + 1, 2**128 + 1, 2**255 + 1, 2**256 - 1]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the library is installed."""
    if not shutil.which("node") or not shutil.which("npm"):
        absent("node and npm are not here, so the JavaScript library cannot be asked")
    folder = tmp_path_factory.mktemp("javascript")
    (folder / "package.json").write_text("{}")
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", LIBRARY]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        absent(f"{LIBRARY} cannot be installed: {done.stderr.strip()[-300:]}")
    (folder / "ask.js").write_text(SCRIPT)
    (folder / "check.js").write_text(CHECK_SCRIPT)
    return folder


def ask(library: Path, script: str, question: dict[str, Any]) -> Any:
    """What a script answers to a question."""
    done = subprocess.run(
        ["node", script], cwd=library, input=json.dumps(question), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("size", TYPES)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 33, 257])
def test_dump_proofs_and_multiproofs_agree(library: Path, count: int, size: int) -> None:
    dice = random.Random(count)
    amounts = [0, 1, 2**53 - 1, 2**53 + 1, 2**256 - 1]
    entries = sorted(
        (dice.randbytes(size), amounts[n] if n < len(amounts) else dice.getrandbits(dice.randrange(1, 257)))
        for n in range(count)
    )
    tree = _native.ClaimTree.from_entries(dice.sample(entries, count))
    sets = [sorted(dice.sample(range(count), dice.randrange(1, count + 1))) for _ in range(8)]
    question = {
        "types": TYPES[size],
        "entries": [["0x" + payee.hex(), str(amount)] for payee, amount in entries],
        "dump": tree.dump().decode(),
        "sets": sets,
    }
    answer = ask(library, "ask.js", question)
    assert answer["root"] == answer["loadedRoot"] == "0x" + tree.root.hex()
    assert answer["dump"] == answer["loadedDump"] == tree.dump().decode()
    assert answer["verified"]
    assert _native.ClaimTree.load(answer["dump"].encode()).dump() == tree.dump()
    for (payee, _), proof in zip(entries, answer["proofs"], strict=True):
        assert ["0x" + node.hex() for node in tree.proof(payee)] == proof
    for positions, multi in zip(sets, answer["multi"], strict=True):
        leaves, proof, flags = tree.multi_proof([entries[n][0] for n in positions])
        assert [["0x" + payee.hex(), str(amount)] for payee, amount in leaves] == multi["leaves"]
        assert ["0x" + node.hex() for node in proof] == multi["proof"]
        assert flags == multi["proofFlags"]


@pytest.mark.parametrize("size", TYPES)
@pytest.mark.parametrize("count", [1, 2, 3, 6, 50])
def test_the_library_verifies_our_proofs_of_large_amounts(library: Path, count: int, size: int) -> None:
    dice = random.Random(1000 + count)
    entries = [(dice.randbytes(size), LARGE[n % len(LARGE)]) for n in range(count)]
    tree = _native.ClaimTree.from_entries(entries)
    sets = [dice.sample([payee for payee, _ in entries], number) for number in {1, (count + 1) // 2, count}]
    multi = [tree.multi_proof(payees) for payees in sets]
    answer = ask(
        library,
        "check.js",
        {
            "types": TYPES[size],
            "root": hexed(tree.root),
            "claims": [
                {"value": [hexed(payee), str(amount)], "proof": [*map(hexed, tree.proof(payee))]}
                for payee, amount in entries
            ],
            "multi": [
                {
                    "leaves": [[hexed(payee), str(amount)] for payee, amount in leaves],
                    "proof": [*map(hexed, proof)],
                    "proofFlags": flags,
                }
                for leaves, proof, flags in multi
            ],
            "numbers": re.sub(rb'"([0-9]+)"', rb"\1", tree.dump()).decode(),
        },
    )
    assert answer["claims"] == [True] * count
    assert answer["wrong"] == [False] * count
    assert answer["multi"] == [True] * len(sets)
    assert answer["numbers"] is False


def hexed(data: bytes) -> str:
    return "0x" + data.hex()
