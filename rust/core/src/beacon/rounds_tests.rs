use super::*;

const ROUND_2: &str =
    "b6b6a585449b66eb12e875b64fcbab3799861a00e4dbf092d99e969a5eac57dd3f798acf61e705fe4f093db926626807";
const ROUND_3: &str =
    "b3fab6df720b68cc47175f2c777e86d84187caab5770906f515ff1099cb01e4deaa027075d860823e49477b93c72bd64";

fn line(round: u64, signature: &str, more: &str) -> String {
    format!("{{\"round\": {round}, \"signature\": \"{signature}\"{more}}}\n")
}

fn check(file: &str, needed: &[u64], missing: &[u64], pinned: bool) -> Result<Rounds, RoundsError> {
    let needed = needed.iter().copied().collect();
    Rounds::check(&Chain::quicknet(), &read_rounds(file.as_bytes())?, &needed, missing, pinned)
}

fn file() -> String {
    line(3, ROUND_3, "") + &line(2, ROUND_2, "")
}

#[test]
fn needed_rounds_are_verified_and_hashed_in_order() {
    let rounds = check(&file(), &[2, 3], &[], false).unwrap();
    assert_eq!(rounds.len(), 2);
    let signature = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    assert_eq!(rounds.randomness(3), Some(&sha256(&signature(ROUND_3))));
    assert_eq!(rounds.randomness(4), None);
    let mut content = Vec::new();
    for (round, text) in [(2_u64, ROUND_2), (3, ROUND_3)] {
        content.extend_from_slice(&round.to_be_bytes());
        content.extend_from_slice(&48_u32.to_be_bytes());
        content.extend_from_slice(&signature(text));
    }
    assert_eq!(rounds.content_hash(), sha256(&content));
}

#[test]
fn rounds_that_no_slot_needs_change_nothing() {
    let one = check(&line(3, ROUND_3, ""), &[3], &[], false).unwrap();
    assert_eq!(check(&file(), &[3], &[], false).unwrap(), one);
    assert_eq!(check(&(line(3, ROUND_3, "") + &line(9, "00", "")), &[3], &[], false).unwrap(), one);
}

#[test]
fn a_round_is_there_or_named_as_missing() {
    assert_eq!(check(&file(), &[2, 3, 4], &[], false), Err(RoundsError::Absent { round: 4 }));
    let rounds = check(&file(), &[2, 3, 4], &[4, 5], false).unwrap();
    assert_eq!(rounds.missing().collect::<Vec<_>>(), [4]);
    assert_eq!(check(&file(), &[3], &[2], false), Err(RoundsError::NotMissing { line: 2, round: 2 }));
    assert_eq!(check(&file(), &[3], &[5, 5], false), Err(RoundsError::Order { found: 5, before: 5 }));
}

#[test]
fn a_round_twice_is_an_error_even_if_equal_or_unneeded() {
    let twice = file() + &line(3, ROUND_3, "");
    assert_eq!(check(&twice, &[2], &[], false), Err(RoundsError::Twice { line: 3, first: 1, round: 3 }));
}

#[test]
fn a_pinned_file_needs_no_signature_but_keeps_every_other_rule() {
    let forged = line(2, ROUND_3, "");
    assert_eq!(check(&forged, &[2], &[], false), Err(RoundsError::Signature { line: 1, round: 2 }));
    assert!(check(&forged, &[2], &[], true).is_ok());
    let randomness = format!(", \"randomness\": \"{}\"", "00".repeat(32));
    for pinned in [false, true] {
        let wrong = check(&line(3, ROUND_3, &randomness), &[3], &[], pinned);
        assert!(matches!(wrong, Err(RoundsError::Line { line: 1, .. })), "{wrong:?}");
        let short = check(&line(3, &ROUND_3[2..], ""), &[3], &[], pinned);
        assert!(matches!(short, Err(RoundsError::Line { line: 1, .. })), "{short:?}");
    }
}

#[test]
fn stated_randomness_and_an_explicit_null_are_accepted() {
    let hash = sha256(&data_encoding::HEXLOWER.decode(ROUND_3.as_bytes()).unwrap());
    let more = format!(
        ", \"randomness\": \"{}\", \"previous_signature\": null",
        data_encoding::HEXLOWER.encode(&hash)
    );
    assert!(check(&line(3, ROUND_3, &more), &[3], &[], false).is_ok());
}

#[test]
fn the_previous_signature_belongs_to_chained_schemes_only() {
    let with = line(3, ROUND_3, ", \"previous_signature\": \"00\"");
    assert!(matches!(check(&with, &[3], &[], true), Err(RoundsError::Line { line: 1, .. })));
    let chain = Chain::default_chain();
    let records = read_rounds(line(3, &"00".repeat(96), "").as_bytes()).unwrap();
    let without = Rounds::check(&chain, &records, &[3].into(), &[], true);
    assert!(matches!(without, Err(RoundsError::Line { line: 1, .. })));
}

#[test]
fn broken_lines_are_named() {
    for (text, at) in [
        ("\n", 1),
        ("{}", 1),
        ("{\"round\": 0, \"signature\": \"\"}", 1),
        ("{\"round\": 1.0, \"signature\": \"\"}", 1),
        ("{\"round\": 1, \"round\": 1, \"signature\": \"\"}", 1),
        ("{\"round\": 1, \"signature\": \"AB\"}", 1),
        ("{\"round\": 1, \"signature\": \"ab\"}\n\n", 2),
        ("{\"round\": 1, \"signature\": \"ab\"} x", 1),
        ("\u{feff}{\"round\": 1, \"signature\": \"ab\"}", 1),
    ] {
        let error = read_rounds(text.as_bytes());
        assert!(matches!(error, Err(RoundsError::Line { line, .. }) if line == at), "{text:?}: {error:?}");
    }
    assert_eq!(read_rounds(b""), Ok(vec![]));
}
