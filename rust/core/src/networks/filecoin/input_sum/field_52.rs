//! The field in eight limbs of 52 bits, for units that multiply such limbs.
//!
//! In and out: elements in Montgomery form with factor 2^416. Rule: Filecoin, B5. Invariants, beside those of [`Field`]:
//! factors may have stray bits from 2^52 up in a limb, which multiplication does not read, and may be multiplied by each other.

#![allow(
    clippy::inline_always,
    reason = "a kernel gets the vector unit's instructions only by being inlined into the function that enables them"
)]
#![allow(clippy::needless_range_loop, reason = "limbs are indexed together; closures would not be inlined")]
#![allow(clippy::many_single_char_names, reason = "products are written as in the textbook")]

use ruint::Uint;

use super::base_field::{
    Field, PRIME, Words, carry, exchange, limbs_of, minus_inverse, minus_prime_limbs, raised, splat,
};
use crate::simd::vector::{LIMB, MAX_LANES, Mask, Row, Vector};

/// Limbs of an element.
const LIMBS: usize = 8;
const RADIX: u32 = 52;

/// An element in each lane.
type Element<V> = [V; LIMBS];

const PRIME_LIMBS: [u64; LIMBS] = limbs_of(PRIME, RADIX);
/// -1/p modulo 2^52.
const MINUS_INVERSE: u64 = minus_inverse() & LIMB;
/// -p modulo 2^416.
const MINUS_PRIME: [u64; LIMBS] = minus_prime_limbs(RADIX);
/// 2^40 divided by what the last limb of the prime stands for.
const RECIPROCAL: u64 = (1 << 40) / (PRIME_LIMBS[LIMBS - 1] + 1);
/// Four times the prime, from which two normal elements can be taken away.
const ROOM: [u64; LIMBS] = raised(4, RADIX, 55);

/// The field in limbs of 52 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Field52;

impl Field for Field52 {
    const FACTOR: u32 = 416;
    const LANES: usize = 8;
    const BLOCK: usize = 4096;
    type Element<V: Vector> = Element<V>;

    #[inline(always)]
    fn splat<V: Vector>(words: Words) -> Element<V> {
        splat(&limbs_of(words, RADIX))
    }

    #[inline(always)]
    fn load<V: Vector>(rows: &[&Row; MAX_LANES]) -> Element<V> {
        V::from_rows(rows)
    }

    #[inline(always)]
    fn store<V: Vector>(element: Element<V>) -> [Row; MAX_LANES] {
        V::to_rows(element)
    }

    fn value(row: &Row) -> Uint<448, 7> {
        row.0.iter().rev().fold(Uint::ZERO, |value, limb| (value << RADIX as usize) | Uint::from(*limb))
    }

    #[inline(always)]
    fn exchange<V: Vector>(element: &Element<V>, distance: usize) -> Element<V> {
        exchange(element, distance)
    }

    #[inline(always)]
    fn multiply<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        carry::<V, LIMBS, RADIX>(product(a, b))
    }

    #[inline(always)]
    fn multiply_to_factor<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        carry_to_factor(product(a, b))
    }

    #[inline(always)]
    fn subtract_to_factor<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        let mut limbs = splat::<V, LIMBS>(&ROOM);
        for k in 0..LIMBS {
            limbs[k] = limbs[k].add(a[k]).sub(b[k]);
        }
        carry_to_factor(limbs)
    }

    #[inline(always)]
    fn multiply_subtract<V: Vector>(a: &Element<V>, b: &Element<V>, c: &Element<V>) -> Element<V> {
        let (mut limbs, room) = (product(a, b), splat::<V, LIMBS>(&ROOM));
        for k in 0..LIMBS {
            limbs[k] = limbs[k].add(room[k]).sub(c[k]);
        }
        reduce(limbs)
    }

    #[inline(always)]
    fn square_subtract<V: Vector>(a: &Element<V>, b: &Element<V>, c: &Element<V>) -> Element<V> {
        let (mut limbs, room) = (product(a, a), splat::<V, LIMBS>(&ROOM));
        for k in 0..LIMBS {
            limbs[k] = limbs[k].add(room[k]).sub(b[k].add(c[k]));
        }
        reduce(limbs)
    }

    #[inline(always)]
    fn negate<V: Vector>(a: &Element<V>, mask: Mask) -> Element<V> {
        let mut limbs = splat::<V, LIMBS>(&ROOM);
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
}

/// [`carry`] without clearing what was carried: a factor.
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
    let minus_prime = splat::<V, LIMBS>(&MINUS_PRIME);
    for k in 0..LIMBS {
        limbs[k] = limbs[k].add_low(quotient, minus_prime[k]);
        if k + 1 < LIMBS {
            limbs[k + 1] = limbs[k + 1].add_high(quotient, minus_prime[k]);
        }
    }
    let mut limbs = carry::<V, LIMBS, RADIX>(limbs);
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
    let (prime, inverse) = (splat::<V, LIMBS>(&PRIME_LIMBS), V::splat(MINUS_INVERSE));
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
