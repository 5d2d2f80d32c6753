//! Public vectors of beacons and of the challenge schedule.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod vectors;

use depinverify_core::beacon::{
    Chain, Scheme, SlotDraws, assign_into, draw, is_selected, nonce, round_message, slot_seed,
};
use depinverify_core::hash::sha256;
use vectors::{hash, hex, list, load, number, ran, text};

#[test]
fn networks() {
    let Some(file) = load("drand/networks.json") else { return };
    let mut count = 0;
    for case in list(&file["networks"]) {
        let Ok(scheme) = Scheme::from_name(text(&case["scheme"])) else { continue };
        let chain = Chain::new(
            scheme,
            &hex(&case["public_key_hex"]),
            case["genesis_time"].as_i64().unwrap(),
            u32::try_from(number(&case["period_seconds"])).unwrap(),
            &hex(&case["genesis_seed_hex"]),
            text(&case["beacon_id"]),
        )
        .unwrap();
        assert_eq!(*chain.hash(), hash(&case["chain_hash_hex"]), "{}", case["name"]);
        for named in [Chain::quicknet(), Chain::default_chain()] {
            assert_eq!(named == chain, named.hash() == chain.hash());
        }
        count += 1;
    }
    ran("drand/networks.json", count);
}

#[test]
fn beacons() {
    for path in ["drand/beacons.json", "drand/invalid.json"] {
        let Some(file) = load(path) else { return };
        let mut count = 0;
        for case in list(&file["cases"]) {
            let Ok(scheme) = Scheme::from_name(text(&case["scheme"])) else { continue };
            let previous = case["previous_signature_hex"]
                .as_str()
                .map_or(vec![], |_| hex(&case["previous_signature_hex"]));
            let (signature, round) = (hex(&case["signature_hex"]), number(&case["round"]));
            let good = Chain::new(scheme, &hex(&case["public_key_hex"]), 0, 1, &[], "")
                .is_ok_and(|chain| chain.verify_round(round, &signature, &previous));
            assert_eq!(good, case["valid"].as_bool().unwrap(), "{path}: {}", case["name"]);
            if case["message_sha256_hex"].is_string() {
                assert_eq!(round_message(scheme, round, &previous), hash(&case["message_sha256_hex"]));
            }
            if case["randomness_hex"].is_string() {
                assert_eq!(sha256(&signature), hash(&case["randomness_hex"]), "{}", case["name"]);
            }
            count += 1;
        }
        ran(path, count);
    }
}

#[test]
fn challenge_schedule() {
    let Some(file) = load("scoring/challenge_schedule.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        if case["slot_seed"].is_string() {
            drawn(case);
        } else if case["signature"].is_string() {
            assert_eq!(sha256(&hex(&case["signature"])), hash(&case["randomness"]));
        } else {
            for row in list(&case["rows"]) {
                let chain = Chain::named(text(&row["chain"])).unwrap();
                assert_eq!(chain.round_at(row["unix"].as_i64().unwrap()), Ok(number(&row["round"])), "{row}");
            }
        }
        count += 1;
    }
    ran("scoring/challenge_schedule.json", count);
}

fn drawn(case: &serde_json::Value) {
    let seed = slot_seed(
        &hash(&case["chain_hash"]),
        number(&case["round"]),
        &hash(&case["randomness"]),
        number(&case["slot"]),
        &hash(&case["params_hash"]),
    );
    assert_eq!(seed, hash(&case["slot_seed"]));
    let (num, den) = (number(&case["probability"][0]), number(&case["probability"][1]));
    let validators: Vec<&[u8]> = list(&case["validators"]).iter().map(|v| text(v).as_bytes()).collect();
    let k = usize::try_from(number(&case["k"])).unwrap();
    for row in list(&case["rows"]) {
        let device = text(&row["device"]).as_bytes();
        assert_eq!(draw("select", &seed, device), number(&row["select_draw"]));
        assert_eq!(is_selected(&seed, device, num, den), row["selected"].as_bool().unwrap());
        assert_eq!(
            SlotDraws::new(&seed).offset_ms(device, number(&case["span_ms"])),
            number(&row["offset_ms"])
        );
        let mut assigned = Vec::new();
        assign_into(&seed, device, (0..).zip(validators.iter().copied()), k, &mut assigned);
        let expected: Vec<&[u8]> = list(&row["validators"]).iter().map(|v| text(v).as_bytes()).collect();
        let found: Vec<&[u8]> = assigned.iter().map(|&index| validators[index as usize]).collect();
        assert_eq!(found, expected);
        assert_eq!(nonce(&seed, device, expected[0]), hash(&row["nonce_first_validator"]));
    }
}
