//! Coordinates of points of BLS12-381 in lanes, in Montgomery form.
//!
//! In and out: elements of a [`Field`]. Rule: Filecoin, B5; the limbs' bits together exceed the prime's 381 by so many that
//! sums and differences of a few elements need no reduction. There is a field for each way in which vector units multiply:
//! [`Field52`](super::field_52::Field52) and [`Field28`](super::field_28::Field28). Invariants, for every lane:
//! * *normal* elements, which every operation gives but where it says otherwise, have limbs below the radix and stand for a
//!   number that exceeds the prime by a hundredth of it at most;
//! * *factors* are good for being multiplied by normal elements and for nothing else.

#![allow(
    clippy::inline_always,
    reason = "a kernel gets the vector unit's instructions only by being inlined into the function that enables them"
)]
#![allow(clippy::needless_range_loop, reason = "limbs are indexed together; closures would not be inlined")]

use std::fmt::Debug;

use ruint::Uint;

use crate::simd::vector::{MAX_LANES, Mask, Portable, Row, Vector};

/// A number of six words, lowest first.
pub(super) type Words = [u64; 6];

pub(super) const PRIME: Words = [
    0xb9fe_ffff_ffff_aaab,
    0x1eab_fffe_b153_ffff,
    0x6730_d2a0_f6b0_f624,
    0x6477_4b84_f385_12bf,
    0x4b1b_a7b6_434b_acd7,
    0x1a01_11ea_397f_e69a,
];
/// The library's Montgomery form has the factor 2^384.
const LIBRARY_FACTOR: u32 = 384;

/// A way to hold a number below some multiples of the prime in words.
pub(super) trait Field: Copy + Debug + Default + Eq + Send + Sync + 'static {
    /// A number's element is the number times two to this power.
    const FACTOR: u32;
    /// Lanes of the unit that it is for; tests compare that with plain Rust.
    const LANES: usize;
    /// Elements whose inverses are sooner worked out together than in parts: as many as the cache of such processors holds.
    const BLOCK: usize;
    /// A number in each lane.
    type Element<V: Vector>: Copy;

    /// Whether sums are wanted in these lanes: their code is large.
    #[inline(always)]
    fn suits<V: Vector>() -> bool {
        V::LANES == Self::LANES || cfg!(test) && V::LANES == 1
    }

    /// The element that has these words in every lane, below the prime.
    fn splat<V: Vector>(words: Words) -> Self::Element<V>;
    /// An element from each row.
    fn load<V: Vector>(rows: &[&Row; MAX_LANES]) -> Self::Element<V>;
    /// A row for each lane of a normal element.
    fn store<V: Vector>(element: Self::Element<V>) -> [Row; MAX_LANES];
    /// What the words of a row stand for.
    fn value(row: &Row) -> Uint<448, 7>;
    /// Lane i gets the number of lane i xor `distance`.
    fn exchange<V: Vector>(element: &Self::Element<V>, distance: usize) -> Self::Element<V>;

    /// `a b`, where `a` may be a factor.
    fn multiply<V: Vector>(a: &Self::Element<V>, b: &Self::Element<V>) -> Self::Element<V>;
    /// The same, good for being multiplied by anything and for nothing else.
    fn multiply_to_factor<V: Vector>(a: &Self::Element<V>, b: &Self::Element<V>) -> Self::Element<V>;
    /// `a - b`, a factor; both may come from [`Field::negate`].
    fn subtract_to_factor<V: Vector>(a: &Self::Element<V>, b: &Self::Element<V>) -> Self::Element<V>;
    /// `a b - c`, where `a` may be a factor and `c` may come from [`Field::negate`].
    fn multiply_subtract<V: Vector>(
        a: &Self::Element<V>,
        b: &Self::Element<V>,
        c: &Self::Element<V>,
    ) -> Self::Element<V>;
    /// `a a - b - c`, where `a` may come from [`Field::multiply_to_factor`].
    fn square_subtract<V: Vector>(
        a: &Self::Element<V>,
        b: &Self::Element<V>,
        c: &Self::Element<V>,
    ) -> Self::Element<V>;
    /// `-a` in the lanes of the mask, `a` elsewhere: good for being taken away, and for taking away from, to a factor.
    fn negate<V: Vector>(a: &Self::Element<V>, mask: Mask) -> Self::Element<V>;

    /// One.
    #[inline(always)]
    fn one<V: Vector>() -> Self::Element<V> {
        Self::splat(const { power_of_two(Self::FACTOR) })
    }

    /// The inverse in every lane, by one inversion of the product of all lanes; `None` if a lane is zero.
    #[inline(always)]
    fn invert<V: Vector>(element: &Self::Element<V>) -> Option<Self::Element<V>> {
        // others[i] is the product of the lanes that step i brings in.
        let mut others = [*element; 3];
        let mut all = *element;
        let mut steps = 0;
        let mut distance = V::LANES / 2;
        while distance > 0 {
            let other = Self::exchange(&all, distance);
            others[steps] = other;
            all = Self::multiply(&all, &other);
            steps += 1;
            distance /= 2;
        }
        let inverse = below_prime(Self::value(&Self::store(all)[0])).inv_mod(Uint::from_limbs(PRIME))?;
        // The inverse of an element's number lacks the factor three times.
        let fix = Self::splat(const { power_of_two(3 * Self::FACTOR) });
        let mut result = Self::multiply(&Self::splat(inverse.into_limbs()), &fix);
        for step in (0..steps).rev() {
            result = Self::multiply(&result, &others[step]);
        }
        Some(result)
    }

    /// `-a` for the row of a normal element.
    fn negate_row(row: &Row) -> Row {
        let (value, prime) = (Uint::<384, 6>::from(Self::value(row)), Uint::from_limbs(PRIME));
        let once = if value > prime { value - prime } else { value };
        Self::store(Self::splat::<Portable>((prime - once).into_limbs()))[0]
    }

    /// The row of a coordinate in the library's form.
    fn enter(words: Words) -> Row {
        let factor = Self::splat(const { power_of_two(2 * Self::FACTOR - LIBRARY_FACTOR) });
        Self::store(Self::multiply::<Portable>(&Self::splat(words), &factor))[0]
    }

    /// The coordinate of a row in the library's form.
    fn leave(row: &Row) -> Words {
        let element = Self::load(&[row; MAX_LANES]);
        let factor = Self::splat(const { power_of_two(LIBRARY_FACTOR) });
        below_prime(Self::value(&Self::store(Self::multiply::<Portable>(&element, &factor))[0])).into_limbs()
    }
}

