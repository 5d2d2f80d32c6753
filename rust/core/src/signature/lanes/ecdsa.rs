//! ECDSA in lanes.
//!
//! In: digests, r and s within their ranges, and a table per item. Out: for each item whether the equation holds. Rule:
//! signature verification, 3 and 5.3: with u1 = e / s and u2 = r / s, the sum u1 G + u2 Q is not infinity and its x is r
//! modulo n; with a recovery bit x is r itself and y has that parity. Invariant: an item's answer depends on the item alone.

use super::curve::Curve;
use super::digits::{Digits, Windows};
use super::field::{Arithmetic, Element, to_limbs, to_words};
use super::groups::{gather, group_of, groups_for};
use super::tree::{Group, Tables, Tree};
use crate::simd::vector::{MAX_LANES, Mask, Row, Vector};

/// A signature whose scalars are in range.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The digest as a number, lowest word first.
    pub digest: [u64; 4],
    /// 0 < r < n.
    pub r: [u64; 4],
    /// 0 < s < n.
    pub s: [u64; 4],
    /// The parity of y, where the signature says it.
    pub y_is_odd: Option<bool>,
    /// The key's rows.
    pub table: &'a [Row],
}

/// Items that are worked on together: a level of their tree shares one inversion.
pub const CHUNK: usize = 256;

/// Memory, used again from call to call.
pub struct Work<V> {
    /// The sums.
    pub tree: Tree<V>,
    inverses: Vec<Element<V>>,
    scratch: Vec<Element<V>>,
}

impl<V: Vector> Default for Work<V> {
    fn default() -> Self {
        Self { tree: Tree::default(), inverses: Vec::new(), scratch: Vec::new() }
    }
}

/// Digits of a number below the order: those of the number if it is odd, else those of its opposite, with the other sign.
#[inline(always)]
pub fn digits_of<C: Curve, V: Vector>(number: &Element<V>, windows: Windows) -> Digits<V> {
    let odd = number[0].common(V::splat(1));
    let opposite = C::ORDER.negated(number);
    let mut chosen = opposite;
    for k in 0..5 {
        chosen[k] = opposite[k].replace(odd, number[k]);
    }
    Digits::new(&to_words(&chosen, 52), !odd & V::ALL, windows)
}

/// Checks up to [`CHUNK`] items; whether `needs_y` any of them must be said.
#[inline(always)]
pub fn check<C: Curve, V: Vector>(
    items: &[Item<'_>],
    tables: &Tables<'_>,
    work: &mut Work<V>,
    is_good: &mut [bool],
) {
    let Some(last) = items.last() else { return };
    let groups = groups_for::<V>(items.len());
    work.inverses.clear();
    for group in 0..groups {
        let lanes = group_of::<V, _>(items, group, last);
        work.inverses.push(to_limbs(&gather::<V, _>(&lanes, |item| &item.s), 52));
    }
    C::ORDER.invert_all(&mut work.inverses, &mut work.scratch);
    let mut rows = Vec::with_capacity(groups);
    let mut needs_y = false;
    for group in 0..groups {
        let lanes = group_of::<V, _>(items, group, last);
        let digest = to_limbs(&gather::<V, _>(&lanes, |item| &item.digest), 52);
        let r = to_limbs(&gather::<V, _>(&lanes, |item| &item.r), 52);
        let u1 = C::ORDER.canonical(&C::ORDER.product(&digest, &work.inverses[group]));
        let u2 = C::ORDER.canonical(&C::ORDER.product(&r, &work.inverses[group]));
        let mut keys: [&[Row]; MAX_LANES] = [&[]; MAX_LANES];
        for lane in 0..V::LANES {
            keys[lane] = lanes[lane].table;
            needs_y |= lanes[lane].y_is_odd.is_some();
        }
        rows.push(Group {
            generator: digits_of::<C, V>(&u1, tables.generator_windows),
            key: digits_of::<C, V>(&u2, tables.key_windows),
            tables: keys,
            correction: (V::splat(0), 0),
        });
    }
    work.tree.sum::<C>(&rows, tables, needs_y);
    for group in 0..groups {
        let lanes = group_of::<V, _>(items, group, last);
        let mut good = compare::<C, V>(work, group, &lanes, needs_y);
        for is_good in is_good.iter_mut().skip(group * V::LANES).take(V::LANES) {
            *is_good = good & 1 == 1;
            good >>= 1;
        }
    }
}

#[inline(always)]
fn compare<C: Curve, V: Vector>(
    work: &Work<V>,
    group: usize,
    lanes: &[&Item<'_>; MAX_LANES],
    needs_y: bool,
) -> Mask {
    let r = to_limbs(&gather::<V, _>(lanes, |item| &item.r), 52);
    let x = C::Field::leave(&work.tree.x[group]);
    let reduced = C::ORDER.canonical(&x);
    let (mut equal, mut exactly) = (V::ALL, V::ALL);
    for k in 0..5 {
        equal &= reduced[k].equal(r[k]);
        exactly &= x[k].equal(r[k]);
    }
    if needs_y {
        let odd = C::Field::leave(&work.tree.y[group])[0].common(V::splat(1));
        for lane in 0..V::LANES {
            if let Some(y_is_odd) = lanes[lane].y_is_odd {
                let bit = 1 << lane;
                let agrees = (odd & bit != 0) == y_is_odd;
                if !agrees || exactly & bit == 0 {
                    equal &= !bit;
                }
            }
        }
    }
    equal & !work.tree.infinite[group]
}
