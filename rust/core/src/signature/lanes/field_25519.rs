//! The field of edwards25519: 2^255 - 19, five limbs of 51 bits.
//!
//! In and out: as `field` says. Rule: what is above 2^255 comes back 19 times. Invariant: limbs of a normal element are
//! below 2^51 + 2^15, so that one carry of all limbs at once is enough.

use super::field::{Columns, Element, Field, limbs_of, minus_excess, raised};
use super::modular_inverse::Modulus;
use crate::simd::vector::Vector;

/// 2^255 - 19.
pub enum Field25519 {}

const PRIME: [u64; 4] = [0xffff_ffff_ffff_ffed, u64::MAX, u64::MAX, 0x7fff_ffff_ffff_ffff];
const LIMBS: [u64; 5] = limbs_of(PRIME, 51);
const LIMB: u64 = (1 << 51) - 1;

impl Field for Field25519 {
    const RADIX: u32 = 51;
    const PRIME: Modulus = Modulus::new(PRIME);
    const ONE: [u64; 5] = [1, 0, 0, 0, 0];
    const ENTER: [u64; 5] = [1, 0, 0, 0, 0];
    const INVERSE_FIX: [u64; 5] = [1, 0, 0, 0, 0];
    const MULTIPLES: [[u64; 5]; 3] =
        [raised(LIMBS, 2, 51, 53), raised(LIMBS, 4, 51, 55), raised(LIMBS, 8, 51, 55)];
    const MINUS_EXCESS: [u64; 5] = minus_excess(PRIME, 51);

    #[inline(always)]
    fn reduce<V: Vector>(columns: Columns<V>, term: Option<&Element<V>>) -> Element<V> {
        let nineteen = V::splat(19);
        let mut limbs = [columns[0]; 5];
        for k in 0..5 {
            limbs[k] = columns[k].add(columns[k + 5].mul(nineteen));
        }
        if let Some(term) = term {
            for k in 0..5 {
                limbs[k] = limbs[k].add(term[k]);
            }
        }
        Self::carry(limbs)
    }

    #[inline(always)]
    fn reduce_to_factor<V: Vector>(columns: Columns<V>) -> Element<V> {
        Self::reduce(columns, None)
    }

    #[inline(always)]
    fn carry<V: Vector>(term: Element<V>) -> Element<V> {
        let mask = V::splat(LIMB);
        let mut limbs = term;
        limbs[0] = term[0].and(mask).add_small(term[4].shr(51), V::splat(19));
        for k in 1..5 {
            limbs[k] = term[k].and(mask).add(term[k - 1].shr(51));
        }
        limbs
    }

    #[inline(always)]
    fn carry_to_factor<V: Vector>(term: Element<V>) -> Element<V> {
        Self::carry(term)
    }

    #[inline(always)]
    fn canonical<V: Vector>(element: &Element<V>) -> Element<V> {
        let (mask, nineteen) = (V::splat(LIMB), V::splat(19));
        let mut limbs = Self::carry(Self::carry(*element));
        // The number is below 2p: it is at least p exactly if adding 19 carries out of the top.
        let mut above = limbs[0].add(nineteen).shr(51);
        for limb in &limbs[1..] {
            above = limb.add(above).shr(51);
        }
        limbs[0] = limbs[0].add_small(above, nineteen);
        for k in 0..4 {
            limbs[k + 1] = limbs[k + 1].add(limbs[k].shr(51));
            limbs[k] = limbs[k].and(mask);
        }
        limbs[4] = limbs[4].and(mask);
        limbs
    }
}
