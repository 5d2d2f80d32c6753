//! Ed25519 in lanes.
//!
//! In: signatures with S below l, messages, and a table per item. Out: for each item how its computed point S B - k A compares
//! with R. Rule: signature verification, 2 and 5.2, in the Weierstrass form of `curve`. Invariant: an item's answer depends on
//! the item alone; points of small and of mixed order are no special case, because nothing here divides by the order of A.

use super::curve::{Curve, Wei25519};
use super::digits::Digits;
use super::ecdsa::{digits_of, gather, group_of, groups_for};
use super::edwards::{Extended, constant, decode, differ_by_torsion};
use super::field::{Arithmetic, Element, Field, ripple, to_limbs, to_words};
use super::field_25519::Field25519 as F;
use super::sha512::sha512;
use super::tree::{Group, Tables, Tree, invert_all};
use super::vector::{MAX_LANES, Mask, Portable, Row, Vector};

/// A third of the Montgomery form's A: what is added to u to be the x of the Weierstrass form.
const SHIFT: [u64; 4] =
    [0xaaaa_aaaa_aaad_2451, 0xaaaa_aaaa_aaaa_aaaa, 0xaaaa_aaaa_aaaa_aaaa, 0x2aaa_aaaa_aaaa_aaaa];
/// The square root of -486664 that takes B to the standard generator: x = root u / v.
const ROOT: [u64; 4] =
    [0xcc6e_04aa_ff45_7e06, 0xc5a1_d3d1_4b7d_1a82, 0xd27b_08dc_03fc_4f7e, 0x0f26_edf4_60a0_06bb];
const LOW_63: u64 = (1 << 63) - 1;

/// A signature whose S is below l.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// R, as given.
    pub r: &'a [u8; 32],
    /// S.
    pub s: [u64; 4],
    /// A, as given.
    pub key: &'a [u8; 32],
    /// The message.
    pub message: &'a [u8],
    /// The key's rows.
    pub table: &'a [Row],
    /// Whether the table has the point at infinity in it: A is of small order.
    pub has_infinity: bool,
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
    scratch: Vec<Element<V>>,
    hashes: Vec<[u8; 64]>,
    open: Vec<Open>,
}

impl<V: Vector> Default for Work<V> {
    fn default() -> Self {
        Self { tree: Tree::default(), scratch: Vec::new(), hashes: Vec::new(), open: Vec::new() }
    }
}

/// A point that is not R byte for byte.
#[derive(Clone, Copy)]
struct Open {
    place: usize,
    r: [u64; 4],
    x: [u64; 4],
    u: [u64; 4],
    is_infinite: bool,
}

const fn words_of(bytes: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    let mut k = 0;
    while k < 32 {
        words[k / 8] |= (bytes[k] as u64) << (8 * (k % 8));
        k += 1;
    }
    words
}

