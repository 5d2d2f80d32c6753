use proptest::prelude::*;

use super::*;

const WELL: Evidence = Evidence {
    at: 0,
    age_s: 22 * 86_400,
    observations: 500,
    availability: ONE,
    is_tracking_full: true,
    correctness: Track::CORRECTNESS.start,
    unknown: Track::UNKNOWN.start,
};

fn causes(events: &[Event]) -> Vec<Cause> {
    events.iter().map(|event| event.cause).collect()
}

#[test]
fn probation_needs_age_and_observations() {
    let mut standing = Standing::default();
    for young in [Evidence { age_s: 21 * 86_400 - 1, ..WELL }, Evidence { observations: 99, ..WELL }] {
        assert_eq!(standing.judge(&young, &Rules::DEFAULT), []);
    }
    assert_eq!(causes(&standing.judge(&WELL, &Rules::DEFAULT)), [Cause::ProbationOver]);
    assert_eq!(standing.state(), State::Active);
}

#[test]
fn a_young_device_is_not_penalised() {
    let mut standing = Standing { is_active: true, ..Standing::default() };
    let down = Evidence { availability: 0, is_tracking_full: false, ..WELL };
    assert_eq!(causes(&standing.judge(&down, &Rules::DEFAULT)), [Cause::Warning(Score::Availability)]);
    assert_eq!(standing.state(), State::Active);
}

#[test]
fn a_score_that_comes_near_warns_once_before_anything_is_lost() {
    let mut standing = Standing { is_active: true, ..Standing::default() };
    let near = Evidence { availability: 612 * (ONE / 1000), ..WELL };
    let warning = standing.judge(&near, &Rules::DEFAULT);
    assert_eq!(causes(&warning), [Cause::Warning(Score::Availability)]);
    assert_eq!((warning[0].from, warning[0].to), (State::Active, State::Active));
    assert_eq!(standing.judge(&near, &Rules::DEFAULT), []);
    let above = Evidence { availability: near.availability + 1, ..WELL };
    assert_eq!(standing.judge(&above, &Rules::DEFAULT), []);
    assert_eq!(standing.judge(&near, &Rules::DEFAULT).len(), 1);
}

#[test]
fn wrong_answers_disqualify_for_good() {
    let mut standing = Standing { is_active: true, ..Standing::default() };
    let correctness = Track::CORRECTNESS.start.after(&Track::CORRECTNESS, 41, 0).unwrap();
    let events = standing.judge(&Evidence { correctness, ..WELL }, &Rules::DEFAULT);
    assert_eq!(causes(&events), [Cause::Warning(Score::Correctness), Cause::Correctness]);
    assert_eq!(standing.judge(&WELL, &Rules::DEFAULT), []);
    assert_eq!(standing.state(), State::Disqualified);
}

#[test]
fn a_review_that_fails_disqualifies_only_where_the_rules_say_so() {
    for (offline_dq, end) in [(false, State::SuspendedOffline), (true, State::Disqualified)] {
        let rules = Rules { offline_dq, ..Rules::DEFAULT };
        let mut standing = Standing { is_active: true, ..Standing::default() };
        let down = Evidence { availability: 0, ..WELL };
        let _ = standing.judge(&down, &rules);
        let last = rules.grace_s + rules.tracking_s;
        let _ = standing.judge(&Evidence { at: last, ..down }, &rules);
        assert_eq!((standing.state(), standing.under_review_since), (State::SuspendedOffline, Some(0)));
        let _ = standing.judge(&Evidence { at: last + 1, ..down }, &rules);
        assert_eq!(standing.state(), end);
    }
}

proptest! {
    /// Every change of state has its event, and events lead from one state to the next.
    #[test]
    fn events_are_a_chain(steps in prop::collection::vec((0_u64..=100, any::<bool>(), 0_u64..3, any::<bool>()), 0..60)) {
        let rules = Rules { offline_dq: true, grace_s: 10, tracking_s: 20, ..Rules::DEFAULT };
        let mut standing = Standing::default();
        for (at, (percent, is_tracking_full, failures, fails)) in (0_i64..).zip(steps) {
            let unknown = Track::UNKNOWN.start.after(&Track::UNKNOWN, failures, 2).unwrap();
            let wrong = u64::from(fails && at > 50) * 41;
            let correctness = Track::CORRECTNESS.start.after(&Track::CORRECTNESS, wrong, 0).unwrap();
            let availability = percent * (ONE / 100);
            let seen = Evidence { at, availability, is_tracking_full, correctness, unknown, ..WELL };
            let mut state = standing.state();
            for event in standing.judge(&seen, &rules) {
                prop_assert_eq!(event.from, state);
                state = event.to;
            }
            prop_assert_eq!(state, standing.state());
            prop_assert!(standing.is_disqualified || !standing.is_suspended_offline || standing.under_review_since.is_some());
        }
    }
}
