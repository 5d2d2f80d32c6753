//! Coordinates of points of BLS12-381, in eight limbs of 52 bits per lane, in Montgomery form with factor 2^416.
//!
//! In and out: [`Element`]s. Rule: Filecoin, B5; the factor exceeds the prime of 381 bits by so much that sums and
//! differences of a few elements need no reduction. Invariants, for every lane:
//! * *normal* elements, which every operation gives but where it says otherwise, have limbs below 2^52 and stand for a
//!   number that exceeds the prime by a hundredth of it at most;
//! * *factors* may have stray bits from 2^52 up in a limb, which multiplication does not read; they are good for nothing
//!   else.

#![allow(
    clippy::inline_always,
    reason = "a kernel gets the vector unit's instructions only by being inlined into the function that enables them"
)]
#![allow(clippy::needless_range_loop, reason = "limbs are indexed together; closures would not be inlined")]
#![allow(clippy::many_single_char_names, reason = "products are written as in the textbook")]

use ruint::Uint;

use crate::simd::vector::{LIMB, MAX_LANES, Portable, Row, Vector};

/// Limbs of an element.
const LIMBS: usize = 8;
const RADIX: u32 = 52;

/// An element in each lane.
pub(super) type Element<V> = [V; LIMBS];

/// A number of six words, lowest first.
type Words = [u64; 6];

const PRIME: Words = [
    0xb9fe_ffff_ffff_aaab,
    0x1eab_fffe_b153_ffff,
    0x6730_d2a0_f6b0_f624,
    0x6477_4b84_f385_12bf,
    0x4b1b_a7b6_434b_acd7,
    0x1a01_11ea_397f_e69a,
];
const PRIME_LIMBS: [u64; LIMBS] = limbs_of(PRIME);
/// -1/p modulo 2^52.
const MINUS_INVERSE: u64 = minus_inverse();
/// One, in Montgomery form.
const ONE: [u64; LIMBS] = limbs_of(power_of_two(416));
/// Takes the library's Montgomery form, of factor 2^384, to this one.
const ENTER: [u64; LIMBS] = limbs_of(power_of_two(2 * 416 - 384));
/// And back.
const LEAVE: [u64; LIMBS] = limbs_of(power_of_two(384));
/// Makes the inverse of an element's number the element's inverse.
const INVERSE_FIX: [u64; LIMBS] = limbs_of(power_of_two(3 * 416));
/// -p modulo 2^416.
const MINUS_PRIME: [u64; LIMBS] = minus_prime_limbs();
/// 2^40 divided by what the last limb of the prime stands for.
const RECIPROCAL: u64 = (1 << 40) / (PRIME_LIMBS[LIMBS - 1] + 1);
/// Four times the prime, with limbs so large that two normal elements can be taken away without a borrow.
const ROOM: [u64; LIMBS] = raised();

