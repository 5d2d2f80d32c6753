//! The field in fourteen limbs of 28 bits, for units that multiply words of 32 bits.
//!
//! In and out: elements in Montgomery form with factor 2^392. Rule: Filecoin, B5. A row holds two limbs in each of its first
//! seven words. Invariants, beside those of [`Field`]: limbs of factors are below 2^32, and a number is below nine times the
//! prime, so that the sums of fourteen products with limbs of a normal element, and of as many of quotients with limbs of the
//! prime, stay below 2^64; the product of such numbers exceeds the prime by a hundredth of it at most.

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
use crate::simd::vector::{MAX_LANES, Mask, Row, Vector};

/// Limbs of an element.
const LIMBS: usize = 14;
const RADIX: u32 = 28;
const LIMB: u64 = (1 << RADIX) - 1;
/// Limbs of half an element.
const HALF: usize = LIMBS / 2;
/// Columns of the product of two halves.
const COLUMNS: usize = 2 * HALF - 1;
/// Bits of a row's word that hold one limb.
const HALF_WORD: u32 = 32;

/// Writes a block out for each limb of a half: the compiler would make it a loop, with all sums in memory.
macro_rules! for_each_limb {
    ($i:ident $block:block) => {
        for_each_limb!($i $block 0 1 2 3 4 5 6)
    };
    ($i:ident $block:block $($place:literal)+) => {
        $({
            const $i: usize = $place;
            $block
        })+
    };
}

/// An element in each lane.
type Element<V> = [V; LIMBS];
/// Half of its limbs.
type Half<V> = [V; HALF];
/// Sums of products of limbs whose places add up to the same.
type Columns<V> = [V; COLUMNS];

const PRIME_LIMBS: [u64; LIMBS] = limbs_of(PRIME, RADIX);
/// -1/p modulo 2^28.
const MINUS_INVERSE: u64 = minus_inverse() & LIMB;
/// What to add once for each prime that the last limb's share of it is taken away.
const MINUS_PRIME: [u64; LIMBS - 1] = minus_prime_limbs(RADIX);
/// What the last limb of the prime stands for, with what is below.
const PRIME_ABOVE: u64 = PRIME_LIMBS[LIMBS - 1] + 1;
const RECIPROCAL: u64 = (1 << 32) / PRIME_ABOVE;
/// Four times the prime, from which two normal elements can be taken away, or itself.
const ROOM: [u64; LIMBS] = raised(4, RADIX, 30);

/// The field in limbs of 28 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Field28;

impl Field for Field28 {
    const FACTOR: u32 = 392;
    const LANES: usize = 4;
    const BLOCK: usize = 512;
    type Element<V: Vector> = Element<V>;

    #[inline(always)]
    fn splat<V: Vector>(words: Words) -> Element<V> {
        splat(&limbs_of(words, RADIX))
    }

    #[inline(always)]
    fn load<V: Vector>(rows: &[&Row; MAX_LANES]) -> Element<V> {
        let (words, mask) = (V::from_rows(rows), V::splat(LIMB));
        let mut limbs = [mask; LIMBS];
        for k in 0..HALF {
            limbs[2 * k] = words[k].and(mask);
            limbs[2 * k + 1] = words[k].shr(HALF_WORD);
        }
        limbs
    }

    #[inline(always)]
    fn store<V: Vector>(element: Element<V>) -> [Row; MAX_LANES] {
        let mut words = [V::splat(0); MAX_LANES];
        for k in 0..HALF {
            words[k] = element[2 * k].or(element[2 * k + 1].shl(HALF_WORD));
        }
        V::to_rows(words)
    }

    fn value(row: &Row) -> Uint<448, 7> {
        let limbs = row.0.iter().take(HALF).flat_map(|word| [word & LIMB, word >> HALF_WORD]);
        limbs.rev().fold(Uint::ZERO, |value, limb| (value << RADIX as usize) | Uint::from(limb))
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
        carry::<V, LIMBS, RADIX>(product(a, b))
    }

    #[inline(always)]
    fn subtract_to_factor<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        let mut limbs = splat::<V, LIMBS>(&ROOM);
        for k in 0..LIMBS {
            limbs[k] = limbs[k].add(a[k]).sub(b[k]);
        }
        limbs
    }

    #[inline(always)]
    fn multiply_subtract<V: Vector>(a: &Element<V>, b: &Element<V>, c: &Element<V>) -> Element<V> {
        let (mut limbs, room) = (product(a, b), splat::<V, LIMBS>(&ROOM));
        for k in 0..LIMBS {
            limbs[k] = limbs[k].add(room[k].sub(c[k]));
        }
        reduce(carry::<V, LIMBS, RADIX>(limbs))
    }

    #[inline(always)]
    fn square_subtract<V: Vector>(a: &Element<V>, b: &Element<V>, c: &Element<V>) -> Element<V> {
        let (mut limbs, room) = (square(a), splat::<V, LIMBS>(&ROOM));
        for k in 0..LIMBS {
            limbs[k] = limbs[k].add(room[k].sub(b[k].add(c[k])));
        }
        reduce(carry::<V, LIMBS, RADIX>(limbs))
    }

    #[inline(always)]
    fn negate<V: Vector>(a: &Element<V>, mask: Mask) -> Element<V> {
        let (mut either, room) = (*a, splat::<V, LIMBS>(&ROOM));
        for k in 0..LIMBS {
            either[k] = a[k].replace(mask, room[k].sub(a[k]));
        }
        either
    }
}

