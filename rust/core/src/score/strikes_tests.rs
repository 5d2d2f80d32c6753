use proptest::prelude::*;

use super::super::exact::exact;
use super::*;

#[test]
fn a_duty_that_was_not_assigned_does_not_weigh() {
    let duty = |weight, included, assigned| Duty { weight, included, assigned };
    let found = performance(&[duty(54, 95, 100), duty(8, 1, 2), duty(2, 0, 0)]);
    assert_eq!(found, Some(exact(54 * 95 + 8 * 50, 62 * 100)));
    assert_eq!(performance(&[duty(54, 0, 0)]), None);
    assert_eq!(performance(&[]), None);
}

#[test]
fn exactly_the_threshold_passes_where_floating_point_says_no() {
    let threshold = threshold(&exact(8, 10), &exact(1, 10));
    assert_eq!(
        units(&exact(7, 10), &threshold, 800, 1, 5500),
        Ok(Units { share: 440, rebate: 360, strikes: 0 })
    );
}

#[test]
fn a_leeway_above_the_network_lets_everybody_pass() {
    assert!(threshold(&exact(1, 10), &exact(2, 10)).is_zero());
    assert_eq!(units_when_slashed(&Exact::zero()).strikes, 0);
    assert_eq!(units_when_slashed(&exact(1, 2)).strikes, 1);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let one = exact(1, 1);
    assert_eq!(units(&one, &one, u64::MAX, 2, 10_000), Err(FixedError::Overflow));
    assert_eq!(units(&one, &one, 1, 1, 20_001), Err(FixedError::Overflow));
}

proptest! {
    #[test]
    fn shares_and_rebates_sum_to_all(assigned in 0_u64..1000, size in 0_u64..1000, bp in 0_u64..=10_000) {
        let units = units(&exact(1, 2), &exact(1, 2), assigned, size, bp).unwrap();
        prop_assert_eq!(units.share + units.rebate, assigned * size);
    }

    #[test]
    fn a_strike_is_gone_after_its_lifetime(lifetime in 1_usize..9, new in 1_u64..9) {
        let mut list = after(&[], new, lifetime);
        for _ in 1..lifetime {
            let held = list.expect("the strike is still listed");
            prop_assert_eq!(held.len(), lifetime);
            list = after(&held, 0, lifetime);
        }
        prop_assert_eq!(list.map(|list| after(&list, 0, lifetime)), Some(None));
    }
}
