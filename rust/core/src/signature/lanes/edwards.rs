//! Points of edwards25519 in lanes: decoding, and the equation multiplied by the cofactor.
//!
//! In: encodings of R and computed points. Out: masks of lanes. Rule: signature verification, 2: decoding is permissive (y is
//! reduced, the sign of x = 0 ignored); ZIP 215. Invariant: the extended addition is complete, so that no input is special.

use super::curve::splat_words;
use super::field::{Arithmetic, Element, Field};
use super::field_25519::Field25519 as F;
use super::vector::{Mask, Vector};

/// d = -121665 / 121666.
const D: [u64; 4] =
    [0x75eb_4dca_1359_78a3, 0x0070_0a4d_4141_d8ab, 0x8cc7_4079_7779_e898, 0x5203_6cee_2b6f_fe73];
/// A square root of -1.
const ROOT: [u64; 4] =
    [0xc4ee_1b27_4a0e_a0b0, 0x2f43_1806_ad2f_e478, 0x2b4d_0099_3dfb_d7a7, 0x2b83_2480_4fc1_df0b];

#[inline(always)]
pub(super) fn constant<V: Vector>(words: &[u64; 4]) -> Element<V> {
    F::limbs(&splat_words(words))
}

#[inline(always)]
fn squares<V: Vector>(a: &Element<V>, times: u32) -> Element<V> {
    let mut result = *a;
    for _ in 0..times {
        result = F::square(&result);
    }
    result
}

/// a^(2^252 - 3), the power that square roots are made of.
#[inline(always)]
fn root_power<V: Vector>(a: &Element<V>) -> Element<V> {
    // 2^252 - 3 is 250 ones, a zero and a one; runs of ones grow by doubling.
    let two = F::multiply(&F::square(a), a);
    let four = F::multiply(&squares(&two, 2), &two);
    let five = F::multiply(&F::square(&four), a);
    let ten = F::multiply(&squares(&five, 5), &five);
    let twenty = F::multiply(&squares(&ten, 10), &ten);
    let forty = F::multiply(&squares(&twenty, 20), &twenty);
    let fifty = F::multiply(&squares(&forty, 10), &ten);
    let hundred = F::multiply(&squares(&fifty, 50), &fifty);
    let two_hundred = F::multiply(&squares(&hundred, 100), &hundred);
    let all = F::multiply(&squares(&two_hundred, 50), &fifty);
    F::multiply(&squares(&all, 2), a)
}

/// x of the point with this y and, where x is not zero, this parity of x; and the lanes in which there is one.
#[inline(always)]
pub fn decode<V: Vector>(y: &Element<V>, odd: Mask) -> (Element<V>, Mask) {
    let one = constant::<V>(&[1, 0, 0, 0]);
    let yy = F::square(y);
    let u = F::subtract(&yy, &one);
    let v = F::add(&F::multiply(&constant(&D), &yy), &one);
    let v3 = F::multiply(&F::square(&v), &v);
    let v7 = F::multiply(&F::square(&v3), &v);
    let power = root_power(&F::multiply(&u, &v7));
    let x = F::multiply(&F::multiply(&u, &v3), &power);
    let square = F::multiply(&v, &F::square(&x));
    let is_root = F::is_zero(&F::subtract(&square, &u));
    let is_other = F::is_zero(&F::add(&square, &u)) & !is_root;
    let x = F::canonical(&F::replace(&x, is_other, &F::multiply(&x, &constant(&ROOT))));
    let flip = x[0].common(V::splat(1)) ^ odd;
    let x = F::replace(&x, flip, &F::carry(F::minus(&x)));
    (x, is_root | is_other)
}

/// A point x = X / Z, y = Y / Z, with T = X Y / Z.
#[derive(Clone, Copy)]
pub struct Extended<V> {
    /// X
    pub x: Element<V>,
    /// Y
    pub y: Element<V>,
    /// Z
    pub z: Element<V>,
    /// T
    pub t: Element<V>,
}

/// Lanes in which eight times the difference of `p` and the affine point (x, y) is neutral.
#[inline(always)]
pub fn differ_by_torsion<V: Vector>(p: &Extended<V>, x: &Element<V>, y: &Element<V>) -> Mask {
    // The opposite of (x, y) is (-x, y).
    let x = F::carry(F::minus(x));
    let a = F::multiply(&F::subtract(&p.y, &p.x), &F::subtract(y, &x));
    let b = F::multiply(&F::add(&p.y, &p.x), &F::add(y, &x));
    let xy = F::multiply(&x, y);
    let dt = F::multiply(&p.t, &F::multiply(&xy, &constant(&D)));
    let c = F::add(&dt, &dt);
    let d = F::add(&p.z, &p.z);
    let (e, f) = (F::subtract(&b, &a), F::subtract(&d, &c));
    let (g, h) = (F::add(&d, &c), F::add(&b, &a));
    let (mut x, mut y, mut z) = (F::multiply(&e, &f), F::multiply(&g, &h), F::multiply(&f, &g));
    for _ in 0..3 {
        let (xx, yy, zz) = (F::square(&x), F::square(&y), F::square(&z));
        let zz = F::add(&zz, &zz);
        let h = F::add(&xx, &yy);
        let e = F::subtract(&h, &F::square(&F::add(&x, &y)));
        let g = F::subtract(&xx, &yy);
        let f = F::add(&zz, &g);
        (x, y, z) = (F::multiply(&e, &f), F::multiply(&g, &h), F::multiply(&f, &g));
    }
    F::is_zero(&x) & F::is_zero(&F::subtract(&y, &z))
}
