use proptest::prelude::*;

use super::super::witnesses::Sighting;
use super::*;

fn accused(counts: &[(u32, u32, u64)]) -> Vec<(u32, u32)> {
    let sightings =
        counts.iter().map(|(seen, by, events)| Sighting { seen: *seen, by: *by, events: *events });
    let found = reciprocity(&Witnesses::new(sightings).unwrap());
    found.iter().map(|found| (found.pair.a, found.pair.b)).collect()
}

#[test]
fn each_condition_alone_is_not_enough() {
    assert_eq!(accused(&[(1, 2, 10), (2, 1, 10)]), [(1, 2)]);
    assert_eq!(accused(&[(1, 2, 10), (2, 1, 9)]), []);
    // 2 * 9 / 20 is 9/10.
    assert_eq!(accused(&[(1, 2, 11), (2, 1, 9)]), [(1, 2)]);
    assert_eq!(accused(&[(1, 2, 12), (2, 1, 9)]), []);
    // The pair is exactly half of what device 1 takes part in, and then less.
    assert_eq!(accused(&[(1, 2, 10), (2, 1, 10), (1, 3, 20)]), [(1, 2)]);
    assert_eq!(accused(&[(1, 2, 10), (2, 1, 10), (3, 1, 21)]), []);
    assert_eq!(accused(&[(1, 2, 10), (2, 1, 10), (2, 3, 21)]), []);
}

#[test]
fn the_largest_counts_fit() {
    assert_eq!(accused(&[(1, 2, u64::MAX / 2), (2, 1, u64::MAX / 2)]), [(1, 2)]);
}

proptest! {
    #[test]
    fn the_rule_as_it_is_written(counts in prop::collection::vec((0_u32..5, 0_u32..5, 0_u64..30), 0..12)) {
        let counts: Vec<_> = counts.into_iter().filter(|(seen, by, _)| seen != by).collect();
        let w = |i: u32, j: u32| counts.iter().filter(|c| (c.0, c.1) == (i, j)).map(|c| c.2).sum::<u64>();
        let all = |i: u32| (0..5).map(|k| w(i, k) + w(k, i)).sum::<u64>();
        let mut expected = Vec::new();
        for i in 0..5 {
            for j in i + 1..5 {
                let pair = w(i, j) + w(j, i);
                if pair >= 20 && 10 * 2 * w(i, j).min(w(j, i)) >= 9 * pair && 2 * pair >= all(i) && 2 * pair >= all(j) {
                    expected.push((i, j));
                }
            }
        }
        prop_assert_eq!(accused(&counts), expected);
    }
}
