//! Public vectors of Arweave's trees, paths, storage proofs and recall bytes; and the project's own mainnet cases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod vectors;

use data_encoding::BASE64URL_NOPAD;
use depinverify_core::hash::{Hash, sha256};
use depinverify_core::merkle::arweave::tree::{BlockTransaction, Chunking, data_tree, transaction_tree};
use depinverify_core::merkle::arweave::{Ruleset, has_redundant_markers, validate};
use depinverify_core::networks::arweave::rules::Strictness;
use depinverify_core::networks::arweave::{check_line, recall};
use depinverify_core::networks::code;
use serde_json::{Value, json};
use vectors::{folder, hash, hex, list, load, number, ran, text};

fn b64(value: &Value) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text(value).as_bytes()).ok()
}

fn b64_hash(value: &Value) -> Hash {
    b64(value).unwrap().try_into().unwrap()
}

fn place(value: &Value) -> i64 {
    i64::try_from(number(value)).unwrap()
}

#[test]
fn rulesets() {
    let Some(file) = load("arweave/merkle_rulesets.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let (root, path) = (hash(&case["root"]), hex(&case["path"]));
        let (dest, size) = (case["dest"].as_i64().unwrap(), number(&case["right_bound"]));
        for (name, expected) in case["expected"].as_object().unwrap() {
            let ruleset = Ruleset::from_name(name.trim_end_matches("_ruleset")).unwrap();
            let found = validate(&root, dest, size, &path, ruleset);
            if let Some(expected) = expected.as_object() {
                let proved = found.unwrap_or_else(|error| panic!("{} {name}: {error}", case["name"]));
                assert_eq!(proved.value, hash(&expected["leaf"]), "{} {name}", case["name"]);
                assert_eq!(
                    (proved.start, proved.end),
                    (number(&expected["start"]), number(&expected["end"]))
                );
                if let Some(positive) = case["has_positive_leaf_size"].as_bool() {
                    assert_eq!(proved.is_positive, positive, "{} {name}", case["name"]);
                }
            } else {
                assert!(found.is_err(), "{} {name}: {found:?}", case["name"]);
            }
            count += 1;
        }
        if let Some(redundant) = case["redundant_rebase_marker_rebase_ruleset"].as_bool() {
            let found = has_redundant_markers(&root, dest, size, &path, Ruleset::OffsetRebase);
            assert_eq!(found, redundant, "{}", case["name"]);
        }
    }
    ran("arweave/merkle_rulesets.json", count);
}

#[test]
fn mainnet_chunk_proofs() {
    let Some(file) = load("arweave/chunk_proofs_mainnet.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let mut record = json!({"data_path": case["data_path"], "chunk_size": case["chunk_size"]});
        let digest = hex(&case["chunk_sha256_hex"]);
        record["chunk_sha256"] = BASE64URL_NOPAD.encode(&digest).into();
        if case["chunk_offset_param"].is_number() {
            for (member, of) in [
                ("tx_path", "tx_path"),
                ("tx_root", "tx_root"),
                ("offset", "chunk_offset_param"),
                ("block_start", "block_start_offset"),
                ("data_root", "data_root"),
                ("data_size", "tx_size"),
            ] {
                record[member] = case[of].clone();
            }
        } else if case["offset"].is_number() {
            for (member, of) in
                [("data_root", "data_root"), ("data_size", "data_size"), ("relative_offset", "offset")]
            {
                record[member] = case[of].clone();
            }
        } else {
            block_proof(case);
            count += 1;
            continue;
        }
        let mut expected = "PATHS_VALID";
        if case["chunk_file"].is_string() {
            let bytes = std::fs::read(folder().join("arweave").join(text(&case["chunk_file"]))).unwrap();
            assert_eq!(sha256(&bytes).to_vec(), digest);
            record["chunk"] = BASE64URL_NOPAD.encode(&bytes).into();
            expected = "VALID";
        }
        let (_, finding) = check_line(record.to_string().as_bytes(), Strictness::Admission);
        assert_eq!(code("arweave", finding.code).unwrap().name, expected, "{finding:?}");
        if case["chunk_start_in_tx"].is_number() {
            let (start, end) = (number(&case["chunk_start_in_tx"]), number(&case["chunk_end_in_tx"]));
            assert_eq!(finding.chunk, Some((start, end)));
            let first = number(&case["block_start_offset"]) + number(&case["tx_start_in_block"]);
            assert_eq!(finding.weave, Some((first + start, first + end)));
            assert_eq!(finding.ruleset.unwrap().name(), text(&case["ruleset"]).trim_end_matches("_ruleset"));
        }
        count += 1;
    }
    ran("arweave/chunk_proofs_mainnet.json", count);
}

/// A proof of access of an old block, whose place is not given: found by trying the ends of its branches.
fn block_proof(case: &Value) {
    let (tx_path, data_path) = (b64(&case["tx_path"]).unwrap(), b64(&case["data_path"]).unwrap());
    let note = |path: &[u8]| u64::from_be_bytes(path[path.len() - 8..].try_into().unwrap());
    assert_eq!(note(&tx_path), number(&case["leaf_note_tx"]));
    assert_eq!(note(&data_path), number(&case["leaf_note_data"]));
    let root = b64_hash(&case["claimed_tx_root"]);
    let last = place(&case["leaf_note_tx"]) - 1;
    let tx = validate(&root, last, u64::MAX, &tx_path, Ruleset::Basic).unwrap();
    assert_eq!(tx.value, b64_hash(&case["leaf_data_root"]));
    let last = place(&case["leaf_note_data"]) - 1;
    let chunk = validate(&tx.value, last, tx.end - tx.start, &data_path, Ruleset::StrictBorders).unwrap();
    assert_eq!(chunk.value, hash(&case["leaf_chunk_id_hex"]));
    assert_eq!(chunk.end - chunk.start, number(&case["chunk_size"]));
}

