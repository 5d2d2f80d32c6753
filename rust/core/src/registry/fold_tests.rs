use serde_json::{Value as Json, json};

use super::super::sample::*;
use super::super::{event_hash, parse_event};
use super::*;
use crate::registry::Payee;
use crate::signature::Scheme;

const START: i64 = 10_000;
const END: i64 = 20_000;
const BOUNDS: Bounds = Bounds { epoch: 7, start_ms: START, end_ms: END };

fn device_key() -> Signatory {
    signatory(1)
}

fn base(owner: &str) -> Chain {
    let mut chain = Chain::new();
    chain.push(100, enroll(DEVICE, &device_key(), owner), &[&device_key()]);
    chain
}

fn with_validator(owner: &str) -> Chain {
    let mut chain = base(owner);
    chain.push(200, enroll_validator(VALIDATOR, &signatory(50), "bob"), &[&signatory(50)]);
    chain
}

fn about(kind: &str, mut more: Json) -> Json {
    let mut event = json!({"type": kind, "device": DEVICE});
    event.as_object_mut().unwrap().append(more.as_object_mut().unwrap());
    event
}

fn revoke(kid: &str) -> Json {
    about("revoke", json!({"validator": null, "kid": kid}))
}

fn rotate(old: &Signatory, new: &Signatory, overlap: i64) -> Json {
    about(
        "rotate",
        json!({"validator": null, "old_kid": old.kid, "key": new.did(), "kid": new.kid, "overlap_ms": overlap}),
    )
}

#[track_caller]
fn only(chain: &Chain) -> Device {
    let snapshot = chain.fold(BOUNDS).unwrap();
    assert_eq!(snapshot.devices.len(), 1);
    snapshot.devices[0].clone()
}

#[track_caller]
fn refused(chain: &Chain, word: &str) {
    let fault = chain.fold(BOUNDS).unwrap_err();
    assert_eq!(fault.line, chain.lines.len(), "{fault}");
    assert!(fault.what.contains(word), "{fault}");
}

#[test]
fn an_empty_registry_has_zeros_for_a_head() {
    let snapshot = Snapshot::from_lines(b"", BOUNDS, &[], Some([0; 32])).unwrap();
    assert_eq!((snapshot.head, snapshot.registry_head_at_start), ([0; 32], [0; 32]));
    assert_eq!(snapshot.content_hash, crate::hash::sha256(b""));
}

#[test]
fn heads_and_content_hash_are_of_the_events_before_start_and_end() {
    let mut chain = with_validator("alice");
    chain.push(START, revoke(&device_key().kid), &[&signatory(AUTHORITY)]);
    chain.push(END - 1, about("retire", json!({})), &[&signatory(AUTHORITY)]);
    let counted = chain.clone();
    chain.push(END, about("retire", json!({})), &[&signatory(AUTHORITY)]);
    let snapshot = chain.fold(BOUNDS).unwrap();
    assert_eq!(snapshot.registry_head_at_start, chain.hash_of(1));
    assert_eq!(snapshot.head, chain.hash_of(3));
    // serde_json writes members sorted and without space: each line is its own canonical form.
    assert_eq!(snapshot.content_hash, crate::hash::sha256(&counted.text()));
    assert_eq!(snapshot, counted.fold(BOUNDS).unwrap());
    let spaced = String::from_utf8(chain.text()).unwrap().replace("\":", "\" : ").replace('\n', " \n ");
    let spaced = spaced.trim_end();
    assert_eq!(Snapshot::from_lines(spaced.as_bytes(), BOUNDS, &authority(), None).unwrap(), snapshot);
    assert!(Snapshot::from_lines(&chain.text(), BOUNDS, &authority(), Some(chain.hash_of(1))).is_ok());
    let fault =
        Snapshot::from_lines(&chain.text(), BOUNDS, &authority(), Some(chain.hash_of(0))).unwrap_err();
    assert!(fault.what.starts_with("head: expected") && fault.line == 2);
}

