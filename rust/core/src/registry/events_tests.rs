use serde_json::{Value as Json, json};

use super::super::sample::*;
use super::*;

fn event() -> Json {
    let mut chain = Chain::new();
    chain.push(5, enroll(DEVICE, &signatory(1), "alice"), &[&signatory(1)]);
    serde_json::from_str(&chain.lines[0]).unwrap()
}

fn refusal(event: &Json) -> String {
    parse_event(event.to_string().as_bytes()).expect_err(&event.to_string()).what
}

fn with(name: &str, value: Json) -> Json {
    let mut event = event();
    event[name] = value;
    event
}

#[test]
fn hash_and_message_do_not_depend_on_the_spelling_of_the_line() {
    let event = event();
    let compact = event.to_string();
    let pretty = serde_json::to_string_pretty(&event).unwrap().replace("\"alice\"", "\"\\u0061lice\"");
    let one = parse_event(compact.as_bytes()).unwrap();
    assert_eq!(one, parse_event(pretty.as_bytes()).unwrap());
    assert_eq!(
        one.hash,
        sha256(compact.as_bytes()),
        "serde_json's map is sorted, so this is the canonical text"
    );
    let mut signed = event;
    for name in UNSIGNED {
        signed.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(one.message, sha256(signed.to_string().as_bytes()));
    assert_eq!(event_message(signed.to_string().as_bytes()).unwrap(), one.message);
    assert_eq!(event_hash(compact.as_bytes()).unwrap(), one.hash);
}

#[test]
fn exactly_the_members_of_the_type_are_there() {
    for name in event().as_object().unwrap().keys() {
        let mut missing = event();
        missing.as_object_mut().unwrap().remove(name);
        assert!(refusal(&missing).contains(name.as_str()), "{name}");
    }
    assert!(refusal(&with("colour", Json::Null)).contains("colour"));
    assert!(refusal(&with("weight", json!("1"))).contains("weight"), "a member of another type");
    assert!(refusal(&with("type", json!("enrol"))).contains("enrol"));
    assert!(refusal(&with("type", json!(1))).contains("type"));
    assert!(parse_event(b"[]").is_err() && parse_event(b"").is_err() && parse_event(b"{}").is_err());
    let twice = event().to_string().replacen('{', r#"{"device":"00","#, 1);
    assert!(parse_event(twice.as_bytes()).is_err());
}

#[test]
fn members_have_their_types() {
    let did = signatory(9).did();
    for (name, good) in [
        ("payee", Json::Null),
        ("cell", json!("0851fb467fffffff")),
        ("kid", json!("00")),
        ("kid", json!("ab".repeat(64))),
        ("kid", Json::Null),
        ("hwmodel", Json::Null),
        ("hwmodel", json!("")),
        ("owner", json!("o".repeat(128))),
        ("owner", json!(did)),
        ("capacity", json!("100")),
        ("capacity", json!(5)),
        ("payee", json!(format!("0x{}", "AB".repeat(20)))),
        ("payee", json!(format!("0x{}", "AB".repeat(32)))),
        ("cell", Json::Null),
        ("device", json!("aa")),
        ("radius_m", json!(0)),
        ("lat_e7", json!(-900_000_000)),
    ] {
        assert!(parse_event(with(name, good.clone()).to_string().as_bytes()).is_ok(), "{name} {good}");
    }
    for (name, wrong) in [
        ("seq", json!(-1)),
        ("seq", json!("0")),
        ("recorded_ms", json!(9_007_199_254_740_992_i64)),
        ("effective_ms", Json::Null),
        ("effective_ms", json!(4)),
        ("prev_hash", json!("00")),
        ("prev_hash", json!("A".repeat(64))),
        ("prev_hash", Json::Null),
        ("device", json!("")),
        ("device", json!("01".repeat(256))),
        ("nonce", Json::Null),
        ("device", Json::Null),
        ("device", json!(DEVICE.to_uppercase())),
        ("key", json!("did:key:z6Mk")),
        ("key", Json::Null),
        ("kid", json!("")),
        ("kid", json!("ab".repeat(65))),
        ("kid", json!("AB")),
        ("owner", json!("")),
        ("owner", json!("o".repeat(129))),
        ("owner", Json::Null),
        ("owner", json!("did:key:zzz")),
        ("payee", json!("0x00")),
        ("payee", json!(format!("0x{}", "11".repeat(33)))),
        ("payee", json!("11".repeat(20))),
        ("cell", json!("851fb467ffffff")),
        ("cell", json!("851FB467FFFFFFF")),
        ("cell", json!("+851fb467ffffff")),
        ("lat_e7", json!(900_000_001)),
        ("lat_e7", Json::Null),
        ("lon_e7", json!(1_800_000_001)),
        ("radius_m", json!(-1)),
        ("radius_m", Json::Null),
        ("hwmodel", json!("6")),
        ("oemid", json!(6)),
        ("capacity", json!([])),
        ("nonce", json!("00")),
    ] {
        let fault = refusal(&with(name, wrong.clone()));
        assert!(fault.contains(name), "{name} {wrong}: {fault}");
    }
}

#[test]
fn signatures_ascend_by_kid() {
    let sig = |kid: &str| json!({"kid": kid, "sig": "00"});
    assert!(parse_event(with("sigs", json!([sig("00"), sig("01")])).to_string().as_bytes()).is_ok());
    for wrong in [
        json!([sig("01"), sig("00")]),
        json!([sig("00"), sig("00")]),
        json!([sig("")]),
        json!([{"kid": "00"}]),
        json!([{"kid": "00", "sig": "00", "x": 1}]),
        json!([{"kid": "00", "sig": "0"}]),
        json!({}),
        json!([1]),
        json!([{"kid": 0, "sig": "00"}]),
    ] {
        assert!(refusal(&with("sigs", wrong)).contains("ascending by kid"));
    }
}

#[test]
fn every_type_is_read_and_its_alternatives_exclude_each_other() {
    let common =
        json!({"seq": 0, "recorded_ms": 1, "effective_ms": 1, "prev_hash": "0".repeat(64), "sigs": []});
    let read = |own: Json| {
        let mut event = common.clone();
        event.as_object_mut().unwrap().append(&mut own.as_object().unwrap().clone());
        parse_event(event.to_string().as_bytes()).map(|event| event.body)
    };
    let (device, validator) = (hex(DEVICE).unwrap(), hex(VALIDATOR).unwrap());
    let key = signatory(3);
    assert_eq!(
        read(json!({"type": "revoke", "device": DEVICE, "validator": null, "kid": "00"})),
        Ok(Body::Revoke { subject: Subject::Device(device.clone()), kid: vec![0] })
    );
    let rotate = json!({"type": "rotate", "device": null, "validator": VALIDATOR, "old_kid": "00", "key": key.did(), "kid": null, "overlap_ms": null});
    let subject = Subject::Validator(validator.clone());
    let kid = hex(&key.kid).unwrap();
    assert_eq!(
        read(rotate),
        Ok(Body::Rotate { subject, old_kid: vec![0], key: key.public(), kid, overlap_ms: 3_600_000 })
    );
    assert_eq!(
        read(json!({"type": "set_weight", "device": DEVICE, "weight": U256::MAX.to_string()})),
        Ok(Body::SetWeight { device: device.clone(), weight: U256::MAX })
    );
    assert_eq!(
        read(
            json!({"type": "relocate", "device": DEVICE, "cell": null, "lat_e7": null, "lon_e7": null, "radius_m": null})
        ),
        Ok(Body::Relocate { device: device.clone(), cell: None, place: None })
    );
    assert!(read(json!({"type": "relocate", "device": DEVICE, "cell": "851fb467fffffff", "lat_e7": 1, "lon_e7": null, "radius_m": null})).is_err());
    assert_eq!(
        read(json!({"type": "certify", "device": DEVICE, "chain": ["AAAA", "AA=="]})),
        Ok(Body::Certify { device: device.clone() })
    );
    assert!(read(json!({"type": "certify", "device": DEVICE, "chain": ["A-"]})).is_err());
    assert_eq!(
        read(json!({"type": "retire_validator", "validator": VALIDATOR})),
        Ok(Body::Retire(Subject::Validator(validator.clone())))
    );
    assert_eq!(
        read(json!({"type": "declare_conflict", "validator": VALIDATOR, "device": null, "owner": "x"})),
        Ok(Body::ConflictWithOwner { validator, owner: "x".to_owned() })
    );
    assert_eq!(
        read(json!({"type": "set_class", "device": DEVICE, "class": null})),
        Ok(Body::SetClass { device, class: None })
    );
    for (one, other) in [(json!(DEVICE), json!(VALIDATOR)), (Json::Null, Json::Null)] {
        assert!(read(json!({"type": "revoke", "device": one, "validator": other, "kid": "00"})).is_err());
    }
    assert!(
        read(json!({"type": "declare_conflict", "validator": VALIDATOR, "device": DEVICE, "owner": "x"}))
            .is_err()
    );
    assert!(
        read(json!({"type": "declare_conflict", "validator": VALIDATOR, "device": null, "owner": null}))
            .is_err()
    );
    for weight in [
        "",
        "01",
        "-1",
        "1.0",
        "1e3",
        " 1",
        "115792089237316195423570985008687907853269984665640564039457584007913129639936",
    ] {
        assert!(read(json!({"type": "set_weight", "device": DEVICE, "weight": weight})).is_err(), "{weight}");
    }
}
