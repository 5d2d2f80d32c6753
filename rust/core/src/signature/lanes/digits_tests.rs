use ruint::aliases::U256;

use super::*;
use crate::simd::vector::Portable;

#[test]
fn digits_sum_to_their_scalar() {
    let one = U256::from(1);
    let mut scalars = vec![one, U256::from(3), U256::MAX, U256::MAX - U256::from(2)];
    for bit in 1..256 {
        scalars.extend([(one << bit) - one, (one << bit) + one]);
    }
    for width in 2..14 {
        let windows = Windows { width };
        for scalar in &scalars {
            for negated in [0, 1] {
                let digits = Digits::new(&scalar.as_limbs().map(Portable), negated, windows);
                let mut sum = U256::ZERO;
                for window in (0..windows.count()).rev() {
                    let (row, negative) = digits.get(windows, window);
                    let digit = U256::from(2 * row.0 + 1);
                    sum = (sum << width as usize).wrapping_add(if negative == 1 {
                        digit.wrapping_neg()
                    } else {
                        digit
                    });
                    assert!((row.0 as usize) < windows.rows());
                }
                assert_eq!(if negated == 1 { sum.wrapping_neg() } else { sum }, *scalar);
            }
        }
    }
}
