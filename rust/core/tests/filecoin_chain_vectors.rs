//! Public vectors of Filecoin's addresses, messages, signatures and randomness; and of drand's rounds, many at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod vectors;

use depinverify_core::beacon::{
    Chain, ChainError, Link, RoundFinding, RoundVerdict, Scheme, SignedRound, verify_rounds,
};
use depinverify_core::hash::sha256;
use depinverify_core::networks::filecoin::address::{Address, AddressError, Network, Number, Protocol};
use depinverify_core::networks::filecoin::message::{Message, MessageError, cid_of};
use depinverify_core::networks::filecoin::randomness::{
    MAINNET_GENESIS, MainnetBeacon, RoundRule, actor_entropy, beacon_digest, draw, in_field, round_of_epoch,
    tag, window_post,
};
use depinverify_core::networks::filecoin::signature::{
    Signature, Verdict, recover_secp256k1, verify, verify_aggregate, verify_message,
};
use num_bigint::BigInt;
use serde_json::Value;
use vectors::{hash, hex, list, load, number, ran, text};

#[test]
fn addresses() {
    let Some(file) = load("filecoin/fil_address.json") else { return };
    let mut count = 0;
    for case in list(&file["valid"]) {
        let bytes = hex(&case["bytes_hex"]);
        let address = Address::from_bytes(&bytes).unwrap();
        assert_eq!(address.to_bytes(), bytes);
        for (member, network) in [("mainnet", Network::Main), ("testnet", Network::Test)] {
            if let Some(text) = case[member].as_str() {
                assert_eq!(address.in_network(network).to_string(), text);
                let parsed = Address::parse_in(network, text).unwrap();
                assert_eq!(parsed.address, address);
                assert!(!parsed.has_leading_zeros);
                let other = if network == Network::Main { Network::Test } else { Network::Main };
                let wrong = AddressError::WrongNetwork { expected: other, found: network };
                assert_eq!(Address::parse_in(other, text), Err(wrong));
            }
        }
        assert_eq!(address, made(case));
        let account = case["eth_address"].as_str().map(|account| account[2..].to_ascii_lowercase());
        assert_eq!(address.ethereum().map(|account| data_encoding::HEXLOWER.encode(&account)), account);
        count += 1;
    }
    for case in list(&file["invalid"]) {
        let found = Address::parse(text(&case["text"])).unwrap_err();
        let is_that = match text(&case["why"]) {
            "unknown network" => matches!(found, AddressError::Network { .. }),
            "unknown protocol" => matches!(found, AddressError::Protocol { .. }),
            "bad length" => matches!(found, AddressError::TextLength { .. } | AddressError::Digits { .. }),
            "bad payload" => matches!(found, AddressError::NotDecimal { number: Number::Id, .. }),
            "upper-case character" => matches!(found, AddressError::UpperCase { .. }),
            why => panic!("a reason that is not known: {why}"),
        };
        assert!(is_that, "{case}: {found:?}");
        count += 1;
    }
    ran("filecoin/fil_address.json", count);
}

/// The address as it is made from what the case names.
fn made(case: &Value) -> Address {
    match text(&case["kind"]) {
        "id" => Address::from_id(number(&case["id"])).unwrap(),
        "secp256k1" => Address::of_secp256k1_key(&hex(&case["public_key_hex"]).try_into().unwrap()),
        "actor" => Address::of_actor(&hex(&case["input_hex"])),
        "bls" => Address::of_bls_key(&hex(&case["public_key_hex"]).try_into().unwrap()),
        "delegated" => Address::delegated(number(&case["namespace"]), &hex(&case["subaddress_hex"])).unwrap(),
        "ethereum_delegated" => {
            let account = text(&case["eth_address"]).trim_start_matches("0x");
            let account = data_encoding::HEXLOWER_PERMISSIVE.decode(account.as_bytes()).unwrap();
            Address::from_ethereum(&account.try_into().unwrap())
        }
        kind => panic!("a kind that is not known: {kind}"),
    }
}

