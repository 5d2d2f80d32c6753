//! Findings of several blocks, stored behind each other in one shard, add up.

use super::*;

#[test]
fn parts_of_one_finding_add_up_when_they_are_read_back() {
    let about = || [Subject::Validator(b"val-0".to_vec())];
    let (mut first, mut second) = (Findings::default(), Findings::default());
    first.row("OFF_SCHEDULE", about(), &[1; 32]);
    first.row("OFF_SCHEDULE", about(), &[3; 32]);
    second.row("OFF_SCHEDULE", about(), &[2; 32]);
    let mut stored = first.to_stored();
    stored.extend(second.to_stored());
    let mut expected = Findings::default();
    expected.rows("OFF_SCHEDULE", about(), &[[1; 32], [2; 32], [3; 32]]);
    assert_eq!(Findings::from_stored(stored), expected);
    first.merge(second);
    assert_eq!(first, expected);
}

#[test]
fn the_smallest_rows_are_shown_and_all_are_counted() {
    let mut findings = Findings::default();
    let ids: Vec<Hash> = (0..40).rev().map(|byte| [byte; 32]).collect();
    findings.rows("CLOCK_SKEW", [Subject::Device(b"d".to_vec())], &ids);
    let json = findings.to_json();
    assert_eq!(json[0]["numbers"]["rows"], 40);
    let shown = json[0]["evidence"].as_array().unwrap();
    assert_eq!(shown.len(), 16);
    assert_eq!(shown[0], "00".repeat(32));
    assert_eq!(shown[15], "0f".repeat(32));
}
