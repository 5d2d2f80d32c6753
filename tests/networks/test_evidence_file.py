"""Lines of evidence that are longer than any record: cut, and never taken for what their beginning is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from depinverify.exceptions import InputError
from depinverify.networks import arweave
from depinverify.networks.evidence_file import one_record

CASES = Path(__file__).parents[1] / "vectors" / "arweave_mainnet.jsonl"
#: Bytes of the longest line that can hold a record of Arweave.
MOST = 4 << 20


def codes(path: Path) -> list[int]:
    return list(arweave.verify(path)["code"].to_pylist())


@pytest.mark.parametrize(
    ("behind", "is_cut"),
    [(0, False), (1, True), (MOST, True), (3 * MOST, True)],
    ids=["as long as a line may be", "a byte longer", "twice as long", "four times as long"],
)
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_record_with_spaces_behind_it(tmp_path: Path, behind: int, is_cut: bool, end: str) -> None:
    record = CASES.read_text().splitlines()[0]
    path = tmp_path / "proofs.jsonl"
    path.write_text(f"{record}\n{record:<{MOST}}{'x' * behind}\n{record}{end}")
    good = codes(path)[0]
    assert good >= 32
    assert (codes(path)[1] == good) is not is_cut
    assert codes(path)[2] == good
    assert len(codes(path)) == 3


def test_a_single_record_is_cut_as_well(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"{}\n" + b"{}".ljust(64 << 20) + b"x\n{}\n")
    assert json.loads(one_record(path, None, "3")) == {}
    with pytest.raises(ValueError, match="Extra data"):
        json.loads(one_record(path, None, "2"))


def test_a_packed_file_of_no_bytes_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "proofs.jsonl.gz"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="expected gzip, found an empty file"):
        arweave.verify(path)
    path.write_bytes(gzip.compress(b""))
    assert codes(path) == []
