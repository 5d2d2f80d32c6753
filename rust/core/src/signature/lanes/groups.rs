//! Items put into lanes.
//!
//! In: items in a row. Out: groups of as many as there are lanes. Invariant: lanes beyond the last item repeat it, so that every
//! lane works on an item and none needs a test.

use super::tree::CHAINS;
use crate::simd::vector::{MAX_LANES, Vector};

/// One number of every lane's item.
#[inline(always)]
pub fn gather<V: Vector, T>(items: &[T; MAX_LANES], number: impl Fn(&T) -> &[u64; 4]) -> [V; 4] {
    let mut lanes = [[0; MAX_LANES]; 4];
    for lane in 0..V::LANES {
        let words = number(&items[lane]);
        for k in 0..4 {
            lanes[k][lane] = words[k];
        }
    }
    let mut gathered = [V::splat(0); 4];
    for k in 0..4 {
        gathered[k] = V::from_lanes(&lanes[k]);
    }
    gathered
}

/// The items of a group; the last item stands again where there are no more.
#[inline(always)]
pub fn group_of<'a, V: Vector, T>(items: &'a [T], group: usize, last: &'a T) -> [&'a T; MAX_LANES] {
    let mut found = [last; MAX_LANES];
    for lane in 0..V::LANES {
        if let Some(item) = items.get(group * V::LANES + lane) {
            found[lane] = item;
        }
    }
    found
}

/// Groups for a number of items: enough lanes, and a multiple of the chains.
pub const fn groups_for<V: Vector>(items: usize) -> usize {
    items.div_ceil(V::LANES).next_multiple_of(CHAINS)
}
