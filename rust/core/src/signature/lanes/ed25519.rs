//! Ed25519 in lanes.
//!
//! In: signatures with S below l, messages, and a table or a decoded key per item. Out: for each item how its computed point
//! S B - k A compares with R. Rule: signature verification, 2, 5.2 and 5.4, in the Weierstrass form of `curve`; k A without a
//! table in Edwards form. Invariant: an item's answer depends on the item alone; points of small and of mixed order are no
//! special case, because nothing here divides by the order of A.

use super::curve::{Curve, Wei25519};
use super::digits::{Digits, Windows};
use super::ecdsa::digits_of;
use super::ed25519_keys::{ROOT, SHIFT, limbs_of_y, words_of};
use super::edwards::{Extended, ROOTS, constant, decode, differ_by_torsion};
use super::field::{Arithmetic, Element, Field, ripple, to_limbs, to_words};
use super::field_25519::Field25519 as F;
use super::groups::{gather, group_of, groups_for};
use super::sha512::sha512;
use super::tree::{Group, Tables, Tree, invert_all};
use crate::simd::vector::{MAX_LANES, Mask, Row, Vector};

/// Digits of k where A has no table: eight multiples are made for every item.
pub const WITHOUT_TABLE: Windows = Windows { width: 4 };

/// What the multiples of the keys are made from.
#[derive(Clone, Copy, Debug)]
pub enum Keys {
    /// Their tables, which have these windows.
    Tables(Windows),
    /// The points alone.
    Points,
    /// Points of small order, whose multiples repeat after eight.
    SmallOrder,
}

/// A signature whose S is below l.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// R, as given.
    pub r: &'a [u8; 32],
    /// S.
    pub s: [u64; 4],
    /// A, as given.
    pub key: &'a [u8; 32],
    /// x of A, for a check without a table.
    pub key_x: &'a [u64; 4],
    /// The message.
    pub message: &'a [u8],
    /// The key's rows, for a check with them.
    pub table: &'a [Row],
}

/// How the computed point compares with R.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its encoding is R, byte for byte.
    Equal,
    /// It differs from the point that R stands for by a point of order 2, 4 or 8, or R is a second encoding of it.
    Torsion,
    /// It is another point.
    Other,
    /// R stands for no point.
    NoPoint,
    /// It is not R byte for byte; nobody asked for more.
    Different,
}

/// Memory, used again from call to call.
pub struct Work<V> {
    /// The sums.
    pub tree: Tree<V>,
    computed: Vec<Computed<V>>,
    inverses: Vec<Element<V>>,
    scratch: Vec<Element<V>>,
    hashes: Vec<[u8; 64]>,
    open: Vec<Open>,
}

/// S B - k A in each lane: x = X / Z and y = Y / W, where it is not infinite in Weierstrass form, which is neutral.
struct Computed<V> {
    x: Element<V>,
    z: Element<V>,
    y: Element<V>,
    w: Element<V>,
    infinite: Mask,
}

impl<V: Vector> Default for Work<V> {
    fn default() -> Self {
        Self {
            tree: Tree::default(),
            computed: Vec::new(),
            inverses: Vec::new(),
            scratch: Vec::new(),
            hashes: Vec::new(),
            open: Vec::new(),
        }
    }
}

/// A point that is not R byte for byte.
#[derive(Clone, Copy)]
struct Open {
    place: usize,
    /// x and Y.
    xy: Row,
    /// W and R.
    wr: Row,
}

