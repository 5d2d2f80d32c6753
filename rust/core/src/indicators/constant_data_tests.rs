use proptest::prelude::*;

use super::*;

fn readings<'a>(values: &[(i64, &'a [u8])]) -> Vec<Reading<'a>> {
    values.iter().map(|(at, value)| Reading { device: 4, at: *at, value }).collect()
}

#[test]
fn only_longer_than_the_limit_is_too_long() {
    let still = readings(&[(0, b"21.5"), (600, b"21.5"), (3600, b"21.5")]);
    assert_eq!(constant_data(&still, 3600), []);
    assert_eq!(constant_data(&still, 3599), [Constant { device: 4, from: 0, to: 3600, moments: 3 }]);
    // One other reading ends it, however close; equal numbers in other bytes are other values.
    let moved = readings(&[(0, b"21.5"), (600, b"21.50"), (3600, b"21.5")]);
    assert_eq!(constant_data(&moved, 0), []);
}

#[test]
fn a_moment_with_two_values_belongs_to_no_run() {
    let torn = readings(&[(0, b"a"), (5, b"a"), (5, b"b"), (9, b"a"), (12, b"a")]);
    assert_eq!(constant_data(&torn, 2), [Constant { device: 4, from: 9, to: 12, moments: 2 }]);
    let repeated = readings(&[(0, b"a"), (5, b"a"), (5, b"a"), (9, b"a")]);
    assert_eq!(constant_data(&repeated, 8), [Constant { device: 4, from: 0, to: 9, moments: 3 }]);
}

#[test]
fn the_longest_run_is_given_and_of_two_the_first() {
    let runs = readings(&[(0, b"a"), (4, b"a"), (5, b"b"), (9, b"b"), (10, b"c"), (12, b"c")]);
    assert_eq!(constant_data(&runs, 1), [Constant { device: 4, from: 0, to: 4, moments: 2 }]);
    let whole_time = readings(&[(i64::MIN, b""), (i64::MAX, b"")]);
    assert_eq!(constant_data(&whole_time, u64::MAX - 1).len(), 1);
    assert_eq!(constant_data(&[], 0), []);
}

/// The rule as it is written: two readings with all that lie between them.
fn longest_span(own: &[(i64, u8)]) -> Option<u64> {
    let spans = own.iter().flat_map(|(from, value)| {
        own.iter()
            .filter(move |(to, _)| to >= from)
            .filter(move |(to, _)| {
                own.iter().filter(|(at, _)| from <= at && at <= to).all(|(_, other)| other == value)
            })
            .map(move |(to, _)| to.abs_diff(*from))
    });
    spans.max()
}

proptest! {
    #[test]
    fn no_longer_run_is_missed(
        rows in prop::collection::vec((0_u32..3, 0_i64..30, 0_u8..3), 0..40),
        limit in 0_u64..12,
    ) {
        let bytes: Vec<[u8; 1]> = rows.iter().map(|row| [row.2]).collect();
        let mut readings: Vec<Reading<'_>> =
            rows.iter().zip(&bytes).map(|(row, value)| Reading { device: row.0, at: row.1, value }).collect();
        let found = constant_data(&readings, limit);
        for device in 0..3 {
            let own: Vec<(i64, u8)> =
                rows.iter().filter(|row| row.0 == device).map(|row| (row.1, row.2)).collect();
            let expected = longest_span(&own).filter(|span| *span > limit);
            let run = found.iter().find(|run| run.device == device);
            prop_assert_eq!(run.map(Constant::seconds), expected);
        }
        readings.reverse();
        prop_assert_eq!(constant_data(&readings, limit), found);
    }
}
