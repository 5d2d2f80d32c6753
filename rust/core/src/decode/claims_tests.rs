use proptest::prelude::*;

use super::super::sample::*;
use super::*;

fn cbor_claims(pairs: &[Vec<u8>]) -> Result<String, String> {
    read_cbor(&payload_with(pairs))
}

fn show(result: Result<Claims<'_>, PayloadFault>) -> Result<String, String> {
    match result {
        Ok(claims) => Ok(format!("{claims:?}")),
        Err(PayloadFault::Payload(fault)) => Err(format!("payload: {fault}")),
        Err(PayloadFault::Claims(fault)) => Err(format!("claims: {fault}")),
    }
}

fn read_cbor(payload: &[u8]) -> Result<String, String> {
    show(from_cbor(payload, &mut Distinct::new(), &mut LastLocation::default()))
}

fn json_claims(more: &str) -> Result<String, String> {
    show(from_json(json_with(more).as_bytes(), &mut Distinct::new(), &mut Layouts::default()))
}

#[track_caller]
fn is_bad_claim(result: &Result<String, String>) {
    assert!(result.as_ref().is_err_and(|fault| fault.starts_with("claims: ")), "{result:?}");
}

#[track_caller]
fn is_bad_payload(result: &Result<String, String>) {
    assert!(result.as_ref().is_err_and(|fault| fault.starts_with("payload: ")), "{result:?}");
}

const KEYS: [i64; 4] = [6, 10, 256, 265];

#[test]
fn all_claims_are_read_alike_from_both_envelopes() {
    let payload = payload_with(&[
        cbor().int(261).int(86_400).0,
        cbor().int(267).int(3).0,
        cbor()
            .int(264)
            .head(5, 4)
            .int(1)
            .double(48.5)
            .int(2)
            .raw(&[0xf9, 0xc2, 0x00])
            .int(3)
            .int(-12)
            .int(4)
            .raw(&[0xfa, 0x41, 0x48, 0, 0])
            .0,
        cbor().int(259).bytes(b"model").0,
        cbor().int(258).bytes(&[1, 2, 3]).0,
        cbor().int(270).text("firm\u{e9}").0,
        cbor().int(271).head(4, 2).text("1.2.3").int(1).0,
        cbor().int(-70_001).head(5, 2).text("jobs").int(i64::MIN).text("bytes").int(i64::MAX).0,
    ]);
    let mut names = Distinct::new();
    let from_binary = from_cbor(&payload, &mut names, &mut LastLocation::default()).unwrap();
    assert_eq!(
        (from_binary.nonce, from_binary.ueid.as_bytes(), from_binary.iat),
        (CHALLENGE, &DEVICE[..], NOW)
    );
    assert_eq!(
        from_binary.location,
        Some(Location { lat_e7: 485_000_000, lon_e7: -30_000_000, accuracy_m: 13 })
    );
    assert_eq!((from_binary.uptime, from_binary.bootcount), (Some(86_400), Some(3)));
    assert_eq!(from_binary.metrics, [("jobs".into(), i64::MIN), ("bytes".into(), i64::MAX)]);
    let text = json_with(&format!(
        r#","uptime":86400,"bootcount":3,"location":{{"latitude":48.5,"longitude":-3,"altitude":-12.0e0,"accuracy":12.5}},
        "hwmodel":"{}","oemid":"{}","swname":"firm\u00e9","swversion":["1.2.3",{{"any":[1.5]}}],
        "depin_metrics":{{"jobs":-9223372036854775808,"bytes":9223372036854775807}}"#,
        b64(b"model"),
        b64(&[1, 2, 3])
    ));
    assert_eq!(
        from_json(text.as_bytes(), &mut Distinct::new(), &mut Layouts::default()).unwrap(),
        from_binary
    );
}

#[test]
fn claims_that_are_required_must_be_there() {
    for missing in 0..4 {
        let mut pairs = required_pairs();
        pairs.remove(missing);
        is_bad_claim(&read_cbor(&map(&pairs)));
        let members = required_members();
        let mut members: Vec<&str> = members.split(',').filter(|part| !part.is_empty()).collect();
        // The profile's text holds a comma itself.
        let profile = members.split_off(3).join(",");
        members.push(&profile);
        members.remove(missing);
        is_bad_claim(&show(from_json(
            format!("{{{}}}", members.join(",")).as_bytes(),
            &mut Distinct::new(),
            &mut Layouts::default(),
        )));
    }
    is_bad_claim(&read_cbor(&[0xa0]));
}

