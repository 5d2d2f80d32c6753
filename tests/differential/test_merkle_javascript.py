"""Claim trees against the JavaScript library that claim contracts are tested with."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from absent import absent
from depinverify import _native

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = "@openzeppelin/merkle-tree@1.0.8"

#: Reads {entries, dump} as text from stdin; answers with the library's own tree over the same entries.
SCRIPT = """
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const text = require('fs').readFileSync(0, 'utf8');
const { entries, dump, sets } = JSON.parse(text);
const own = StandardMerkleTree.of(entries, ['address', 'uint256']);
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
    return folder


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 33, 257])
def test_dump_proofs_and_multiproofs_agree(library: Path, count: int) -> None:
    dice = random.Random(count)
    amounts = [0, 1, 2**53 - 1, 2**53 + 1, 2**256 - 1]
    entries = sorted(
        (dice.randbytes(20), amounts[n] if n < len(amounts) else dice.getrandbits(dice.randrange(1, 257)))
        for n in range(count)
    )
    tree = _native.ClaimTree.from_entries(dice.sample(entries, count))
    sets = [sorted(dice.sample(range(count), dice.randrange(1, count + 1))) for _ in range(8)]
    question = {
        "entries": [["0x" + payee.hex(), str(amount)] for payee, amount in entries],
        "dump": tree.dump().decode(),
        "sets": sets,
    }
    done = subprocess.run(
        ["node", "ask.js"],
        cwd=library,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
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