/// What no case of the file has: a wrong checksum, tail bits, a changed last letter; for each text with a checksum.
#[test]
fn falsified_addresses() {
    let Some(file) = load("filecoin/fil_address.json") else { return };
    let mut count = 0;
    for case in list(&file["valid"]) {
        let text = text(&case["mainnet"]);
        if Address::parse(text).unwrap().address.protocol() == Protocol::Id {
            continue;
        }
        let (start, last) = text.split_at(text.len() - 1);
        for letter in ('a'..='z').chain('2'..='7').filter(|letter| *last != letter.to_string()) {
            let error = Address::parse(&format!("{start}{letter}")).unwrap_err();
            assert!(matches!(error, AddressError::TailBits | AddressError::Checksum { .. }), "{error}");
        }
        for (at, letter) in text.char_indices().skip(2).filter(|(_, letter)| letter.is_ascii_lowercase()) {
            let upper = format!("{}{}{}", &text[..at], letter.to_ascii_uppercase(), &text[at + 1..]);
            assert!(Address::parse(&upper).is_err(), "{upper}");
        }
        count += 1;
    }
    ran("filecoin/fil_address.json, falsified", count);
}

fn message(case: &Value) -> Message {
    let amount = |member: &str| text(&case[member]).parse::<BigInt>().unwrap();
    let address = |member: &str| Address::parse(text(&case[member])).unwrap().address;
    Message {
        to: address("To"),
        from: address("From"),
        nonce: number(&case["Nonce"]),
        value: amount("Value"),
        gas_limit: case["GasLimit"].as_i64().unwrap(),
        gas_fee_cap: amount("GasFeeCap"),
        gas_premium: amount("GasPremium"),
        method: number(&case["Method"]),
        params: data_encoding::BASE64.decode(text(&case["Params"]).as_bytes()).unwrap(),
    }
}

#[test]
fn message_encodings() {
    let Some(file) = load("filecoin/fil_signature.json") else { return };
    let mut count = 0;
    for case in list(&file["message_encoding"]["cases"]) {
        let (written, encoded) = (message(&case["message"]), hex(&case["cbor_hex"]));
        assert_eq!(written.encode(), encoded, "{}", case["description"]);
        assert_eq!(Message::decode(&encoded), Ok(written));
        for end in 0..encoded.len() {
            assert!(Message::decode(&encoded[..end]).is_err());
        }
        count += 1;
    }
    ran("filecoin/fil_signature.json, encodings", count);
}

fn signature(case: &Value) -> Signature {
    let bytes = hex(&case["signature_hex"]);
    match text(&case["type"]) {
        "secp256k1" => Signature::Secp256k1(bytes.try_into().unwrap()),
        "bls" => Signature::Bls(bytes.try_into().unwrap()),
        kind => panic!("a kind that is not known: {kind}"),
    }
}

#[test]
fn signatures() {
    let Some(file) = load("filecoin/fil_signature.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let name = text(&case["name"]);
        let encoded = hex(&case["message_cbor_hex"]);
        let cid = cid_of(&encoded);
        assert_eq!(cid.to_vec(), hex(&case["message_cid_hex"]), "{name}");
        let signer = Address::parse(text(&case["signer"])).unwrap().address;
        let signature = signature(case);
        let verdict = verify(&signer, &cid, &signature);
        assert_eq!(verdict.is_valid(), case["valid"].as_bool().unwrap(), "{name}: {verdict:?}");
        match (&signature, signer.bls_key()) {
            (Signature::Secp256k1(bytes), None) => {
                assert_eq!(beacon_digest(&cid), hash(&case["digest_blake2b256_of_cid_hex"]));
                let key = recover_secp256k1(&cid, bytes).unwrap();
                assert_eq!(key.to_vec(), hex(&case["recovered_public_key_hex"]));
            }
            (Signature::Bls(_), Some(key)) => assert_eq!(key.to_vec(), hex(&case["public_key_hex"])),
            other => panic!("{name}: {other:?}"),
        }
        match Message::decode(&encoded) {
            Ok(read) => {
                assert_eq!(read.encode(), encoded);
                assert_eq!(verify_message(&read, &signature), verdict);
                if case["message"].is_object() {
                    assert_eq!(read, message(&case["message"]));
                }
            }
            // A message from before the gas fee had two parts; it was signed all the same.
            Err(error) => assert!(
                matches!(error, MessageError::Cbor { member: "array", .. }) && encoded[0] == 0x88,
                "{name}: {error}"
            ),
        }
        falsified(&signer, &cid, &signature);
        assert_eq!(Signature::from_wire(&signature.to_wire()), Ok(signature));
        count += 1;
    }
    ran("filecoin/fil_signature.json, signatures", count);
}

