use proptest::prelude::*;

use super::*;

#[test]
fn tracks_combine() {
    assert_eq!(weighted_mean([(1, ONE), (1, 0), (1, 0)]), Ok(333_333_333_333));
    assert_eq!(weighted_mean([(3, 900_000_000_000), (0, 5)]), Ok(900_000_000_000));
    assert_eq!(weighted_mean([(0, ONE)]), Err(FixedError::DivisionByZero));
    assert_eq!(weighted_mean([]), Err(FixedError::DivisionByZero));
    assert_eq!(weighted_mean([(u64::MAX, u64::MAX), (u64::MAX, u64::MAX)]), Err(FixedError::Overflow));
    assert_eq!(product([]), Ok(ONE));
    // Rounded at every step: the order may matter.
    assert_eq!(product([500_000_000_001, 500_000_000_001, 3]), Ok(0));
    assert_eq!(product([3, ONE / 2, ONE / 2]), Ok(0));
    assert_eq!(product([ONE / 2, ONE / 2]), Ok(ONE / 4));
}

proptest! {
    #[test]
    fn a_mean_lies_between_its_scores(tracks in prop::collection::vec((1_u64..=u64::from(u32::MAX), 0_u64..=ONE), 1..9)) {
        let mean = weighted_mean(tracks.iter().copied())?;
        let scores = || tracks.iter().map(|track| track.1);
        prop_assert!(scores().min() <= Some(mean) && Some(mean) <= scores().max());
        prop_assert_eq!(weighted_mean(tracks.into_iter().rev()), Ok(mean));
    }

    #[test]
    fn a_product_is_at_most_its_least_factor(scores in prop::collection::vec(0_u64..=ONE, 1..6)) {
        prop_assert!(Some(product(scores.iter().copied())?) <= scores.iter().copied().min());
    }
}
