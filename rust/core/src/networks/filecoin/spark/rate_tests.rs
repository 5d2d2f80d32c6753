use proptest::prelude::*;

use super::*;

fn bound(successes: u64, failures: u64) -> Option<u32> {
    Rate { count: successes, total: successes + failures }.lower_bound()
}

/// Quantiles that were computed elsewhere with decimals.
#[test]
fn known_quantiles() {
    for (successes, failures, expected) in [
        (0, 0, 50_000),
        (1, 0, 223_606),
        (10, 0, 761_595),
        (95, 5, 898_731),
        (288, 0, 989_687),
        (999, 1, 995_269),
    ] {
        assert_eq!(bound(successes, failures), Some(expected), "{successes} of {}", successes + failures);
    }
}

/// Without a failure the bound is the root of a twentieth, which whole numbers can be held against.
#[test]
fn successes_alone() {
    for successes in [0_u32, 1, 2, 17, 400] {
        let low = bound(u64::from(successes), 0).unwrap();
        let is_rare = |millionths: u32| {
            let power = |base: u32| num_bigint::BigUint::from(base).pow(successes + 1);
            power(millionths) * 20_u32 <= power(1_000_000)
        };
        assert!(is_rare(low) && !is_rare(low + 1), "{successes}");
    }
}

#[test]
fn the_largest_samples_have_bounds() {
    assert_eq!(bound(MOST_TRIALS, 0), Some(999_999));
    assert_eq!(bound(0, MOST_TRIALS), Some(0));
    assert_eq!(bound(MOST_TRIALS / 2, MOST_TRIALS / 2), Some(499_917));
    assert_eq!(bound(MOST_TRIALS, 1), None);
    assert_eq!(Rate { count: 2, total: 1 }.lower_bound(), None);
}

#[test]
fn rates_are_rounded_down() {
    assert_eq!(Rate { count: 2, total: 3 }.parts(), Some(666_666_666_666));
    assert_eq!(Rate { count: u64::MAX, total: u64::MAX }.parts(), Some(ONE));
    assert_eq!(Rate { count: 0, total: 0 }.parts(), None);
    assert_eq!(Rate { count: 2, total: 1 }.parts(), None);
}

#[test]
fn a_missing_part_counts_nothing() {
    let all = Rate { count: 95, total: 100 };
    let score = |proving, retrieval, storage| Reputation { proving, retrieval, storage }.score();
    assert_eq!(score(Some(all), Some(all), Some(all)), 89_873_100);
    assert_eq!(score(Some(all), None, None), 40 * 898_731);
    assert_eq!(score(None, Some(all), None), 35 * 898_731);
    assert_eq!(score(None, None, Some(all)), 25 * 898_731);
    assert_eq!(score(None, Some(Rate { count: 2, total: 1 }), None), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The sums of whole numbers, which are exact but slow.
    #[test]
    fn the_bound_is_the_exact_one(successes in 0_u64..300, failures in 0_u64..300) {
        prop_assert_eq!(bound(successes, failures), beta_lower(successes, failures, QUANTILE));
    }

    #[test]
    fn a_bound_lies_below_the_rate_and_rises_with_the_sample(count in 1_u64..5000, failures in 0_u64..5000) {
        let low = bound(count, failures).unwrap();
        let larger = bound(count * 10, failures * 10).unwrap();
        prop_assert!(u64::from(low) * (count + failures) <= count * MILLION);
        prop_assert!(failures > count || low <= larger);
        prop_assert!(low <= bound(count + 1, failures).unwrap());
    }
}
