//! Public signature vectors: every case of every file in the vectors folder, alone and in batches of every shape.
//!
//! The folder is named by `DEPINVERIFY_VECTORS` and is `../shared/vectors` from the project's root by default; without it
//! the tests say so, and the project's own cases of `tests/vectors/signatures.json` still run.
#![allow(clippy::print_stdout, reason = "tests say how many cases ran")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use depinverify_core::signature::{
    BlsVariant, ByteColumn, EcdsaDigest, EcdsaEncoding, EcdsaRule, Ed25519Profile, Items, KeyRegistry, Rules,
    SPolicy, Scheme, SignatureVerdict, bls_verify, recover_address, recover_key, residue_order, verify_items,
    verify_one,
};
use rayon::prelude::*;
use serde_json::Value;

/// One item under one set of rules.
struct Case {
    id: String,
    scheme: Scheme,
    rules: Rules,
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
    valid: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("DEPINVERIFY_VECTORS")
        .map_or_else(|| root().join("../shared/vectors"), PathBuf::from)
        .join("signatures");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no public vectors at {}", folder.display());
    None
}

/// The files of the vectors folder whose names start and end like this.
fn files(start: &str, end: &str) -> Vec<(String, Value)> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let named_so = name.starts_with(start) && name.ends_with(end);
            named_so.then(|| (name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap()))
        })
        .collect()
}

fn cases(file: &Value) -> &[Value] {
    file["cases"].as_array().unwrap()
}

fn bytes(case: &Value, name: &str) -> Vec<u8> {
    HEXLOWER_PERMISSIVE.decode(case[name].as_str().unwrap().as_bytes()).unwrap()
}

fn array<const N: usize>(case: &Value, name: &str) -> [u8; N] {
    bytes(case, name).try_into().unwrap()
}

fn with_ed25519(profile: Ed25519Profile) -> Rules {
    Rules { ed25519: profile, ..Rules::UPTIME_PROOF }
}

fn with_ecdsa(rule: EcdsaRule) -> Rules {
    Rules { p256: rule, secp256k1: rule, ..Rules::UPTIME_PROOF }
}

/// The item under every profile that the vector names.
fn ed25519_cases(id: &str, item: &Value) -> Vec<Case> {
    let profiles = item["expect"].as_object().unwrap().iter();
    profiles
        .filter_map(|(name, valid)| {
            Some(Case {
                id: format!("{id} {name}"),
                scheme: Scheme::Ed25519,
                rules: with_ed25519(Ed25519Profile::from_name(name)?),
                key: bytes(item, "pub"),
                message: bytes(item, "msg"),
                signature: bytes(item, "sig"),
                valid: valid.as_bool()?,
            })
        })
        .collect()
}

fn ecdsa_cases(name: &str, file: &Value) -> Vec<Case> {
    let scheme = if name.contains("_p256_") { Scheme::P256 } else { Scheme::Secp256k1 };
    let encoding = if name.contains("_p1363") { EcdsaEncoding::P1363 } else { EcdsaEncoding::Der };
    let mut all = Vec::new();
    for case in cases(file) {
        for (policy, valid) in case["expect"].as_object().unwrap() {
            let Some(s) = SPolicy::ALL.into_iter().find(|each| each.name() == policy) else { continue };
            all.push(Case {
                id: format!("{} {policy}", case["id"]),
                scheme,
                rules: with_ecdsa(EcdsaRule { encoding, s, digest: EcdsaDigest::Sha256 }),
                key: bytes(case, "pub"),
                message: bytes(case, "msg"),
                signature: bytes(case, "sig"),
                valid: valid.as_bool().unwrap(),
            });
        }
    }
    all
}

/// A fixed sequence of numbers that looks shuffled.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut state = seed;
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
    }
    order
}