/// Takes away the prime until a normal element is left.
#[inline(always)]
fn reduce<V: Vector>(mut limbs: Element<V>) -> Element<V> {
    let quotient = limbs[LIMBS - 1].mul_32(V::splat(RECIPROCAL)).shr(32);
    for k in 0..LIMBS - 1 {
        limbs[k] = limbs[k].add(quotient.mul_32(V::splat(MINUS_PRIME[k])));
    }
    limbs[LIMBS - 1] = limbs[LIMBS - 1].sub(quotient.mul_32(V::splat(PRIME_ABOVE)));
    carry::<V, LIMBS, RADIX>(limbs)
}

#[inline(always)]
fn halves<V: Vector>(limbs: &Element<V>) -> [Half<V>; 2] {
    let mut halves = [[limbs[0]; HALF]; 2];
    halves[0].copy_from_slice(&limbs[..HALF]);
    halves[1].copy_from_slice(&limbs[HALF..]);
    halves
}

#[inline(always)]
fn add_products<V: Vector>(mut sums: Columns<V>, a: &Half<V>, b: &Half<V>) -> Columns<V> {
    for_each_limb!(I {
        for j in 0..HALF {
            sums[I + j] = sums[I + j].add(a[I].mul_32(b[j]));
        }
    });
    sums
}

/// The columns of `a a` for a half whose limbs leave room for doubling.
#[inline(always)]
fn add_squares<V: Vector>(mut sums: Columns<V>, a: &Half<V>) -> Columns<V> {
    let twice = twice(a);
    for_each_limb!(I {
        sums[2 * I] = sums[2 * I].add(a[I].mul_32(a[I]));
        for j in 0..HALF {
            if j > I {
                sums[I + j] = sums[I + j].add(twice[I].mul_32(a[j]));
            }
        }
    });
    sums
}

/// Makes the first columns multiples of the radix to the power of their number, by adding multiples of the prime; gives the
/// quotients and what the columns above begin with.
#[inline(always)]
fn clear<V: Vector>(mut sums: Columns<V>, prime: &Half<V>) -> (Half<V>, Columns<V>) {
    let zero = V::splat(0);
    let (inverse, mask) = (V::splat(MINUS_INVERSE), V::splat(LIMB));
    let mut quotients = [zero; HALF];
    let mut above = zero;
    for_each_limb!(K {
        sums[K] = sums[K].add(above);
        quotients[K] = sums[K].mul_32(inverse).and(mask);
        for j in 0..HALF {
            sums[K + j] = sums[K + j].add(quotients[K].mul_32(prime[j]));
        }
        above = sums[K].shr(RADIX);
    });
    let mut next = [zero; COLUMNS];
    next[..HALF - 1].copy_from_slice(&sums[HALF..]);
    next[0] = next[0].add(above);
    (quotients, next)
}

/// Limbs of `a b / 2^392` before the last carry.
#[inline(always)]
fn product<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
    let ([a, a_high], [b, b_high]) = (halves(a), halves(b));
    let ([prime, prime_high], zero) = (halves(&splat::<V, LIMBS>(&PRIME_LIMBS)), V::splat(0));
    let sums = add_products([zero; COLUMNS], &a, &b);
    let (quotients, sums) = clear(sums, &prime);
    let sums = add_products(add_products(sums, &a, &b_high), &a_high, &b);
    let (quotients_high, sums) = clear(add_products(sums, &quotients, &prime_high), &prime);
    let sums = add_products(add_products(sums, &a_high, &b_high), &quotients_high, &prime_high);
    upper(&sums)
}

/// Limbs of `a a / 2^392` before the last carry, for a normal element.
#[inline(always)]
fn square<V: Vector>(a: &Element<V>) -> Element<V> {
    let [a, a_high] = halves(a);
    let ([prime, prime_high], zero) = (halves(&splat::<V, LIMBS>(&PRIME_LIMBS)), V::splat(0));
    let (quotients, sums) = clear(add_squares([zero; COLUMNS], &a), &prime);
    let sums = add_products(sums, &twice(&a), &a_high);
    let (quotients_high, sums) = clear(add_products(sums, &quotients, &prime_high), &prime);
    let sums = add_products(add_squares(sums, &a_high), &quotients_high, &prime_high);
    upper(&sums)
}

#[inline(always)]
fn twice<V: Vector>(half: &Half<V>) -> Half<V> {
    let mut twice = *half;
    for k in 0..HALF {
        twice[k] = half[k].add(half[k]);
    }
    twice
}

/// The limbs in whose columns the last sums are, and a last one for what they carry.
#[inline(always)]
fn upper<V: Vector>(sums: &Columns<V>) -> Element<V> {
    let mut limbs = [V::splat(0); LIMBS];
    limbs[..COLUMNS].copy_from_slice(sums);
    limbs
}
