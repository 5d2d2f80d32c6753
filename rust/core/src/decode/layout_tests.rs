use proptest::prelude::*;

use super::*;
use crate::decode::json::{JsonError, Reader};

const DEPTH: usize = 4;

/// The names of an object, each read without anything kept, and where their values begin.
fn one_by_one(json: &str) -> Result<Vec<(String, usize)>, JsonError> {
    let mut names = Distinct::new();
    let mut reader = Reader::new(json.as_bytes(), DEPTH, &mut names)?;
    let (mut object, mut found) = (reader.open_object()?, Vec::new());
    while let Some(name) = reader.next_name(&mut object)? {
        found.push((name.unescape().into_owned(), reader.offset()));
        reader.skip()?;
    }
    reader.finish().map(|()| found)
}

/// The same with what `layout` keeps; names are told by their places in `seen`.
fn alike(
    json: &str,
    layout: &mut Layout<usize>,
    seen: &mut Vec<String>,
    lookups: &mut usize,
) -> Result<Vec<(String, usize)>, JsonError> {
    let mut names = Distinct::new();
    let mut reader = Reader::new(json.as_bytes(), DEPTH, &mut names)?;
    let (mut object, mut found) = (reader.open_object()?, Vec::new());
    let mut meaning = |name: &str| {
        *lookups += 1;
        seen.push(name.to_owned());
        seen.len() - 1
    };
    while let Some(place) = reader.next_known(&mut object, layout, &mut meaning)? {
        found.push((place, reader.offset()));
        reader.skip()?;
    }
    reader.finish().map(|()| found.into_iter().map(|(place, offset)| (seen[place].clone(), offset)).collect())
}

fn member() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        4 => "[a-e]",
        1 => Just(r"\u0061".to_owned()),
        1 => Just("ab".to_owned()),
        1 => Just(String::new()),
        1 => Just("é\\n".to_owned()),
        1 => Just("n".repeat(WIDTH - 3)),
        1 => Just("n".repeat(WIDTH - 2)),
    ];
    let value = prop_oneof![
        4 => Just("1"),
        1 => Just(r#"{"a":1,"b":2}"#),
        1 => Just(r#"{"a":1,"a":2}"#),
        1 => Just(r#""a\":""#),
        1 => Just("[ ]"),
        1 => Just("1 "),
        1 => Just(""),
    ];
    let space = prop_oneof![8 => Just(""), 1 => Just(" ")];
    (name, value, space.clone(), space)
        .prop_map(|(name, value, before, behind)| format!("{before}\"{name}\"{behind}:{before}{value}"))
}

proptest! {
    #[test]
    fn objects_read_as_if_nothing_were_kept(
        objects in proptest::collection::vec(
            (proptest::collection::vec(member(), 0..7), prop_oneof![9 => Just("}"), 1 => Just("")]),
            1..12,
        ),
    ) {
        let (mut layout, mut seen, mut lookups) = (Layout::default(), Vec::new(), 0);
        for (members, end) in objects {
            let json = format!("{{{}{end}", members.join(","));
            prop_assert_eq!(
                alike(&json, &mut layout, &mut seen, &mut lookups),
                one_by_one(&json),
                "{}", json
            );
        }
    }
}

/// Reads objects one after the other, each as if it were alone, and counts the names that were looked up.
fn lookups(objects: &[&str]) -> usize {
    let (mut layout, mut seen, mut lookups) = (Layout::default(), Vec::new(), 0);
    for json in objects {
        assert_eq!(alike(json, &mut layout, &mut seen, &mut lookups), one_by_one(json), "{json}");
    }
    lookups
}

#[test]
fn names_are_looked_up_once() {
    let whole = r#"{"a":1,"b":2,"c":3}"#;
    assert_eq!(lookups(&[whole, whole, whole]), 3);
    assert_eq!(lookups(&[whole, r#"{"a":1,"c":3}"#, "{}", r#"{ "b":7 }"#, whole]), 3);
    // A name in another order is looked up, and so are those behind it.
    assert_eq!(lookups(&[whole, r#"{"b":1,"a":2,"c":3}"#, r#"{"b":1,"a":2,"c":3}"#]), 5);
}

#[test]
fn what_was_not_read_to_its_end_is_not_kept() {
    // The first object is refused before its end, where the name that it has twice would be found.
    for broken in [r#"{"a":1,"a":2,"#, r#"{"a":1,"a":2}"#, r#"{"b":1,"a":1,"a":2"#] {
        assert!(one_by_one(broken).is_err());
        lookups(&[broken, r#"{"a":1,"a":2}"#, r#"{"a":1}"#, r#"{"a":1,"a":2}"#]);
    }
}

#[test]
fn a_name_with_escapes_is_compared_by_its_value() {
    assert_eq!(lookups(&[r#"{"\u0061":1}"#, r#"{"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"a":1}"#]), 4);
}

#[test]
fn large_objects_and_long_names_are_not_kept() {
    let names: Vec<String> = (0..=MOST).map(|number| format!("\"{number}\":0")).collect();
    let large = format!("{{{}}}", names.join(","));
    assert_eq!(lookups(&[&large, &large]), 2 * names.len());
    let most = format!("{{{}}}", names[..MOST].join(","));
    assert_eq!(lookups(&[&most, &most]), MOST);
    for (name, found) in [("n".repeat(WIDTH - 3), 1), ("n".repeat(WIDTH - 2), 2)] {
        let object = format!(r#"{{"{name}":0}}"#);
        assert_eq!(lookups(&[&object, &object]), found);
    }
}