#[test]
fn events_from_the_end_on_are_not_looked_at() {
    let mut chain = base("alice");
    let before = chain.fold(BOUNDS).unwrap();
    chain.lines.push(format!(r#"{{"recorded_ms":{END},"type":"of a later version"}}"#));
    chain.lines.push("no JSON at all".to_owned());
    assert_eq!(chain.fold(BOUNDS).unwrap(), before);
}

#[test]
fn a_broken_chain_is_refused() {
    let good = {
        let mut chain = with_validator("alice");
        chain.push(300, commit(VALIDATOR, 7, 1), &[&signatory(50)]);
        chain
    };
    assert!(good.fold(BOUNDS).is_ok());
    let changed = |change: &dyn Fn(&mut Vec<String>)| {
        let mut chain = good.clone();
        change(&mut chain.lines);
        chain.fold(BOUNDS).unwrap_err()
    };
    assert_eq!(
        changed(&|lines| {
            lines.remove(0);
        })
        .line,
        1
    );
    assert_eq!(
        changed(&|lines| {
            lines.remove(1);
        })
        .line,
        2
    );
    assert_eq!(changed(&|lines| lines.swap(0, 1)).line, 1);
    assert_eq!(changed(&|lines| lines.insert(1, lines[0].clone())).line, 2);
    let fault = changed(&|lines| lines[0] = lines[0].replace("9000", "9001"));
    assert_eq!((fault.line, fault.what.contains("sigs")), (1, true), "{fault}");
    let fault = changed(&|lines| lines[0] = lines[0].replace("\"effective_ms\":100", "\"effective_ms\":101"));
    assert!(fault.line == 2 && fault.what.starts_with("prev_hash") && fault.hint.is_some(), "{fault}");
    assert_eq!(changed(&|lines| lines.insert(1, String::new())).line, 2);
    let mut chain = base("alice");
    chain.push(99, enroll_validator(VALIDATOR, &signatory(50), "bob"), &[&signatory(50)]);
    refused(&chain, "recorded_ms");
    let mut chain = base("alice");
    chain.push_changed((100, 100), revoke("00"), &[], |event| event["seq"] = 7.into());
    refused(&chain, "seq");
}

#[test]
fn the_smallest_line_is_named_whatever_is_wrong_with_later_ones() {
    let mut chain = with_validator("alice");
    // A bad signature is found after the lines were taken, a missing member before: the signature's line is smaller.
    chain.push_changed((300, 300), commit(VALIDATOR, 7, 1), &[&signatory(50)], |event| {
        event["sigs"][0]["sig"] = "00".repeat(64).into();
    });
    chain.lines.push("{}".to_owned());
    let fault = chain.fold(BOUNDS).unwrap_err();
    assert_eq!(fault.line, 3);
    assert!(fault.to_string().starts_with("registry line 3: sigs: the signature with kid"));
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| chain.fold(BOUNDS)).unwrap_err(), fault);
    }
}

#[test]
fn a_device_is_eligible_if_its_enrolment_took_effect_before_the_start() {
    for (recorded, effective, is_eligible) in [
        (1, START - 1, true),
        (1, START, false),
        (START - 1, START - 1, true),
        (START, START, false),
        (START + 5, START + 5, false),
    ] {
        let mut chain = Chain::new();
        chain.push_changed(
            (recorded, effective),
            enroll(DEVICE, &device_key(), "alice"),
            &[&device_key()],
            |_| {},
        );
        assert_eq!(
            chain.fold(BOUNDS).unwrap().devices.len(),
            usize::from(is_eligible),
            "{recorded} {effective}"
        );
    }
    let device = only(&base("alice"));
    assert_eq!((device.weight, device.class.as_deref(), device.retired_ms), (U256::ONE, None, None));
    assert_eq!(
        (device.recorded_ms, device.effective_ms, device.owner.as_str(), device.owner_key_proved),
        (100, 100, "alice", false)
    );
    assert_eq!(
        device.place.map(|place| (place.lat_e7, place.lon_e7, place.radius_m)),
        Some((485_000_000, 22_000_000, 9_000))
    );
    assert_eq!(
        (device.cell, device.payee, device.hwmodel.as_deref(), device.oemid),
        (Some(0x0851_fb46_7fff_ffff), Some(Payee::Address([0x11; 20])), Some(&b"m1"[..]), None)
    );
    let key = &device.keys[0];
    assert_eq!(
        (key.scheme, key.public_key.as_slice(), key.valid_from_ms, key.valid_to_ms),
        (Scheme::Ed25519, device_key().public().as_bytes(), 100, None)
    );
    assert_eq!(shown(&key.kid), device_key().kid);
}

