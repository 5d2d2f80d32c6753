use proptest::prelude::*;

use super::*;

#[test]
fn the_fortieth_failure_in_a_row_is_still_borne_and_the_next_is_not() {
    let track = Track::CORRECTNESS;
    assert!(!track.start.after(&track, 40, 0).unwrap().is_at_or_below(&track));
    let after = track.start.after(&track, 41, 0).unwrap();
    assert!(after.is_at_or_below(&track));
    assert_eq!(after, Reputation { alpha: 959_809_440_525_063, beta: 40_190_559_474_904 });
    assert_eq!(after.score(), Ok(959_809_440_525));
}

#[test]
fn one_unknown_error_suspends_and_one_success_lifts_it() {
    let track = Track::UNKNOWN;
    let suspended = track.start.after(&track, 1, 0).unwrap();
    assert!(suspended.is_at_or_below(&track));
    assert!(!suspended.after(&track, 0, 1).unwrap().is_at_or_below(&track));
}

#[test]
fn nothing_remembered_has_no_score() {
    assert_eq!(Reputation { alpha: 0, beta: 0 }.score(), Err(FixedError::DivisionByZero));
    let track = Track { weight: u64::MAX, ..Track::CORRECTNESS };
    assert_eq!(track.start.after(&track, 0, 1), Err(FixedError::Overflow));
}

proptest! {
    /// A batch in one piece is at least as good for the device as the same events one by one.
    #[test]
    fn no_order_is_better(events in prop::collection::vec(any::<bool>(), 0..80)) {
        let track = Track::CORRECTNESS;
        let successes = events.iter().filter(|success| **success).count() as u64;
        let batch = track.start.after(&track, events.len() as u64 - successes, successes).unwrap();
        let mut single = track.start;
        for success in events {
            single = single.after(&track, u64::from(!success), u64::from(success)).unwrap();
        }
        // Rounding loses at most one unit an event on either side.
        prop_assert!(batch.alpha + 200 >= single.alpha && batch.beta <= single.beta + 200);
    }

    #[test]
    fn the_score_is_a_share_and_the_test_against_the_threshold_is_exact(failures in 0_u64..99, successes in 0_u64..99) {
        for track in [Track::CORRECTNESS, Track::UNKNOWN] {
            let state = track.start.after(&track, failures, successes).unwrap();
            let score = state.score().unwrap();
            prop_assert!(score <= ONE);
            if score != track.threshold {
                prop_assert_eq!(state.is_at_or_below(&track), score < track.threshold);
            }
        }
    }
}
