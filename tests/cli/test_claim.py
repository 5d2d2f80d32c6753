"""``depinverify claim`` from a settlement folder to a verified claim, with its exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from depinverify import _native

if TYPE_CHECKING:
    from pathlib import Path

PAYEES = [bytes([n]) * 20 for n in range(1, 6)]
TREE = _native.ClaimTree.from_entries([(payee, 2**60 + n) for n, payee in enumerate(PAYEES)])
ROOT = "0x" + TREE.root.hex()
FIRST = "0x" + PAYEES[0].hex()


def claim(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "depinverify", "claim", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


@pytest.fixture
def settlement(tmp_path: Path) -> Path:
    TREE.dump_to(tmp_path / "tree.json")
    results = {"tree.json": hashlib.sha256(TREE.dump()).hexdigest()}
    (tmp_path / "manifest.json").write_text(json.dumps({"results": results}))
    return tmp_path


def test_what_is_proved_is_verified(settlement: Path) -> None:
    proved = claim("prove", str(settlement), FIRST, "--json")
    assert (proved.returncode, proved.stderr) == (0, "")
    content = json.loads(proved.stdout)
    assert (content["root"], content["amount"]) == (ROOT, str(2**60))
    assert claim("prove", str(settlement / "tree.json"), FIRST, "--json").stdout == proved.stdout
    assert claim("verify", ROOT, "--proof", "-", given=proved.stdout).returncode == 0
    good = claim("verify", ROOT, FIRST, content["amount"], *content["proof"], "--json")
    assert (good.returncode, json.loads(good.stdout)["valid"]) == (0, True)
    more = claim("verify", ROOT, FIRST, str(2**60 + 1), *content["proof"])
    assert (more.returncode, "may NOT claim" in more.stdout) == (1, True)
    other = claim("verify", "0x" + "00" * 32, "--proof", "-", given=proved.stdout)
    assert other.returncode == 1


def test_a_person_can_read_the_proof(settlement: Path) -> None:
    shown = claim("prove", str(settlement), FIRST).stdout.splitlines()
    assert shown[:3] == [f"root    {ROOT}", f"payee   {FIRST}", f"amount  {2**60}"]
    assert [line.split()[-1] for line in shown[4:]] == ["0x" + node.hex() for node in TREE.proof(PAYEES[0])]


def test_all_proofs_at_once(settlement: Path, tmp_path: Path) -> None:
    out = tmp_path / "proofs.jsonl"
    done = claim("prove-all", str(settlement), str(out))
    assert (done.returncode, done.stdout) == (0, "")
    assert "5 proofs under root" in done.stderr
    for line in out.read_text().splitlines():
        content = json.loads(line)
        proof = [bytes.fromhex(node[2:]) for node in content["proof"]]
        assert TREE.verify(bytes.fromhex(content["payee"][2:]), int(content["amount"]), proof)
    assert len(out.read_text().splitlines()) == len(PAYEES)


def test_a_payee_without_a_claim_is_a_finding(settlement: Path) -> None:
    nobody = claim("prove", str(settlement), "0x" + "ff" * 20)
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "has nothing to claim" in nobody.stderr
    (settlement / "manifest.json").write_text('{"results":{}}')
    assert claim("prove", str(settlement), FIRST).returncode == 1
    assert claim("prove-all", str(settlement), "out").returncode == 2


def test_bad_calls_say_what_was_expected(settlement: Path, tmp_path: Path) -> None:
    def refused(*arguments: str, given: str = "") -> str:
        done = claim(*arguments, given=given)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    assert "expected 0x and 40 or 64 hex digits" in refused("prove", str(settlement), "0x12")
    assert "root: expected 0x and 64 hex digits" in refused("verify", "0x12", FIRST, "1")
    assert "node 0: expected 0x" in refused("verify", ROOT, FIRST, "1", "x")
    assert "amount: expected a decimal" in refused("verify", ROOT, FIRST, "1.5")
    assert "amount: expected a decimal" in refused("verify", ROOT, FIRST, str(2**256))
    assert "expected PAYEE and AMOUNT" in refused("verify", ROOT)
    assert "found both" in refused("verify", ROOT, FIRST, "--proof", "-", given="{}")
    assert "expected JSON with payee" in refused("verify", ROOT, "--proof", "-", given="[]")
    assert "array of text" in refused(
        "verify", ROOT, "--proof", "-", given='{"payee":1,"amount":"1","proof":[]}'
    )
    (settlement / "tree.json").write_bytes(TREE.dump() + b" ")
    assert "by the manifest" in refused("prove", str(settlement), FIRST)
    (settlement / "manifest.json").write_text("[]")
    assert "expected a manifest" in refused("prove", str(settlement), FIRST)
    (settlement / "manifest.json").unlink()
    assert "found no manifest.json" in refused("prove", str(settlement), FIRST)
    (settlement / "tree.json").write_bytes(
        TREE.dump().replace(b"1152921504606846976", b"1152921504606846977")
    )
    assert "does not hash to tree" in refused("prove", str(settlement / "tree.json"), FIRST)
    assert "No such file" in refused("prove", str(tmp_path / "none.json"), FIRST)