#[test]
fn required_claims_of_another_type_or_length_are_refused() {
    let replace = |index: usize, value: &[u8]| {
        let mut pairs = required_pairs();
        pairs[index] = cbor().int(KEYS[index]).raw(value).0;
        read_cbor(&map(&pairs))
    };
    assert!(replace(0, &cbor().int(MAX_INTEGER).0).is_ok());
    for wrong in [
        cbor().int(MAX_INTEGER + 1),
        cbor().int(-1),
        cbor().double(1.8e9),
        cbor().text("1"),
        cbor().raw(&[0xf6]),
        cbor().raw(&[0xc1]).int(5),
    ] {
        is_bad_claim(&replace(0, &wrong.0));
    }
    for wrong in [
        cbor().bytes(&[1; 31]),
        cbor().bytes(&[1; 33]),
        cbor().bytes(&[]),
        cbor().text(&"n".repeat(32)),
        cbor().raw(&[0xf7]),
        cbor().head(4, 1).bytes(&CHALLENGE),
    ] {
        is_bad_claim(&replace(1, &wrong.0));
    }
    for (length, first, is_good) in [
        (7, 1, true),
        (33, 3, true),
        (6, 1, false),
        (34, 1, false),
        (17, 0, false),
        (17, 4, false),
        (17, 2, true),
    ] {
        let mut id = vec![9; length];
        id[0] = first;
        assert_eq!(replace(2, &cbor().bytes(&id).0).is_ok(), is_good, "{length} {first}");
        let text = json_with("").replace(&b64(&DEVICE), &b64(&id));
        assert_eq!(
            from_json(text.as_bytes(), &mut Distinct::new(), &mut Layouts::default()).is_ok(),
            is_good,
            "{length} {first}"
        );
    }
    is_bad_claim(&replace(2, &cbor().bytes(&[]).0));
    for wrong in [cbor().bytes(PROFILE.as_bytes()), cbor().raw(&[0xf6]), cbor().int(1)] {
        is_bad_claim(&replace(3, &wrong.0));
    }
    assert!(replace(3, &cbor().text("tag:other").0).unwrap().contains("is_profile_known: false"));
    assert!(replace(0, &[0x1b, 0, 0, 0, 0, 0, 0, 0, 5]).is_ok(), "a longer form than needed");
}

#[test]
fn keys_in_longer_forms_are_the_same_claims() {
    let mut pairs = required_pairs();
    pairs[0].splice(0..1, [0x1b, 0, 0, 0, 0, 0, 0, 0, 6]);
    pairs[1].splice(0..1, [0x18, 10]);
    assert!(read_cbor(&map(&pairs)).is_ok());
    pairs.push(cbor().int(10).bytes(&CHALLENGE).0);
    is_bad_payload(&read_cbor(&map(&pairs)));
}

#[test]
fn optional_claims_of_another_type_are_refused() {
    let null: &[u8] = &[0xf6];
    for key in [261, 267] {
        assert!(cbor_claims(&[cbor().int(key).int(0).0]).is_ok());
        for wrong in [
            cbor().int(-1),
            cbor().int(MAX_INTEGER + 1),
            cbor().double(1.0),
            cbor().raw(null),
            cbor().raw(&[0xc2, 0x41, 1]),
        ] {
            is_bad_claim(&cbor_claims(&[cbor().int(key).raw(&wrong.0).0]));
        }
    }
    for key in [258, 259] {
        assert!(cbor_claims(&[cbor().int(key).bytes(&[]).0]).is_ok());
        is_bad_claim(&cbor_claims(&[cbor().int(key).text("x").0]));
        is_bad_claim(&cbor_claims(&[cbor().int(key).raw(null).0]));
    }
    is_bad_claim(&cbor_claims(&[cbor().int(270).bytes(b"x").0]));
    for (value, is_good) in [
        (cbor().head(4, 1).text("1"), true),
        (cbor().head(4, 2).text("1").double(1.5), true),
        (cbor().head(4, 0), false),
        (cbor().head(4, 3).text("1").int(1).int(1), false),
        (cbor().head(4, 1).int(1), false),
        (cbor().text("1"), false),
        (cbor().raw(null), false),
    ] {
        assert_eq!(
            cbor_claims(&[cbor().int(271).raw(&value.0).0]).is_ok(),
            is_good,
            "{value:02x?}",
            value = value.0
        );
    }
    for (value, is_good) in [
        (cbor().head(5, 0), true),
        (cbor().head(5, 1).text("a").int(-1), true),
        (cbor().head(5, 1).int(1).int(1), false),
        (cbor().head(5, 1).text("a").double(1.0), false),
        (cbor().head(5, 1).text("a").raw(null), false),
        (cbor().head(5, 1).text("a").raw(&[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0]), false),
        (cbor().head(5, 1).text("a").raw(&[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0]), false),
        (cbor().head(4, 0), false),
    ] {
        assert_eq!(
            cbor_claims(&[cbor().int(-70_001).raw(&value.0).0]).is_ok(),
            is_good,
            "{value:02x?}",
            value = value.0
        );
    }
}