#[test]
fn published_data_paths() {
    let Some(file) = load("arweave/datapath_published.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let record = json!({
            "data_root": case["data_root"], "data_path": case["data_path"],
            "relative_offset": case["offset"], "data_size": case["data_size"],
        });
        let (_, finding) = check_line(record.to_string().as_bytes(), Strictness::Admission);
        assert_eq!(finding.failed == 0, case["valid"].as_bool().unwrap(), "{} {finding:?}", case["name"]);
        count += 1;
    }
    ran("arweave/datapath_published.json", count);
}

#[test]
fn chunking_of_clients() {
    let Some(file) = load("arweave/chunking_js.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let size = usize::try_from(number(&case["size"])).unwrap();
        let mut data = Vec::with_capacity(size + 32);
        let mut link = sha256(b"depin-data");
        while data.len() < size {
            data.extend_from_slice(&link);
            link = sha256(&link);
        }
        data.truncate(size);
        assert_eq!(sha256(&data), hash(&case["data_sha256"]));
        let tree = data_tree(&data, Chunking::Client).unwrap();
        assert_eq!(tree.root(), b64_hash(&case["data_root"]), "{size}");
        for (leaf, chunk) in list(&case["chunks"]).iter().enumerate() {
            let proof = b64(&chunk["proof"]).unwrap();
            assert_eq!(tree.path(leaf).unwrap(), proof);
            let dest = place(&chunk["proof_offset"]);
            let proved = validate(&tree.root(), dest, size as u64, &proof, Ruleset::StrictDataSplit).unwrap();
            assert_eq!(
                (proved.start, proved.end),
                (number(&chunk["validate"][1]), number(&chunk["validate"][2]))
            );
            assert_eq!(proved.value, hash(&chunk["data_hash"]));
            count += 1;
        }
    }
    ran("arweave/chunking_js.json", count);
}

#[test]
fn transaction_root_of_a_block() {
    let Some(block) = load("arweave/block_tx_root.json") else { return };
    let transactions: Vec<_> = list(&block["txs"])
        .iter()
        .map(|tx| BlockTransaction {
            format: number(&tx["format"]),
            id: b64_hash(&tx["id"]),
            data_root: Some(b64_hash(&tx["data_root"])),
            data_size: number(&tx["data_size"]),
        })
        .collect();
    let tree = transaction_tree(number(&block["height"]), &transactions).unwrap();
    assert_eq!(tree.root(), b64_hash(&block["tx_root"]));
    let leaves: Vec<_> = tree.leaves().iter().map(|leaf| (leaf.value.map_or(0, |_| 32), leaf.end)).collect();
    let expected: Vec<_> =
        list(&block["expected_leaves"]).iter().map(|leaf| (number(&leaf[0]), number(&leaf[1]))).collect();
    assert_eq!(leaves, expected);
    ran("arweave/block_tx_root.json", 1);
}

#[test]
fn recall_bytes() {
    let Some(file) = load("arweave/spora_recall.json") else { return };
    let mut count = 0;
    for case in list(&file["ranges"]) {
        let found = recall::recall_ranges(
            &hash(&case["h0_hex"]),
            number(&case["partition_number"]),
            number(&case["partition_upper_bound"]),
        );
        assert_eq!(found, Some((number(&case["range1_start"]), number(&case["range2_start"]))));
        count += 1;
    }
    for case in list(&file["recall_bytes"]) {
        let difficulty = u8::try_from(number(&case["packing_difficulty"])).unwrap();
        let found = recall::recall_byte(number(&case["range_start"]), number(&case["nonce"]), difficulty);
        assert_eq!(found, Some((number(&case["recall_byte"]), case["sub_chunk_index"].as_i64().unwrap())));
        count += 1;
    }
    for (difficulty, nonce) in file["max_nonce"].as_object().unwrap() {
        assert_eq!(recall::max_nonce(difficulty.parse().unwrap()), number(nonce));
        count += 1;
    }
    for case in list(&file["padded_offsets"]) {
        assert_eq!(recall::padded_offset(number(&case["offset"])), Some(number(&case["padded"])));
        count += 1;
    }
    for case in list(&file["bucket_seek"]) {
        assert_eq!(recall::seek_byte(number(&case["recall_byte"])), Some(number(&case["seek_byte"])));
        count += 1;
    }
    ran("arweave/spora_recall.json", count);
}

#[test]
fn own_mainnet_cases() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/arweave_mainnet.jsonl");
    let lines = std::fs::read_to_string(file).unwrap();
    let mut count = 0;
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (id, finding) = check_line(line.as_bytes(), Strictness::Admission);
        assert_eq!(id.as_deref(), case["id"].as_str());
        let code = code("arweave", finding.code).unwrap();
        assert_eq!(code.name, text(&case["expected"]), "{finding:?}");
        count += 1;
    }
    ran("tests/vectors/arweave_mainnet.jsonl", count);
}