#[test]
fn devices_ascend_by_id() {
    let mut chain = Chain::new();
    for byte in [9, 3, 200, 1, 77] {
        chain.push(
            1,
            enroll(&format!("01{}", format!("{byte:02x}").repeat(8)), &signatory(byte), "alice"),
            &[&signatory(byte)],
        );
    }
    let snapshot = chain.fold(BOUNDS).unwrap();
    assert!(snapshot.devices.is_sorted_by(|a, b| a.id < b.id) && snapshot.devices.len() == 5);
}

#[test]
fn an_enrolment_is_signed_by_the_device_or_the_authority_and_may_be_by_the_owner() {
    let owner = signatory(9);
    let signed_by = |signers: &[&Signatory]| {
        let mut chain = Chain::new();
        chain.push(1, enroll(DEVICE, &device_key(), &owner.did()), signers);
        chain
    };
    assert!(!only(&signed_by(&[&device_key()])).owner_key_proved);
    assert!(!only(&signed_by(&[&signatory(AUTHORITY)])).owner_key_proved);
    assert!(only(&signed_by(&[&device_key(), &owner])).owner_key_proved);
    assert!(only(&signed_by(&[&signatory(AUTHORITY), &owner, &device_key()])).owner_key_proved);
    refused(&signed_by(&[]), "found none");
    refused(&signed_by(&[&owner]), "found none");
    refused(&signed_by(&[&device_key(), &signatory(77)]), "who have a part");
    refused(&signed_by(&[&signatory(77).named(&device_key().kid)]), "is not that of");
    let mut chain = Chain::new();
    chain.push(1, enroll(DEVICE, &device_key(), &device_key().did()), &[&device_key()]);
    assert!(only(&chain).owner_key_proved, "a device that owns itself signs once");
    let mut chain = base("alice");
    let mut again = enroll(DEVICE, &signatory(2), "alice");
    again["nonce"] = "00".repeat(32).into();
    chain.push(101, again, &[&signatory(2)]);
    refused(&chain, "expected a new one");
}

#[test]
fn a_key_of_another_device_is_enrolled_by_an_import_only_and_a_nonce_once() {
    let second = "02".repeat(9);
    for (signer, is_good) in [(device_key(), false), (signatory(AUTHORITY), true)] {
        let mut chain = base("alice");
        chain.push(101, enroll(&second, &device_key(), "alice"), &[&signer]);
        assert_eq!(chain.fold(BOUNDS).is_ok(), is_good);
        let mut chain = base("alice");
        chain.push(101, rotate(&device_key(), &signatory(2), 0), &[&device_key(), &signatory(2)]);
        let signer = if is_good { signer } else { signatory(2) };
        chain.push(102, enroll(&second, &signatory(2), "alice"), &[&signer]);
        assert_eq!(chain.fold(BOUNDS).is_ok(), is_good, "a key that came by rotation is bound as well");
    }
    let mut chain = base("alice");
    let mut event = enroll(&second, &signatory(2), "alice");
    event["nonce"] = enroll(DEVICE, &device_key(), "alice")["nonce"].clone();
    chain.push(101, event, &[&signatory(2)]);
    refused(&chain, "nonce");
}

#[test]
fn a_kid_named_by_hand_may_be_that_of_two_signers() {
    let owner = signatory(9);
    let device = device_key().named(&owner.kid);
    for (signer, is_proved) in [(&device, false), (&owner, true)] {
        let mut chain = Chain::new();
        chain.push(1, enroll(DEVICE, &device, &owner.did()), &[signer]);
        if is_proved {
            refused(&chain, "found none");
        } else {
            assert!(!only(&chain).owner_key_proved);
        }
    }
}

