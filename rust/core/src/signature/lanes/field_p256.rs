//! The field of P-256: 2^256 - 2^224 + 2^192 + 2^96 - 1, five limbs of 52 bits, in Montgomery form with factor 2^260.
//!
//! In and out: as `field` says. Rule: -1/p is 1 modulo 2^52, so that a column is its own multiple of p to add; adding
//! `q (p + 1)` and dropping the column is a step of the reduction. Invariant: that of `field`.

use super::field::{
    Columns, Element, Field, below_modulus, limbs_of, minus_excess, power_of_two, raised, ripple,
    ripple_signed, ripple_to_factor,
};
use super::modular_inverse::Modulus;
use crate::simd::vector::{LIMB, Vector};

/// 2^256 - 2^224 + 2^192 + 2^96 - 1.
pub enum FieldP256 {}

const PRIME: [u64; 4] = [u64::MAX, 0xffff_ffff, 0, 0xffff_ffff_0000_0001];
const LIMBS: [u64; 5] = limbs_of(PRIME, 52);
const TOP: u64 = (1 << 48) - 1;

/// The upper half of the columns, once the lower is reduced away.
#[inline(always)]
fn montgomery<V: Vector>(mut t: Columns<V>) -> Element<V> {
    // q (p + 1) = q 2^96 + q 2^192 + q (2^256 - 2^224), and 96 = 52 + 44, 192 = 3 52 + 36, 224 = 4 52 + 16. Upper halves of
    // products by powers of two are shifts, since multiplications are what a vector unit has least of.
    for i in 0..5 {
        let q = t[i].and(V::splat(LIMB));
        t[i + 1] = t[i + 1].add(t[i].shr(52)).add_shifted::<44>(q);
        t[i + 2] = t[i + 2].add(q.shr(8));
        t[i + 3] = t[i + 3].add_shifted::<36>(q);
        (t[i + 4], t[i + 5]) = V::add_powers::<48, 16>(t[i + 4].add(q.shr(16)), t[i + 5], q);
    }
    [t[5], t[6], t[7], t[8], t[9]]
}

/// What is above 2^256 comes back as 2^224 - 2^192 - 2^96 + 1; limbs may be negative before the carry.
#[inline(always)]
fn fold<V: Vector>(mut limbs: Element<V>) -> Element<V> {
    let above = limbs[4].shr(48);
    limbs[0] = limbs[0].add(above);
    limbs[1] = limbs[1].sub(above.shl(44));
    limbs[3] = limbs[3].sub(above.shl(36));
    limbs[4] = limbs[4].and(V::splat(TOP)).add(above.shl(16));
    ripple_signed(limbs)
}

impl Field for FieldP256 {
    const RADIX: u32 = 52;
    const PRIME: Modulus = Modulus::new(PRIME);
    const ONE: [u64; 5] = limbs_of(power_of_two(PRIME, 260), 52);
    const ENTER: [u64; 5] = limbs_of(power_of_two(PRIME, 520), 52);
    const INVERSE_FIX: [u64; 5] = limbs_of(power_of_two(PRIME, 780), 52);
    const MULTIPLES: [[u64; 5]; 3] =
        [raised(LIMBS, 2, 52, 53), raised(LIMBS, 4, 52, 55), raised(LIMBS, 8, 52, 55)];
    const MINUS_EXCESS: [u64; 5] = minus_excess(PRIME, 52);

    #[inline(always)]
    fn reduce<V: Vector>(columns: Columns<V>, term: Option<&Element<V>>) -> Element<V> {
        let mut limbs = montgomery(columns);
        match term {
            None => ripple(limbs),
            Some(term) => {
                for k in 0..5 {
                    limbs[k] = limbs[k].add(term[k]);
                }
                fold(limbs)
            }
        }
    }

    #[inline(always)]
    fn reduce_to_factor<V: Vector>(columns: Columns<V>) -> Element<V> {
        ripple_to_factor(montgomery(columns))
    }

    #[inline(always)]
    fn carry<V: Vector>(term: Element<V>) -> Element<V> {
        fold(ripple(term))
    }

    #[inline(always)]
    fn carry_to_factor<V: Vector>(term: Element<V>) -> Element<V> {
        ripple_to_factor(term)
    }

    #[inline(always)]
    fn canonical<V: Vector>(element: &Element<V>) -> Element<V> {
        below_modulus(&Self::carry(*element), &LIMBS)
    }
}
