"""Every public vector of Arweave's trees, paths, storage proofs and recall bytes through the Python surface."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from depinverify import _native
from depinverify.networks import arweave
from public_vectors import cases, public_vectors
from reference import arweave as plain

if TYPE_CHECKING:
    from pathlib import Path


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def verdicts(path: Path, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    rows: list[dict[str, Any]] = [
        row for batch in arweave.verify(path).to_batches() for row in batch.to_struct_array().to_pylist()
    ]
    return rows


def test_rulesets() -> None:
    found = cases(public_vectors("arweave") / "merkle_rulesets.json")
    for case in found:
        root, path = bytes.fromhex(case["root"]), bytes.fromhex(case["path"])
        for name, expected in case["expected"].items():
            ruleset = name.removesuffix("_ruleset")
            answer = None
            if isinstance(expected, dict):
                answer = (bytes.fromhex(expected["leaf"]), expected["start"], expected["end"])
            arguments = (root, case["dest"], case["right_bound"], path, ruleset)
            assert arweave.validate_path(*arguments) == answer, (case["name"], name)
            assert plain.validate(*arguments) == answer, (case["name"], name)
    print(f"merkle_rulesets: {len(found)} cases ran under four rulesets")
    assert found


def test_chunk_proofs_of_mainnet(tmp_path: Path) -> None:
    folder = public_vectors("arweave")
    found = cases(folder / "chunk_proofs_mainnet.json")
    placed = [case for case in found if "chunk_offset_param" in case or "offset" in case]
    names = {
        "offset": "chunk_offset_param",
        "block_start": "block_start_offset",
        "tx_root": "tx_root",
        "tx_path": "tx_path",
        "data_size": "tx_size",
    }
    inside = {"relative_offset": "offset", "data_size": "data_size"}
    records = []
    for case in placed:
        members = names if "chunk_offset_param" in case else inside
        record = {name: case[of] for name, of in members.items()}
        record |= {
            "data_root": case["data_root"],
            "data_path": case["data_path"],
            "chunk_size": case["chunk_size"],
        }
        record["chunk_sha256"] = b64(bytes.fromhex(case["chunk_sha256_hex"]))
        if "chunk_file" in case:
            record["chunk"] = b64((folder / case["chunk_file"]).read_bytes())
        records.append(record)
    for case, row in zip(placed, verdicts(tmp_path / "proofs.jsonl", records), strict=True):
        assert row["failed"] == 0, (case["name"], row)
        assert row["code"] == (32 if "chunk_file" in case else 34)
        assert row["data_root"] == unb64(case["data_root"])
        if "chunk_start_in_tx" in case:
            assert (row["chunk_start"], row["chunk_end"]) == (
                case["chunk_start_in_tx"],
                case["chunk_end_in_tx"],
            )
            assert row["weave_start"] == case["chunk_offset_param"] - 1
            assert row["ruleset"] == case["ruleset"].removesuffix("_ruleset")
    print(
        f"chunk_proofs_mainnet: {len(placed)} of {len(found)} cases ran; the others name no place and run in Rust"
    )


def test_published_data_paths(tmp_path: Path) -> None:
    found = cases(public_vectors("arweave") / "datapath_published.json")
    records = [
        {
            "relative_offset": case["offset"],
            **{name: case[name] for name in ("data_root", "data_size", "data_path")},
        }
        for case in found
    ]
    for case, row in zip(found, verdicts(tmp_path / "paths.jsonl", records), strict=True):
        assert (row["failed"] == 0) is case["valid"], (case["name"], row)
    print(f"datapath_published: {len(found)} cases ran")


def test_chunks_as_clients_make_them() -> None:
    found = cases(public_vectors("arweave") / "chunking_js.json")
    for case in found:
        link, data = plain.digest(b"depin-data"), bytearray()
        while len(data) < case["size"]:
            data += link
            link = plain.digest(link)
        root, ends, paths = _native.arweave_data_tree(bytes(data[: case["size"]]))
        assert root == unb64(case["data_root"]), case["size"]
        for chunk, end, path in zip(case["chunks"], ends, paths, strict=False):
            assert (path, end) == (unb64(chunk["proof"]), chunk["max"])
            proved = arweave.validate_path(
                root, chunk["proof_offset"], case["size"], path, "strict_data_split"
            )
            assert proved == (bytes.fromhex(chunk["data_hash"]), chunk["min"], chunk["max"])
    print(f"chunking_js: {len(found)} cases ran")


def test_transaction_root_of_a_block() -> None:
    block = json.loads((public_vectors("arweave") / "block_tx_root.json").read_text())
    transactions = [
        (tx["format"], unb64(tx["id"]), unb64(tx["data_root"]), tx["data_size"]) for tx in block["txs"]
    ]
    root, ends, paths = _native.arweave_transaction_tree(block["height"], transactions)
    assert root == unb64(block["tx_root"])
    assert ends == [end for _, end in block["expected_leaves"]]
    for (length, end), path in zip(block["expected_leaves"], paths, strict=True):
        proved = arweave.validate_path(root, end - 1, block["block_size"], path, "basic")
        assert (proved is not None) is (length == 32)
    print("block_tx_root: 1 case ran")


def test_recall_bytes() -> None:
    file = json.loads((public_vectors("arweave") / "spora_recall.json").read_text())
    for case in file["ranges"]:
        h0 = bytes.fromhex(case["h0_hex"])
        ranges = _native.arweave_recall_ranges(h0, case["partition_number"], case["partition_upper_bound"])
        assert ranges == (case["range1_start"], case["range2_start"])
    for case in file["recall_bytes"]:
        found = _native.arweave_recall_byte(case["range_start"], case["nonce"], case["packing_difficulty"])
        assert found == (case["recall_byte"], case["sub_chunk_index"])
    for difficulty, nonce in file["max_nonce"].items():
        assert _native.arweave_max_nonce(int(difficulty)) == nonce
    for case in file["padded_offsets"]:
        assert _native.arweave_padded_offset(case["offset"]) == case["padded"]
    for case in file["bucket_seek"]:
        assert _native.arweave_seek_byte(case["recall_byte"]) == case["seek_byte"]
    print(f"spora_recall: {sum(map(len, file.values())) - len(file['source'])} cases ran")