const fn limbs_of(words: Words) -> [u64; LIMBS] {
    let mut limbs = [0; LIMBS];
    let mut k = 0;
    while k < LIMBS {
        let bit = k * RADIX as usize;
        let (word, shift) = (bit / 64, bit % 64);
        let mut limb = words[word] >> shift;
        if shift > 0 && word < 5 {
            limb |= words[word + 1] << (64 - shift);
        }
        limbs[k] = limb & LIMB;
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

/// By Newton's iteration, which doubles the right bits.
const fn minus_inverse() -> u64 {
    let mut inverse: u64 = 1;
    let mut step = 0;
    while step < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(PRIME[0].wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg() & LIMB
}

const fn minus_prime_limbs() -> [u64; LIMBS] {
    let mut limbs = [0; LIMBS];
    let mut borrow = 0;
    let mut k = 0;
    while k < LIMBS {
        limbs[k] = LIMB + 1 - PRIME_LIMBS[k] - borrow;
        borrow = 1 - (limbs[k] >> RADIX);
        limbs[k] &= LIMB;
        k += 1;
    }
    limbs
}

const fn raised() -> [u64; LIMBS] {
    // Each limb but the last lends the one below what that one is raised by.
    const RAISE: u32 = 55;
    let mut limbs = [0; LIMBS];
    let mut carry = 0;
    let mut k = 0;
    while k < LIMBS {
        let limb = (PRIME_LIMBS[k] << 2) + carry;
        let last = k == LIMBS - 1;
        carry = if last { 0 } else { limb >> RADIX };
        limbs[k] = if last { limb } else { (limb & LIMB) + (1 << RAISE) };
        if k > 0 {
            limbs[k] -= 1 << (RAISE - RADIX);
        }
        k += 1;
    }
    limbs
}

#[inline(always)]
fn splat<V: Vector>(limbs: &[u64; LIMBS]) -> Element<V> {
    let mut element = [V::splat(0); LIMBS];
    for k in 0..LIMBS {
        element[k] = V::splat(limbs[k]);
    }
    element
}

#[inline(always)]
pub(super) fn one<V: Vector>() -> Element<V> {
    splat(&ONE)
}

/// Carries upwards once through; the last limb keeps what is above.
#[inline(always)]
fn carry<V: Vector>(mut limbs: Element<V>) -> Element<V> {
    let mask = V::splat(LIMB);
    for k in 0..LIMBS - 1 {
        limbs[k + 1] = limbs[k + 1].add(limbs[k].shr(RADIX));
        limbs[k] = limbs[k].and(mask);
    }
    limbs
}

/// The same without clearing what was carried: a factor.
#[inline(always)]
fn carry_to_factor<V: Vector>(mut limbs: Element<V>) -> Element<V> {
    for k in 0..LIMBS - 1 {
        limbs[k + 1] = limbs[k + 1].add(limbs[k].shr(RADIX));
    }
    limbs
}

/// Takes away the prime as often as it is in there, and carries: limbs of a number below eight times the prime.
#[inline(always)]
fn reduce<V: Vector>(mut limbs: Element<V>) -> Element<V> {
    // What the limbs below have to carry is too little to matter; a quotient that is too small by it leaves a little more
    // than the prime.
    let quotient = limbs[LIMBS - 1].mul(V::splat(RECIPROCAL)).shr(40);
    let minus_prime = splat::<V>(&MINUS_PRIME);
    for k in 0..LIMBS {
        limbs[k] = limbs[k].add_low(quotient, minus_prime[k]);
        if k + 1 < LIMBS {
            limbs[k + 1] = limbs[k + 1].add_high(quotient, minus_prime[k]);
        }
    }
    let mut limbs = carry(limbs);
    // What is above is the quotient times 2^416.
    limbs[LIMBS - 1] = limbs[LIMBS - 1].and(V::splat(LIMB));
    limbs
}

/// Limbs of `a b / 2^416` before the last carry.
#[inline(always)]
fn product<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
    let zero = V::splat(0);
    let mut t = [zero; 2 * LIMBS];
    for i in 0..LIMBS {
        for j in 0..LIMBS {
            t[i + j] = t[i + j].add_low(a[i], b[j]);
            t[i + j + 1] = t[i + j + 1].add_high(a[i], b[j]);
        }
    }
    let (prime, inverse) = (splat::<V>(&PRIME_LIMBS), V::splat(MINUS_INVERSE));
    for i in 0..LIMBS {
        let q = zero.add_low(t[i], inverse);
        for j in 0..LIMBS {
            t[i + j] = t[i + j].add_low(q, prime[j]);
            t[i + j + 1] = t[i + j + 1].add_high(q, prime[j]);
        }
        t[i + 1] = t[i + 1].add(t[i].shr(RADIX));
    }
    let mut upper = [zero; LIMBS];
    upper.copy_from_slice(&t[LIMBS..]);
    upper
}

/// `a b`; both may be factors.
#[inline(always)]
pub(super) fn multiply<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
    carry(product(a, b))
}

/// `a b`, good as a factor only.
#[inline(always)]
pub(super) fn multiply_to_factor<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
    carry_to_factor(product(a, b))
}