#[test]
fn other_curves_sign_as_well() {
    let secret = secp256k1::SecretKey::from_secret_bytes([3; 32]).unwrap();
    let public = secp256k1::PublicKey::from_secret_key(&secret);
    let key =
        super::super::parse_raw_key(super::super::KeyKind::Signing(Scheme::Secp256k1), &public.serialize())
            .unwrap();
    let mut event = enroll(DEVICE, &device_key(), "alice");
    event["key"] = key.did().into();
    event["kid"] = shown(&key.kid()).into();
    let message = super::super::event_message(event.to_string().as_bytes()).unwrap();
    let sign = |message: &[u8]| {
        let digest = secp256k1::Message::from_digest(crate::hash::sha256(message));
        shown(&secp256k1::ecdsa::sign(digest, &secret).serialize_compact())
    };
    for (signed, is_good) in [(message.to_vec(), true), (b"another".to_vec(), false)] {
        let mut chain = Chain::new();
        chain.push_changed((1, 1), event.clone(), &[], |event| {
            event["sigs"] = json!([{"kid": shown(&key.kid()), "sig": sign(&signed)}]);
        });
        assert_eq!(chain.fold(BOUNDS).is_ok(), is_good, "ECDSA hashes the 32 bytes again");
    }
}

#[test]
fn rotations_overlap_and_both_keys_sign() {
    let (old, new) = (device_key(), signatory(2));
    let mut chain = base("alice");
    chain.push(500, rotate(&old, &new, 1_000), &[&old, &new]);
    let keys = only(&chain).keys;
    assert_eq!(
        keys.iter().map(|key| (key.valid_from_ms, key.valid_to_ms)).collect::<Vec<_>>(),
        [(100, Some(1_500)), (500, None)]
    );
    for signers in [&[&old][..], &[&new], &[]] {
        let mut chain = base("alice");
        chain.push(500, rotate(&old, &new, 1_000), signers);
        refused(&chain, "found none");
    }
    let mut chain = base("alice");
    chain.push(500, rotate(&new, &old, 1_000), &[&old, &new]);
    refused(&chain, "old_kid");
    let mut chain = base("alice");
    chain.push(500, rotate(&old, &signatory(2).named(&old.kid), 1_000), &[&old]);
    assert!(chain.fold(BOUNDS).is_err(), "two keys of a device never share a kid");
    // In the epoch as well.
    let mut chain = base("alice");
    chain.push(START + 10, rotate(&old, &new, 1_000), &[&old, &new]);
    assert_eq!(only(&chain).keys[0].valid_to_ms, Some(START + 1_010));
}

#[test]
fn revocations_shorten_and_never_lengthen() {
    let (old, new) = (device_key(), signatory(2));
    let authority = signatory(AUTHORITY);
    let ends = |first: i64, second: i64| {
        let mut chain = base("alice");
        chain.push_changed((200, first), revoke(&old.kid), &[&authority], |_| {});
        chain.push_changed((300, second), revoke(&old.kid), &[&authority], |_| {});
        only(&chain).keys[0].valid_to_ms
    };
    assert_eq!((ends(400, 900), ends(900, 400)), (Some(400), Some(400)));
    let mut chain = base("alice");
    chain.push(500, rotate(&old, &new, 1_000), &[&old, &new]);
    chain.push(END - 1, revoke(&new.kid), &[&authority]);
    assert_eq!(only(&chain).keys[1].valid_to_ms, Some(END - 1));
    let mut chain = base("alice");
    chain.push(400, revoke(&old.kid), &[&authority]);
    chain.push(500, rotate(&old, &new, 1_000), &[&old, &new]);
    refused(&chain, "has not ended");
    let mut chain = base("alice");
    chain.push(400, revoke("00"), &[&authority]);
    refused(&chain, "kid: expected a key");
    let mut chain = base("alice");
    chain.push_changed((400, 399), revoke(&old.kid), &[&authority], |_| {});
    refused(&chain, "effective_ms");
}