#[test]
fn json_claims_of_another_type_are_refused() {
    for good in [
        r#","uptime":0"#,
        r#","uptime":9007199254740991"#,
        r#","bootcount":0"#,
        r#","hwmodel":"""#,
        r#","oemid":"AQ""#,
        r#","swname":"""#,
        r#","swversion":["1"]"#,
        r#","swversion":["1",null]"#,
        r#","depin_metrics":{}"#,
        r#","depin_metrics":{"a":-1}"#,
        r#","x":{"y":[1.5,null,{"z":1e400}]}"#,
        r#","metrics":1.5"#,
        r#","261":"x""#,
    ] {
        assert!(json_claims(good).is_ok(), "{good}: {:?}", json_claims(good));
    }
    for wrong in [
        r#","uptime":-1"#,
        r#","uptime":1.0"#,
        r#","uptime":1e3"#,
        r#","uptime":-0"#,
        r#","uptime":9007199254740992"#,
        r#","uptime":"1""#,
        r#","uptime":null"#,
        r#","bootcount":1E0"#,
        r#","bootcount":true"#,
        r#","hwmodel":"A""#,
        r#","hwmodel":"AB""#,
        r#","hwmodel":"AQ==""#,
        r#","oemid":"+/8""#,
        r#","oemid":null"#,
        r#","swname":1"#,
        r#","swversion":"1""#,
        r#","swversion":[]"#,
        r#","swversion":[1]"#,
        r#","swversion":["1",1,1]"#,
        r#","depin_metrics":{"a":1.0}"#,
        r#","depin_metrics":{"a":-0}"#,
        r#","depin_metrics":{"a":9223372036854775808}"#,
        r#","depin_metrics":{"a":null}"#,
        r#","depin_metrics":[]"#,
        r#","location":[48,2]"#,
        r#","location":null"#,
    ] {
        is_bad_claim(&json_claims(wrong));
    }
    for wrong in [
        r#","uptime":01"#,
        r#","uptime":1,"uptime":1"#,
        r#","iat":1"#,
        r#","\u0069at":1"#,
        r#","x":"\ud800""#,
        r#","uptime":1.}"#,
        r#","x":{"a":1,"a":1}"#,
    ] {
        is_bad_payload(&json_claims(wrong));
    }
    for text in ["[]", "1", "null", "\"x\"", "", "{}{}"] {
        is_bad_payload(&show(from_json(text.as_bytes(), &mut Distinct::new(), &mut Layouts::default())));
    }
}

#[test]
fn names_may_be_escaped() {
    let text = json_with("").replace("\"iat\"", "\"\\u0069a\\u0074\"");
    assert!(from_json(text.as_bytes(), &mut Distinct::new(), &mut Layouts::default()).is_ok());
}

#[test]
fn byte_claims_are_strict_base64url() {
    let swap = |from: &str, to: &str| {
        show(from_json(
            json_with("").replace(from, to).as_bytes(),
            &mut Distinct::new(),
            &mut Layouts::default(),
        ))
    };
    let nonce = b64(&CHALLENGE);
    // 32 bytes end in a character with two unused bits: the same bytes with those set are another text.
    is_bad_claim(&swap(&nonce, &format!("{}t", &nonce[..42])));
    is_bad_claim(&swap(&nonce, &format!("{nonce}=")));
    is_bad_claim(&swap(&nonce, &nonce[..42]));
    is_bad_claim(&swap(&nonce, &b64(&[1; 31])));
    is_bad_claim(&swap(&nonce, &b64(&[1; 33])));
    is_bad_claim(&swap(&nonce, ""));
    let escaped =
        nonce.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect::<Vec<_>>().concat();
    assert!(swap(&nonce, &escaped).is_ok());
}

