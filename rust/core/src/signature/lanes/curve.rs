//! The three curves in short Weierstrass form, y^2 = x^3 + a x + b.
//!
//! Rule: SEC 2 and FIPS 186-5 for the ECDSA curves. Ed25519 is checked on Wei25519, the curve to which edwards25519 is
//! birationally equivalent over the same field (Lightweight curve cryptography, draft-ietf-lwig-curve-representations, E.2):
//! the map is an isomorphism of the groups, so that points of mixed order are no special case.

use super::field::{Arithmetic, Element, Field, splat};
use super::field_25519::Field25519;
use super::field_p256::FieldP256;
use super::field_secp256k1::FieldSecp256k1;
use super::order::Order;
use crate::simd::vector::Vector;

/// A curve with the generator of its large group.
pub trait Curve {
    /// Its field.
    type Field: Arithmetic;
    /// a.
    const A: [u64; 4];
    /// The generator.
    const GENERATOR: [[u64; 4]; 2];
    /// The order of the generator.
    const ORDER: Order;
    /// Whether there are points outside the generator's group.
    const HAS_COFACTOR: bool;

    /// a in the field's domain, in every lane.
    #[inline(always)]
    fn a<V: Vector>() -> Element<V> {
        Self::Field::enter(&Self::Field::limbs(&splat_words(&Self::A)))
    }
}

/// The same words in every lane.
#[inline(always)]
pub fn splat_words<V: Vector>(words: &[u64; 4]) -> [V; 4] {
    let mut lanes = [V::splat(0); 4];
    for k in 0..4 {
        lanes[k] = V::splat(words[k]);
    }
    lanes
}

/// One, in every lane.
#[inline(always)]
pub fn one<C: Curve, V: Vector>() -> Element<V> {
    splat(&<C::Field as Field>::ONE)
}

/// NIST P-256.
pub enum P256 {}

impl Curve for P256 {
    type Field = FieldP256;
    const A: [u64; 4] = [0xffff_ffff_ffff_fffc, 0xffff_ffff, 0, 0xffff_ffff_0000_0001];
    const GENERATOR: [[u64; 4]; 2] = [
        [0xf4a1_3945_d898_c296, 0x7703_7d81_2deb_33a0, 0xf8bc_e6e5_63a4_40f2, 0x6b17_d1f2_e12c_4247],
        [0xcbb6_4068_37bf_51f5, 0x2bce_3357_6b31_5ece, 0x8ee7_eb4a_7c0f_9e16, 0x4fe3_42e2_fe1a_7f9b],
    ];
    const ORDER: Order =
        Order::new([0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, u64::MAX, 0xffff_ffff_0000_0000]);
    const HAS_COFACTOR: bool = false;
}

/// secp256k1.
pub enum Secp256k1 {}

impl Curve for Secp256k1 {
    type Field = FieldSecp256k1;
    const A: [u64; 4] = [0; 4];
    const GENERATOR: [[u64; 4]; 2] = [
        [0x59f2_815b_16f8_1798, 0x029b_fcdb_2dce_28d9, 0x55a0_6295_ce87_0b07, 0x79be_667e_f9dc_bbac],
        [0x9c47_d08f_fb10_d4b8, 0xfd17_b448_a685_5419, 0x5da4_fbfc_0e11_08a8, 0x483a_da77_26a3_c465],
    ];
    const ORDER: Order =
        Order::new([0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, u64::MAX]);
    const HAS_COFACTOR: bool = false;
}

/// Wei25519: edwards25519 in Weierstrass form.
pub enum Wei25519 {}

impl Curve for Wei25519 {
    type Field = Field25519;
    const A: [u64; 4] =
        [0xaaaa_aa98_4914_a144, 0xaaaa_aaaa_aaaa_aaaa, 0xaaaa_aaaa_aaaa_aaaa, 0x2aaa_aaaa_aaaa_aaaa];
    const GENERATOR: [[u64; 4]; 2] = [
        [0xaaaa_aaaa_aaad_245a, 0xaaaa_aaaa_aaaa_aaaa, 0xaaaa_aaaa_aaaa_aaaa, 0x2aaa_aaaa_aaaa_aaaa],
        [0xd616_3a5d_8131_2c14, 0x6dc2_b281_9283_9e4d, 0x1fe1_22d3_88b7_2eb3, 0x5f51_e65e_475f_794b],
    ];
    const ORDER: Order = Order::new([0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6, 0, 0x1000_0000_0000_0000]);
    const HAS_COFACTOR: bool = true;
}