/// Checks each case alone, then all cases of equal rules three times over, shuffled, in odd slices on 1 to 8 threads.
fn check(what: &str, all: &[Case]) {
    let mut kinds: Vec<Rules> = Vec::new();
    for case in all {
        let verdict = verify_one(case.scheme, &case.rules, &case.key, &case.message, &case.signature);
        assert_eq!(verdict.is_good(), case.valid, "{what}: {} gave {verdict:?}", case.id);
        if !kinds.contains(&case.rules) {
            kinds.push(case.rules);
        }
    }
    for rules in &kinds {
        let cases: Vec<&Case> = all.iter().filter(|case| case.rules == *rules).collect();
        check_batches(what, *rules, &cases);
    }
    println!("{what}: {} verdicts under {} rules, alone and in batches", all.len(), kinds.len());
}

fn check_batches(what: &str, rules: Rules, cases: &[&Case]) {
    let mut registry = KeyRegistry::new();
    let ids: Vec<_> = cases.iter().map(|case| registry.register(case.scheme, &case.key)).collect();
    let alone: Vec<_> = cases
        .iter()
        .map(|case| verify_one(case.scheme, &rules, &case.key, &case.message, &case.signature))
        .collect();
    for (round, slice) in [1, 2, 7, 15, 16, 17, 33, 257, 2000].into_iter().enumerate() {
        let order: Vec<usize> = shuffled(cases.len() * 3, 7 + u64::try_from(round).unwrap())
            .into_iter()
            .map(|place| place % cases.len())
            .collect();
        let messages: Vec<&[u8]> = order.iter().map(|&at| cases[at].message.as_slice()).collect();
        let signatures: Vec<&[u8]> = order.iter().map(|&at| cases[at].signature.as_slice()).collect();
        let key_ids: Vec<_> = order.iter().map(|&at| ids[at]).collect();
        let items =
            Items::new(&key_ids, ByteColumn::slices(&messages), ByteColumn::slices(&signatures)).unwrap();
        let mut out = vec![SignatureVerdict::UnknownKeyId; order.len()];
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1 + round % 8).build().unwrap();
        pool.install(|| {
            out.par_chunks_mut(slice).enumerate().for_each(|(at, out)| {
                let items = items.slice(at * slice, (at + 1) * slice);
                verify_items(&registry, &rules, &items, out).unwrap();
            });
        });
        for (place, &at) in order.iter().enumerate() {
            assert_eq!(out[place], alone[at], "{what}: {} in slices of {slice}", cases[at].id);
        }
    }
}

#[test]
fn ed25519_under_every_profile() {
    for (name, file) in files("ed25519", ".json") {
        let mut all = Vec::new();
        for case in cases(&file) {
            let id = case["id"].as_str().unwrap();
            match case["items"].as_array() {
                // A file of batches: its items are also checked in their own order, among one another.
                Some(items) => {
                    let own: Vec<Case> = items.iter().flat_map(|item| ed25519_cases(id, item)).collect();
                    check(id, &own);
                    all.extend(own);
                }
                None => all.extend(ed25519_cases(id, case)),
            }
        }
        check(&name, &all);
    }
}

#[test]
fn ed25519_residues() {
    let mut count = 0;
    for (_, file) in files("ed25519", ".json") {
        let singles = cases(&file).iter().filter(|case| case.get("residue_order").is_some());
        for case in singles {
            let expected = case["residue_order"].as_u64();
            let found = residue_order(&bytes(case, "pub"), &bytes(case, "msg"), &bytes(case, "sig"));
            // The files also give the residue where S is out of range; no profile accepts such a signature.
            let accepted_somewhere =
                case["expect"].as_object().unwrap().values().any(|valid| *valid == Value::Bool(true));
            if found.is_some() || accepted_somewhere {
                assert_eq!(found.map(u64::from), expected, "{}", case["id"]);
                count += 1;
            }
        }
    }
    println!("ed25519 residues: {count}");
}

#[test]
fn ecdsa_encodings_and_halves() {
    for start in ["ecdsa_p256_sha256_", "ecdsa_secp256k1_sha256_"] {
        for (name, file) in files(start, ".json") {
            check(&name, &ecdsa_cases(&name, &file));
        }
    }
}

