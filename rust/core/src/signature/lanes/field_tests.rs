//! Field and order arithmetic against big integers, at the ends of what limbs may hold, on every vector unit.

use ruint::aliases::{U256, U512};

use super::super::curve::{Curve, P256, Secp256k1, Wei25519};
use super::super::field_25519::Field25519;
use super::super::field_p256::FieldP256;
use super::super::field_secp256k1::FieldSecp256k1;
use super::super::order::Order;
use super::*;
use crate::simd::dispatch::{Job, Simd};
use crate::simd::vector::MAX_LANES;

/// Numbers at the edges of words, limbs and the prime, and some in between, all below 2^256.
fn numbers(prime: U256) -> Vec<U256> {
    let one = U256::from(1);
    let mut found = vec![U256::ZERO, one, U256::from(2), prime - one, prime - U256::from(2), prime >> 1];
    for bit in [51, 52, 63, 64, 102, 104, 128, 153, 156, 192, 204, 208, 254] {
        found.extend([(one << bit) - one, one << bit, (one << bit) + one]);
    }
    let mut seed = U256::from(0x1234_5678_9abc_def1_u64);
    for _ in 0..60 {
        seed = seed.wrapping_mul(seed).wrapping_add(U256::from(0x9e37_79b9_7f4a_7c15_u64)) ^ (seed >> 129);
        found.push(seed);
    }
    found.into_iter().map(|number| number % prime).collect()
}

fn modulo(value: U512, prime: U256) -> U256 {
    (value % U512::from(prime)).to()
}

fn product_of(a: U256, b: U256, prime: U256) -> U256 {
    modulo(U512::from(a) * U512::from(b), prime)
}

/// One pair of numbers in each lane, shifted from lane to lane so that lanes differ.
#[inline(always)]
fn lanes_of<V: Vector>(numbers: &[U256], start: usize) -> [V; 4] {
    let mut words = [[0; MAX_LANES]; 4];
    for lane in 0..V::LANES {
        for (k, limb) in numbers[(start + lane) % numbers.len()].as_limbs().iter().enumerate() {
            words[k][lane] = *limb;
        }
    }
    words.map(|lanes| V::from_lanes(&lanes))
}

#[inline(always)]
fn numbers_of<V: Vector>(words: &[V; 4]) -> Vec<U256> {
    (0..V::LANES).map(|lane| U256::from_limbs(lane_words(words, lane))).collect()
}

/// Every operation for every pair of numbers, canonical, as one list.
struct Operations<'a, F>(&'a [U256], core::marker::PhantomData<F>);

impl<F: Field> Job for Operations<'_, F> {
    type Output = Vec<(U256, U256, [U256; 8])>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        let numbers = self.0;
        let mut found = Vec::new();
        for shift in 0..numbers.len() {
            for start in (0..numbers.len()).step_by(V::LANES) {
                let (a_words, b_words) =
                    (lanes_of::<V>(numbers, start), lanes_of::<V>(numbers, start + shift));
                let a = F::enter(&F::limbs(&a_words));
                let b = F::enter(&F::limbs(&b_words));
                let sum = F::add(&a, &b);
                let factor = F::subtract_to_factor(&a, &b);
                let results = [
                    F::multiply(&a, &b),
                    F::square(&sum),
                    F::subtract(&a, &b),
                    F::multiply(&factor, &factor),
                    F::multiply_add(&sum, &factor, &F::minus(&b)),
                    F::square_add(&factor, &F::minus_double_and(&a, &F::subtract_loosely(&b, &a))),
                    F::multiply(&F::multiply_to_factor(&a, &factor), &b),
                    F::add(&a, &F::subtract_loosely(&b, &a)),
                ];
                let mut columns = Vec::new();
                for result in &results {
                    columns.push(numbers_of::<V>(&F::words(&F::leave(result))));
                }
                let (a, b) = (numbers_of::<V>(&a_words), numbers_of::<V>(&b_words));
                for lane in 0..V::LANES {
                    let mut row = [U256::ZERO; 8];
                    for (place, column) in row.iter_mut().zip(&columns) {
                        *place = column[lane];
                    }
                    found.push((a[lane], b[lane], row));
                }
            }
        }
        found
    }
}

fn check_field<F: Field>(prime: U256) {
    let numbers = numbers(prime);
    for unit in Simd::ALL {
        for (a, b, found) in unit.run(Operations::<F>(&numbers, core::marker::PhantomData)) {
            let sum = a.add_mod(b, prime);
            let difference = a.add_mod(prime - b, prime);
            let minus_b = (prime - b) % prime;
            let square = product_of(difference, difference, prime);
            let expected = [
                product_of(a, b, prime),
                product_of(sum, sum, prime),
                difference,
                square,
                product_of(sum, difference, prime).add_mod(minus_b, prime),
                // - 2 a - (b - a) = - a - b
                square.add_mod((prime - a) % prime, prime).add_mod(minus_b, prime),
                product_of(product_of(a, difference, prime), b, prime),
                b % prime,
            ];
            assert_eq!(found, expected, "{} {a} {b}", unit.name());
        }
    }
}