/// `a - b`, good as a factor only.
#[inline(always)]
pub(super) fn subtract_to_factor<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
    let mut limbs = splat::<V>(&ROOM);
    for k in 0..LIMBS {
        limbs[k] = limbs[k].add(a[k]).sub(b[k]);
    }
    carry_to_factor(limbs)
}

/// `a b - c`.
#[inline(always)]
pub(super) fn multiply_subtract<V: Vector>(a: &Element<V>, b: &Element<V>, c: &Element<V>) -> Element<V> {
    let (mut limbs, room) = (product(a, b), splat::<V>(&ROOM));
    for k in 0..LIMBS {
        limbs[k] = limbs[k].add(room[k]).sub(c[k]);
    }
    reduce(limbs)
}

/// `a a - b - c`.
#[inline(always)]
pub(super) fn square_subtract<V: Vector>(a: &Element<V>, b: &Element<V>, c: &Element<V>) -> Element<V> {
    let (mut limbs, room) = (product(a, a), splat::<V>(&ROOM));
    for k in 0..LIMBS {
        limbs[k] = limbs[k].add(room[k]).sub(b[k].add(c[k]));
    }
    reduce(limbs)
}

/// `-a` in the lanes of the mask, `a` elsewhere.
#[inline(always)]
pub(super) fn negate<V: Vector>(a: &Element<V>, mask: u8) -> Element<V> {
    let mut limbs = splat::<V>(&ROOM);
    for k in 0..LIMBS {
        limbs[k] = limbs[k].sub(a[k]);
    }
    let minus = reduce(limbs);
    let mut either = *a;
    for k in 0..LIMBS {
        either[k] = a[k].replace(mask, minus[k]);
    }
    either
}

/// The inverse in every lane, by one inversion of the product of all lanes; `None` if a lane is zero.
#[inline(always)]
pub(super) fn invert<V: Vector>(element: &Element<V>) -> Option<Element<V>> {
    // others[i] is the product of the lanes that step i brings in.
    let mut others = [*element; 3];
    let mut all = *element;
    let mut steps = 0;
    let mut distance = V::LANES / 2;
    while distance > 0 {
        let mut other = all;
        for k in 0..LIMBS {
            other[k] = other[k].exchange(distance);
        }
        others[steps] = other;
        all = multiply(&all, &other);
        steps += 1;
        distance /= 2;
    }
    let mut lane = [0; LIMBS];
    for k in 0..LIMBS {
        lane[k] = all[k].to_lanes()[0];
    }
    let inverse = number(&lane).inv_mod(Uint::from_limbs(PRIME))?;
    let mut result = multiply(&splat(&limbs_of(inverse.into_limbs())), &splat(&INVERSE_FIX));
    for step in (0..steps).rev() {
        result = multiply(&result, &others[step]);
    }
    Some(result)
}

/// The number below the prime that normal limbs stand for.
fn number(limbs: &[u64; LIMBS]) -> Uint<384, 6> {
    let sum = limbs.iter().rev().fold(Uint::<448, 7>::ZERO, |sum, limb| (sum << 52) | Uint::from(*limb));
    Uint::from(sum % Uint::from(Uint::<384, 6>::from_limbs(PRIME)))
}

/// The limbs of a coordinate in the library's form.
pub(super) fn enter(words: Words) -> Row {
    row(multiply::<Portable>(&splat(&limbs_of(words)), &splat(&ENTER)))
}

/// A coordinate in the library's form.
pub(super) fn leave(limbs: &Row) -> Words {
    number(&row(multiply::<Portable>(&splat(&limbs.0), &splat(&LEAVE))).0).into_limbs()
}

fn row(element: Element<Portable>) -> Row {
    Row(element.map(|limb| limb.0))
}

/// An element from each row.
#[inline(always)]
pub(super) fn load<V: Vector>(rows: &[&Row; MAX_LANES]) -> Element<V> {
    V::from_rows(rows)
}

#[cfg(test)]
#[path = "base_field_tests.rs"]
mod tests;