/// Compares up to [`super::ecdsa::CHUNK`] items; with `is_cofactored`, an item that is not equal is compared as a point.
#[inline(always)]
pub fn check<V: Vector>(
    items: &[Item<'_>],
    keys: Keys,
    tables: &Tables<'_>,
    is_cofactored: bool,
    work: &mut Work<V>,
    answers: &mut [Answer],
) {
    let Some(last) = items.last() else { return };
    let groups = groups_for::<V>(items.len());
    let mut parts = Vec::with_capacity(items.len());
    for item in items {
        parts.push([&item.r[..], &item.key[..], item.message]);
    }
    work.hashes.clear();
    work.hashes.resize(items.len(), [0; 64]);
    sha512::<V>(&parts, &mut work.hashes);
    let Some(last_hash) = work.hashes.last() else { return };
    let mut rows = Vec::with_capacity(groups);
    for group in 0..groups {
        let lanes = group_of::<V, _>(items, group, last);
        let hashes = group_of::<V, _>(&work.hashes, group, last_hash);
        rows.push(prepare::<V>(keys, &lanes, &hashes, tables));
    }
    work.tree.sum::<Wei25519>(&rows, tables, true);
    work.computed.clear();
    for group in 0..items.len().div_ceil(V::LANES) {
        let (x, v) = (&work.tree.x[group], &work.tree.y[group]);
        let sum =
            Weierstrass { u: F::subtract(x, &constant(&SHIFT)), v: *v, infinite: work.tree.infinite[group] };
        let lanes = group_of::<V, _>(items, group, last);
        work.computed.push(match keys {
            Keys::Tables(_) => sum.computed(),
            Keys::Points => sum.and(&minus_key_multiple(&lanes, &rows[group])),
            Keys::SmallOrder => sum.and(&minus_small_multiple(&lanes, &rows[group])),
        });
    }
    compare(work, items, is_cofactored, answers);
    settle::<V>(&work.open, answers);
}

/// A point of Montgomery's curve, which the Weierstrass form is shifted from.
struct Weierstrass<V> {
    u: Element<V>,
    v: Element<V>,
    infinite: Mask,
}

impl<V: Vector> Weierstrass<V> {
    /// x = root u / v and y = (u - 1) / (u + 1).
    #[inline(always)]
    fn computed(&self) -> Computed<V> {
        let one = constant::<V>(&[1, 0, 0, 0]);
        Computed {
            x: F::multiply(&constant(&ROOT), &self.u),
            z: self.v,
            y: F::subtract(&self.u, &one),
            w: F::add(&self.u, &one),
            infinite: self.infinite,
        }
    }

    /// The sum of a point other than that of order 2 and another.
    #[inline(always)]
    fn and(&self, other: &Extended<V>) -> Computed<V> {
        let sum = self.extended().plus(&other.addend());
        Computed { x: sum.x, z: sum.z, y: sum.y, w: sum.z, infinite: 0 }
    }

    /// The same with one denominator, of a point other than that of order 2.
    #[inline(always)]
    fn extended(&self) -> Extended<V> {
        let Computed { x, z, y, w, infinite } = self.computed();
        let neutral = Extended::neutral();
        Extended {
            x: F::replace(&F::multiply(&x, &w), infinite, &neutral.x),
            y: F::replace(&F::multiply(&y, &z), infinite, &neutral.y),
            z: F::replace(&F::multiply(&z, &w), infinite, &neutral.z),
            t: F::replace(&F::multiply(&x, &y), infinite, &neutral.t),
        }
    }
}

/// The keys' points.
#[inline(always)]
fn keys_of<V: Vector>(lanes: &[&Item<'_>; MAX_LANES]) -> Extended<V> {
    let mut words = [[0; 4]; MAX_LANES];
    for lane in 0..V::LANES {
        words[lane] = words_of(lanes[lane].key);
    }
    let y = limbs_of_y(&gather::<V, _>(&words, |words| words));
    Extended::affine(F::limbs(&gather::<V, _>(lanes, |item| item.key_x)), y)
}

/// - k A for A of small order: the lowest three bits of k, from the highest.
#[inline(always)]
fn minus_small_multiple<V: Vector>(lanes: &[&Item<'_>; MAX_LANES], group: &Group<'_, V>) -> Extended<V> {
    let minus_key = keys_of::<V>(lanes).addend().negated(V::ALL);
    let mut sum = Extended::neutral();
    let nothing = sum.addend();
    for bit in [4, 2, 1] {
        let is_set = group.correction.0.common(V::splat(bit));
        sum = sum.doubled(true).plus(&nothing.replace(is_set, &minus_key));
    }
    sum
}

/// - k A, digit by digit from the highest.
#[inline(always)]
fn minus_key_multiple<V: Vector>(lanes: &[&Item<'_>; MAX_LANES], group: &Group<'_, V>) -> Extended<V> {
    let key = keys_of::<V>(lanes);
    let (once, twice) = (key.addend(), key.doubled(true).addend());
    let mut odd = [once; WITHOUT_TABLE.rows()];
    let mut multiple = key;
    for odd in &mut odd[1..] {
        multiple = multiple.plus(&twice);
        *odd = multiple.addend();
    }
    let mut sum = Extended::neutral();
    for window in (0..WITHOUT_TABLE.count()).rev() {
        for left in (0..WITHOUT_TABLE.width).rev() {
            sum = sum.doubled(left == 0);
        }
        let (row, negative) = group.key.get(WITHOUT_TABLE, window);
        let mut addend = odd[0];
        for (at, odd) in odd.iter().enumerate().skip(1) {
            addend = addend.replace(row.equal(V::splat(at as u64)), odd);
        }
        sum = sum.plus(&addend.negated(negative));
    }
    let (which, negative) = group.correction;
    sum.plus(&once.replace(which.equal(V::splat(1)), &twice).negated(negative))
}

/// Digits of S and of an odd number near k, with what brings that back to k; for keys of small order k modulo 8 instead.
#[inline(always)]
fn prepare<'a, V: Vector>(
    keys: Keys,
    lanes: &[&Item<'a>; MAX_LANES],
    hashes: &[&[u8; 64]; MAX_LANES],
    tables: &Tables<'_>,
) -> Group<'a, V> {
    let mut halves = [[[0; 4]; MAX_LANES]; 2];
    let mut rows: [&[Row]; MAX_LANES] = [&[]; MAX_LANES];
    for lane in 0..V::LANES {
        let (low, high) = hashes[lane].split_at(32);
        for (half, bytes) in halves.iter_mut().zip([low, high]) {
            if let Some(bytes) = bytes.first_chunk() {
                half[lane] = words_of(bytes);
            }
        }
        rows[lane] = lanes[lane].table;
    }
    let low = to_limbs(&gather::<V, _>(&halves[0], |words| words), 52);
    let high = to_limbs(&gather::<V, _>(&halves[1], |words| words), 52);
    let mut k = Wei25519::ORDER.reduce_wide(&low, &high);
    // A may have a part of small order, so that l - k will not do for an even k: k + 1 or k + 2 is odd, and A or 2 A too
    // much is taken away, which the correction gives back.
    let parity = k[0].and(V::splat(1));
    let correction = if matches!(keys, Keys::SmallOrder) { k[0].and(V::splat(7)) } else { parity };
    k[0] = k[0].add(V::splat(1)).add(parity);
    let odd = to_words(&ripple(k), 52);
    let s = to_limbs(&gather::<V, _>(lanes, |item| &item.s), 52);
    Group {
        generator: digits_of::<Wei25519, V>(&s, tables.generator_windows),
        key: Digits::new(&odd, V::ALL, tables.key_windows),
        tables: rows,
        correction: (correction, 0),
    }
}

/// Compares the computed points with R byte for byte.
#[inline(always)]
fn compare<V: Vector>(work: &mut Work<V>, items: &[Item<'_>], is_cofactored: bool, answers: &mut [Answer]) {
    let Some(last) = items.last() else { return };
    let one = constant::<V>(&[1, 0, 0, 0]);
    let Work { computed, inverses, scratch, open, .. } = work;
    inverses.clear();
    for point in computed.iter() {
        inverses.push(point.z);
    }
    if !invert_all::<Wei25519, V>(inverses, scratch) {
        // Z = 0 at the point of order 2, where X = 0 as well, and anything at infinity: any divisor gives x = 0.
        for z in inverses.iter_mut() {
            *z = F::replace(z, F::is_zero(z), &one);
        }
        invert_all::<Wei25519, V>(inverses, scratch);
    }
    open.clear();
    for (group, (point, inverse)) in computed.iter().zip(inverses.iter()).enumerate() {
        let lanes = group_of::<V, _>(items, group, last);
        let mut words = [[0; 4]; MAX_LANES];
        for lane in 0..V::LANES {
            words[lane] = words_of(lanes[lane].r);
        }
        let r = gather::<V, _>(&words, |words| words);
        let y = limbs_of_y(&r);
        let x = F::canonical(&F::multiply(&point.x, inverse));
        let equal_y = F::is_zero(&F::subtract(&point.y, &F::multiply(&y, &point.w)));
        let equal_sign = !(x[0].common(V::splat(1)) ^ r[3].negative());
        let canonical = is_canonical(&y);
        let infinite = point.infinite;
        let mut neutral = V::ALL;
        for k in 0..4 {
            neutral &= r[k].equal(V::splat(u64::from(k == 0)));
        }
        let equal = (equal_y & equal_sign & canonical & !infinite) | (neutral & infinite);
        let mut rows = [[Row::default(); MAX_LANES]; 2];
        if is_cofactored && equal & V::ALL != V::ALL {
            let zero = [V::splat(0); 5];
            let x = F::words(&F::replace(&x, infinite, &zero));
            let y = F::words(&F::canonical(&F::replace(&point.y, infinite, &one)));
            let w = F::words(&F::canonical(&F::replace(&point.w, infinite, &one)));
            rows[0] = V::to_rows([x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]]);
            rows[1] = V::to_rows([w[0], w[1], w[2], w[3], r[0], r[1], r[2], r[3]]);
        }
        let places = group * V::LANES..items.len().min((group + 1) * V::LANES);
        for (lane, place) in places.enumerate() {
            let is_equal = equal >> lane & 1 == 1;
            answers[place] = if is_equal { Answer::Equal } else { Answer::Different };
            if !is_equal && is_cofactored {
                open.push(Open { place, xy: rows[0][lane], wr: rows[1][lane] });
            }
        }
    }
}

/// Lanes whose number is below the prime.
#[inline(always)]
fn is_canonical<V: Vector>(y: &Element<V>) -> Mask {
    let canonical = F::canonical(y);
    let mut same = V::ALL;
    for k in 0..5 {
        same &= canonical[k].equal(y[k]);
    }
    same
}

/// Compares as points what is not equal byte for byte; such items stand close together here, whatever lanes they came from.
#[inline(always)]
fn settle<V: Vector>(open: &[Open], answers: &mut [Answer]) {
    if open.len() <= V::LANES {
        settle_some::<V, 1>(open, answers);
        return;
    }
    for some in open.chunks(ROOTS * V::LANES) {
        settle_some::<V, ROOTS>(some, answers);
    }
}

#[inline(always)]
fn settle_some<V: Vector, const N: usize>(some: &[Open], answers: &mut [Answer]) {
    let Some(last) = some.last() else { return };
    let (mut xys, mut ws) = ([[V::splat(0); 8]; N], [[V::splat(0); 4]; N]);
    let mut ys = [[V::splat(0); 5]; N];
    let mut odd = [0; N];
    for n in 0..N {
        let lanes = group_of::<V, _>(some, n, last);
        let mut rows = [[&last.xy; MAX_LANES], [&last.wr; MAX_LANES]];
        for lane in 0..V::LANES {
            (rows[0][lane], rows[1][lane]) = (&lanes[lane].xy, &lanes[lane].wr);
        }
        xys[n] = V::from_rows(&rows[0]);
        let [w0, w1, w2, w3, r0, r1, r2, r3] = V::from_rows(&rows[1]);
        ws[n] = [w0, w1, w2, w3];
        (ys[n], odd[n]) = (limbs_of_y(&[r0, r1, r2, r3]), r3.negative());
    }
    let decoded = decode(&ys, &odd);
    for (n, open) in some.chunks(V::LANES).enumerate() {
        let (x, is_point) = decoded[n];
        let [x0, x1, x2, x3, y0, y1, y2, y3] = xys[n];
        let (own_x, own_y) = (F::limbs(&[x0, x1, x2, x3]), F::limbs(&[y0, y1, y2, y3]));
        let w = F::limbs(&ws[n]);
        let point = Extended { x: F::multiply(&own_x, &w), y: own_y, z: w, t: F::multiply(&own_x, &own_y) };
        let torsion = differ_by_torsion(&point, &x, &ys[n]);
        for (lane, open) in open.iter().enumerate() {
            answers[open.place] = match (is_point >> lane & 1 == 1, torsion >> lane & 1 == 1) {
                (false, _) => Answer::NoPoint,
                (true, true) => Answer::Torsion,
                (true, false) => Answer::Other,
            };
        }
    }
}

/// S as words, if it is below l.
pub fn scalar(bytes: &[u8; 32]) -> Option<[u64; 4]> {
    let words = words_of(bytes);
    super::field::is_below(&words, &Wei25519::ORDER.words).then_some(words)
}
