use proptest::prelude::*;

use super::*;

#[test]
fn more_than_half_of_enough_must_agree() {
    let found = ruling(&[b"yes", b"no", b"yes"], LEAST_REPORTERS).unwrap();
    assert_eq!((found.result, found.is_majority), (&b"yes"[..], vec![true, false, true]));
    assert_eq!(ruling(&[b"yes", b"yes"], LEAST_REPORTERS), None);
    assert_eq!(ruling(&[b"yes", b"no", b"yes", b"no"], 3), None);
    assert_eq!(ruling(&[b"a", b"b", b"c"], 3), None);
    assert_eq!(ruling(&[], 0), None);
    assert!(ruling(&[b""], 1).is_some());
}

proptest! {
    #[test]
    fn the_rule_as_it_is_written(values in prop::collection::vec(0_u16..3, 0..12), least in 0_usize..8) {
        let bytes: Vec<[u8; 2]> = values.iter().map(|value| value.to_be_bytes()).collect();
        let reports: Vec<&[u8]> = bytes.iter().map(AsRef::as_ref).collect();
        let count = |value: u16| values.iter().filter(|other| **other == value).count();
        let winner = (0..3).find(|value| values.len() >= least && 2 * count(*value) > values.len());
        let found = ruling(&reports, least);
        let result = found.as_ref().map(|found| found.result.to_vec());
        prop_assert_eq!(result, winner.map(|value| value.to_be_bytes().to_vec()));
        if let (Some(found), Some(winner)) = (found, winner) {
            prop_assert_eq!(found.is_majority, values.iter().map(|value| *value == winner).collect::<Vec<_>>());
        }
    }
}
