use proptest::prelude::*;

use super::*;

#[test]
fn worked_examples() {
    assert_eq!(wilson(95, 100, 196), Some((888_248_034_727, 978_456_638_544)));
    assert_eq!(wilson(10, 10, 196).map(|(lower, _)| lower), Some(722_459_831_233));
    assert_eq!(beta_lower(95, 5, (5, 100)), Some(898_731));
    assert_eq!(beta_lower(999, 1, (5, 100)), Some(995_269));
    assert_eq!(trials_to_detect((1, 10), (19, 20)), Some(29));
}

#[test]
fn what_has_no_answer_has_none() {
    assert_eq!(wilson(2, 1, 196), None);
    assert_eq!(wilson(0, 0, 196), Some((0, ONE)));
    assert_eq!(beta_lower(u64::MAX, 1, (5, 100)), None);
    assert_eq!(beta_lower(MOST_TRIALS, 0, (5, 100)), None);
    for quantile in [(0, 1), (1, 1), (1, 0)] {
        assert_eq!(beta_lower(1, 1, quantile), None);
    }
    assert_eq!(trials_to_detect((0, 10), (19, 20)), None);
    assert_eq!(trials_to_detect((0, 0), (19, 20)), None);
    assert_eq!(trials_to_detect((11, 10), (19, 20)), None);
    assert_eq!(trials_to_detect((10, 10), (19, 20)), Some(1));
}

#[test]
fn the_largest_sample_has_bounds() {
    let half = u64::MAX / 2;
    let (lower, upper) = wilson(half, u64::MAX, 258).unwrap();
    assert!(lower < ONE / 2 && ONE / 2 <= upper && upper - lower < 1000);
    assert!(beta_lower(MOST_TRIALS / 2, MOST_TRIALS / 2 - 1, (5, 100)).is_some_and(|lower| lower < 500_000));
}

proptest! {
    /// The bounds hold the share, and are those of the other side for the failures, but for the direction of rounding.
    #[test]
    fn wilson_holds_the_share(successes in 0_u64..1000, failures in 0_u64..1000) {
        let trials = successes + failures;
        prop_assume!(trials > 0);
        let (lower, upper) = wilson(successes, trials, 196).unwrap();
        let share = u128::from(successes) * u128::from(ONE);
        prop_assert!(u128::from(lower) * u128::from(trials) <= share && share <= u128::from(upper) * u128::from(trials));
        let (other_lower, other_upper) = wilson(failures, trials, 196).unwrap();
        prop_assert_eq!((lower, upper), (ONE - other_upper, ONE - other_lower));
    }

    /// The tail is a sum over all of a row of binomial terms that makes the whole.
    #[test]
    fn tails_sum_to_the_whole(trials in 1_u32..40, least in 1_u32..40, k in 1_u32..MILLION) {
        prop_assume!(least <= trials);
        // At least `least` successes, or at least `trials - least + 1` failures.
        let both = upper_tail(least, trials, k) + upper_tail(trials - least + 1, trials, MILLION - k);
        prop_assert_eq!(both, BigUint::from(MILLION).pow(trials));
    }

    #[test]
    fn more_successes_never_lower_the_bound(successes in 0_u64..60, failures in 0_u64..60) {
        let bound = |successes| beta_lower(successes, failures, (5, 100)).unwrap();
        prop_assert!(bound(successes) <= bound(successes + 1));
    }
}