/// No changed signature is valid, and none is valid for changed bytes or another signer.
fn falsified(signer: &Address, cid: &[u8], signature: &Signature) {
    let mut other_cid = cid.to_vec();
    other_cid[37] ^= 1;
    assert!(!verify(signer, &other_cid, signature).is_valid());
    assert!(!verify(&Address::of_bls_key(&[7; 48]), cid, signature).is_valid());
    assert!(!verify(&Address::of_secp256k1_key(&[4; 65]), cid, signature).is_valid());
    let found = signer.protocol();
    let id = Address::from_id(100).unwrap();
    assert_eq!(verify(&id, cid, signature), Verdict::SignerProtocol { found: Protocol::Id });
    let wire = signature.to_wire();
    for bit in (8..8 * wire.len()).step_by(29) {
        let mut changed = wire.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = Signature::from_wire(&changed).unwrap();
        assert!(!verify(signer, cid, &changed).is_valid(), "{found:?}, bit {bit}");
    }
}

#[test]
fn aggregate() {
    let Some(file) = load("filecoin/fil_signature.json") else { return };
    let case = &file["aggregate"];
    let keys: Vec<Vec<u8>> = list(&case["public_keys_hex"]).iter().map(hex).collect();
    let messages: Vec<Vec<u8>> = list(&case["message_cids_hex"]).iter().map(hex).collect();
    let (keys, messages) = (slices(&keys), slices(&messages));
    let signature = hex(&case["aggregate_signature_hex"]);
    let found = verify_aggregate(&keys, &messages, &signature).unwrap();
    assert_eq!(found.verdict.is_valid(), case["valid"].as_bool().unwrap());
    for rows in &found.equal {
        let first = rows.rows[0];
        assert!(rows.rows.len() > 1 && rows.rows.iter().all(|&row| messages[row] == messages[first]));
        assert_eq!(rows.has_different_keys, rows.rows.iter().any(|&row| keys[row] != keys[first]));
    }
    let distinct: std::collections::BTreeSet<_> = messages.iter().collect();
    let repeated: usize = found.equal.iter().map(|rows| rows.rows.len() - 1).sum();
    assert_eq!(messages.len() - distinct.len(), repeated);

    // Without its last signer, with two messages exchanged, or with another signature it is nobody's.
    let last = keys.len() - 1;
    let fewer = verify_aggregate(&keys[..last], &messages[..last], &signature).unwrap();
    assert_eq!(fewer.verdict, Verdict::NotSigned);
    let mut exchanged = messages.clone();
    exchanged.swap(0, last);
    assert_eq!(verify_aggregate(&keys, &exchanged, &signature).unwrap().verdict, Verdict::NotSigned);
    let one = hex(&file["cases"][2]["signature_hex"]);
    assert_eq!(verify_aggregate(&keys, &messages, &one).unwrap().verdict, Verdict::NotSigned);
    ran("filecoin/fil_signature.json, aggregate", 1);
}

fn slices(bytes: &[Vec<u8>]) -> Vec<&[u8]> {
    bytes.iter().map(Vec::as_slice).collect()
}

#[test]
fn randomness() {
    let Some(file) = load("filecoin/fil_randomness.json") else { return };
    let mut count = 0;
    for case in list(&file["draw"]) {
        let epoch = case["epoch"].as_i64().unwrap();
        let tag = case["domain_tag"].as_i64().unwrap();
        let found = draw(tag, &hash(&case["digest_hex"]), epoch, &hex(&case["entropy_hex"]));
        assert_eq!(found, hash(&case["randomness_hex"]));
        count += 1;
    }

    let case = &file["window_post_challenge"];
    let digest = beacon_digest(&hex(&case["beacon_signature_hex"]));
    assert_eq!(digest, hash(&case["beacon_digest_hex"]));
    let miner = Address::from_id(number(&case["miner_actor_id"])).unwrap();
    assert_eq!(actor_entropy(&miner), hex(&case["entropy_hex"]));
    let epoch = case["epoch"].as_i64().unwrap();
    assert_eq!(case["domain_tag"].as_i64(), Some(tag::WINDOW_POST));
    let drawn = draw(tag::WINDOW_POST, &digest, epoch, &actor_entropy(&miner));
    assert_eq!(drawn, hash(&case["randomness_hex"]));
    let cleared = hash(&case["randomness_after_clearing_top_two_bits_hex"]);
    assert_eq!((in_field(drawn), window_post(&digest, epoch, &miner)), (cleared, cleared));
    count += 1;

    let case = &file["pdp_seed"];
    let seed = beacon_digest(&hex(&case["beacon_signature_hex"]));
    assert_eq!(seed, hash(&case["seed_hex"]));
    let decimal: BigInt = text(&case["seed_decimal"]).parse().unwrap();
    assert_eq!(BigInt::from_bytes_be(num_bigint::Sign::Plus, &seed), decimal);
    count += 1;

    for case in list(&file["epoch_to_quicknet_round"]["cases"]) {
        let epoch = case["epoch"].as_i64().unwrap();
        let found = round_of_epoch(MAINNET_GENESIS, epoch, &Chain::quicknet(), RoundRule::FromV16);
        assert_eq!(found, Ok(number(&case["round"])), "{case}");
        count += 1;
    }
    for case in list(&file["epoch_to_mainnet_chained_round"]["cases"]) {
        let epoch = case["epoch"].as_i64().unwrap();
        for (member, rule) in [
            ("round_before_network_v16", RoundRule::BeforeV16),
            ("round_from_network_v16", RoundRule::FromV16),
        ] {
            let found = round_of_epoch(MAINNET_GENESIS, epoch, &Chain::default_chain(), rule);
            assert_eq!(found, Ok(number(&case[member])), "{case}");
            count += 1;
        }
    }
    ran("filecoin/fil_randomness.json", count);
}

