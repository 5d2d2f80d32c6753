//! The field of secp256k1: 2^256 - 2^32 - 977, five limbs of 52 bits.
//!
//! In and out: as `field` says. Rule: what is above 2^260 comes back 0x1000003D10 times, what is above 2^256 0x1000003D1
//! times. Invariant: that of `field`.

use super::field::{
    Columns, Element, Field, below_modulus, limbs_of, minus_excess, raised, ripple, ripple_to_factor,
};
use super::modular_inverse::Modulus;
use crate::simd::vector::Vector;

/// 2^256 - 2^32 - 977.
pub enum FieldSecp256k1 {}

const PRIME: [u64; 4] = [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX];
const LIMBS: [u64; 5] = limbs_of(PRIME, 52);
const FROM_260: u64 = 0x10_0000_3d10;
const FROM_256: u64 = 0x1_0000_03d1;
const TOP: u64 = (1 << 48) - 1;

/// Everything but the last carry.
#[inline(always)]
fn fold<V: Vector>(mut columns: Columns<V>, term: Option<&Element<V>>) -> Element<V> {
    for k in 5..9 {
        columns[k + 1] = columns[k + 1].add(columns[k].shr(52));
    }
    let mut limbs = [columns[0], columns[1], columns[2], columns[3], columns[4]];
    if let Some(term) = term {
        for k in 0..5 {
            limbs[k] = limbs[k].add(term[k]);
        }
    }
    let back = V::splat(FROM_260);
    for k in 0..4 {
        (limbs[k], limbs[k + 1]) = V::add_product(limbs[k], limbs[k + 1], columns[k + 5], back);
    }
    let sixth;
    (limbs[4], sixth) = V::add_product(limbs[4], V::splat(0), columns[9], back);
    let above = limbs[4].shr(48).add(sixth.shl(4));
    limbs[4] = limbs[4].and(V::splat(TOP));
    let back = V::splat(FROM_256);
    (limbs[0], limbs[1]) = V::add_product(limbs[0], limbs[1], above, back);
    limbs
}

impl Field for FieldSecp256k1 {
    const RADIX: u32 = 52;
    const PRIME: Modulus = Modulus::new(PRIME);
    const ONE: [u64; 5] = [1, 0, 0, 0, 0];
    const ENTER: [u64; 5] = [1, 0, 0, 0, 0];
    const INVERSE_FIX: [u64; 5] = [1, 0, 0, 0, 0];
    const MULTIPLES: [[u64; 5]; 3] =
        [raised(LIMBS, 2, 52, 53), raised(LIMBS, 4, 52, 55), raised(LIMBS, 8, 52, 55)];
    const MINUS_EXCESS: [u64; 5] = minus_excess(PRIME, 52);

    #[inline(always)]
    fn reduce<V: Vector>(columns: Columns<V>, term: Option<&Element<V>>) -> Element<V> {
        ripple(fold(columns, term))
    }

    #[inline(always)]
    fn reduce_to_factor<V: Vector>(columns: Columns<V>) -> Element<V> {
        ripple_to_factor(fold(columns, None))
    }

    #[inline(always)]
    fn carry<V: Vector>(term: Element<V>) -> Element<V> {
        let mut limbs = ripple(term);
        let above = limbs[4].shr(48);
        limbs[4] = limbs[4].and(V::splat(TOP));
        limbs[0] = limbs[0].add_small(above, V::splat(FROM_256));
        ripple(limbs)
    }

    #[inline(always)]
    fn carry_loosely<V: Vector>(term: Element<V>) -> Element<V> {
        // Four times the prime and a normal element are below 5.1 times 2^256.
        ripple(term)
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