/// Compares up to [`super::ecdsa::CHUNK`] items; with `is_cofactored`, an item that is not equal is compared as a point.
#[inline(always)]
pub fn check<V: Vector>(
    items: &[Item<'_>],
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
    let last_hash = *work.hashes.last().unwrap_or(&[0; 64]);
    let mut rows = Vec::with_capacity(groups);
    for group in 0..groups {
        let lanes = group_of::<V, _>(items, group, *last);
        let hashes = group_of::<V, _>(&work.hashes, group, last_hash);
        rows.push(prepare::<V>(&lanes, &hashes, tables));
    }
    work.tree.sum::<Wei25519>(&rows, tables, true);
    compare(work, items, groups, is_cofactored, answers);
    settle(work, answers);
}

/// Digits of S and of an odd number near k.
#[inline(always)]
fn prepare<'a, V: Vector>(
    lanes: &[Item<'a>; MAX_LANES],
    hashes: &[[u8; 64]; MAX_LANES],
    tables: &Tables<'_>,
) -> Group<'a, V> {
    let mut halves = [[[0; 4]; MAX_LANES]; 2];
    let mut keys: [&[Row]; MAX_LANES] = [&[]; MAX_LANES];
    let mut has_infinity = false;
    for lane in 0..V::LANES {
        let (low, high) = hashes[lane].split_at(32);
        for (half, bytes) in halves.iter_mut().zip([low, high]) {
            if let Some(bytes) = bytes.first_chunk() {
                half[lane] = words_of(bytes);
            }
        }
        keys[lane] = lanes[lane].table;
        has_infinity |= lanes[lane].has_infinity;
    }
    let low = to_limbs(&gather::<V, _>(&halves[0], |words| words), 52);
    let high = to_limbs(&gather::<V, _>(&halves[1], |words| words), 52);
    let mut k = Wei25519::ORDER.reduce_wide(&low, &high);
    // A may have a part of small order, so that l - k will not do for an even k: k + 1 or k + 2 is odd, and A or 2 A too
    // much is taken away, which the correction gives back.
    let parity = k[0].and(V::splat(1));
    k[0] = k[0].add(V::splat(1)).add(parity);
    let odd = to_words(&ripple(k), 52);
    let s = to_limbs(&gather::<V, _>(lanes, |item| &item.s), 52);
    Group {
        generator: digits_of::<Wei25519, V>(&s, tables.generator_windows),
        key: Digits::new(&odd, V::ALL, tables.key_windows),
        tables: keys,
        correction: (parity, 0),
        has_infinity,
    }
}

