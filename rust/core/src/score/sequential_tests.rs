use proptest::prelude::*;

use super::*;

/// Observations of one kind until a verdict falls.
fn in_a_row(plan: &Plan, has_passed: bool) -> (usize, Verdict) {
    let mut test = Sequential::default();
    (1..1000)
        .map(|count| (count, test.observe(plan, has_passed)))
        .find(|(_, verdict)| *verdict != Verdict::Continue)
        .unwrap()
}

#[test]
fn as_many_in_a_row_as_the_plans_say() {
    for (plan, fails, passes) in
        [(Plan::GOOD_99_BAD_90, 2, 32), (Plan::GOOD_999_BAD_98, 2, 240), (Plan::GOOD_95_BAD_80, 3, 18)]
    {
        assert_eq!(in_a_row(&plan, false), (fails, Verdict::Reject));
        assert_eq!(in_a_row(&plan, true), (passes, Verdict::Accept));
    }
}

proptest! {
    #[test]
    fn the_sum_stays_between_the_verdicts(observations in prop::collection::vec(any::<bool>(), 0..300)) {
        let plan = Plan::GOOD_95_BAD_80;
        let mut test = Sequential::default();
        for passed in observations {
            let sum = test.total + if passed { plan.pass } else { plan.fail };
            let expected = match test.observe(&plan, passed) {
                Verdict::Continue => sum,
                Verdict::Accept | Verdict::Reject => 0,
            };
            prop_assert_eq!(test.total, expected);
            prop_assert!(plan.accept < test.total && test.total < plan.reject);
        }
    }
}