#[test]
fn field_25519_is_that_of_big_integers() {
    check_field::<Field25519>((U256::from(1) << 255) - U256::from(19));
}

#[test]
fn field_secp256k1_is_that_of_big_integers() {
    check_field::<FieldSecp256k1>(U256::MAX - U256::from((1_u64 << 32) + 976));
}

#[test]
fn field_p256_is_that_of_big_integers() {
    let two = |power: usize| U256::from(1) << power;
    check_field::<FieldP256>(U256::MAX - two(224) + two(192) + two(96));
}

/// Normal elements with every limb as large as it may be, multiplied and squared.
struct Largest<F>(core::marker::PhantomData<F>);

impl<F: Field> Job for Largest<F> {
    type Output = [U256; 3];

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        // 2^256 + 2^230 is the most that a normal element stands for; every limb but the last is full.
        let top = if F::RADIX == 52 { (1 << 48) + (1 << 22) } else { (1 << 51) + (1 << 14) };
        let limb = if F::RADIX == 52 { (1 << 52) - 1 } else { (1 << 51) + (1 << 14) };
        let element = splat::<V>(&[limb, limb, limb, limb, top]);
        let product = F::multiply(&element, &element);
        let results = [F::canonical(&element), F::canonical(&product), F::canonical(&F::square(&element))];
        let mut words = [U256::ZERO; 3];
        for (word, result) in words.iter_mut().zip(&results) {
            *word = numbers_of::<V>(&F::words(result))[V::LANES - 1];
        }
        words
    }
}

#[test]
fn limbs_at_their_bounds_lose_nothing() {
    fn check<F: Field>(prime: U256) {
        let [portable, avx2, avx512] =
            Simd::ALL.map(|unit| unit.run(Largest::<F>(core::marker::PhantomData)));
        assert_eq!((portable, portable), (avx2, avx512));
        assert_eq!(portable[1], portable[2]);
        // A Montgomery product is divided by 2^260.
        let scale =
            if F::ENTER[0] == 1 { U256::from(1) } else { U256::from_limbs(power_of_two(words(prime), 260)) };
        assert_eq!(product_of(portable[1], scale, prime), product_of(portable[0], portable[0], prime));
    }
    fn words(number: U256) -> [u64; 4] {
        *number.as_limbs()
    }
    let two = |power: usize| U256::from(1) << power;
    check::<Field25519>(two(255) - U256::from(19));
    check::<FieldSecp256k1>(U256::MAX - U256::from((1_u64 << 32) + 976));
    check::<FieldP256>(U256::MAX - two(224) + two(192) + two(96));
}

/// `a / R`, `a b / R` canonical, the wide reduction of `(a, b)`, and R over a.
struct Orders<'a>(&'a Order, &'a [U256]);

impl Job for Orders<'_> {
    type Output = Vec<[U256; 5]>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        let (order, numbers) = (self.0, self.1);
        let mut found = Vec::new();
        let mut scratch = Vec::new();
        for start in (0..numbers.len()).step_by(V::LANES) {
            let (a_words, b_words) = (lanes_of::<V>(numbers, start), lanes_of::<V>(numbers, start + 7));
            let (a, b) = (to_limbs(&a_words, 52), to_limbs(&b_words, 52));
            let product = order.canonical(&order.product(&a, &b));
            let wide = order.reduce_wide(&a, &b);
            let mut inverses = [a, b];
            order.invert_all(&mut inverses, &mut scratch);
            let columns = [
                numbers_of::<V>(&a_words),
                numbers_of::<V>(&b_words),
                numbers_of::<V>(&to_words(&product, 52)),
                numbers_of::<V>(&to_words(&wide, 52)),
                numbers_of::<V>(&to_words(&order.canonical(&inverses[0]), 52)),
            ];
            for lane in 0..V::LANES {
                let mut row = [U256::ZERO; 5];
                for (place, column) in row.iter_mut().zip(&columns) {
                    *place = column[lane];
                }
                found.push(row);
            }
        }
        found
    }
}

#[test]
fn orders_are_those_of_big_integers() {
    for order in [&P256::ORDER, &Secp256k1::ORDER, &Wei25519::ORDER] {
        let n = U256::from_limbs(order.words);
        let numbers: Vec<U256> = numbers(n).into_iter().filter(|number| !number.is_zero()).collect();
        let r = U256::from_limbs(power_of_two(order.words, 260));
        for unit in Simd::ALL {
            for [a, b, product, wide, inverse] in unit.run(Orders(order, &numbers)) {
                assert_eq!(product_of(product, r, n), product_of(a, b, n));
                assert_eq!(wide, modulo(U512::from(a) + (U512::from(b) << 256), n));
                assert_eq!(product_of(inverse, a, n), r);
            }
        }
    }
}
