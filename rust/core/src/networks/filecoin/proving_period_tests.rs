use proptest::prelude::*;

use super::*;

const M: u64 = 2880;
const A: u64 = 1000;

fn started(service: Service) -> ProvingState {
    let mut state = ProvingState::new(Parameters::MAINNET, service);
    assert_eq!(state.start_next(A, A + M), Ok(None));
    state
}

fn both(mut test: impl FnMut(ProvingState)) {
    for service in [Service::WarmStorage, Service::Sample] {
        test(started(service));
    }
}

#[test]
fn parameters_of_other_networks() {
    assert_eq!(Parameters::new(2880, 60, 150), Ok(Parameters::MAINNET));
    assert_eq!(Parameters::new(240, 20, 10), Ok(Parameters::CALIBRATION));
    assert!(Parameters::new(2, 1, 0).is_ok());
    for (period, window) in [(0, 0), (1, 0), (1, 1), (60, 60), (60, 61)] {
        assert_eq!(Parameters::new(period, window, 0), Err(ParametersError { period, window }));
    }
    let wrong = Parameters::new(60, 61, 0).unwrap_err();
    assert_eq!(wrong.to_string(), "challenge window: expected 1 to 59 of the period's 60 epochs, found 61");
}

#[test]
fn how_far_ahead_a_challenge_may_lie() {
    for (parameters, finality) in [(Parameters::MAINNET, 150), (Parameters::CALIBRATION, 10)] {
        let refused = |challenge_epoch| DelayRefusal::TooSoon { block: A, challenge_epoch, finality };
        assert_eq!(parameters.check_challenge(A, A + finality), Ok(()));
        assert_eq!(parameters.check_challenge(A, A + finality - 1), Err(refused(A + finality - 1)));
        assert_eq!(parameters.check_challenge(A, A - 1), Err(refused(A - 1)));
        assert_eq!(parameters.check_challenge(A, A + 43_200), Ok(()));
        assert_eq!(parameters.check_challenge(A, A + 43_201), Err(DelayRefusal::TooFar { delay: 43_201 }));
        assert_eq!(parameters.check_challenge(0, u64::MAX), Err(DelayRefusal::TooFar { delay: u64::MAX }));
    }
}

#[test]
fn a_set_without_action_is_abandoned() {
    assert!(!is_abandoned(A, A + 86_400));
    assert!(is_abandoned(A, A + 86_401));
    assert!(!is_abandoned(A, 0));
}

#[test]
fn both_ends_of_the_window_are_in_time() {
    let window = Window { opens: 3820, deadline: 3880 };
    both(|state| assert_eq!(state.window(), Some(window)));
    for (block, timeliness) in [
        (0, Timeliness::TooEarly),
        (3819, Timeliness::TooEarly),
        (3820, Timeliness::InTime),
        (3880, Timeliness::InTime),
        (3881, Timeliness::Late),
        (u64::MAX, Timeliness::Late),
    ] {
        assert_eq!(window.timeliness(block), timeliness, "block {block}");
    }
}

#[test]
fn reasons_against_a_proof_in_their_order() {
    both(|mut state| {
        assert_eq!(state.prove(3819, 4), Err(ProofRefusal::TooFewChallenges { found: 4 }));
        assert_eq!(state.prove(3819, 5), Err(ProofRefusal::TooEarly { block: 3819, opens: 3820 }));
        assert_eq!(state.prove(3881, 5), Err(ProofRefusal::PeriodPassed { block: 3881, deadline: 3880 }));
        assert_eq!(state.prove(3881, 4).unwrap_err().label(), "too few challenges");
        assert!(!state.is_proven());
        // More challenges than asked for are no fault.
        assert_eq!(state.prove(3880, 6), Ok(()));
        assert!(state.is_proven());
        assert_eq!(state.prove(9999, 0), Err(ProofRefusal::AlreadyProven));
        assert_eq!(state.deadline(), Some(3880));
    });
    let mut state = ProvingState::new(Parameters::MAINNET, Service::Sample);
    assert_eq!(state.prove(1, 4), Err(ProofRefusal::TooFewChallenges { found: 4 }));
    assert_eq!(state.prove(1, 5), Err(ProofRefusal::NotStarted));
}

#[test]
fn the_first_challenge_lies_in_the_window() {
    for (challenge_epoch, is_taken) in [(0, false), (3819, false), (3820, true), (3880, true), (3881, false)]
    {
        let mut state = ProvingState::new(Parameters::MAINNET, Service::WarmStorage);
        let before = state;
        let window = Window { opens: 3820, deadline: 3880 };
        let found = state.start_next(A, challenge_epoch);
        if is_taken {
            assert_eq!((found, state.deadline(), state.activation()), (Ok(None), Some(3880), Some(A)));
        } else {
            assert_eq!(found, Err(StartRefusal::OutsideWindow { challenge_epoch, window }));
            assert_eq!(state, before);
        }
    }
}

