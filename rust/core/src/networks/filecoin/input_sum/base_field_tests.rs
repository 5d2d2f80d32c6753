//! The field against big integers, on every unit that the sums run on.

#![allow(clippy::unwrap_used)]

use std::marker::PhantomData;

use proptest::prelude::*;
use ruint::Uint;
use ruint::aliases::U384;

use super::super::field_28::Field28;
use super::super::field_52::Field52;
use super::{Field, PRIME};
use crate::signature::Simd;
use crate::simd::dispatch::Job;
use crate::simd::vector::{MAX_LANES, Mask, Portable, Row, Vector};

fn prime() -> U384 {
    U384::from_limbs(PRIME)
}

/// 2^384 modulo the prime, by which the library multiplies.
fn factor() -> U384 {
    U384::ZERO.wrapping_sub(prime()) % prime()
}

/// A number's row.
fn row<F: Field>(number: U384) -> Row {
    F::enter((number.mul_mod(factor(), prime())).into_limbs())
}

fn number<F: Field>(row: &Row) -> U384 {
    U384::from_limbs(F::leave(row)).mul_mod(factor().inv_mod(prime()).unwrap(), prime())
}

/// Rows in which every lane has another number, and what each operation makes of them.
struct Operations<F> {
    a: [Row; MAX_LANES],
    b: [Row; MAX_LANES],
    c: [Row; MAX_LANES],
    field: PhantomData<F>,
}

impl<F: Field> Job for Operations<F> {
    type Output = Vec<Option<[Row; MAX_LANES]>>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        if !F::suits::<V>() {
            return vec![];
        }
        let (a, b, c) = (read::<V, F>(&self.a), read::<V, F>(&self.b), read::<V, F>(&self.c));
        let one = F::one::<V>();
        let inverse = F::invert(&F::multiply(&a, &one));
        let (minus_a, minus_b) = (F::negate(&a, NEGATED), F::negate(&b, !NEGATED));
        vec![
            Some(F::store(F::multiply(&a, &b))),
            Some(F::store(F::multiply_subtract(&a, &b, &c))),
            Some(F::store(F::square_subtract(&a, &b, &c))),
            Some(F::store(F::multiply(
                &F::subtract_to_factor(&c, &b),
                &F::multiply(&F::subtract_to_factor(&a, &b), &one),
            ))),
            Some(F::store(F::multiply(&F::subtract_to_factor(&minus_b, &minus_a), &one))),
            Some(F::store(F::multiply_subtract(&c, &F::multiply_to_factor(&c, &b), &minus_a))),
            inverse.map(F::store),
        ]
    }
}

/// Lanes whose sign is turned.
const NEGATED: Mask = 0b0101_0101;

#[inline(always)]
fn read<V: Vector, F: Field>(rows: &[Row; MAX_LANES]) -> F::Element<V> {
    let mut each = [&rows[0]; MAX_LANES];
    for (place, row) in each.iter_mut().zip(rows) {
        *place = row;
    }
    F::load(&each)
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
    fn limbs_of_52_bits((a, b, c) in (lanes(), lanes(), lanes())) {
        as_big_integers::<Field52>(&rows::<Field52>(&a), &rows::<Field52>(&b), &rows::<Field52>(&c))?;
    }

    #[test]
    fn limbs_of_28_bits((a, b, c) in (lanes(), lanes(), lanes())) {
        as_big_integers::<Field28>(&rows::<Field28>(&a), &rows::<Field28>(&b), &rows::<Field28>(&c))?;
    }
}

/// Products of lanes' lower halves.
struct Products([u64; MAX_LANES], [u64; MAX_LANES]);

impl Job for Products {
    type Output = [u64; MAX_LANES];

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        V::from_lanes(&self.0).mul_32(V::from_lanes(&self.1)).to_lanes()
    }
}