#[test]
fn locations_are_refused_where_they_break_a_rule() {
    let location = |inner: &str| json_claims(&format!(r#","location":{{{inner}}}"#));
    for good in [
        r#""latitude":90,"longitude":-180"#,
        r#""latitude":-0,"longitude":0e0"#,
        r#""latitude":1,"longitude":2,"altitude":-1e399,"accuracy":0"#,
        r#""latitude":1,"longitude":2,"accuracy":1e300"#,
        r#""latitude":1,"longitude":2,"heading":"north""#,
    ] {
        assert!(location(good).is_ok(), "{good}: {:?}", location(good));
    }
    for wrong in [
        "",
        r#""latitude":1"#,
        r#""longitude":1"#,
        r#""latitude":90.00000000001,"longitude":0"#,
        r#""latitude":0,"longitude":180.1"#,
        r#""latitude":"1","longitude":0"#,
        r#""latitude":null,"longitude":0"#,
        r#""latitude":1,"longitude":2,"altitude":"x""#,
        r#""latitude":1,"longitude":2,"altitude":1e400"#,
        r#""latitude":1,"longitude":2,"accuracy":-0.1"#,
        r#""latitude":1,"longitude":2,"accuracy":null"#,
        r#""latitude":0.00000000000000000000000000000000000000000000000000000000000000001,"longitude":0"#,
    ] {
        is_bad_claim(&location(wrong));
    }
    is_bad_payload(&location(r#""latitude":1,"longitude":2,"latitude":1"#));
    is_bad_payload(&location(r#""latitude":01,"longitude":2"#));
    let binary = |pairs: &[(i64, Cbor)]| {
        let inner: Vec<Vec<u8>> = pairs.iter().map(|(key, value)| cbor().int(*key).raw(&value.0).0).collect();
        cbor_claims(&[cbor().int(264).raw(&map(&inner)).0])
    };
    let zero = || (1, cbor().int(0));
    assert!(binary(&[zero(), (2, cbor().int(-180))]).is_ok());
    assert!(
        binary(&[zero(), (2, cbor().double(0.1)), (3, cbor().double(-1e300)), (9, cbor().text("ignored"))])
            .is_ok()
    );
    for (key, value) in [
        (2, cbor().int(181)),
        (2, cbor().double(f64::NAN)),
        (2, cbor().double(f64::INFINITY)),
        (2, cbor().raw(&[0xf9, 0x7c, 0])),
        (2, cbor().text("1")),
        (2, cbor().raw(&[0xf6])),
        (2, cbor().raw(&[0xc4, 0x82, 0x20, 0x01])),
        (2, cbor().raw(&[0xc2, 0x41, 1])),
        (1, cbor().int(5)),
    ] {
        assert!(binary(&[zero(), (key, value)]).is_err());
    }
    for (key, value) in [
        (3, cbor().double(f64::NAN)),
        (3, cbor().text("x")),
        (4, cbor().double(f64::INFINITY)),
        (4, cbor().int(-1)),
        (4, cbor().raw(&[0xf7])),
    ] {
        is_bad_claim(&binary(&[zero(), (2, cbor().int(1)), (key, value)]));
    }
    is_bad_claim(&cbor_claims(&[cbor().int(264).head(4, 2).int(1).int(2).0]));
}

#[test]
fn unknown_claims_may_be_anything_well_formed() {
    let inner = cbor().head(4, 3).double(f64::NAN).raw(&[0xc1, 0xf9, 0x3c, 0]).head(5, 1).raw(&[0xf7, 0xf7]);
    for key in [
        cbor().int(9999),
        cbor().text("iat"),
        cbor().bytes(&[6]),
        cbor().double(6.0),
        cbor().raw(&[0xc1]).int(6),
        cbor().head(4, 1).int(6),
    ] {
        assert!(cbor_claims(&[key.raw(&inner.0).0]).is_ok());
    }
    is_bad_payload(&cbor_claims(&[cbor().int(9999).raw(&[0x61, 0xff]).0]));
    is_bad_payload(&cbor_claims(&[cbor().int(9999).raw(&[0x9f, 0xff]).0]));
}

#[test]
fn a_payload_that_is_not_well_formed_goes_before_a_bad_claim() {
    is_bad_payload(&cbor_claims(&[cbor().int(261).int(-1).0, cbor().int(261).int(1).0]));
    is_bad_payload(&json_claims(r#","uptime":-1,"uptime":1"#));
    is_bad_payload(&json_claims(r#","uptime":-1,"x":[[[[[[[[1]]]]]]]]"#));
    let mut cut = payload_with(&[cbor().int(261).text("x").0]);
    cut.pop();
    is_bad_payload(&read_cbor(&cut));
    is_bad_payload(&read_cbor(&[payload_with(&[cbor().int(261).int(-1).0]), vec![0]].concat()));
}

#[test]
fn nesting_counts_the_payload_as_one() {
    assert!(json_claims(r#","x":[[[[[[[1]]]]]]]"#).is_ok());
    assert!(cbor_claims(&[cbor().int(9).raw(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0xc1, 0]).0]).is_ok());
    is_bad_payload(&cbor_claims(&[cbor().int(9).raw(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0xc1, 0x80]).0]));
    is_bad_payload(&read_cbor(&[&[0xc1][..], &payload_with(&[])].concat()));
}

/// Members that may stand in any order, some of them twice, in another form, or broken.
const MEMBERS: [&str; 19] = [
    r#""uptime":86400"#,
    r#""uptime":-1"#,
    r#""upt\u0069me":7"#,
    r#""bootcount":3"#,
    r#" "bootcount" : 4"#,
    r#""swname":"relay""#,
    r#""swversion":["1.2"]"#,
    r#""hwmodel":"AQ""#,
    r#""oemid":"AQID""#,
    r#""location":{"latitude":1.5,"longitude":2}"#,
    r#""location" : {"latitude":1.5,"longitude":2} "#,
    r#""location":{"latitude":1.5,"longitude":2,"x":{"latitude":1.5}}"#,
    r#""location":{"latitude":1.5,"longitude":200}"#,
    r#""location":{"longitude":2,"latitude":1.5,"accuracy":4}"#,
    r#""location":{"latitude":1,"latitude":1,"longitude":2}"#,
    r#""location":{"latitude":1,"altitude":null,"longitude":2}"#,
    r#""depin_metrics":{"jobs":1,"jobs":2}"#,
    r#""a member that nobody knows and is long":{}"#,
    r#""x":1"#,
];

proptest! {
    #[test]
    fn payloads_before_change_nothing(
        payloads in prop::collection::vec(
            (prop::collection::vec(0..MEMBERS.len(), 0..7), any::<bool>(), prop::option::of(0_usize..60)),
            1..8,
        ),
    ) {
        let mut names = Distinct::new();
        let mut layouts = Layouts::default();
        for (members, is_first, cut) in payloads {
            let more: String = members.iter().flat_map(|member| [",", MEMBERS[*member]]).collect();
            let mut text = json_with(&more);
            if let (true, Some(member)) = (is_first, members.first()) {
                text.insert_str(1, &format!("{},", MEMBERS[*member]));
            }
            if let Some(cut) = cut {
                text.truncate(text.len().saturating_sub(cut));
            }
            let alone = show(from_json(text.as_bytes(), &mut Distinct::new(), &mut Layouts::default()));
            prop_assert_eq!(show(from_json(text.as_bytes(), &mut names, &mut layouts)), alone, "{}", text);
        }
    }
}

/// Pairs with which payloads are made that stand one after the other: many of them about one place.
fn places() -> Vec<Vec<u8>> {
    let place = |parts: u64| cbor().int(264).head(5, parts);
    vec![
        place(2).int(1).int(1).int(2).int(2).0,
        cbor().raw(&[0x1a, 0, 0, 1, 8]).head(5, 2).int(1).int(1).int(2).int(2).0,
        place(2).int(2).int(2).int(1).int(1).0,
        place(2).int(1).int(1).int(2).int(200).0,
        place(3).int(1).int(1).int(2).int(2).int(4).int(5).0,
        place(3).int(1).int(1).int(2).int(2).int(2).int(2).0,
        place(2).int(1).double(1.0).int(2).int(2).0,
        cbor().int(264).int(1).0,
        cbor().int(300).head(5, 2).int(1).int(1).int(2).int(2).0,
        cbor().int(261).int(7).0,
    ]
}

proptest! {
    #[test]
    fn places_of_payloads_before_change_nothing(
        payloads in prop::collection::vec(
            (prop::collection::vec(0_usize..10, 0..3), prop::option::of(0_usize..12)),
            1..8,
        ),
    ) {
        let mut names = Distinct::new();
        let mut last = LastLocation::default();
        for (pairs, cut) in payloads {
            let pairs: Vec<Vec<u8>> = pairs.into_iter().map(|pair| places()[pair].clone()).collect();
            let mut payload = payload_with(&pairs);
            payload.truncate(payload.len() - cut.unwrap_or(0));
            let alone = read_cbor(&payload);
            prop_assert_eq!(show(from_cbor(&payload, &mut names, &mut last)), alone);
        }
    }
}
