use proptest::prelude::*;

use super::*;

fn periods(activation: u64, length: u64) -> Periods {
    Periods { activation, length: NonZeroU64::new(length).unwrap() }
}

fn proven(numbers: impl IntoIterator<Item = u64>) -> ProvenPeriods {
    let mut proven = ProvenPeriods::default();
    for number in numbers {
        proven.mark(number);
    }
    proven
}

fn proposal(amount: u64, from: u64, to: u64) -> Proposal {
    Proposal { amount: U256::from(amount), from, to }
}

#[test]
fn periods_around_their_borders() {
    let periods = periods(1000, 2880);
    for (epoch, period) in [
        (0, None),
        (1000, None),
        (1001, Some(0)),
        (3880, Some(0)),
        (3881, Some(1)),
        (u64::MAX, Some((u64::MAX - 1001) / 2880)),
    ] {
        assert_eq!(periods.of_epoch(epoch), period, "epoch {epoch}");
    }
    assert_eq!(periods.deadline(0), Some(3880));
    assert_eq!(periods.deadline(1), Some(6760));
    assert_eq!(periods.deadline(u64::MAX), None);
    assert_eq!(periods.deadline(u64::MAX / 2880), None);
    assert_eq!(Periods { activation: 0, ..periods }.of_epoch(5000), None);
}

#[test]
fn the_bitmap_is_the_contract_s() {
    let proven = proven([0, 255, 256, 1000, u64::MAX]);
    let words: Vec<_> = proven.words().collect();
    let bit = |number: usize| U256::from(1) << number;
    assert_eq!(words, [(0, bit(0) | bit(255)), (1, bit(0)), (3, bit(1000 - 768)), (u64::MAX >> 8, bit(255))]);
    for (number, is_proven) in [(0, true), (1, false), (254, false), (255, true), (256, true), (257, false)] {
        assert_eq!(proven.contains(number), is_proven);
    }
    let halves = [
        (0, bit(0)),
        (3, bit(232)),
        (0, bit(255)),
        (1, bit(0)),
        (u64::MAX >> 8, bit(255)),
        (9, bit(0) ^ bit(0)),
    ];
    let joined: ProvenPeriods = halves.into_iter().collect();
    assert_eq!(joined.words().collect::<Vec<_>>(), words);
}

#[test]
fn ranges_that_are_none() {
    let (periods, none) = (periods(1000, 2880), ProvenPeriods::default());
    for (from, to) in [(5, 5), (6, 5), (u64::MAX, 0)] {
        assert_eq!(
            settle(periods, &none, proposal(1, from, to), u64::MAX),
            Err(SettlementError::EmptyRange { from, to })
        );
    }
    // Also before the activation.
    for to in [900, 5001] {
        assert_eq!(
            settle(periods, &none, proposal(1, 5, to), to - 1),
            Err(SettlementError::NotOver { to, now: to - 1 })
        );
    }
}

#[test]
fn nothing_is_paid_up_to_the_activation() {
    for (activation, to) in [(0, 900), (1000, 900), (1000, 1000)] {
        let settled = settle(periods(activation, 2880), &proven([0]), proposal(100, 500, to), 5000);
        assert_eq!(settled, Ok(Settled { amount: U256::ZERO, up_to: to, proven_epochs: 0 }));
    }
}

#[test]
fn epochs_before_the_activation_lower_the_price_of_the_rest() {
    // 100 of 600 epochs.
    let settled = settle(periods(1000, 2880), &proven([0]), proposal(100, 500, 1100), 5000).unwrap();
    assert_eq!(settled, Settled { amount: U256::from(16), up_to: 1100, proven_epochs: 100 });
}

#[test]
fn a_period_is_open_until_its_deadline_is_over() {
    let settle = |now| settle(periods(1000, 2880), &proven([0]), proposal(2, 1000, 5000), now).unwrap();
    let open = Settled { amount: U256::from(1), up_to: 3880, proven_epochs: 2880 };
    assert_eq!(settle(5000), open);
    assert_eq!(settle(6760), open);
    assert_eq!(settle(6761), Settled { up_to: 5000, ..open });
}

#[test]
fn the_largest_numbers() {
    let all: ProvenPeriods = [(0, U256::MAX)].into_iter().collect();
    let largest = Proposal { amount: U256::MAX, from: 0, to: u64::MAX };
    let settled = settle(periods(1, u64::MAX), &all, largest, u64::MAX).unwrap();
    let expected = U256::MAX - U256::MAX / U256::from(u64::MAX);
    assert_eq!((settled.amount, settled.up_to, settled.proven_epochs), (expected, u64::MAX, u64::MAX - 1));
    // Its deadline is no block number: it never ends.
    let open = settle(periods(1, u64::MAX), &ProvenPeriods::default(), largest, u64::MAX).unwrap();
    assert_eq!((open.amount, open.up_to), (U256::ZERO, 1));
    let short = settle(periods(1, 1), &all, largest, u64::MAX).unwrap();
    assert_eq!((short.up_to, short.proven_epochs), (u64::MAX - 1, 256));
    let never = settle(periods(u64::MAX, 1), &all, largest, u64::MAX).unwrap();
    assert_eq!((never.up_to, never.proven_epochs), (u64::MAX, 0));
}

/// The rule in words: from period to period, and inside it epoch by epoch.
fn walk(periods: Periods, proven: &ProvenPeriods, proposal: Proposal, now: u64) -> Settled {
    let Proposal { amount, from, to } = proposal;
    let (mut up_to, mut epochs) = (from.max(periods.activation), 0);
    if periods.activation == 0 || to <= periods.activation {
        return Settled { amount: U256::ZERO, up_to: to, proven_epochs: 0 };
    }
    while up_to < to {
        let period = (up_to + 1 - periods.activation - 1) / periods.length.get();
        let deadline = periods.activation + (period + 1) * periods.length.get();
        let end = deadline.min(to);
        if proven.contains(period) {
            epochs += (up_to + 1..=end).count() as u64;
        } else if deadline >= now {
            break;
        }
        up_to = end;
    }
    let amount = amount * U256::from(epochs) / U256::from(to - from);
    Settled { amount, up_to, proven_epochs: epochs }
}

proptest! {
    #[test]
    fn as_by_walking_from_period_to_period(
        (activation, length) in (0_u64..40, 1_u64..9),
        numbers in prop::collection::vec(0_u64..700, 0..400),
        (from, epochs, later) in (0_u64..3000, 1_u64..4000, 0_u64..20),
        amount in any::<u128>(),
    ) {
        let (periods, proven) = (periods(activation, length), proven(numbers));
        let proposal = Proposal { amount: U256::from(amount), from, to: from + epochs };
        let now = proposal.to + later;
        let settled = settle(periods, &proven, proposal, now).unwrap();
        prop_assert_eq!(settled, walk(periods, &proven, proposal, now));
        prop_assert!(settled.amount <= proposal.amount);
    }

    #[test]
    fn counts_are_those_of_single_periods(
        numbers in prop::collection::vec(0_u64..1200, 0..300),
        first in 0_u64..1300,
        end in 0_u64..1300,
    ) {
        let proven = proven(numbers);
        let single = (first..end).filter(|number| proven.contains(*number)).count();
        prop_assert_eq!(proven.count(first, end), single as u64);
    }
}