fn below_prime(value: Uint<448, 7>) -> Uint<384, 6> {
    Uint::from(value % Uint::from(Uint::<384, 6>::from_limbs(PRIME)))
}

/// A number's limbs of `radix` bits.
pub(super) const fn limbs_of<const LIMBS: usize>(words: Words, radix: u32) -> [u64; LIMBS] {
    let mut limbs = [0; LIMBS];
    let mut k = 0;
    while k < LIMBS {
        let bit = k * radix as usize;
        let (word, shift) = (bit / 64, bit % 64);
        let mut limb = words[word] >> shift;
        if shift > 0 && word < 5 {
            limb |= words[word + 1] << (64 - shift);
        }
        limbs[k] = limb & ((1 << radix) - 1);
        k += 1;
    }
    limbs
}

/// By doubling, before the program runs.
const fn power_of_two(power: u32) -> Words {
    let mut value = [1, 0, 0, 0, 0, 0];
    let mut step = 0;
    while step < power {
        let mut k = 5;
        while k > 0 {
            value[k] = value[k] << 1 | value[k - 1] >> 63;
            k -= 1;
        }
        value[0] <<= 1;
        if let Some(less) = minus_prime(value) {
            value = less;
        }
        step += 1;
    }
    value
}

/// The number less the prime, if it is not below it.
const fn minus_prime(number: Words) -> Option<Words> {
    let mut less = [0; 6];
    let mut borrow = false;
    let mut k = 0;
    while k < 6 {
        let (once, first) = number[k].overflowing_sub(PRIME[k]);
        let (twice, second) = once.overflowing_sub(borrow as u64);
        less[k] = twice;
        borrow = first | second;
        k += 1;
    }
    if borrow { None } else { Some(less) }
}

/// -1/p modulo 2^64, by Newton's iteration, which doubles the right bits.
pub(super) const fn minus_inverse() -> u64 {
    let mut inverse: u64 = 1;
    let mut step = 0;
    while step < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(PRIME[0].wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg()
}

/// Limbs of what the prime lacks to the number that stands for one behind the last of them.
pub(super) const fn minus_prime_limbs<const LIMBS: usize>(radix: u32) -> [u64; LIMBS] {
    let prime: [u64; LIMBS] = limbs_of(PRIME, radix);
    let mut limbs = [0; LIMBS];
    let mut borrow = 0;
    let mut k = 0;
    while k < LIMBS {
        limbs[k] = (1 << radix) - prime[k] - borrow;
        borrow = 1 - (limbs[k] >> radix);
        limbs[k] &= (1 << radix) - 1;
        k += 1;
    }
    limbs
}

/// A multiple of the prime, with limbs raised so that what stands in for two of the numbers below it can be taken away limb by
/// limb: each limb but the last lends the one below what that one is raised by.
pub(super) const fn raised<const LIMBS: usize>(times: u64, radix: u32, raise: u32) -> [u64; LIMBS] {
    let prime: [u64; LIMBS] = limbs_of(PRIME, radix);
    let mut limbs = [0; LIMBS];
    let mut carry = 0;
    let mut k = 0;
    while k < LIMBS {
        let limb = times * prime[k] + carry;
        let last = k == LIMBS - 1;
        carry = if last { 0 } else { limb >> radix };
        limbs[k] = if last { limb } else { (limb & ((1 << radix) - 1)) + (1 << raise) };
        if k > 0 {
            limbs[k] -= 1 << (raise - radix);
        }
        k += 1;
    }
    limbs
}

/// The same limbs in every lane.
#[inline(always)]
pub(super) fn splat<V: Vector, const LIMBS: usize>(limbs: &[u64; LIMBS]) -> [V; LIMBS] {
    let mut element = [V::splat(0); LIMBS];
    for k in 0..LIMBS {
        element[k] = V::splat(limbs[k]);
    }
    element
}

/// Carries upwards once through; the last limb keeps what is above.
#[inline(always)]
pub(super) fn carry<V: Vector, const LIMBS: usize, const RADIX: u32>(mut limbs: [V; LIMBS]) -> [V; LIMBS] {
    let mask = V::splat((1 << RADIX) - 1);
    for k in 0..LIMBS - 1 {
        limbs[k + 1] = limbs[k + 1].add(limbs[k].shr(RADIX));
        limbs[k] = limbs[k].and(mask);
    }
    limbs
}

/// [`Field::exchange`], limb by limb.
#[inline(always)]
pub(super) fn exchange<V: Vector, const LIMBS: usize>(element: &[V; LIMBS], distance: usize) -> [V; LIMBS] {
    let mut other = *element;
    for k in 0..LIMBS {
        other[k] = other[k].exchange(distance);
    }
    other
}

#[cfg(test)]
#[path = "base_field_tests.rs"]
pub(super) mod tests;
