//! The field against big integers, on every unit that the sums run on.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use ruint::aliases::U384;

use super::{
    Element, LIMBS, PRIME, enter, invert, leave, load, multiply, multiply_subtract, multiply_to_factor,
    negate, one, square_subtract, subtract_to_factor,
};
use crate::signature::Simd;
use crate::simd::dispatch::Job;
use crate::simd::vector::{MAX_LANES, Row, Vector};

fn prime() -> U384 {
    U384::from_limbs(PRIME)
}

/// 2^384 modulo the prime, by which the library multiplies.
fn factor() -> U384 {
    U384::ZERO.wrapping_sub(prime()) % prime()
}

/// A number's row.
fn row(number: U384) -> Row {
    enter((number.mul_mod(factor(), prime())).into_limbs())
}

fn number(row: &Row) -> U384 {
    U384::from_limbs(leave(row)).mul_mod(factor().inv_mod(prime()).unwrap(), prime())
}

/// Rows in which every lane has another number, and what each operation makes of them.
struct Operations([Row; MAX_LANES], [Row; MAX_LANES], [Row; MAX_LANES]);

impl Job for Operations {
    type Output = Vec<Option<[Row; MAX_LANES]>>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        let (a, b, c): (Element<V>, Element<V>, Element<V>) = (read(&self.0), read(&self.1), read(&self.2));
        let one = one::<V>();
        let inverse = invert(&multiply(&a, &one));
        vec![
            Some(V::to_rows(multiply(&a, &b))),
            Some(V::to_rows(multiply_subtract(&a, &b, &c))),
            Some(V::to_rows(square_subtract(&a, &b, &c))),
            Some(V::to_rows(multiply(
                &multiply_to_factor(&subtract_to_factor(&a, &b), &one),
                &subtract_to_factor(&c, &b),
            ))),
            Some(V::to_rows(negate(&a, 0b0101_0101))),
            inverse.map(V::to_rows),
        ]
    }
}

#[inline(always)]
fn read<V: Vector>(rows: &[Row; MAX_LANES]) -> Element<V> {
    let mut each = [&rows[0]; MAX_LANES];
    for (place, row) in each.iter_mut().zip(rows) {
        *place = row;
    }
    load(&each)
}

fn any_number() -> impl Strategy<Value = U384> {
    prop_oneof![
        8 => any::<[u64; 6]>().prop_map(|limbs| U384::from_limbs(limbs) % prime()),
        1 => (0_u64..4).prop_map(U384::from),
        1 => (1_u64..4).prop_map(|less| prime() - U384::from(less)),
    ]
}

fn lanes() -> impl Strategy<Value = Vec<U384>> {
    prop::collection::vec(any_number(), MAX_LANES)
}

proptest! {
    #[test]
    fn as_big_integers((a, b, c) in (lanes(), lanes(), lanes())) {
        let p = prime();
        let minus = |a: U384, b: U384| a.add_mod(p - b, p);
        let rows = |numbers: &[U384]| -> [Row; MAX_LANES] { std::array::from_fn(|lane| row(numbers[lane])) };
        for unit in [Simd::Portable, Simd::Avx512].into_iter().filter(|unit| unit.is_available()) {
            let found = unit.run(Operations(rows(&a), rows(&b), rows(&c)));
            let used = if unit == Simd::Portable { 1 } else { MAX_LANES };
            for lane in 0..used {
                let (a, b, c) = (a[lane], b[lane], c[lane]);
                let product = a.mul_mod(b, p);
                let negated = if lane % 2 == 0 { minus(U384::ZERO, a) } else { a };
                let expected = [
                    product,
                    minus(product, c),
                    minus(minus(a.mul_mod(a, p), b), c),
                    minus(a, b).mul_mod(minus(c, b), p),
                    negated % p,
                ];
                for (found, expected) in found.iter().zip(expected) {
                    let limbs = found.unwrap()[lane];
                    prop_assert_eq!(number(&limbs), expected);
                    prop_assert!(limbs.0.iter().all(|limb| *limb < 1 << 52));
                    prop_assert!(limbs.0[LIMBS - 1] <= (PRIME[5] >> 44) + (PRIME[5] >> 50));
                }
            }
            let inverse = &found[5];
            prop_assert_eq!(inverse.is_none(), a[..used].contains(&U384::ZERO));
            for (row, a) in inverse.iter().flatten().zip(&a).take(used) {
                prop_assert_eq!(number(row), a.inv_mod(p).unwrap());
            }
        }
    }
}
