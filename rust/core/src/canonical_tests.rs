use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> Result<String, CanonicalError> {
    canonicalize(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn members_are_sorted_by_code_point_and_not_by_utf16() {
    // U+FB33 comes before U+1F600 by code point; in UTF-16 the surrogate D83D would come first.
    let text = canonical("{\"\u{1F600}\": 1, \"\u{FB33}\": 2, \"b\": 3, \"B\": 4, \"\": 5}").unwrap();
    assert_eq!(text, "{\"\":5,\"B\":4,\"b\":3,\"\u{FB33}\":2,\"\u{1F600}\":1}");
}

#[test]
fn only_what_must_be_escaped_is_escaped() {
    let text = canonical(r#"["\u0000\b\t\n\u000b\f\r\u001f\"\\\/\u007f\u00e9\ud83d\ude00"]"#).unwrap();
    assert_eq!(text, "[\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\u{7f}\u{e9}\u{1F600}\"]");
}

#[test]
fn numbers_are_integers_of_53_bits() {
    for good in ["0", "-1", "9007199254740991", "-9007199254740991"] {
        assert_eq!(canonical(good).unwrap(), good);
    }
    for bad in ["9007199254740992", "-9007199254740992", "1.0", "1e3", "-0", "99999999999999999999999"] {
        assert_eq!(canonical(bad), Err(CanonicalError::Number(bad.to_owned())));
    }
}

#[test]
fn a_name_twice_is_refused_also_in_a_tree_made_by_hand() {
    assert!(matches!(canonical(r#"{"a":1,"\u0061":2}"#), Err(CanonicalError::Json(_))));
    let value = Value::Object(vec![("a".into(), Value::Null), ("a".into(), Value::Null)]);
    assert_eq!(write(&value), Err(CanonicalError::DuplicateName("a".into())));
}

#[test]
fn the_public_vectors_hold() {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");
    let folder = std::env::var("DEPINVERIFY_VECTORS").unwrap_or_else(|_| default.to_owned());
    let Ok(text) = std::fs::read(format!("{folder}/scoring/canonical_json.json")) else {
        println!("skipped: no canonical_json.json in {folder}");
        return;
    };
    let document = json::parse(&text, MAX_DEPTH).unwrap();
    let Some(Value::Array(cases)) = document.get("cases") else { panic!("cases is no array") };
    for case in cases {
        let bytes = write(case.get("value").unwrap()).unwrap();
        assert_eq!(
            std::str::from_utf8(&bytes).unwrap(),
            case.get("canonical_utf8").unwrap().as_text().unwrap()
        );
        let digest = data_encoding::HEXLOWER.encode(&sha256(&bytes));
        assert_eq!(digest, case.get("sha256").unwrap().as_text().unwrap());
    }
    println!("canonical_json.json: {} cases ran", cases.len());
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-MAX_INTEGER..=MAX_INTEGER).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// `serde_json` writes the same escapes and keeps members sorted in a `BTreeMap`: another way to the same bytes.
    #[test]
    fn equal_to_an_independent_writer(value in any_value()) {
        let compact = serde_json::to_vec(&value).unwrap();
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(&canonicalize(&pretty).unwrap(), &compact);
        prop_assert_eq!(canonicalize(&compact).unwrap(), compact);
    }
}
