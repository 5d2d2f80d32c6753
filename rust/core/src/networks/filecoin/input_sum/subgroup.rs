//! Whether many points lie in the subgroup of prime order, for the price of a few.
//!
//! In: finite points of the curve. Out: yes, or that this way could not tell. Rule: Filecoin, B5.
//! The sum of a random half of the points lies in the subgroup if all of them do; if one does not, then with a probability of
//! one half at most, whatever the others are. 128 such sums are formed eight at a time: eight coins for each point say in
//! which of 256 groups it is, and a sum is that of half of the groups.
//! Invariant: a wrong yes has a probability of 2^-128; a no is left to who asks point by point.

use blst::blst_p1_affine;
use blstrs::G1Affine;
use rayon::prelude::*;

use super::base_field::Field;
use super::field_28::Field28;
use super::field_52::Field52;
use super::group_sums::{Addend, GroupSums, Point};
use crate::networks::filecoin::points::{finite, is_in_g1, nothing};
use crate::signature::Simd;

/// Rounds of eight sums.
const ROUNDS: usize = 16;
/// Groups of a round.
const GROUPS: usize = 256;
/// Fewer points are sooner asked one by one.
const FEWEST: usize = 1000;

/// Whether all points are found to lie in the subgroup, on all threads of the current pool.
pub(in super::super) fn are_in_g1(points: &[blst_p1_affine]) -> bool {
    match Simd::chosen() {
        _ if points.len() < FEWEST => false,
        Simd::Portable => false,
        Simd::Avx2 => all_hold::<Field28>(points),
        Simd::Avx512 => all_hold::<Field52>(points),
    }
}

fn all_hold<F: Field>(points: &[blst_p1_affine]) -> bool {
    let mut coins = vec![0; ROUNDS * points.len()];
    if getrandom::fill(&mut coins).is_err() {
        return false;
    }
    let points: Vec<Point<F>> = points.par_iter().map(Point::from).collect();
    coins.par_chunks(points.len()).all(|coins| holds(&points, coins, Simd::chosen()))
}

/// Whether eight sums lie in the subgroup.
fn holds<F: Field>(points: &[Point<F>], coins: &[u8], unit: Simd) -> bool {
    let members: Vec<_> =
        (0..).zip(coins).map(|(place, coins)| (u32::from(*coins), Addend::new(place, false))).collect();
    let Some(sums) = unit.run(GroupSums::new(points, GROUPS, &members)) else { return false };
    let sums: Vec<_> = sums.iter().map(|sum| sum.as_ref().map(G1Affine::from)).collect();
    (0..8).all(|coin| {
        let groups = sums.iter().enumerate().filter(|(group, _)| group >> coin & 1 == 1);
        let sum = groups.filter_map(|(_, sum)| sum.as_ref()).fold(nothing(), |sum, point| sum + point);
        finite(&sum).is_none_or(is_in_g1)
    })
}

#[cfg(test)]
#[path = "subgroup_tests.rs"]
mod tests;