#[test]
fn owners_sign_where_they_have_a_key_and_the_authority_where_not() {
    let owner = signatory(9);
    let authority = signatory(AUTHORITY);
    let payee = || about("set_payee", json!({"payee": null}));
    let place = || about("relocate", json!({"cell": null, "lat_e7": null, "lon_e7": null, "radius_m": null}));
    for event in [payee(), place()] {
        for (name, signer, is_good) in [
            (owner.did(), &owner, true),
            (owner.did(), &authority, false),
            ("alice".to_owned(), &authority, true),
            ("alice".to_owned(), &owner, false),
        ] {
            let mut chain = base(&name);
            chain.push(500, event.clone(), &[signer]);
            assert_eq!(chain.fold(BOUNDS).is_ok(), is_good);
        }
    }
    for event in [revoke(&device_key().kid), about("retire", json!({}))] {
        for (name, signer, is_good) in [
            (owner.did(), &owner, true),
            (owner.did(), &authority, true),
            ("alice".to_owned(), &authority, true),
            ("alice".to_owned(), &owner, false),
            (owner.did(), &device_key(), false),
        ] {
            let mut chain = base(&name);
            chain.push(500, event.clone(), &[signer]);
            assert_eq!(chain.fold(BOUNDS).is_ok(), is_good);
        }
    }
    for event in [
        about("set_weight", json!({"weight": "5"})),
        about("set_class", json!({"class": "gold"})),
        about("certify", json!({"chain": []})),
    ] {
        for (signer, is_good) in [(&authority, true), (&owner, false), (&device_key(), false)] {
            let mut chain = base(&owner.did());
            chain.push(500, event.clone(), &[signer]);
            assert_eq!(chain.fold(BOUNDS).is_ok(), is_good);
        }
    }
}

#[test]
fn a_transfer_is_signed_by_both_owners() {
    let (old, new, authority) = (signatory(9), signatory(10), signatory(AUTHORITY));
    let transfer = |owner: &str| about("transfer", json!({"owner": owner}));
    let after = |from: &str, to: &str, signers: &[&Signatory]| {
        let mut chain = base(from);
        chain.push(500, transfer(to), signers);
        chain
            .fold(BOUNDS)
            .map(|snapshot| (snapshot.devices[0].owner.clone(), snapshot.devices[0].owner_key_proved))
    };
    assert_eq!(after(&old.did(), &new.did(), &[&old, &new]), Ok((new.did(), true)));
    assert!(
        after(&old.did(), &new.did(), &[&old]).is_err() && after(&old.did(), &new.did(), &[&new]).is_err()
    );
    assert!(after(&old.did(), &new.did(), &[&authority, &new]).is_err());
    assert_eq!(after("alice", &new.did(), &[&authority, &new]), Ok((new.did(), true)));
    assert!(after("alice", &new.did(), &[&new]).is_err());
    assert_eq!(after(&old.did(), "bob", &[&old]), Ok(("bob".to_owned(), false)));
    assert_eq!(after(&old.did(), "bob", &[&old, &authority]), Ok(("bob".to_owned(), false)));
    assert_eq!(after("alice", "bob", &[&authority]), Ok(("bob".to_owned(), false)));
    // The new owner signs what follows, also while the epoch does not count the transfer yet.
    let payee = about("set_payee", json!({"payee": null}));
    for (signer, is_good) in [(&new, true), (&old, false)] {
        let mut chain = base(&old.did());
        chain.push(START + 1, transfer(&new.did()), &[&old, &new]);
        chain.push(START + 2, payee.clone(), &[signer]);
        assert_eq!(chain.fold(BOUNDS).is_ok(), is_good);
        if is_good {
            let device = only(&chain);
            assert_eq!((device.owner, device.payee), (old.did(), Some(Payee::Address([0x11; 20]))));
        }
    }
}

