use super::*;
use crate::decode::members::{ByteText, Line};

fn read(line: &str) -> Result<Record<'static>, String> {
    Record::read(&Line::parse(line.as_bytes(), ByteText::Base64Url)?)
}

const ROOT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn with(more: &str) -> String {
    format!(
        "{{\"data_root\": \"{ROOT}\", \"data_size\": 9, \"relative_offset\": \"8\", \"data_path\": \"AAEC\"{more}}}"
    )
}

#[test]
fn a_record_without_a_block_takes_the_transaction_as_it_is_given() {
    let record =
        read(&with(", \"tx_start\": 5, \"chunk\": \"AQI\", \"source\": {\"ignored\": [1.5e3]}")).unwrap();
    let place = TransactionPlace {
        data_root: [0; 32],
        data_size: 9,
        relative_offset: 8,
        weave_start: Some(5),
        block_start: None,
    };
    assert_eq!(record.place, Place::Transaction(place));
    assert_eq!(*record.data_path, [0, 1, 2]);
    assert_eq!(record.chunk, Chunk::Bytes(Cow::Borrowed(&[1, 2])));
}

#[test]
fn bytes_of_another_packing_count_as_absent() {
    let record = read(&with(", \"chunk\": \"AQI\", \"packing\": \"spora_2_6\", \"chunk_size\": 2")).unwrap();
    assert_eq!(record.chunk, Chunk::Absent { size: Some(2), sha256: None });
    let record = read(&with(", \"chunk\": \"AQI\", \"padded\": true")).unwrap();
    assert_eq!(record.chunk, Chunk::Padded(Cow::Borrowed(&[1, 2])));
}

#[test]
fn what_is_wrong_is_named() {
    for (line, name) in [
        ("[]".to_owned(), "object"),
        ("{".to_owned(), ""),
        ("{}".to_owned(), "data_root"),
        (with("").replace("\"8\"", "8.0"), "relative_offset"),
        (with("").replace("\"8\"", "-8"), "relative_offset"),
        (with("").replace("\"8\"", "9223372036854775808"), "relative_offset"),
        (with("").replace("AAEC", "AAEC="), "data_path"),
        (with("").replace("AAEC", "AB"), "data_path"),
        (with("").replace(ROOT, "AAEC"), "data_root"),
        (with(", \"tx_path\": \"AAEC\""), "offset"),
        (with(", \"ruleset\": \"strict\""), "ruleset"),
        (with(", \"padded\": 1"), "padded"),
        (with(", \"id\": 1"), "id"),
        (with(", \"data_size\": 9"), "distinct"),
    ] {
        let wrong = read(&line).expect_err(&line);
        assert!(wrong.contains(name), "{line}: {wrong}");
    }
}
