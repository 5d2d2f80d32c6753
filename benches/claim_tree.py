"""The claim tree of a million payees, and all proofs to a file, against the JavaScript reference library at 100,000.

The library is installed by npm into a temporary folder; a ratio is time per leaf against time per leaf.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tempfile
import time
from pathlib import Path

from benches.memory import peak_mib

from depinverify._native import ClaimTree

LIBRARY = "@openzeppelin/merkle-tree@1.0.8"
SCRIPT = """
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const entries = JSON.parse(require('fs').readFileSync(process.argv[2], 'utf8'));
let start = process.hrtime.bigint();
const tree = StandardMerkleTree.of(entries, ['address', 'uint256']);
const built = Number(process.hrtime.bigint() - start) / 1e9;
start = process.hrtime.bigint();
const file = require('fs').openSync(process.argv[3], 'w');
for (const [i, value] of tree.entries()) {
  require('fs').writeSync(file, JSON.stringify({ value, proof: tree.getProof(i) }) + '\\n');
}
const proofs = Number(process.hrtime.bigint() - start) / 1e9;
console.log(JSON.stringify({ root: tree.root, built, proofs }));
"""


def payees(count: int) -> list[tuple[bytes, int]]:
    """Addresses and amounts above 2^53."""
    digests = (hashlib.sha256(number.to_bytes(8)).digest() for number in range(count))
    return [(digest[:20], int.from_bytes(digest[20:])) for digest in digests]


def ours(count: int, folder: Path) -> tuple[bytes, float, float]:
    """Root, and seconds for the tree and for all proofs."""
    entries = payees(count)
    started = time.perf_counter()
    tree = ClaimTree.from_entries(entries)
    root = tree.root
    built = time.perf_counter()
    tree.proofs_to(folder / "proofs.jsonl")
    return root, built - started, time.perf_counter() - built


def theirs(count: int, folder: Path) -> tuple[bytes, float, float]:
    """The same by the library."""
    subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), LIBRARY], check=True)
    (folder / "script.js").write_text(SCRIPT)
    entries = [["0x" + payee.hex(), str(amount)] for payee, amount in payees(count)]
    (folder / "entries.json").write_text(json.dumps(entries))
    command = ["node", str(folder / "script.js"), str(folder / "entries.json"), str(folder / "out.jsonl")]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return bytes.fromhex(found["root"][2:]), found["built"], found["proofs"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payees", type=int, default=1_000_000)
    asked = parser.parse_args()
    few = asked.payees // 10
    with tempfile.TemporaryDirectory(prefix="claim-tree-") as name:
        folder = Path(name)
        _, tree, proofs = ours(asked.payees, folder)
        peak = peak_mib()
        root, their_tree, their_proofs = theirs(few, folder)
        if ours(few, folder)[0] != root:
            raise SystemExit("the roots differ")
    print(
        f"tree of {asked.payees:,} payees: {tree:.2f} s, {their_tree / few / (tree / asked.payees):.0f}x per leaf"
    )
    print(
        f"all proofs to a file: {proofs:.2f} s, {their_proofs / few / (proofs / asked.payees):.0f}x per leaf"
    )
    print(f"peak memory {peak:.0f} MiB, the entries as Python objects included")


if __name__ == "__main__":
    main()
