use proptest::prelude::*;

use super::super::witnesses::Sighting;
use super::*;

fn judge(counts: &[(u32, u32, u64)], others: u64) -> Vec<Concentrated> {
    let sightings =
        counts.iter().map(|(seen, by, events)| Sighting { seen: *seen, by: *by, events: *events });
    concentration(&Witnesses::new(sightings).unwrap(), |_| others)
}

#[test]
fn one_witness_among_many_that_could() {
    let expected = Concentrated { device: 0, events: 20, witnesses: 1, index: ONE };
    assert_eq!(judge(&[(0, 1, 20)], 5), [expected]);
    assert_eq!(judge(&[(0, 1, 20)], 4), []);
    assert_eq!(judge(&[(0, 1, 19)], 5), []);
    // Who witnesses others is not accused.
    assert_eq!(judge(&[(1, 0, 20)], 5), [Concentrated { device: 1, ..expected }]);
}

#[test]
fn an_index_of_one_half_is_enough() {
    assert_eq!(judge(&[(0, 1, 10), (0, 2, 10)], 5).first().map(|found| found.index), Some(ONE / 2));
    assert_eq!(judge(&[(0, 1, 10), (0, 2, 9), (0, 3, 1)], 5), []);
    // (4, 1, 1) of 6 is one half, but the numbers that are rounded down are not.
    assert_eq!(judge(&[(0, 1, 40), (0, 2, 10), (0, 3, 10)], 5), []);
    assert_eq!(judge(&[(0, 1, u64::MAX - 1), (0, 2, 1)], 5).first().map(|found| found.index), Some(ONE - 1));
}

proptest! {
    #[test]
    fn an_index_lies_between_even_shares_and_one(own in prop::collection::vec(1_u64..40, 1..9), others in 0_u64..9) {
        let counts: Vec<(u32, u32, u64)> = (1..).zip(&own).map(|(by, events)| (0, by, *events)).collect();
        let (all, witnesses) = (own.iter().sum::<u64>(), own.len() as u64);
        let index: u64 = own.iter().map(|w| w * w * ONE / (all * all)).sum();
        let expected = Concentrated { device: 0, events: all, witnesses, index };
        let is_accused = all >= 20 && others >= 5 && 2 * index >= ONE;
        prop_assert_eq!(judge(&counts, others), is_accused.then_some(expected).into_iter().collect::<Vec<_>>());
        prop_assert!(index <= ONE && index + witnesses >= ONE / witnesses);
    }
}
