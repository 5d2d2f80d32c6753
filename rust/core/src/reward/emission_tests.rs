use proptest::prelude::*;

use super::*;

const PERCENTS: [u64; 10] = [75, 75, 75, 50, 50, 50, 25, 25, 25, 0];

#[test]
fn decay_is_rounded_in_every_period() {
    // 10 -> 8 -> 6 -> 5, where 10 * (85/100)^3 is 6.14.
    assert_eq!(emission(U256::from(10), (85, 100), 3), Some(U256::from(5)));
    assert_eq!(emission(U256::from(10), (85, 100), 0), Some(U256::from(10)));
    assert_eq!(emission(U256::MAX, (1, 1), u64::MAX), Some(U256::MAX));
    assert_eq!(emission(U256::from(3), (1, 2), u64::MAX), Some(U256::ZERO));
}

#[test]
fn what_has_no_result_has_none() {
    assert_eq!(emission(U256::from(1), (1, 0), 1), None);
    assert_eq!(emission(U256::MAX, (2, 1), 1), None);
    assert_eq!(withheld(U256::from(1), 0, &[101]), None);
}

#[test]
fn withholding_follows_age() {
    let of = |months| withheld(U256::from(101), months, &PERCENTS).map(|(_, withheld)| withheld);
    assert_eq!([0, 3, 8, 9, 10, 99].map(of), [75, 50, 25, 0, 0, 0].map(|units| Some(U256::from(units))));
}

proptest! {
    #[test]
    fn nothing_is_lost(limbs: [u64; 4], months in 0_usize..20) {
        let amount = U256::from_limbs(limbs);
        let (paid, held) = withheld(amount, months, &PERCENTS).unwrap();
        prop_assert_eq!(paid.checked_add(held), Some(amount));
    }
}
