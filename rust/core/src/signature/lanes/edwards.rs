//! Points of edwards25519 in lanes: decoding, addition, and the equation multiplied by the cofactor.
//!
//! In: encodings and points. Out: points and masks of lanes. Rule: signature verification, 2: decoding is permissive (y is
//! reduced, the sign of x = 0 ignored); ZIP 215. Invariant: the extended addition is complete, so that no input is special.

use super::curve::splat_words;
use super::field::{Arithmetic, Element, Field};
use super::field_25519::Field25519 as F;
use crate::simd::vector::{Mask, Vector};

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

/// Groups whose roots are taken side by side: one root is a chain of 254 squares, each waiting for the one before.
pub const ROOTS: usize = 4;

#[inline(always)]
fn squares<V: Vector, const N: usize>(a: &[Element<V>; N], times: u32) -> [Element<V>; N] {
    let mut results = *a;
    for _ in 0..times {
        for result in &mut results {
            *result = F::square(result);
        }
    }
    results
}

#[inline(always)]
fn products<V: Vector, const N: usize>(a: &[Element<V>; N], b: &[Element<V>; N]) -> [Element<V>; N] {
    let mut results = *a;
    for (result, b) in results.iter_mut().zip(b) {
        *result = F::multiply(result, b);
    }
    results
}

/// a^(2^252 - 3), the power that square roots are made of.
#[inline(always)]
fn root_power<V: Vector, const N: usize>(a: &[Element<V>; N]) -> [Element<V>; N] {
    // 2^252 - 3 is 250 ones, a zero and a one; runs of ones grow by doubling.
    let two = products(&squares(a, 1), a);
    let four = products(&squares(&two, 2), &two);
    let five = products(&squares(&four, 1), a);
    let ten = products(&squares(&five, 5), &five);
    let twenty = products(&squares(&ten, 10), &ten);
    let forty = products(&squares(&twenty, 20), &twenty);
    let fifty = products(&squares(&forty, 10), &ten);
    let hundred = products(&squares(&fifty, 50), &fifty);
    let two_hundred = products(&squares(&hundred, 100), &hundred);
    let all = products(&squares(&two_hundred, 50), &fifty);
    products(&squares(&all, 2), a)
}