#[test]
fn networks_of_the_main_chain_and_times_of_rounds() {
    let Some(file) = load("drand/networks.json") else { return };
    let mut count = 0;
    for beacon in [MainnetBeacon::Incentinet, MainnetBeacon::Default, MainnetBeacon::Quicknet] {
        let chain = beacon.chain().unwrap();
        let published =
            list(&file["networks"]).iter().find(|case| hash(&case["chain_hash_hex"]) == *chain.hash());
        assert_eq!(hex(&published.unwrap()["public_key_hex"]), chain.public_key());
        count += 1;
    }
    let chain = Chain::quicknet();
    for case in list(&file["round_time"]["time_of_round"]) {
        let (round, time) = (number(&case["round"]), case["time"].as_i64().unwrap());
        match chain.time_of_round(round) {
            Ok(found) => assert_eq!(found, time, "{case}"),
            // Round 0 has no signature here; its time would be that of the genesis.
            Err(error) => assert_eq!(
                (error, round, time),
                (ChainError::NoSuchRound { round: 0 }, 0, chain.genesis_time())
            ),
        }
        count += 1;
    }
    for case in list(&file["round_time"]["round_at_time"]) {
        assert_eq!(chain.round_at(case["time"].as_i64().unwrap()), Ok(number(&case["round"])), "{case}");
        count += 1;
    }
    ran("drand/networks.json, times", count);
}

/// A case of `beacons.json` or `invalid.json`.
struct Case {
    name: String,
    chain: Chain,
    round: u64,
    signature: Vec<u8>,
    previous: Option<Vec<u8>>,
    randomness: Option<Vec<u8>>,
    is_valid: bool,
}

impl Case {
    fn of(case: &Value) -> Option<Self> {
        let scheme = Scheme::from_name(text(&case["scheme"])).ok()?;
        let optional = |member: &str| case[member].is_string().then(|| hex(&case[member]));
        let (round, previous) = (number(&case["round"]), optional("previous_signature_hex"));
        // What round 1 states as the signature before is the genesis seed; no other case has one.
        let seed = previous.clone().filter(|_| round == 1).unwrap_or_default();
        Some(Self {
            name: text(&case["name"]).to_owned(),
            chain: Chain::new(scheme, &hex(&case["public_key_hex"]), 0, 1, &seed, "").unwrap(),
            round,
            signature: hex(&case["signature_hex"]),
            previous,
            randomness: optional("randomness_hex"),
            is_valid: case["valid"].as_bool().unwrap(),
        })
    }

    fn as_round(&self) -> SignedRound<'_> {
        SignedRound {
            round: self.round,
            signature: &self.signature,
            previous: self.previous.as_deref(),
            randomness: self.randomness.as_deref(),
        }
    }
}

fn cases(path: &str) -> Option<Vec<Case>> {
    load(path).map(|file| list(&file["cases"]).iter().filter_map(Case::of).collect())
}

fn one(chain: &Chain, round: SignedRound<'_>) -> RoundFinding {
    verify_rounds(chain, &[round], None).unwrap()[0]
}

