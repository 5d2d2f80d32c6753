//! Ed25519 keys in lanes: decoding, and the way to the Weierstrass form.
//!
//! In: encoded points. Out: their x, and their coordinates on Wei25519, for tables. Rule: signature verification, 2: decoding is
//! permissive; the map of `curve`. Invariant: what comes out depends on the encoding alone, whatever stands beside it.

use super::edwards::{ROOTS, constant, decode};
use super::field::{Arithmetic, Element, Field, lane_words};
use super::field_25519::Field25519 as F;
use super::groups::{gather, group_of};
use crate::simd::vector::{MAX_LANES, Vector};

/// A third of the Montgomery form's A: what is added to u to be the x of the Weierstrass form.
pub(super) const SHIFT: [u64; 4] =
    [0xaaaa_aaaa_aaad_2451, 0xaaaa_aaaa_aaaa_aaaa, 0xaaaa_aaaa_aaaa_aaaa, 0x2aaa_aaaa_aaaa_aaaa];
/// The square root of -486664 that takes B to the standard generator: x = root u / v.
pub(super) const ROOT: [u64; 4] =
    [0xcc6e_04aa_ff45_7e06, 0xc5a1_d3d1_4b7d_1a82, 0xd27b_08dc_03fc_4f7e, 0x0f26_edf4_60a0_06bb];
const LOW_63: u64 = (1 << 63) - 1;

/// A point as it is encoded, with its x.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// The encoding.
    pub encoded: &'a [u8; 32],
    /// x of the point.
    pub x: &'a [u64; 4],
}

/// Bytes to words, lowest first.
pub(super) const fn words_of(bytes: &[u8; 32]) -> [u64; 4] {
    let words = bytes.as_chunks().0;
    [
        u64::from_le_bytes(words[0]),
        u64::from_le_bytes(words[1]),
        u64::from_le_bytes(words[2]),
        u64::from_le_bytes(words[3]),
    ]
}

/// y of an encoded point, as it stands.
#[inline(always)]
pub(super) fn limbs_of_y<V: Vector>(words: &[V; 4]) -> Element<V> {
    F::limbs(&[words[0], words[1], words[2], words[3].and(V::splat(LOW_63))])
}

/// x of the point of each encoding; `None` for what is no point.
#[inline(always)]
pub fn decode_all<V: Vector>(encodings: &[&[u8; 32]]) -> Vec<Option<[u64; 4]>> {
    let mut decoded = Vec::with_capacity(encodings.len());
    if encodings.len() <= V::LANES {
        decode_some::<V, 1>(encodings, &mut decoded);
    } else {
        for some in encodings.chunks(ROOTS * V::LANES) {
            decode_some::<V, ROOTS>(some, &mut decoded);
        }
    }
    decoded
}

#[inline(always)]
fn decode_some<V: Vector, const N: usize>(some: &[&[u8; 32]], decoded: &mut Vec<Option<[u64; 4]>>) {
    let Some(first) = some.first() else { return };
    let mut ys = [[V::splat(0); 5]; N];
    let mut odd = [0; N];
    for n in 0..N {
        let words =
            gather::<V, _>(&group_of::<V, _>(some, n, first).map(|encoded| words_of(encoded)), |words| words);
        (ys[n], odd[n]) = (limbs_of_y(&words), words[3].negative());
    }
    for (block, (x, is_point)) in some.chunks(V::LANES).zip(decode(&ys, &odd)) {
        let x = F::words(&F::canonical(&x));
        for lane in 0..block.len() {
            decoded.push((is_point >> lane & 1 == 1).then(|| lane_words(&x, lane)));
        }
    }
}

/// Points in Weierstrass form, for their tables; `None` for the neutral one, which is at infinity there.
#[inline(always)]
pub fn to_weierstrass<V: Vector>(points: &[Point<'_>]) -> Vec<Option<[[u64; 4]; 2]>> {
    let one = constant::<V>(&[1, 0, 0, 0]);
    let mut found = Vec::with_capacity(points.len());
    for block in points.chunks(V::LANES) {
        let lanes = group_of::<V, _>(block, 0, &block[0]);
        let mut words = [[0; 4]; MAX_LANES];
        for lane in 0..V::LANES {
            words[lane] = words_of(lanes[lane].encoded);
        }
        let y = limbs_of_y(&gather::<V, _>(&words, |words| words));
        let x = F::limbs(&gather::<V, _>(&lanes, |point| point.x));
        // u = (1 + y) / (1 - y) and v = root u / x. Where a denominator is zero, so is 1 + y, or the point is neutral: any
        // divisor gives what is due.
        let below = F::subtract(&one, &y);
        let product = F::multiply(&below, &x);
        let product = F::replace(&product, F::is_zero(&product), &one);
        let inverse = F::invert(&product).unwrap_or(one);
        let u = F::multiply(&F::multiply(&F::add(&one, &y), &inverse), &x);
        let v = F::multiply(&constant(&ROOT), &F::multiply(&u, &F::multiply(&below, &inverse)));
        let neutral = F::is_zero(&below);
        let x = F::words(&F::canonical(&F::add(&u, &constant(&SHIFT))));
        let y = F::words(&F::canonical(&v));
        for lane in 0..block.len() {
            let point = [lane_words(&x, lane), lane_words(&y, lane)];
            found.push((neutral >> lane & 1 == 0).then_some(point));
        }
    }
    found
}