/// x of the points with these y and, where x is not zero, this parity of x; and the lanes in which there is one.
#[inline(always)]
pub fn decode<V: Vector, const N: usize>(ys: &[Element<V>; N], odd: &[Mask; N]) -> [(Element<V>, Mask); N] {
    let one = constant::<V>(&[1, 0, 0, 0]);
    let (mut us, mut vs, mut v3s, mut powers) = (*ys, *ys, *ys, *ys);
    for n in 0..N {
        let yy = F::square(&ys[n]);
        us[n] = F::subtract(&yy, &one);
        vs[n] = F::add(&F::multiply(&constant(&D), &yy), &one);
        v3s[n] = F::multiply(&F::square(&vs[n]), &vs[n]);
        let v7 = F::multiply(&F::square(&v3s[n]), &vs[n]);
        powers[n] = F::multiply(&us[n], &v7);
    }
    let powers = root_power(&powers);
    let mut found = [(one, 0); N];
    for n in 0..N {
        let (u, v) = (us[n], vs[n]);
        let x = F::multiply(&F::multiply(&u, &v3s[n]), &powers[n]);
        let square = F::multiply(&v, &F::square(&x));
        let is_root = F::is_zero(&F::subtract(&square, &u));
        let is_other = F::is_zero(&F::add(&square, &u)) & !is_root;
        let x = F::canonical(&F::replace(&x, is_other, &F::multiply(&x, &constant(&ROOT))));
        let flip = x[0].common(V::splat(1)) ^ odd[n];
        found[n] = (F::replace(&x, flip, &F::carry(F::minus(&x))), is_root | is_other);
    }
    found
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

/// A point made ready to be added: Y + X, Y - X, 2 Z and 2 d T, all factors.
#[derive(Clone, Copy)]
pub struct Addend<V> {
    above: Element<V>,
    below: Element<V>,
    z: Element<V>,
    t: Element<V>,
}

impl<V: Vector> Extended<V> {
    /// The neutral point.
    #[inline(always)]
    pub fn neutral() -> Self {
        let (zero, one) = ([V::splat(0); 5], constant(&[1, 0, 0, 0]));
        Self { x: zero, y: one, z: one, t: zero }
    }

    /// The point with these coordinates.
    #[inline(always)]
    pub fn affine(x: Element<V>, y: Element<V>) -> Self {
        Self { x, y, z: constant(&[1, 0, 0, 0]), t: F::multiply(&x, &y) }
    }

    /// Twice the point; its T is left as it was where nobody asks for it.
    #[inline(always)]
    pub fn doubled(&self, needs_t: bool) -> Self {
        let (xx, yy, zz) = (F::square(&self.x), F::square(&self.y), F::square(&self.z));
        let h = F::add(&xx, &yy);
        let e = F::subtract(&h, &F::square(&F::add(&self.x, &self.y)));
        let g = F::subtract(&xx, &yy);
        let f = F::add(&F::add(&zz, &zz), &g);
        let t = if needs_t { F::multiply(&e, &h) } else { self.t };
        Self { x: F::multiply(&e, &f), y: F::multiply(&g, &h), z: F::multiply(&f, &g), t }
    }

    /// The point made ready to be added.
    #[inline(always)]
    pub fn addend(&self) -> Addend<V> {
        let dt = F::multiply(&self.t, &constant(&D));
        Addend {
            above: F::add(&self.y, &self.x),
            below: F::subtract(&self.y, &self.x),
            z: F::add(&self.z, &self.z),
            t: F::add(&dt, &dt),
        }
    }

    /// The sum, by the complete formula.
    #[inline(always)]
    pub fn plus(&self, other: &Addend<V>) -> Self {
        let a = F::multiply(&F::subtract(&self.y, &self.x), &other.below);
        let b = F::multiply(&F::add(&self.y, &self.x), &other.above);
        let c = F::multiply(&self.t, &other.t);
        let d = F::multiply(&self.z, &other.z);
        let (e, f) = (F::subtract(&b, &a), F::subtract(&d, &c));
        let (g, h) = (F::add(&d, &c), F::add(&b, &a));
        Self {
            x: F::multiply(&e, &f),
            y: F::multiply(&g, &h),
            z: F::multiply(&f, &g),
            t: F::multiply(&e, &h),
        }
    }
}

impl<V: Vector> Addend<V> {
    /// The opposite point in the lanes of the mask.
    #[inline(always)]
    pub fn negated(&self, mask: Mask) -> Self {
        Self {
            above: F::replace(&self.above, mask, &self.below),
            below: F::replace(&self.below, mask, &self.above),
            z: self.z,
            t: F::replace(&self.t, mask, &F::carry(F::minus(&self.t))),
        }
    }

    /// `on` in the lanes of the mask.
    #[inline(always)]
    pub fn replace(&self, mask: Mask, on: &Self) -> Self {
        Self {
            above: F::replace(&self.above, mask, &on.above),
            below: F::replace(&self.below, mask, &on.below),
            z: F::replace(&self.z, mask, &on.z),
            t: F::replace(&self.t, mask, &on.t),
        }
    }
}

/// Lanes in which the difference of `p` and the affine point (x, y) is of order 1, 2, 4 or 8.
///
/// Points of order 1 and 2 have x = 0 and those of order 4 have y = 0. One of order 8 has a double of order 4, and y of a
/// double is zero where x^2 + y^2 is. The difference is that of the complete formula, x = E / G and y = H / F, whose
/// denominators are never zero.
#[inline(always)]
pub fn differ_by_torsion<V: Vector>(p: &Extended<V>, x: &Element<V>, y: &Element<V>) -> Mask {
    let a = F::multiply(&F::subtract(&p.y, &p.x), &F::add(y, x));
    let b = F::multiply(&F::add(&p.y, &p.x), &F::subtract(y, x));
    let dt = F::multiply(&F::multiply(x, y), &constant(&D));
    let c = F::multiply(&p.t, &F::add(&dt, &dt));
    let d = F::add(&p.z, &p.z);
    let (e, f) = (F::subtract(&b, &a), F::add(&d, &c));
    let (g, h) = (F::subtract(&d, &c), F::add(&b, &a));
    let squares = F::add(&F::square(&F::multiply(&e, &f)), &F::square(&F::multiply(&g, &h)));
    F::is_zero(&F::multiply(&F::multiply(&e, &h), &squares))
}
