//! Public vectors of Filecoin's pieces: trees of zeros, commitments to payloads, identifiers and the sizes they state.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod vectors;

use depinverify_core::hash::Hash;
use depinverify_core::networks::filecoin::commp::{CommP, Hasher, commp};
use depinverify_core::networks::filecoin::node::{MAX_HEIGHT, zero_root};
use depinverify_core::networks::filecoin::piece_id::{PieceId, SizedPiece, raw_upper_bound};
use ruint::aliases::U256;
use serde_json::Value;
use vectors::{hash, hex, list, load, number, ran, text};

fn height(case: &Value) -> u8 {
    u8::try_from(number(&case["height"])).unwrap()
}

fn sized(case: &Value, root: Hash) -> SizedPiece {
    SizedPiece { root, height: height(case), padding: U256::from(number(&case["padding"])) }
}

#[test]
fn zero_roots() {
    let Some(file) = load("filecoin/commp.json") else { return };
    let roots = list(&file["zero_roots"]["roots"]);
    for (height, root) in (0..).zip(roots) {
        assert_eq!(zero_root(height), Some(&hash(root)), "{height}");
    }
    assert_eq!(roots.len(), usize::from(MAX_HEIGHT) + 1);
    ran("filecoin/commp.json, zero_roots", roots.len());
}

fn payload(case: &Value) -> Vec<u8> {
    if case["payload_hex"].is_string() {
        return hex(&case["payload_hex"]);
    }
    let size = usize::try_from(number(&case["payload_size"])).unwrap();
    if case["fill_byte"].is_number() {
        return vec![u8::try_from(number(&case["fill_byte"])).unwrap(); size];
    }
    let low_byte = |number: usize| number.to_le_bytes()[0];
    match text(&case["pattern"]) {
        "sq" => (0..size).map(|i| low_byte(i * i + 7)).collect(),
        "lin" => (0..size).map(|i| low_byte(i * 31 + 5)).collect(),
        other => panic!("unknown pattern {other}"),
    }
}

#[test]
fn commitments() {
    let Some(file) = load("filecoin/commp.json") else { return };
    for group in ["fill_byte_cases", "frc0069", "pattern_cases"] {
        let mut count = 0;
        for case in list(&file[group]["cases"]) {
            let payload = payload(case);
            let expected = CommP {
                root: hash(&case["root"]),
                height: height(case),
                padding: number(&case["padding"]),
                raw_size: number(&case["payload_size"]),
            };
            assert_eq!(commp(&payload), Ok(expected), "{case}");
            let mut hasher = Hasher::default();
            for bytes in payload.chunks(100_003) {
                hasher.update(bytes);
            }
            assert_eq!(hasher.finish(), Ok(expected), "{case}");
            if case["padded_piece_size"].is_number() {
                assert_eq!(number(&case["padded_piece_size"]), 32 << expected.height);
            }
            let piece = SizedPiece::from(expected);
            assert_eq!(piece.raw_size(), Some(expected.raw_size));
            for (id, member) in [
                (PieceId::Version1(expected.root), "piece_cid_v1"),
                (PieceId::Version2(piece), "piece_cid_v2"),
            ] {
                assert_eq!(id.to_string(), text(&case[member]));
                assert_eq!(text(&case[member]).parse(), Ok(id));
            }
            count += 1;
        }
        ran(&format!("filecoin/commp.json, {group}"), count);
    }
}

#[test]
fn identifiers() {
    let Some(file) = load("filecoin/piece_cid.json") else { return };
    let mut count = 0;
    for case in list(&file["valid"]) {
        let bytes = hex(&case["cid_hex"]);
        let expected = sized(case, hash(&case["root"]));
        assert_eq!(PieceId::from_bytes(&bytes), Ok(PieceId::Version2(expected)));
        assert_eq!(SizedPiece::from_bytes(&bytes), Ok(expected));
        assert_eq!(expected.to_bytes(), bytes);
        if case["cid"].is_string() {
            assert_eq!(PieceId::Version2(expected).to_string(), text(&case["cid"]));
            assert_eq!(text(&case["cid"]).parse(), Ok(PieceId::Version2(expected)));
        }
        if case["leaf_count"].is_number() {
            assert_eq!(expected.leaf_count(), Some(number(&case["leaf_count"])));
            assert_eq!(expected.raw_size(), Some(number(&case["raw_size"])));
        }
        if let Some(excessive) = case["padding_excessive"].as_bool() {
            assert_eq!(expected.has_excessive_padding(), excessive, "{case}");
        }
        if case["padding_uvarint_len"].is_number() {
            assert_eq!(number(&case["padding_uvarint_len"]), bytes.len() as u64 - 38);
        }
        count += 1;
    }
    for case in list(&file["invalid"]) {
        let bytes = hex(&case["cid_hex"]);
        let found = PieceId::from_bytes(&bytes);
        assert!(found.is_err(), "{}: {found:?}", case["name"]);
        assert!(SizedPiece::from_bytes(&bytes).is_err(), "{}", case["name"]);
        count += 1;
    }
    ran("filecoin/piece_cid.json, identifiers", count);
}

#[test]
fn sizes() {
    let Some(file) = load("filecoin/piece_cid.json") else { return };
    let mut count = 0;
    for (group, member, size) in [
        ("leaf_count", "leaf_count", SizedPiece::leaf_count as fn(&SizedPiece) -> Option<u64>),
        ("padded_data_size", "size", SizedPiece::padded_size),
        ("raw_size", "raw", SizedPiece::raw_size),
    ] {
        for case in list(&file[group]) {
            assert_eq!(size(&sized(case, [0; 32])), Some(number(&case[member])), "{group} {case}");
            count += 1;
        }
    }
    for case in list(&file["padding_excessive"]) {
        let expected = case["excessive"].as_bool().unwrap();
        assert_eq!(sized(case, [0; 32]).has_excessive_padding(), expected, "{case}");
        count += 1;
    }
    for case in list(&file["leaf_count_to_raw_upper_bound"]) {
        let found = raw_upper_bound(U256::from(number(&case["leaves"])));
        assert_eq!(found, Some(U256::from(number(&case["raw"]))), "{case}");
        count += 1;
    }
    ran("filecoin/piece_cid.json, sizes", count);
}
