"""Storage proofs through the Python surface and the command line: files, columns, verdicts."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from click.testing import CliRunner

from depinverify import networks
from depinverify.cli.networks import networks as command
from depinverify.exceptions import InputError
from depinverify.networks import arweave

MAINNET = Path(__file__).parent.parent / "vectors" / "arweave_mainnet.jsonl"
NAMES = {code.number: code.name for code in networks.get("arweave").catalogue}


def records() -> list[dict[str, Any]]:
    return [json.loads(line) for line in MAINNET.read_text("utf-8").splitlines()]


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def code_names(table: Any) -> list[str]:
    return [NAMES[number] for number in table["code"].to_pylist()]


def test_mainnet_proofs_have_their_verdicts() -> None:
    verdicts = arweave.verify(MAINNET)
    assert code_names(verdicts) == [record["expected"] for record in records()]
    assert verdicts["id"].to_pylist() == [record["id"] for record in records()]
    assert verdicts["record"].to_pylist() == list(range(1, len(records()) + 1))
    first = {name: verdicts[name][0].as_py() for name in verdicts.schema.names}
    assert (first["weave_start"], first["weave_end"]) == (51_530_681_327_862, 51_530_681_583_862)
    assert (first["failed"], first["not_run"], first["outcome"]) == (0, 0, 0)
    assert first["ruleset"] == "strict_data_split"


@pytest.mark.parametrize(
    ("member", "change", "code"),
    [
        ("chunk", lambda text: "A" + text[1:], "CHUNK_HASH_MISMATCH"),
        ("chunk", lambda text: text[:-2], "CHUNK_LENGTH_MISMATCH"),
        ("data_path", lambda text: "A" + text[1:], "DATA_PATH_INVALID"),
        ("tx_path", lambda text: "A" + text[1:], "TX_PATH_INVALID"),
        ("tx_root", lambda text: "A" + text[1:], "TX_PATH_INVALID"),
        ("data_root", lambda text: "A" + text[1:], "TX_MISMATCH"),
        ("data_size", lambda size: size + 1, "TX_MISMATCH"),
        ("offset", lambda offset: offset + 262_144, "TX_PATH_INVALID"),
        ("block_start", lambda start: start + 262_144, "TX_PATH_INVALID"),
        ("data_path", lambda text: text + "=", "MALFORMED"),
        ("data_path", lambda _: None, "MALFORMED"),
        ("chunk", lambda _: None, "PATHS_VALID"),
        ("packing", lambda _: "spora_2_6", "PATHS_VALID"),
    ],
)
def test_a_tampered_proof_is_refused_by_name(tmp_path: Path, member: str, change: Any, code: str) -> None:
    record = records()[0]
    record[member] = change(record[member])
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(record), "utf-8")
    assert code_names(arweave.verify(path)) == [code]


def test_columns_and_lines_agree() -> None:
    binary = {"data_path", "tx_path", "tx_root", "data_root", "chunk", "chunk_sha256"}
    rows = [
        {name: unb64(value) if name in binary else value for name, value in record.items()}
        for record in records()[:5]
    ]
    columns = {
        name: [row.get(name) for row in rows] for name in sorted({name for row in rows for name in row})
    }
    expected = arweave.verify(MAINNET).slice(0, 5)
    # Bytes hold no text that could be wrong, so the row whose text was is judged by its path.
    names = [*code_names(expected)[:4], "DATA_PATH_INVALID"]
    table = pa.table(columns)
    for source in (table, table.to_batches()[0], pl.DataFrame(columns)):
        verdicts = arweave.verify(source)
        assert code_names(verdicts) == names
        assert verdicts["weave_end"].to_pylist()[:4] == expected["weave_end"].to_pylist()[:4]
    assert arweave.verify(table.slice(0, 0)).num_rows == 0


def test_a_column_of_another_type_is_a_bad_call() -> None:
    with pytest.raises(InputError, match='column "data_path": expected bytes, found Utf8'):
        arweave.verify(pa.table({"data_path": ["AAEC"]}))
    with pytest.raises(InputError, match="expected a path or Arrow record batches, found int"):
        arweave.verify(7)


def test_files_of_any_line_break_and_length(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl.gz"
    long = b'{"id": "' + b"x" * (9 << 20) + b'"}'
    path.write_bytes(gzip.compress(b"{}\n\n" + long + b'\n{"id": "last"}'))
    verdicts = arweave.verify(path)
    assert code_names(verdicts) == ["MALFORMED"] * 4
    assert verdicts["record"].to_pylist() == [1, 2, 3, 4]
    assert verdicts["id"].to_pylist()[3] == "last"
    (tmp_path / "empty.jsonl").touch()
    assert arweave.verify(tmp_path / "empty.jsonl").num_rows == 0
    with pytest.raises(InputError, match="cannot be read"):
        arweave.verify(tmp_path / "absent.jsonl")
    with pytest.raises(InputError, match=r"expected a name ending in \.jsonl"):
        arweave.verify(tmp_path / "proofs.csv")
    path.write_bytes(gzip.compress(b"{}")[:-6])
    with pytest.raises(InputError, match="cannot be read"):
        arweave.verify(path)


def test_threads_change_nothing() -> None:
    tables = [pa.table(arweave.verify(MAINNET, threads=threads)) for threads in (1, 2, 8)]
    assert tables[0] == tables[1] == tables[2]


def test_networks_are_listed_and_unknown_ones_refused() -> None:
    found = CliRunner().invoke(command, ["--json"], catch_exceptions=False)
    listed = {network["name"]: network for network in json.loads(found.stdout)}
    assert {code["name"] for code in listed["arweave"]["codes"]} == set(NAMES.values())
    assert "arweave" in CliRunner().invoke(command, [], catch_exceptions=False).stdout
    with pytest.raises(InputError, match=r"network: expected one of .*, found 'bitcoin'"):
        networks.get("bitcoin")


def test_the_command_exits_with_1_only_where_asked_for() -> None:
    run = CliRunner().invoke(command, ["verify", "arweave", str(MAINNET), "--json"], catch_exceptions=False)
    assert run.exit_code == 0
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [row["code_name"] for row in rows] == [record["expected"] for record in records()]
    run = CliRunner().invoke(command, ["verify", "arweave", str(MAINNET), "--fail-on-invalid"])
    assert run.exit_code == 1
    assert "VALID: 1" in run.stderr
    assert "found another text" in run.stdout
