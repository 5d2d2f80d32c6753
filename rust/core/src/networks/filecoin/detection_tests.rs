use proptest::prelude::*;

use super::*;

/// By whole numbers of any size.
fn by_powers(lost: u128, leaves: u128, periods: u32) -> u32 {
    let [kept, leaves] = [leaves - lost, leaves].map(BigUint::from);
    let (unnoticed, whole) = (kept.pow(5 * periods), leaves.pow(5 * periods));
    (BigUint::from(MILLION) * (&whole - unnoticed) / whole).to_u32().unwrap()
}

#[test]
fn the_table_of_the_rule() {
    for (lost, periods, ppm) in
        [(1, 1, 49_009), (1, 30, 778_548), (5, 1, 226_219), (5, 30, 999_544), (20, 1, 672_320)]
    {
        assert_eq!(detection_ppm(lost, 100, periods), Ok(ppm));
        assert_eq!(by_powers(lost, 100, u32::try_from(periods).unwrap()), ppm);
    }
}

#[test]
fn nothing_lost_and_nothing_asked() {
    assert_eq!(detection_ppm(0, 100, u64::MAX), Ok(0));
    assert_eq!(detection_ppm(100, 100, 0), Ok(0));
    assert_eq!(detection_ppm(100, 100, 1), Ok(MILLION));
    assert_eq!(detection_ppm(0, 0, 1), Err(DetectionError::NoLeaves));
    assert_eq!(detection_ppm(8, 7, 1), Err(DetectionError::TooManyLost { lost: 8, leaves: 7 }));
}

#[test]
fn whole_parts_are_not_rounded_below_themselves() {
    // 1 - 1/2^5, 1 - 1/10^5 and 1 - 9^5/10^5.
    assert_eq!(detection_ppm(1, 2, 1), Ok(968_750));
    assert_eq!(detection_ppm(90, 100, 1), Ok(999_990));
    assert_eq!(detection_ppm(1, 10, 1), Ok(409_510));
}

#[test]
fn the_largest_numbers() {
    // Something stays unnoticed, but less than a millionth of a millionth.
    assert_eq!(detection_ppm(1, 2, u64::MAX), Ok(999_999));
    assert_eq!(detection_ppm(u128::MAX - 1, u128::MAX, u64::MAX), Ok(999_999));
    assert_eq!(detection_ppm(1, u128::MAX, u64::MAX), Ok(0));
    // 1 - exp(-5), to six places.
    assert_eq!(detection_ppm(1, u128::from(u64::MAX), u64::MAX), Ok(993_262));
}

proptest! {
    #[test]
    fn as_by_powers(leaves in 1_u128..=u128::MAX, part in any::<u64>(), periods in 0_u32..40) {
        let lost = leaves / (u128::from(part) + 1);
        prop_assert_eq!(detection_ppm(lost, leaves, periods.into()), Ok(by_powers(lost, leaves, periods)));
    }

    #[test]
    fn as_by_powers_of_few_leaves(leaves in 1_u128..2000, lost in 0_u128..2000, periods in 0_u32..40) {
        let lost = lost.min(leaves);
        prop_assert_eq!(detection_ppm(lost, leaves, periods.into()), Ok(by_powers(lost, leaves, periods)));
    }
}