#[test]
fn a_period_is_started_once() {
    both(|mut state| {
        let before = state;
        let refused = Err(StartRefusal::AlreadyCalled { block: A, from: A + 1 });
        assert_eq!(state.start_next(A, 6760), refused);
        assert_eq!(state.start_next(A, 0), refused);
        assert_eq!(state, before);
        // From its first block on, although unproven: a fault.
        assert_eq!(state.start_next(A + 1, 6760), Ok(Some(FaultRecord { periods: 1, deadline: 3880 })));
        assert_eq!(
            state.start_next(3880, 9640),
            Err(StartRefusal::AlreadyCalled { block: 3880, from: 3881 })
        );
    });
}

#[test]
fn a_period_that_was_proven_is_no_fault() {
    both(|mut state| {
        state.prove(3820, 5).unwrap();
        assert_eq!(state.start_next(3821, 6700), Ok(None));
        assert_eq!((state.deadline(), state.is_proven()), (Some(6760), false));
    });
}

#[test]
fn a_proof_does_not_cover_periods_that_were_skipped() {
    both(|mut state| {
        state.prove(3820, 5).unwrap();
        let faults = FaultRecord { periods: 2, deadline: 3880 };
        assert_eq!(state.start_next(3880 + 2 * M + 1, 3880 + 3 * M), Ok(Some(faults)));
        assert_eq!(state.deadline(), Some(3880 + 3 * M));
        assert_eq!(faults.challenges(), 10);
    });
}

#[test]
fn skipped_periods_around_their_borders() {
    for (block, skipped) in [
        (3879, 0),
        (3880, 0),
        (3881, 0),
        (3880 + M, 0),
        (3881 + M, 1),
        (3880 + 2 * M, 1),
        (3881 + 2 * M, 2),
        (3880 + 1000 * M, 999),
    ] {
        both(|mut state| {
            let deadline = 3880 + (skipped + 1) * M;
            let faults = FaultRecord { periods: skipped + 1, deadline: 3880 };
            assert_eq!(state.start_next(block, deadline - 60), Ok(Some(faults)), "block {block}");
            assert_eq!(state.deadline(), Some(deadline));
        });
    }
}

#[test]
fn a_wrong_challenge_epoch_records_nothing() {
    both(|mut state| {
        let before = state;
        for challenge_epoch in [1, 6699, 6761, u64::MAX] {
            let window = Window { opens: 6700, deadline: 6760 };
            assert_eq!(
                state.start_next(3881, challenge_epoch),
                Err(StartRefusal::OutsideWindow { challenge_epoch, window })
            );
            assert_eq!(state, before);
        }
    });
}

#[test]
fn an_emptied_set_stops() {
    both(|mut state| {
        let mut proven = state;
        assert_eq!(state.start_next(3830, 0), Ok(Some(FaultRecord { periods: 1, deadline: 3880 })));
        proven.prove(3820, 5).unwrap();
        assert_eq!(proven.start_next(3830, 0), Ok(None));
        for state in [&mut state, &mut proven] {
            assert_eq!((state.deadline(), state.window(), state.is_proven()), (None, None, false));
            assert_eq!(state.prove(3840, 5), Err(ProofRefusal::NotStarted));
            assert_eq!(state.overdue_periods(u64::MAX), 0);
        }
    });
}

fn emptied(service: Service) -> ProvingState {
    let mut state = started(service);
    state.prove(3820, 5).unwrap();
    state.start_next(3830, 0).unwrap();
    state
}

#[test]
fn warm_storage_starts_again_in_its_rhythm() {
    for (block, deadline) in [
        (3830, A + 2 * M),
        (A + M, A + 2 * M),
        (A + M + 1, A + 3 * M),
        (A + 2 * M, A + 3 * M),
        (100_000, A + 36 * M),
    ] {
        let mut state = emptied(Service::WarmStorage);
        let window = Window { opens: deadline - 60, deadline };
        for challenge_epoch in [deadline - 61, deadline + 1] {
            assert_eq!(
                state.start_next(block, challenge_epoch),
                Err(StartRefusal::OutsideWindow { challenge_epoch, window })
            );
        }
        assert_eq!(state.start_next(block, deadline), Ok(None));
        assert_eq!((state.deadline(), state.activation()), (Some(deadline), Some(A)));
    }
    let mut state = emptied(Service::WarmStorage);
    for challenge_epoch in [0, A] {
        assert_eq!(
            state.start_next(5000, challenge_epoch),
            Err(StartRefusal::NotAfterActivation { challenge_epoch, activation: A })
        );
    }
    assert_eq!(state.start_next(5000, A + 1).unwrap_err().label(), "challenge epoch outside window");
}