#[test]
fn ethereum_recovery() {
    for (name, file) in files("ecdsa_secp256k1_eth_recover", ".json") {
        let mut registered = Vec::new();
        for case in cases(&file) {
            let (digest, signature) = (array::<32>(case, "digest"), bytes(case, "sig"));
            for s in SPolicy::ALL {
                let expected = case["expect"][s.name()].as_str();
                let found = recover_address(digest, &signature, s)
                    .map(|address| format!("0x{}", HEXLOWER_PERMISSIVE.encode(&address)));
                assert_eq!(found.as_deref().ok(), expected, "{name}: {} {}", case["id"], s.name());
                // With the key known, the same signature is good under it and under no other.
                let Ok(key) = recover_key(digest, &signature, s) else { continue };
                let rule = EcdsaRule { encoding: EcdsaEncoding::Recoverable, s, digest: EcdsaDigest::Given };
                registered.push(Case {
                    id: case["id"].to_string(),
                    scheme: Scheme::Secp256k1,
                    rules: with_ecdsa(rule),
                    key: key.to_vec(),
                    message: digest.to_vec(),
                    signature: signature.clone(),
                    valid: true,
                });
            }
        }
        for at in 0..registered.len() {
            let other = &registered[(at + 5) % registered.len()];
            if registered[at].valid && other.key != registered[at].key && other.valid {
                let case = &registered[at];
                registered.push(Case {
                    id: format!("{} under another key", case.id),
                    scheme: case.scheme,
                    rules: case.rules,
                    key: other.key.clone(),
                    message: case.message.clone(),
                    signature: case.signature.clone(),
                    valid: false,
                });
            }
        }
        println!("{name}: {} cases", cases(&file).len());
        check("the same with known keys", &registered);
    }
}

#[test]
fn bls() {
    for (name, file) in files("bls12381_verify", ".json") {
        for case in cases(&file) {
            let key = bytes(case, "pub");
            let variant = if key.len() == 96 { BlsVariant::MinSig } else { BlsVariant::MinPk };
            let tag = case["ciphersuite"].as_str().unwrap().as_bytes();
            let verdict = bls_verify(variant, tag, &key, &bytes(case, "msg"), &bytes(case, "sig"));
            let expected = case["expect"]["valid"].as_bool().unwrap();
            assert_eq!(verdict.is_good(), expected, "{}: {verdict:?}", case["id"]);
        }
        println!("{name}: {} cases", cases(&file).len());
    }
}

/// The project's own cases, which run in every clone.
#[test]
fn own_cases() {
    let text = fs::read(root().join("tests/vectors/signatures.json")).unwrap();
    let file: Value = serde_json::from_slice(&text).unwrap();
    let mut all = Vec::new();
    for case in cases(&file) {
        for (rule, verdict) in case["verdicts"].as_object().unwrap() {
            let id = format!("{} {rule}", case["name"]);
            let (key, message, signature) =
                (bytes(case, "key"), bytes(case, "message"), bytes(case, "signature"));
            let found = if let Some((variant, tag)) = rule.split_once(' ') {
                let variant = if variant == "min-pk" { BlsVariant::MinPk } else { BlsVariant::MinSig };
                bls_verify(variant, tag.as_bytes(), &key, &message, &signature)
            } else {
                let scheme = Scheme::from_name(case["scheme"].as_str().unwrap()).unwrap();
                let rules = match scheme {
                    Scheme::Ed25519 => with_ed25519(Ed25519Profile::from_name(rule).unwrap()),
                    _ => with_ecdsa(EcdsaRule::from_name(rule).unwrap()),
                };
                let valid = *verdict == "GOOD";
                let found = verify_one(scheme, &rules, &key, &message, &signature);
                all.push(Case { id: id.clone(), scheme, rules, key, message, signature, valid });
                found
            };
            let name = depinverify_core::verdict::by_number(
                depinverify_core::verdict::Family::Signature,
                "",
                found.number(),
            );
            assert_eq!(name.map(|entry| entry.name), verdict.as_str(), "{id}");
        }
    }
    check("own cases", &all);
}
