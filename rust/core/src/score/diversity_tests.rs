use proptest::prelude::*;

use super::*;

#[test]
fn half_of_the_network_leaves_a_quarter() {
    assert_eq!(multiplier(1, 2), Ok(ONE / 4));
    assert_eq!(multiplier(7, 7), Ok(0));
    assert_eq!(multiplier(0, 7), Ok(ONE));
    // g = 0.333333333333, so 0.666666666667 squared, rounded down.
    assert_eq!(multiplier(1, 3), Ok(444_444_444_444));
    assert_eq!(multiplier(1, 0), Err(FixedError::DivisionByZero));
    assert_eq!(multiplier(3, 2), Err(FixedError::Overflow));
    assert_eq!(multiplier(u64::MAX, u64::MAX), Ok(0));
}

#[test]
fn unknown_operators_count_as_one() {
    let found = multipliers(&[Some(1), None, None, Some(2)]).unwrap();
    assert_eq!(found, [562_500_000_000, ONE / 4, ONE / 4, 562_500_000_000]);
    assert_eq!(multipliers(&[]), Ok(vec![]));
}

proptest! {
    #[test]
    fn one_device_more_at_an_operator_never_raises_its_multiplier(same in 0_u64..1000, others in 1_u64..1000) {
        prop_assert!(multiplier(same + 1, same + 1 + others)? <= multiplier(same, same + others)?);
    }

    #[test]
    fn each_device_gets_that_of_its_operator(operators in prop::collection::vec(prop::option::of(0_u32..4), 1..40)) {
        let found = multipliers(&operators)?;
        prop_assert_eq!(found.len(), operators.len());
        for (operator, found) in operators.iter().zip(found) {
            let same = operators.iter().filter(|other| *other == operator).count();
            prop_assert_eq!(Ok(found), multiplier(same as u64, operators.len() as u64));
        }
    }
}