/// Compares the sums with R byte for byte.
#[inline(always)]
fn compare<V: Vector>(
    work: &mut Work<V>,
    items: &[Item<'_>],
    groups: usize,
    is_cofactored: bool,
    answers: &mut [Answer],
) {
    let Some(last) = items.last() else { return };
    let one = constant::<V>(&[1, 0, 0, 0]);
    let Work { tree, scratch, open, .. } = work;
    let inverses = &mut tree.y[..groups];
    if !invert_all::<Wei25519, V>(inverses, scratch) {
        // v = 0 at the point of order 2, where u = 0 as well, and anything at infinity: any divisor gives x = 0.
        for v in inverses.iter_mut() {
            *v = F::replace(v, F::is_zero(v), &one);
        }
        invert_all::<Wei25519, V>(inverses, scratch);
    }
    open.clear();
    for group in 0..groups {
        let lanes = group_of::<V, _>(items, group, *last);
        let mut words = [[0; 4]; MAX_LANES];
        for lane in 0..V::LANES {
            words[lane] = words_of(lanes[lane].r);
        }
        let r = gather::<V, _>(&words, |words| words);
        let y = limbs_of_y(&r);
        let u = F::subtract(&tree.x[group], &constant(&SHIFT));
        let x = F::canonical(&F::multiply(&constant(&ROOT), &F::multiply(&u, &inverses[group])));
        // y = (u - 1) / (u + 1)
        let above = F::subtract(&u, &one);
        let equal_y = F::is_zero(&F::subtract(&above, &F::multiply(&y, &F::add(&u, &one))));
        let equal_sign = !(x[0].common(V::splat(1)) ^ r[3].negative());
        let canonical = is_canonical(&y);
        let infinite = tree.infinite[group];
        let mut neutral = V::ALL;
        for k in 0..4 {
            neutral &= r[k].equal(V::splat(u64::from(k == 0)));
        }
        let equal = (equal_y & equal_sign & canonical & !infinite) | (neutral & infinite);
        let is_all_equal = equal & V::ALL == V::ALL;
        let (x_words, u_words) = if is_all_equal || !is_cofactored {
            ([V::splat(0); 4], [V::splat(0); 4])
        } else {
            (F::words(&x), F::words(&F::canonical(&u)))
        };
        let places = group * V::LANES..items.len().min((group + 1) * V::LANES);
        for (lane, place) in places.enumerate() {
            let is_equal = equal >> lane & 1 == 1;
            answers[place] = if is_equal { Answer::Equal } else { Answer::Different };
            if !is_equal && is_cofactored {
                open.push(Open {
                    place,
                    r: words[lane],
                    x: super::field::lane_words(&x_words, lane),
                    u: super::field::lane_words(&u_words, lane),
                    is_infinite: infinite >> lane & 1 == 1,
                });
            }
        }
    }
}

/// y of an encoded point, as it stands.
#[inline(always)]
fn limbs_of_y<V: Vector>(words: &[V; 4]) -> Element<V> {
    F::limbs(&[words[0], words[1], words[2], words[3].and(V::splat(LOW_63))])
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
fn settle<V: Vector>(work: &mut Work<V>, answers: &mut [Answer]) {
    let Some(last) = work.open.last().copied() else { return };
    let one = constant::<V>(&[1, 0, 0, 0]);
    for (block, open) in work.open.chunks(V::LANES).enumerate() {
        let lanes = group_of::<V, _>(&work.open, block, last);
        let r = gather::<V, _>(&lanes, |open| &open.r);
        let y = limbs_of_y(&r);
        let (x, is_point) = decode(&y, r[3].negative());
        let mut infinite = 0;
        for lane in 0..V::LANES {
            infinite |= Mask::from(lanes[lane].is_infinite) << lane;
        }
        let u = F::limbs(&gather::<V, _>(&lanes, |open| &open.u));
        let own_x = F::limbs(&gather::<V, _>(&lanes, |open| &open.x));
        let (above, below) = (F::subtract(&u, &one), F::add(&u, &one));
        let zero = [V::splat(0); 5];
        let point = Extended {
            x: F::replace(&F::multiply(&own_x, &below), infinite, &zero),
            y: F::replace(&above, infinite, &one),
            z: F::replace(&below, infinite, &one),
            t: F::replace(&F::multiply(&own_x, &above), infinite, &zero),
        };
        let torsion = differ_by_torsion(&point, &x, &y);
        for (lane, open) in open.iter().enumerate() {
            answers[open.place] = match (is_point >> lane & 1 == 1, torsion >> lane & 1 == 1) {
                (false, _) => Answer::NoPoint,
                (true, true) => Answer::Torsion,
                (true, false) => Answer::Other,
            };
        }
    }
}

/// The point of an encoding in Weierstrass form, for its table; `None` for the neutral point, which is at infinity there,
/// and for what is no point.
pub fn to_weierstrass(encoded: &[u8; 32]) -> Option<[[u64; 4]; 2]> {
    let words = words_of(encoded).map(Portable);
    let y = limbs_of_y(&words);
    let (x, is_point) = decode(&y, words[3].negative());
    let one = constant(&[1, 0, 0, 0]);
    let below = F::subtract(&one, &y);
    if is_point == 0 || F::is_zero(&below) != 0 {
        return None;
    }
    // u = (1 + y) / (1 - y) and v = root u / x; where x = 0 and y = -1, both are 0.
    let (u, v) = if F::is_zero(&x) == 0 {
        let inverse = F::invert(&F::multiply(&below, &x))?;
        let u = F::multiply(&F::multiply(&F::add(&one, &y), &inverse), &x);
        (u, F::multiply(&constant(&ROOT), &F::multiply(&u, &F::multiply(&below, &inverse))))
    } else {
        ([Portable(0); 5], [Portable(0); 5])
    };
    let number = |element: &Element<Portable>| F::words(&F::canonical(element)).map(|word| word.0);
    Some([number(&F::add(&u, &constant(&SHIFT))), number(&v)])
}

/// S as words, if it is below l.
pub fn scalar(bytes: &[u8; 32]) -> Option<[u64; 4]> {
    let words = words_of(bytes);
    super::field::is_below(&words, &Wei25519::ORDER.words).then_some(words)
}