#[test]
fn other_events_count_from_the_first_epoch_that_starts_when_they_are_in_effect() {
    let authority = signatory(AUTHORITY);
    let weight = |value: &str| about("set_weight", json!({"weight": value}));
    for (recorded, effective, counts) in [
        (500, START, true),
        (500, START + 1, false),
        (START - 1, START - 1, true),
        (START, START, false),
        (START + 1, START + 1, false),
    ] {
        let mut chain = base("alice");
        chain.push_changed((recorded, effective), weight("5"), &[&authority], |_| {});
        chain.push_changed(
            (recorded, effective),
            about("set_class", json!({"class": "gold"})),
            &[&authority],
            |_| {},
        );
        let device = only(&chain);
        assert_eq!(
            (device.weight == U256::from(5), device.class.is_some()),
            (counts, counts),
            "{recorded} {effective}"
        );
    }
    let mut chain = base("alice");
    chain.push(500, weight("5"), &[&authority]);
    chain.push(500, weight("0"), &[&authority]);
    assert_eq!(only(&chain).weight, U256::ZERO, "in order of seq");
}

#[test]
fn retirements_of_devices_count_within_the_epoch_and_of_validators_from_the_next() {
    let authority = signatory(AUTHORITY);
    for (recorded, effective, retired) in [
        (500, 600, Some(600)),
        (500, START + 5, Some(START + 5)),
        (START + 3, START + 5, Some(START + 5)),
        (END - 1, END + 50, Some(END + 50)),
    ] {
        let mut chain = base("alice");
        chain.push_changed((recorded, effective), about("retire", json!({})), &[&authority], |_| {});
        assert_eq!(only(&chain).retired_ms, retired);
    }
    for (recorded, effective, is_retired) in
        [(500, START, true), (500, START + 1, false), (START, START, false)]
    {
        let mut chain = with_validator("alice");
        chain.push(300, commit(VALIDATOR, 7, 1), &[&signatory(50)]);
        let event = json!({"type": "retire_validator", "validator": VALIDATOR});
        chain.push_changed((recorded, effective), event, &[&authority], |_| {});
        let validator = &chain.fold(BOUNDS).unwrap().validators[0];
        assert_eq!((validator.retired_ms.is_some(), validator.takes_part), (is_retired, !is_retired));
    }
}

#[test]
fn a_validator_takes_part_if_it_committed_for_this_epoch_before_its_start() {
    let key = signatory(50);
    let commitment = |commits: &[(i64, i64, u8)]| {
        let mut chain = with_validator("alice");
        for (at, epoch, byte) in commits {
            chain.push(*at, commit(VALIDATOR, *epoch, *byte), &[&key]);
        }
        let validator = chain.fold(BOUNDS).unwrap().validators[0].clone();
        assert_eq!(validator.takes_part, validator.commitment.is_some());
        validator.commitment.map(|commitment| commitment[0])
    };
    assert_eq!(commitment(&[]), None);
    assert_eq!(commitment(&[(300, 7, 1)]), Some(1));
    assert_eq!(commitment(&[(300, 7, 1), (301, 6, 2), (302, 8, 3)]), Some(1));
    assert_eq!(commitment(&[(300, 7, 1), (300, 7, 2)]), Some(2), "of several that with the highest seq");
    assert_eq!(commitment(&[(START - 1, 7, 4), (START, 7, 5)]), Some(4));
    assert_eq!(commitment(&[(START, 7, 5)]), None);
    let mut chain = with_validator("alice");
    chain.push_changed((300, END + 5), commit(VALIDATOR, 7, 9), &[&key], |_| {});
    assert!(chain.fold(BOUNDS).unwrap().validators[0].takes_part, "what matters is when it was recorded");
    for (recorded, effective, is_enrolled) in [(1, START, true), (1, START + 1, false), (START, START, false)]
    {
        let mut chain = Chain::new();
        chain.push_changed((recorded, effective), enroll_validator(VALIDATOR, &key, "bob"), &[&key], |_| {});
        assert_eq!(chain.fold(BOUNDS).unwrap().validators.len(), usize::from(is_enrolled));
    }
}

