use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400;

#[test]
fn a_budget_used_up_is_not_exhausted_and_one_event_more_is() {
    let goal = exact(999, 1000);
    assert!(!Events { total: 100_000, bad: 100 }.is_exhausted(&goal));
    assert!(Events { total: 100_000, bad: 101 }.is_exhausted(&goal));
    assert!(Events { total: 100, bad: 1 }.is_exhausted(&goal));
}

#[test]
fn nothing_counted_has_no_level_and_burns_nothing() {
    let goal = exact(999, 1000);
    assert_eq!(Events::default().level(), Err(FixedError::DivisionByZero));
    assert_eq!(Events { total: 1, bad: 2 }.level(), Err(FixedError::Overflow));
    assert_eq!(Events::default().burn_rate(&goal), None);
    assert_eq!(Events { total: 9, bad: 1 }.burn_rate(&exact(1, 1)), None);
}

#[test]
fn an_alert_needs_both_windows_above_its_factor() {
    let (alert, goal) = (&Alert::ALL[0], exact(999, 1000));
    assert_eq!(alert.factor(28 * 24), exact(336, 25));
    let at = Events { total: 10_000, bad: 144 };
    let above = Events { total: 10_000, bad: 145 };
    assert!(alert.burns(30 * 24, &goal, above, above));
    assert!(!alert.burns(30 * 24, &goal, at, above));
    assert!(!alert.burns(30 * 24, &goal, above, at));
}

#[test]
fn maintenance_has_to_be_announced_and_has_an_end() {
    let notice = |at, maintenance| Notice { at, maintenance };
    let notices = [
        notice(0, DAY..DAY + 600),
        // One second too late.
        notice(DAY + 1, 2 * DAY..2 * DAY + 600),
        notice(0, DAY + 300..DAY + 900),
        notice(0, 5 * DAY..6 * DAY),
        notice(0, 7 * DAY..8 * DAY),
    ];
    let found = maintenance(&notices, 0..28 * DAY, DAY, 1500);
    assert_eq!(found, [DAY..DAY + 900, 5 * DAY..5 * DAY + 600]);
}

proptest! {
    #[test]
    fn what_is_excluded_is_announced_apart_and_bounded(
        notices in prop::collection::vec((-100_i64..100, 0_i64..200, 0_i64..50), 0..20), most in 0_u64..100,
    ) {
        let notices: Vec<Notice> =
            notices.into_iter().map(|(at, start, length)| Notice { at, maintenance: start..start + length }).collect();
        let found = maintenance(&notices, 10..150, 20, most);
        prop_assert!(found.iter().map(|part| part.end.abs_diff(part.start)).sum::<u64>() <= most);
        prop_assert!(found.is_sorted_by(|a, b| a.end < b.start));
        for second in found.into_iter().flatten() {
            prop_assert!((10..150).contains(&second));
            prop_assert!(notices.iter().any(|n| n.maintenance.contains(&second) && n.at + 20 <= n.maintenance.start));
        }
    }
}