#[test]
fn rounds_one_by_one_and_falsified() {
    for path in ["drand/beacons.json", "drand/invalid.json"] {
        let Some(cases) = cases(path) else { return };
        for case in &cases {
            let found = one(&case.chain, case.as_round());
            assert_eq!(found.is_good(), case.is_valid, "{}: {found:?}", case.name);
            assert!(!found.has_spare_previous);
            if !case.is_valid {
                let undecodable =
                    matches!(found.verdict, RoundVerdict::SignatureLength | RoundVerdict::NotAPoint);
                assert!(undecodable || found.verdict == RoundVerdict::NotSigned, "{}: {found:?}", case.name);
                assert_eq!(undecodable, matches!(&*case.name, "short_signature" | "not_a_curve_point"));
                continue;
            }
            let round = case.as_round();
            let verdict = |round| one(&case.chain, round).verdict;
            assert_eq!(verdict(SignedRound { round: case.round + 1, ..round }), RoundVerdict::NotSigned);
            let stated = SignedRound { randomness: Some(&[0xde, 0xad]), ..round };
            assert_eq!(verdict(stated), RoundVerdict::RandomnessMismatch);
            let mut changed = case.signature.clone();
            changed[0] ^= 0x20;
            assert_eq!(
                verdict(SignedRound { signature: &changed, randomness: None, ..round }),
                RoundVerdict::NotSigned
            );
            if let Some(previous) = &case.previous {
                let mut changed = previous.clone();
                changed[0] ^= 1;
                let broken = SignedRound { previous: Some(&changed), ..round };
                assert_eq!(verdict(broken), RoundVerdict::NotSigned);
            } else {
                let spare = one(&case.chain, SignedRound { previous: Some(&[1]), ..round });
                assert!(spare.is_good() && spare.has_spare_previous);
            }
            for scheme in Scheme::ALL.into_iter().filter(|scheme| *scheme != case.chain.scheme()) {
                if let Ok(other) = Chain::new(scheme, case.chain.public_key(), 0, 1, &[], "") {
                    assert!(!one(&other, round).is_good(), "{}, {}", case.name, scheme.name());
                }
            }
        }
        ran(path, cases.len());
    }
}

#[test]
fn rounds_of_one_chain_at_once() {
    let (Some(valid), Some(invalid)) = (cases("drand/beacons.json"), cases("drand/invalid.json")) else {
        return;
    };
    let all: Vec<&Case> = valid.iter().chain(&invalid).collect();
    let mut count = 0;
    for chain in [MainnetBeacon::Default, MainnetBeacon::Quicknet].map(|beacon| beacon.chain().unwrap()) {
        let is_its = |case: &&&Case| {
            case.chain.public_key() == chain.public_key() && case.chain.scheme() == chain.scheme()
        };
        let own: Vec<_> = all.iter().filter(is_its).collect();
        let rounds: Vec<_> = own.iter().map(|case| case.as_round()).collect();
        let found = verify_rounds(&chain, &rounds, Some(i64::MAX)).unwrap();
        for (case, found) in own.iter().zip(found) {
            assert_eq!(found.verdict == RoundVerdict::Signed, case.is_valid, "{}: {found:?}", case.name);
            assert!(!found.is_future);
            let has_neighbour = chain.scheme().is_chained() && (1..4).contains(&case.round);
            assert_eq!(found.link == Link::Holds, has_neighbour, "{}: {found:?}", case.name);
            count += 1;
        }
    }
    ran("drand/beacons.json and invalid.json, at once", count);
}

#[test]
fn a_break_in_a_published_run() {
    let Some(valid) = cases("drand/beacons.json") else { return };
    let chain = Chain::default_chain();
    let run: Vec<_> = ["mainnet_round_1", "mainnet_round_2", "mainnet_round_3"]
        .map(|name| valid.iter().find(|case| case.name == name).unwrap().as_round())
        .to_vec();
    let links = |rounds: &[SignedRound<'_>]| -> Vec<_> {
        verify_rounds(&chain, rounds, None).unwrap().iter().map(|found| (found.verdict, found.link)).collect()
    };
    assert_eq!(links(&run), [(RoundVerdict::Signed, Link::Holds); 3]);
    // Round 1 with the signature of round 3: its own verdict, and the link of the round after.
    let mut swapped = run.clone();
    swapped[0].signature = run[2].signature;
    swapped[0].randomness = None;
    assert_eq!(
        links(&swapped),
        [
            (RoundVerdict::NotSigned, Link::Holds),
            (RoundVerdict::Signed, Link::Broken),
            (RoundVerdict::Signed, Link::Holds)
        ]
    );
    let Some(file) = load("drand/invalid.json") else { return };
    let (stated, signature) = (
        hex(&file["randomness_mismatch"]["randomness_hex"]),
        hex(&file["randomness_mismatch"]["signature_hex"]),
    );
    assert_eq!(signature, run[0].signature);
    assert_ne!(sha256(&signature).to_vec(), stated);
    let found = one(&chain, SignedRound { randomness: Some(&stated), ..run[0] });
    assert_eq!(found.verdict, RoundVerdict::RandomnessMismatch);
    ran("drand/invalid.json, randomness and links", 4);
}
