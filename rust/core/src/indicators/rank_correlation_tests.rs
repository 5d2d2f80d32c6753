use proptest::prelude::*;

use super::*;
use crate::score::exact::{Exact, exact};

/// Pearson's correlation of mean ranks, from its definition.
pub fn correlate_by_definition(x: &[u64], y: &[u64]) -> bool {
    let n = x.len() as u64;
    let rank = |of: &[u64], value: u64| {
        let (below, equal) = (
            of.iter().filter(|v| **v < value).count() as u64,
            of.iter().filter(|v| **v == value).count() as u64,
        );
        exact(2 * below + equal + 1, 2)
    };
    let ranks = |of: &[u64]| of.iter().map(|value| rank(of, *value)).collect::<Vec<Exact>>();
    let (x, y) = (ranks(x), ranks(y));
    // n sum xy - sum x sum y and the like: both sums are n (n + 1) / 2.
    let square = exact(n * (n + 1), 2) * exact(n * (n + 1), 2);
    let product = |a: &[Exact], b: &[Exact]| a.iter().zip(b).map(|(a, b)| a * b).sum::<Exact>() * exact(n, 1);
    let (xy, xx, yy) = (product(&x, &y), product(&x, &x) - &square, product(&y, &y) - &square);
    if xy <= square {
        return false;
    }
    let xy = xy - square;
    &xy * &xy * exact(10_000, 1) >= xx * yy * exact(9025, 1)
}

#[test]
fn ranks_are_doubled_centred_and_shared() {
    assert_eq!(ranks(&[30, 10, 20]), [2, -2, 0]);
    assert_eq!(ranks(&[5, 7, 7, 9]), [-3, 0, 0, 3]);
    assert_eq!(ranks(&[4, 4, 4]), [0, 0, 0]);
    assert_eq!(ranks(&[]), [0_i64; 0]);
}

#[test]
fn spreads_are_those_of_the_ranks() {
    let spread = |numbers: &[u64]| Ranks::new(numbers).spread();
    assert_eq!((spread(&[9, 1, 4]), full_spread(3), full_spread(1), full_spread(0)), (8, 8, 0, 0));
    for numbers in [&[5, 7, 7, 9][..], &[1, 1, 1], &[2, 2, 3, 3, 3, 8], &[4]] {
        assert_eq!(spread(numbers), full_spread(numbers.len() as u64) - lost_to_ties(numbers), "{numbers:?}");
    }
}

#[test]
fn constants_and_nothing_correlate_with_nothing() {
    let of = |a: &[u64], b: &[u64]| Ranks::new(a).correlate(&Ranks::new(b), &mut 0);
    assert!(!of(&[1, 1], &[1, 2]) && !of(&[1, 2], &[1, 1]) && !of(&[], &[]));
    assert!(of(&[1, 2], &[3, 9]) && !of(&[1, 2], &[9, 3]));
}

#[test]
fn strangers_are_given_up_after_some_strides() {
    let up: Vec<u64> = (0..1600).collect();
    let down: Vec<u64> = (0..1600).rev().collect();
    let mut looks = 0;
    assert!(!Ranks::new(&up).correlate(&Ranks::new(&down), &mut looks));
    assert!(looks < 100, "{looks}");
}

proptest! {
    #[test]
    fn ranks_of_few_values_are_exact(x in prop::collection::vec(0_u64..5, 30..60), flips in prop::collection::vec((0_usize..60, 0_u64..5), 0..12)) {
        let mut y = x.clone();
        for (at, value) in flips {
            if let Some(place) = y.get_mut(at) { *place = value; }
        }
        prop_assert_eq!(Ranks::new(&x).correlate(&Ranks::new(&y), &mut 0), correlate_by_definition(&x, &y));
    }
}
