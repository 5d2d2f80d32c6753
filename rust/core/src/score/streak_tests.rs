use proptest::prelude::*;

use super::*;

fn after(streak: Streak, epochs: &[bool]) -> Streak {
    epochs.iter().fold(streak, |streak, is_good| streak.after(*is_good, &WEEKLY).0)
}

#[test]
fn every_third_miss_in_a_row_costs_a_level() {
    let streak = Streak { good: 40, missed: 0 };
    assert_eq!(after(streak, &[false; 2]), Streak { good: 40, missed: 2 });
    assert_eq!(after(streak, &[false; 3]), Streak { good: 21, missed: 3 });
    assert_eq!(after(streak, &[false; 6]), Streak { good: 4, missed: 6 });
    assert_eq!(after(streak, &[false; 9]).good, 0);
    assert_eq!(after(streak, &[false; 12]).good, 0);
    assert_eq!(after(streak, &[false, false, true, false, false]), Streak { good: 41, missed: 2 });
}

#[test]
fn a_missed_epoch_earns_nothing() {
    let streak = Streak { good: 40, missed: 0 };
    assert_eq!(streak.after(true, &WEEKLY).1, 3000);
    assert_eq!(streak.after(false, &WEEKLY).1, 0);
    assert_eq!(streak.after(true, &[]), (Streak { good: 41, missed: 0 }, 0));
}

proptest! {
    #[test]
    fn a_streak_is_never_longer_than_the_good_epochs(epochs in prop::collection::vec(any::<bool>(), 0..200)) {
        let streak = after(Streak::default(), &epochs);
        prop_assert!(streak.good <= epochs.iter().filter(|is_good| **is_good).count() as u64);
        prop_assert_eq!(streak.missed, epochs.iter().rev().take_while(|is_good| !**is_good).count() as u64);
    }
}