#[test]
fn the_sample_service_starts_again_at_any_block() {
    let mut state = emptied(Service::Sample);
    let window = Window { opens: 7820, deadline: 7880 };
    assert_eq!(state.start_next(5000, 0), Err(StartRefusal::OutsideWindow { challenge_epoch: 0, window }));
    assert_eq!(state.start_next(5000, 7820), Ok(None));
    assert_eq!(state.window(), Some(window));
}

#[test]
fn overdue_periods_around_their_borders() {
    both(|mut state| {
        for (now, periods) in [(0, 0), (3880, 0), (3881, 1), (3880 + M, 1), (3881 + M, 2)] {
            assert_eq!(state.overdue_periods(now), periods, "at {now}");
        }
        assert_eq!(state.overdue_periods(u64::MAX), (u64::MAX - 3881) / M + 1);
        state.prove(3880, 5).unwrap();
        assert_eq!(state.overdue_periods(3881), 0);
    });
    assert_eq!(ProvingState::new(Parameters::MAINNET, Service::Sample).overdue_periods(9), 0);
}

#[test]
fn the_calibration_network_has_shorter_periods() {
    let mut state = ProvingState::new(Parameters::CALIBRATION, Service::WarmStorage);
    assert_eq!(state.start_next(100, 320), Ok(None));
    assert_eq!(state.window(), Some(Window { opens: 320, deadline: 340 }));
}

#[test]
fn blocks_at_the_end_of_their_range() {
    for service in [Service::WarmStorage, Service::Sample] {
        let mut state = ProvingState::new(Parameters::MAINNET, service);
        let refused = Err(StartRefusal::NoDeadline { block: u64::MAX });
        assert_eq!(state.start_next(u64::MAX, u64::MAX), refused);
        let mut state = started(service);
        assert_eq!(state.start_next(u64::MAX, u64::MAX), refused);
        // Emptied at the same block: nothing has to follow.
        let periods = (u64::MAX - 3881) / M + 1;
        assert_eq!(state.start_next(u64::MAX, 0), Ok(Some(FaultRecord { periods, deadline: 3880 })));
        assert_eq!(state.start_next(u64::MAX, u64::MAX), refused);
    }
    // A block from before the activation.
    let mut state = ProvingState::new(Parameters::CALIBRATION, Service::WarmStorage);
    state.start_next(10_000, 10_240).unwrap();
    state.start_next(10_001, 0).unwrap();
    assert_eq!(state.start_next(9000, 10_241), Err(StartRefusal::NoDeadline { block: 9000 }));
}

/// Counts epoch by epoch in which period a block lies.
fn periods_behind(deadline: u64, block: u64, period: u64) -> u64 {
    (deadline + 1..=block).filter(|epoch| (epoch - deadline - 1).is_multiple_of(period)).count() as u64
}

proptest! {
    /// The next deadline is the one whose period holds the block, or the one after the period that runs.
    #[test]
    fn deadlines_keep_their_rhythm(
        period in 2_u64..40,
        first in 1_u64..50,
        steps in prop::collection::vec((0_u64..150, any::<bool>()), 1..12),
    ) {
        let parameters = Parameters::new(period, 1, 0).unwrap();
        let mut state = ProvingState::new(parameters, Service::WarmStorage);
        state.start_next(first, first + period).unwrap();
        let (mut block, mut faults, mut proven) = (first, 0, 0);
        for (later, is_proven) in steps {
            block += later;
            let deadline = state.deadline().unwrap();
            if is_proven && state.prove(deadline, 5).is_ok() {
                block = block.max(deadline);
                proven += 1;
            }
            let behind = periods_behind(deadline, block, period);
            prop_assert_eq!(state.overdue_periods(block), if state.is_proven() { 0 } else { behind });
            let next = deadline + period * behind.max(1);
            match state.start_next(block, next) {
                Ok(record) => faults += record.map_or(0, |record| record.periods),
                Err(refused) => {
                    prop_assert_eq!(refused.label(), "already called this period");
                    prop_assert!(block <= deadline - period);
                }
            }
        }
        // Every period up to the one that runs was proven or is a fault.
        let periods = (state.deadline().unwrap() - first) / period - 1;
        prop_assert_eq!(u64::from(state.is_proven()) + periods, proven + faults);
    }
}
