//! Public vectors of allocation and claim trees: every case of the files, whatever their number.

#![allow(clippy::unwrap_used)]

mod vectors;

use depinverify_core::reward::abi::{AbiType, AbiValue};
use depinverify_core::reward::node_array::{MultiProof, keccak256, verify_proof};
use depinverify_core::reward::standard_tree::{Row, node_from_text};
use depinverify_core::reward::{ClaimTree, Mode, Share, StandardTree, allocate};
use ruint::aliases::U256;
use serde_json::{Value, json};
use vectors::{list, load, number as small, ran, text};

fn number<const B: usize, const L: usize>(value: &Value) -> ruint::Uint<B, L> {
    text(value).parse().unwrap()
}

fn node(value: &Value) -> [u8; 32] {
    node_from_text(text(value)).unwrap()
}

fn nodes(value: &Value) -> Vec<[u8; 32]> {
    list(value).iter().map(node).collect()
}

fn row(values: &Value) -> Row {
    Row(list(values).iter().map(|value| AbiValue::Text(text(value).to_owned())).collect())
}

fn written(tree: &StandardTree<Row>) -> Vec<u8> {
    let mut out = Vec::new();
    tree.dump(&mut out).unwrap();
    out
}

/// The text of a dump: members in the order of the format, which a sorted map loses, addresses in lower case.
fn stringified(dump: &Value) -> String {
    let lowered = |values: &Value| -> Value {
        let kinds = list(&dump["leafEncoding"]).iter();
        kinds
            .zip(list(values))
            .map(
                |(kind, value)| {
                    if kind == "address" { text(value).to_lowercase().into() } else { value.clone() }
                },
            )
            .collect()
    };
    let rows: Vec<String> = list(&dump["values"])
        .iter()
        .map(|row| format!("{{\"value\":{},\"treeIndex\":{}}}", lowered(&row["value"]), row["treeIndex"]))
        .collect();
    format!(
        "{{\"format\":{},\"leafEncoding\":{},\"tree\":{},\"values\":[{}]}}",
        dump["format"],
        dump["leafEncoding"],
        dump["tree"],
        rows.join(",")
    )
}

/// Amounts by id and the remainder, in decimal.
fn divided(pool: &Value, weights: &Value, caps: &Value) -> (Value, String) {
    let weights = weights.as_object().unwrap();
    let shares: Vec<Share<'_>> = weights
        .iter()
        .map(|(id, weight)| Share {
            id: id.as_bytes(),
            weight: number::<512, 8>(weight),
            cap: caps.get(id).map(number::<256, 4>),
        })
        .collect();
    let result = allocate(number(pool), &shares, Mode::LargestRemainder).unwrap();
    let amounts: serde_json::Map<String, Value> =
        weights.keys().cloned().zip(result.amounts.iter().map(|a| a.to_string().into())).collect();
    (Value::Object(amounts), result.remainder.to_string())
}

#[test]
fn allocations() {
    let Some(file) = load("scoring/reward_allocation.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let name = &case["name"];
        if case.get("per_claim").is_some() {
            let equal = json!({"a": "1", "b": "1", "c": "1"});
            let whole = divided(&case["batched"]["pool"], &equal, &Value::Null);
            assert_eq!(whole.0, case["batched"]["totals"], "{name}");
            let (one, _) = divided(&case["per_claim"]["pool_each"], &equal, &Value::Null);
            let calls = U256::from(small(&case["per_claim"]["calls"]));
            for (id, total) in case["per_claim"]["totals"].as_object().unwrap() {
                assert_eq!(number::<256, 4>(&one[id]) * calls, number::<256, 4>(total), "{name}");
            }
        } else {
            let (amounts, remainder) = divided(&case["pool"], &case["weights"], &case["caps"]);
            assert_eq!(amounts, case["allocation"], "{name}");
            assert_eq!(remainder, text(&case["remainder"]), "{name}");
        }
        count += 1;
    }
    ran("reward_allocation.json", count);
}

/// Builds, writes and loads one tree; compares root, bytes, proofs and multiproofs.
fn check_tree(case: &Value) -> usize {
    let name = &case["name"];
    let types: Vec<AbiType> =
        list(&case["leafEncoding"]).iter().map(|kind| AbiType::parse(text(kind)).unwrap()).collect();
    let rows = list(&case["values"]).iter().map(row).collect();
    let is_sorted = case["sortLeaves"].as_bool().unwrap_or(true);
    let tree = StandardTree::build(types.clone(), rows, is_sorted).unwrap();
    let root = node(&case["root"]);
    assert_eq!(tree.root(), root, "{name}");
    if let Some(dump) = case.get("dump") {
        let text = stringified(dump);
        assert_eq!(String::from_utf8(written(&tree)).unwrap(), text, "{name}");
        let loaded = StandardTree::<Row>::load(dump.to_string().as_bytes()).unwrap();
        assert_eq!(written(&loaded), text.as_bytes(), "{name}");
        if types == [AbiType::Address, AbiType::Uint(256)] {
            let claims = ClaimTree::load(text.as_bytes()).unwrap();
            assert_eq!(claims.root(), root, "{name}");
            let again = ClaimTree::from_claims(claims.claims().to_vec(), false).unwrap();
            assert_eq!(again.root() == root, is_sorted, "{name}");
        }
    }
    let position = |index: &Value| usize::try_from(small(index)).unwrap();
    for proof in list(&case["proofs"]) {
        let (at, leaf, path) = (position(&proof["index"]), node(&proof["leaf"]), nodes(&proof["proof"]));
        assert_eq!((tree.leaf(at).unwrap(), tree.proof(at).unwrap()), (leaf, path.clone()), "{name}");
        assert!(verify_proof(&root, &leaf, &path), "{name}");
    }
    for proof in list(&case["multiproofs"]) {
        let positions: Vec<usize> = list(&proof["indices"]).iter().map(position).collect();
        let made = tree.multi_proof(&positions).unwrap();
        // The root of a tree with one leaf is that leaf.
        let leaf =
            |values: &Value| StandardTree::build(types.clone(), vec![row(values)], true).unwrap().root();
        let expected = MultiProof {
            leaves: list(&proof["leaves"]).iter().map(leaf).collect(),
            proof: nodes(&proof["proof"]),
            flags: list(&proof["proofFlags"]).iter().map(|flag| flag == &Value::Bool(true)).collect(),
        };
        assert_eq!(made, expected, "{name}");
        assert_eq!(made.verify(&root), proof["verifies"].as_bool().unwrap_or(true), "{name}");
    }
    list(&case["proofs"]).len() + list(&case["multiproofs"]).len()
}

#[test]
fn standard_trees() {
    let Some(file) = load("scoring/oz_standard_merkle.json") else { return };
    for (text, name) in [("", "keccak256_empty"), ("abc", "keccak256_abc")] {
        assert_eq!(keccak256(text.as_bytes()), node(&file["primitives"][name]));
    }
    let proofs: usize = list(&file["cases"]).iter().map(check_tree).sum();
    ran("oz_standard_merkle.json, trees", list(&file["cases"]).len());
    ran("oz_standard_merkle.json, proofs", proofs);
}

#[test]
fn refused_trees() {
    let Some(file) = load("scoring/oz_merkle_errors.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        // The other cases say in words what must be refused; the unit tests of the tree hold each of them.
        let Some(dump) = case.get("dump") else { continue };
        assert!(ClaimTree::load(stringified(dump).as_bytes()).is_err(), "{}", case["name"]);
        count += 1;
    }
    ran("oz_merkle_errors.json", count);
}
