"""A settlement's memory does not grow with the records of its evidence, nor what is kept of them with hostile ones."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from depinverify.exceptions import SettlementError
from depinverify.networks.filecoin import record_verdicts
from depinverify.networks.filecoin.audit import audit
from depinverify.networks.filecoin.page import write_page
from depinverify.networks.filecoin.period_audit import Stated
from depinverify.networks.filecoin.proof_statements import ProofStatement
from depinverify.networks.filecoin.settle import settle
from depinverify.networks.filecoin.verdict_rows import VerdictRow, packed, sort_key, unpacked
from filecoin_folders import PIECES_B, SET_B, challenge_epoch, proof, write_folder, write_lines

if TYPE_CHECKING:
    from pathlib import Path

SETTLER = """
import json, sys
from depinverify.networks.filecoin.settle import settle
def peak():
    # Of this program alone: what resource.getrusage tells begins with the peak of whoever started it.
    status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return int(status["VmHWM"].split()[0]) // 1024
imported = peak()
found = settle(sys.argv[1], sys.argv[2], threads=1)
print(json.dumps({"imported": imported, "mib": peak(), "counts": found.manifest["counts"]}))
"""

#: A text that makes a record long enough for a few thousand of them to fill a reader's slice.
FILLING = "x" * 1500


def of_many_records(folder: Path, count: int) -> Path:
    """Evidence whose records are about the same periods, and each of them another one."""
    write_folder(folder)
    (folder / "proofs.jsonl").unlink()
    records = [proof(SET_B, PIECES_B, challenge_epoch(period)) for period in range(2)]
    with (folder / "proofs.jsonl").open("w", encoding="utf-8") as file:
        for number in range(count):
            record = {**records[number % 2], "id": f"proof {number}", "note": FILLING}
            file.write(json.dumps(record) + "\n")
    return folder


def settled_apart(evidence: Path, out: Path) -> dict[str, Any]:
    """Settles in a process of its own, whose memory is measured."""
    done = subprocess.run(
        [sys.executable, "-c", SETTLER, str(evidence), str(out)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_memory_does_not_grow_with_the_records(tmp_path: Path) -> None:
    few, many = (
        settled_apart(of_many_records(tmp_path / f"of {count}", count), tmp_path / f"out {count}")
        for count in (5_000, 40_000)
    )
    assert [sum(found["counts"]["verdicts"].values()) for found in (few, many)] == [5_000, 40_000]
    assert many["mib"] - few["mib"] < few["imported"] // 5


def test_rows_that_are_sorted_on_disk_are_those_sorted_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = of_many_records(tmp_path / "evidence", 300)
    held = settle(evidence, tmp_path / "held")
    monkeypatch.setattr(record_verdicts, "_BUDGET", 1 << 14)
    spilt = settle(evidence, tmp_path / "spilt")
    names = {path.name for path in held.folder.iterdir()}
    assert names == {path.name for path in spilt.folder.iterdir()}
    assert all(
        (held.folder / name).read_bytes() == (spilt.folder / name).read_bytes() for name in sorted(names)
    )
    shown = held.json("data_sets.json")["data_sets"][1]["periods"][1]["shown"]
    assert shown["records"] == list(range(150, 300))


def test_proofs_about_no_period_are_counted_and_the_first_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = write_folder(tmp_path / "evidence")
    records = [
        proof(SET_B, PIECES_B, challenge_epoch(0), challenge_epoch=epoch, id="stray")
        for epoch in range(5, 12)
    ]
    write_lines(evidence / "proofs.jsonl", records)
    whole = settle(evidence, tmp_path / "whole")
    listed = whole.json("data_sets.json")
    assert (len(listed["strays"]), "strays_left_out" in listed) == (7, False)

    class Few(record_verdicts.Strays):
        def __init__(self) -> None:
            super().__init__(limit=3)

    monkeypatch.setattr(record_verdicts, "Strays", Few)
    found = settle(evidence, tmp_path / "out")
    cut = found.json("data_sets.json")
    assert (cut["strays"], cut["strays_left_out"]) == (listed["strays"][:3], 4)
    assert found.manifest["counts"] == whole.manifest["counts"]
    assert audit(found, evidence).is_clean
    assert audit(found).is_clean
    write_page(found.folder, tmp_path / "page.html")
    assert "7 contradictions" in (tmp_path / "page.html").read_text("utf-8")


ROW = VerdictRow("proofs", "possession", "7", 9, "a", 1, 0, 0, 0, True, True, "")
STATEMENT = ProofStatement(1, 7, 9, 10, 20, ("p",), bytes(32), None, (1, 2), 5)
#: Rows of the table in their order, and what their records state.
ASCENDING: list[tuple[VerdictRow, ProofStatement | None]] = [
    (ROW._replace(part="beacons", kind="round"), None),
    (ROW._replace(subject="10"), None),
    (ROW._replace(epoch=8), None),
    (ROW._replace(id=""), None),
    (ROW, None),
    (ROW, STATEMENT),
    (ROW, ProofStatement(1, 7, 9, 11, 20, ("p",), bytes(32), None, (1, 2), 5)),
    (ROW, ProofStatement(1, 7, 9, 11, None, ("p",), bytes(32), None, (1, 2), 5)),
    (ROW._replace(is_proved=None), None),
    (ROW._replace(id="a\0"), None),
    (ROW._replace(id="a\0b"), None),
    (ROW._replace(id="aa"), None),
    (ROW._replace(id="é"), None),
    (ROW._replace(id="\uffff"), None),
    (ROW._replace(id="\U00010000"), None),
    (ROW._replace(id=None), None),
    (ROW._replace(epoch=256), None),
    (ROW._replace(epoch=None), None),
    (ROW._replace(subject=None), None),
    (ROW._replace(kind=None), None),
]


def test_keys_have_the_order_of_what_they_are_made_of() -> None:
    keys = [sort_key(row, statement) for row, statement in ASCENDING]
    assert all(one < other for one, other in pairwise(keys))


@pytest.mark.parametrize(
    "stated",
    [None, Stated(), Stated(5, bytes(range(32)), (("proof of another block", "expected é, found \0"),))],
)
def test_rows_come_back_as_they_were_packed(stated: Stated | None) -> None:
    for row, _ in ASCENDING:
        assert unpacked(packed(row, stated)) == (row, stated)


def test_two_runs_do_not_work_in_one_folder(tmp_path: Path) -> None:
    evidence = write_folder(tmp_path / "evidence")
    refused: list[str] = []

    def second(name: str, _done: int) -> None:
        if name == "events":
            with pytest.raises(SettlementError, match="another run is working here") as error:
                settle(evidence, tmp_path / "out")
            refused.append(str(error.value))

    first = settle(evidence, tmp_path / "out", progress=second)
    assert len(refused) == 1
    assert not (first.folder / ".work").exists()


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    evidence = write_folder(tmp_path / "evidence")
    left = tmp_path / "out" / ".work" / "deeper"
    left.mkdir(parents=True)
    (left.parent / "records-000000.run").write_bytes(b"torn")
    assert audit(settle(evidence, tmp_path / "out"), evidence).is_clean
    assert not left.parent.exists()