proptest! {
    #[test]
    fn words_of_32_bits(a in any::<[u64; MAX_LANES]>(), b in any::<[u64; MAX_LANES]>()) {
        let lower = |word: u64| word & u64::from(u32::MAX);
        for unit in Simd::ALL.into_iter().filter(|unit| unit.is_testable()) {
            let lanes = [1, 4, MAX_LANES][unit as usize];
            for (lane, product) in unit.run(Products(a, b)).into_iter().enumerate().take(lanes) {
                prop_assert_eq!(product, lower(a[lane]) * lower(b[lane]));
            }
        }
    }
}

fn rows<F: Field>(numbers: &[U384]) -> [Row; MAX_LANES] {
    std::array::from_fn(|lane| row::<F>(numbers[lane]))
}

/// The ends of what normal elements stand for: all limbs zero, all limbs ones, and by how much they may exceed the prime.
#[test]
fn ends_of_normal_elements() {
    let p = prime();
    let ones = ((p >> 364) << 364) - U384::from(1);
    let ends = [U384::ZERO, ones, p - U384::from(1), p, p + U384::from(1), p + p / U384::from(EXCESS)];
    for a in ends {
        for b in ends {
            for c in ends {
                of_ends::<Field28>([a, b, c]);
                of_ends::<Field52>([a, b, c]);
            }
        }
    }
}

fn of_ends<F: Field>(ends: [U384; 3]) {
    let [a, b, c] = ends.map(|end| [F::store(F::splat::<Portable>(end.into_limbs()))[0]; MAX_LANES]);
    as_big_integers::<F>(&a, &b, &c).unwrap();
}

/// Normal elements exceed the prime by this part of it at most.
const EXCESS: u64 = 100;

/// Units that a field is tested on.
pub(in super::super) fn units<F: Field>() -> Vec<Simd> {
    let own = if F::LANES == 4 { Simd::Avx2 } else { Simd::Avx512 };
    [Simd::Portable, own].into_iter().filter(|unit| unit.is_testable()).collect()
}

fn as_big_integers<F: Field>(
    a: &[Row; MAX_LANES],
    b: &[Row; MAX_LANES],
    c: &[Row; MAX_LANES],
) -> Result<(), TestCaseError> {
    let p = prime();
    let minus = |a: U384, b: U384| a.add_mod(p - b, p);
    for unit in units::<F>() {
        let found = unit.run(Operations::<F> { a: *a, b: *b, c: *c, field: PhantomData });
        let used = [1, 4, MAX_LANES][unit as usize];
        for lane in 0..used {
            let [a, b, c] = [a, b, c].map(|rows| number::<F>(&rows[lane]));
            let product = a.mul_mod(b, p);
            let (signed_a, signed_b) =
                if NEGATED >> lane & 1 == 1 { (minus(U384::ZERO, a), b) } else { (a, minus(U384::ZERO, b)) };
            let expected = [
                product,
                minus(product, c),
                minus(minus(a.mul_mod(a, p), b), c),
                minus(a, b).mul_mod(minus(c, b), p),
                minus(signed_b, signed_a),
                minus(c.mul_mod(c, p).mul_mod(b, p), signed_a),
            ];
            for (found, expected) in found.iter().zip(expected) {
                let row = found.unwrap()[lane];
                prop_assert_eq!(number::<F>(&row), expected);
                prop_assert!(U384::from_limbs(F::leave(&row)) < p);
                prop_assert!(F::value(&row) < Uint::from(p) + Uint::from(p / U384::from(EXCESS)));
                // Limbs are below the radix where the number's own limbs are these.
                let same = F::store(F::splat::<Portable>(U384::from(F::value(&row)).into_limbs()))[0];
                prop_assert_eq!(same, row);
                prop_assert_eq!(number::<F>(&F::negate_row(&row)), minus(U384::ZERO, expected));
                prop_assert!(F::value(&F::negate_row(&row)) <= Uint::from(p));
            }
        }
        let inverse = &found[6];
        let numbers = a.map(|row| number::<F>(&row));
        prop_assert_eq!(inverse.is_none(), numbers[..used].contains(&U384::ZERO));
        for (row, a) in inverse.iter().flatten().zip(numbers).take(used) {
            prop_assert_eq!(number::<F>(row), a.inv_mod(p).unwrap());
        }
    }
    Ok(())
}
