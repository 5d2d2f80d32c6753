use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, ListBuilder, StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, BooleanArray, Int64Array, NullArray, RecordBatch, StringArray};

use super::*;

const KINDS: &[(Kind, &[&str])] = &[
    (Kind::Bytes, &["key"]),
    (Kind::Number, &["block"]),
    (Kind::Integer, &["set"]),
    (Kind::Text, &["id"]),
    (Kind::Flag, &["padded"]),
    (Kind::AllBytes, &["leaves"]),
    (Kind::AllNumbers, &["offsets"]),
    (Kind::AllTexts, &["pieces"]),
];

/// Everything that a record can hold, as one value.
fn all<'a>(record: &impl Members<'a>) -> Result<String, String> {
    Ok(format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        record.bytes("key")?,
        record.number("block")?,
        record.integer("set")?,
        record.text("id")?,
        record.flag("padded")?,
        record.all_bytes("leaves")?,
        record.all_numbers("offsets")?,
        record.all_texts("pieces")?,
    ))
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn full() -> RecordBatch {
    let mut key = BinaryBuilder::new();
    key.append_value([1, 0xff]);
    let mut leaves = ListBuilder::new(BinaryBuilder::new());
    leaves.append_value([Some([7_u8]), Some([8])]);
    let mut offsets = ListBuilder::new(UInt64Builder::new());
    offsets.append_value([Some(1), Some(u64::MAX)]);
    let mut pieces = ListBuilder::new(StringBuilder::new());
    pieces.append_value([Some("b"), None]);
    batch(vec![
        ("key", Arc::new(key.finish())),
        ("block", Arc::new(Int64Array::from(vec![5]))),
        ("set", Arc::new(StringArray::from(vec!["18446744073709551616"]))),
        ("id", Arc::new(StringArray::from(vec!["x"]))),
        ("padded", Arc::new(BooleanArray::from(vec![true]))),
        ("leaves", Arc::new(leaves.finish())),
        ("offsets", Arc::new(offsets.finish())),
        ("pieces", Arc::new(pieces.finish())),
    ])
}

const LINE: &str = r#"{"key": "01FF", "block": "5", "set": 18446744073709551616, "id": "x", "padded": true,
    "leaves": ["0x07", "08"], "offsets": [1, "18446744073709551615"], "pieces": ["b", null], "more": {}}"#;

#[test]
fn a_line_and_a_row_say_the_same() {
    let batch = full();
    let columns = Columns::new(&batch, KINDS).unwrap();
    let line = Line::parse(LINE.as_bytes(), ByteText::Hex).unwrap();
    assert_eq!(all(&line).unwrap(), all(&columns.row(0)).unwrap());
    assert!(all(&line).unwrap().contains("[1, 255]"), "{}", all(&line).unwrap());
}

#[test]
fn what_is_absent_or_null_is_none() {
    let nothing =
        batch(vec![("key", Arc::new(NullArray::new(1))), ("block", Arc::new(Int64Array::from(vec![None])))]);
    let columns = Columns::new(&nothing, KINDS).unwrap();
    let line = Line::parse(br#"{"key": null}"#, ByteText::Hex).unwrap();
    let none = ["None"; 8].join(" ");
    assert_eq!((all(&line).unwrap(), all(&columns.row(0)).unwrap()), (none.clone(), none));
}

#[test]
fn a_member_of_another_kind_is_named() {
    for (name, found) in [
        ("key", "7"),
        ("key", "\"0\""),
        ("key", "\"0g\""),
        ("block", "-1"),
        ("block", "1.0"),
        ("block", "\"\""),
        ("block", "\"05\""),
        ("set", "\"00\""),
        ("block", "18446744073709551616"),
        ("set", "\"0x10\""),
        ("set", "115792089237316195423570985008687907853269984665640564039457584007913129639936"),
        ("id", "7"),
        ("padded", "\"true\""),
        ("leaves", "\"07\""),
        ("leaves", "[null]"),
        ("offsets", "[-1]"),
        ("pieces", "[7]"),
    ] {
        let text = format!("{{\"{name}\": {found}}}");
        let line = Line::parse(text.as_bytes(), ByteText::Hex).unwrap();
        let wrong = all(&line).expect_err(&text);
        assert!(wrong.starts_with(name), "{text}: {wrong}");
    }
}

#[test]
fn a_column_of_another_type_is_a_bad_call() {
    for name in KINDS.iter().flat_map(|(_, names)| names.iter().copied()) {
        let column: ArrayRef = match name {
            "padded" => Arc::new(Int64Array::from(vec![1])),
            _ => Arc::new(BooleanArray::from(vec![true])),
        };
        let batch = batch(vec![(name, column)]);
        let error = Columns::new(&batch, KINDS).map(|_| ()).unwrap_err();
        assert_eq!(error.column, name);
    }
}

#[test]
fn a_column_that_stands_twice_is_a_bad_call() {
    let twice = |name: &'static str| {
        let column = || -> ArrayRef { Arc::new(StringArray::from(vec!["x"])) };
        Columns::new(&batch(vec![(name, column()), ("other", column()), (name, column())]), KINDS)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(twice("id"), Err("column \"id\": expected one column of this name, found 2".to_owned()));
    assert_eq!(twice("more"), Ok(()));
}

#[test]
fn a_line_that_was_cut_says_so() {
    let cut = |line: &[u8]| Line::parse(line, ByteText::Hex).map(|_| ()).unwrap_err();
    assert!(cut(b"{}  \0").contains("longer than any record"));
    assert!(cut(b"{\"id\": \"x\0").contains("longer than any record"));
    assert!(!cut(b"{\"id\": \"x").contains("longer"));
}

#[test]
fn an_item_that_is_null_is_named() {
    let mut leaves = ListBuilder::new(BinaryBuilder::new());
    leaves.append_value([Some([7_u8]), None]);
    let batch = batch(vec![("leaves", Arc::new(leaves.finish()))]);
    let columns = Columns::new(&batch, KINDS).unwrap();
    assert_eq!(
        columns.row(0).all_bytes("leaves").unwrap_err(),
        "leaves, item 1: expected a value, found null"
    );
}
