//! Public vectors of BLS and RSA-PSS: every case alone, and all of them in shuffled batches of every shape.
//!
//! The folder is named by `DEPINVERIFY_VECTORS` and is `../shared/vectors` from the project's root by default; without it
//! the tests say so.
#![allow(clippy::print_stdout, reason = "tests say how many cases ran")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use depinverify_core::signature::{
    BlsAggregation, BlsKeyRegistry, BlsVariant, ByteColumn, Items, KeyId, PossessionProven, RsaKeyRegistry,
    RsaProfile, SignatureVerdict, bls_aggregate_verify, bls_fast_aggregate_verify, bls_verify,
    bls_verify_items, rsa_pss_verify_items, rsa_pss_verify_one,
};
use serde_json::Value;

/// The cases of the files whose names start like this.
fn cases(start: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("DEPINVERIFY_VECTORS")
        .map_or_else(|| root.join("../shared/vectors"), PathBuf::from)
        .join("signatures");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: no public vectors at {}", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)))
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        all.extend(file["cases"].as_array().unwrap().iter().cloned());
    }
    println!("{start}: {} cases", all.len());
    all
}

fn unhex(text: &Value) -> Vec<u8> {
    HEXLOWER_PERMISSIVE.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

fn is_valid(case: &Value) -> bool {
    case["expect"]["valid"].as_bool().unwrap()
}

/// A fixed sequence of numbers below `count` that looks random.
fn picks(count: usize, length: usize, seed: u64) -> Vec<usize> {
    let mut state = seed;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % count
        })
        .collect()
}

/// An item with its key's id and the verdict that it has alone.
struct Item {
    key: KeyId,
    message: Vec<u8>,
    signature: Vec<u8>,
    verdict: SignatureVerdict,
}

/// Checks that items in batches of several sizes, in changing order and repeated, have the verdicts that they have alone.
fn check_in_batches(all: &[Item], verify: impl Fn(&Items<'_>, &mut [SignatureVerdict])) {
    for (seed, size) in [1, 2, 3, 17, all.len(), 2 * all.len()].into_iter().enumerate() {
        for round in 0..(if size < 10 { 8 } else { 2 }) {
            let order = picks(all.len(), size, u64::try_from(10 * seed + round).unwrap());
            let ids: Vec<KeyId> = order.iter().map(|&at| all[at].key).collect();
            let messages: Vec<&[u8]> = order.iter().map(|&at| all[at].message.as_slice()).collect();
            let signatures: Vec<&[u8]> = order.iter().map(|&at| all[at].signature.as_slice()).collect();
            let items =
                Items::new(&ids, ByteColumn::slices(&messages), ByteColumn::slices(&signatures)).unwrap();
            let mut out = vec![SignatureVerdict::UnknownKeyId; size];
            verify(&items, &mut out);
            let alone: Vec<SignatureVerdict> = order.iter().map(|&at| all[at].verdict).collect();
            assert_eq!(out, alone);
        }
    }
}

fn variant_of(key: &[u8]) -> BlsVariant {
    if key.len() == 96 { BlsVariant::MinSig } else { BlsVariant::MinPk }
}

#[test]
fn bls_alone_and_in_batches() {
    let mut kinds: BTreeMap<(bool, String), (BlsKeyRegistry, Vec<Item>)> = BTreeMap::new();
    for case in cases("bls12381_verify") {
        let (key, message, signature) = (unhex(&case["pub"]), unhex(&case["msg"]), unhex(&case["sig"]));
        let tag = case["ciphersuite"].as_str().unwrap().to_owned();
        let variant = variant_of(&key);
        let verdict = bls_verify(variant, tag.as_bytes(), &key, &message, &signature);
        assert_eq!(verdict.is_good(), is_valid(&case), "{}: {verdict:?}", case["id"]);
        let (registry, items) = kinds
            .entry((variant == BlsVariant::MinPk, tag))
            .or_insert_with(|| (BlsKeyRegistry::new(variant), Vec::new()));
        items.push(Item { key: registry.register(&key), message, signature, verdict });
    }
    for ((_, tag), (registry, items)) in &kinds {
        check_in_batches(items, |items, out| {
            bls_verify_items(registry, tag.as_bytes(), items, out).unwrap();
        });
    }
}

#[test]
fn bls_aggregates() {
    for case in cases("bls12381_aggregate") {
        let list = |name: &str| case[name].as_array().unwrap().iter().map(unhex).collect::<Vec<_>>();
        let (keys, messages, signature) = (list("pubs"), list("msgs"), unhex(&case["sig"]));
        let mut registry = BlsKeyRegistry::new(keys.first().map_or(BlsVariant::MinPk, |key| variant_of(key)));
        let ids: Vec<KeyId> = keys.iter().map(|key| registry.register(key)).collect();
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let tag = case["ciphersuite"].as_str().unwrap().as_bytes();
        for aggregation in [BlsAggregation::DistinctMessages, BlsAggregation::KeysAreProven] {
            let column = ByteColumn::slices(&messages);
            let verdict = bls_aggregate_verify(&registry, tag, &ids, column, &signature, aggregation);
            assert_eq!(verdict.is_good(), is_valid(&case), "{}: {verdict:?}", case["id"]);
        }
        if let ([_], [message]) = (keys.as_slice(), messages.as_slice()) {
            let verdict =
                bls_fast_aggregate_verify(&registry, tag, &ids, message, &signature, PossessionProven);
            assert_eq!(verdict.is_good(), is_valid(&case), "{}: {verdict:?}", case["id"]);
        }
    }
}

#[test]
fn rsa_pss_alone_and_in_batches() {
    let mut registry = RsaKeyRegistry::new();
    let mut all = Vec::new();
    for case in cases("rsa_pss_2048_sha256_salt32") {
        let (modulus, exponent) = (unhex(&case["n"]), unhex(&case["e"]));
        let (message, signature) = (unhex(&case["msg"]), unhex(&case["sig"]));
        let one = |profile| rsa_pss_verify_one(profile, &modulus, &exponent, &message, &signature);
        let verdict = one(RsaProfile::Salt32);
        assert_eq!(verdict.is_good(), is_valid(&case), "{}: {verdict:?}", case["id"]);
        // What is good with a salt of 32 bytes is good with any and not without one.
        if verdict.is_good() {
            assert!(one(RsaProfile::AnySalt).is_good(), "{}", case["id"]);
            assert_eq!(one(RsaProfile::Salt0), SignatureVerdict::Equation, "{}", case["id"]);
        }
        all.push(Item { key: registry.register(&modulus, &exponent), message, signature, verdict });
    }
    if !all.is_empty() {
        check_in_batches(&all, |items, out| {
            rsa_pss_verify_items(&registry, RsaProfile::Salt32, items, out).unwrap();
        });
    }
}