#[test]
fn validators_sign_for_themselves() {
    let (key, owner) = (signatory(50), signatory(9));
    let mut chain = Chain::new();
    chain.push(1, enroll_validator(VALIDATOR, &key, &owner.did()), &[&key, &owner]);
    assert!(chain.fold(BOUNDS).unwrap().validators[0].owner_key_proved);
    for signers in [&[&owner][..], &[&signatory(AUTHORITY)], &[]] {
        let mut chain = Chain::new();
        chain.push(1, enroll_validator(VALIDATOR, &key, &owner.did()), signers);
        assert!(chain.fold(BOUNDS).is_err());
    }
    for signer in [&owner, &signatory(AUTHORITY), &device_key()] {
        let mut chain = with_validator("alice");
        chain.push(300, commit(VALIDATOR, 7, 1), &[signer]);
        refused(&chain, "who have a part");
    }
    // During the overlap both keys sign; afterwards only the new one.
    let next = signatory(51);
    let rotation = json!({"type": "rotate", "device": null, "validator": VALIDATOR, "old_kid": key.kid, "key": next.did(), "kid": next.kid, "overlap_ms": 100});
    for (at, signer, is_good) in
        [(450, &key, true), (450, &next, true), (499, &key, true), (500, &key, false), (500, &next, true)]
    {
        let mut chain = with_validator("alice");
        chain.push(400, rotation.clone(), &[&key, &next]);
        chain.push(at, commit(VALIDATOR, 7, 1), &[signer]);
        assert_eq!(chain.fold(BOUNDS).is_ok(), is_good, "{at}");
    }
    let mut chain = Chain::new();
    chain.push(1, commit(VALIDATOR, 7, 1), &[&key]);
    refused(&chain, "validator: expected one that was enrolled");
}

#[test]
fn conflicts_are_sorted_and_distinct() {
    let key = signatory(50);
    let conflict = |device: Json, owner: Json| json!({"type": "declare_conflict", "validator": VALIDATOR, "device": device, "owner": owner});
    let mut chain = with_validator("alice");
    for owner in ["carol", "alice", "carol"] {
        chain.push(300, conflict(Json::Null, json!(owner)), &[&key]);
    }
    chain.push(300, conflict(json!(DEVICE), Json::Null), &[&key]);
    chain.push(START, conflict(Json::Null, json!("zoe")), &[&key]);
    let validator = chain.fold(BOUNDS).unwrap().validators[0].clone();
    assert_eq!(validator.conflict_owners, ["alice", "carol"]);
    assert_eq!(validator.conflict_devices.len(), 1);
    chain.push(START, conflict(json!("02".repeat(9)), Json::Null), &[&key]);
    refused(&chain, "device: expected one that was enrolled");
}

#[test]
fn many_events_over_several_chunks_fold_alike_on_any_number_of_threads() {
    let mut chain = Chain::new();
    let authority = signatory(AUTHORITY);
    for number in 0..9_000_u32 {
        let mut event =
            enroll(&format!("02{:016x}", number.wrapping_mul(2_654_435_761)), &device_key(), "alice");
        event["kid"] = Json::Null;
        chain.push(1, event, &[&authority]);
    }
    let snapshot = chain.fold(BOUNDS).unwrap();
    assert_eq!((snapshot.devices.len(), snapshot.events), (9_000, 9_000));
    assert!(snapshot.devices.is_sorted_by(|a, b| a.id < b.id));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    assert_eq!(pool.install(|| chain.fold(BOUNDS)).unwrap(), snapshot);
    let last = chain.lines.last_mut().unwrap();
    *last = last.replace("9000", "9001");
    assert_eq!(chain.fold(BOUNDS).unwrap_err().line, 9_000);
}

#[test]
fn hostile_lines_are_refused_with_their_number() {
    for text in [
        "\n",
        "{",
        "[]\n",
        "{\"recorded_ms\":1}",
        "\u{0}",
        &"[".repeat(100_000),
        &"x".repeat((1 << 20) + 5),
        "{\"recorded_ms\":\"x\"}",
    ] {
        assert_eq!(Snapshot::from_lines(text.as_bytes(), BOUNDS, &[], None).unwrap_err().line, 1);
    }
    let chain = base("alice");
    let without_end = chain.lines[0].as_bytes();
    assert!(
        Snapshot::from_lines(without_end, BOUNDS, &authority(), None).is_ok(),
        "the last LF may be missing"
    );
    assert_eq!(parse_event(without_end).unwrap().hash, event_hash(without_end).unwrap());
}
