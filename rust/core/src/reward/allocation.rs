//! The allocation of a pool: floor everybody, then hand the units that are left to the largest remainders.
//!
//! In: a pool, and for each id a weight and perhaps a cap. Out: an amount for each id, and what is left.
//! Rule: scoring specification, section 9. With `P` the pool, `w` a weight and `W` their sum, an id gets
//! `q = floor(P*w / W)`, and the `L = P - sum(q)` ids with the largest `r = P*w mod W` get one unit more.
//! Invariant: `sum(amounts) + remainder = P`, checked at the end; the result does not depend on the order of
//! the input nor on the number of threads.

use std::cmp::Ordering;

use rayon::prelude::*;
use ruint::Uint;
use ruint::aliases::{U256, U512};

/// Wide enough for a pool times a weight.
type U768 = Uint<768, 12>;

/// One id's claim to a pool.
#[derive(Clone, Copy, Debug)]
pub struct Share<'a> {
    /// Who; ties go to the smaller id in byte order.
    pub id: &'a [u8],
    /// How much of the sum of all weights.
    pub weight: U512,
    /// The most that this id can get, if there is a limit.
    pub cap: Option<U256>,
}

/// What happens with the units that floors leave over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They go to the largest remainders, one each.
    #[default]
    LargestRemainder,
    /// They are the remainder, which the ruleset's sink gets.
    FloorToSink,
    /// They are the remainder, which the next epoch's pool gets.
    Carry,
}

impl Mode {
    /// The mode with this name in a ruleset.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "largest_remainder" => Self::LargestRemainder,
            "floor_to_sink" => Self::FloorToSink,
            "carry" => Self::Carry,
            _ => return None,
        })
    }
}

/// A divided pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Amount of each share, in the order of the input.
    pub amounts: Vec<U256>,
    /// What nobody got.
    pub remainder: U256,
}

/// A division that has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    /// Two shares have one id.
    #[error("expected distinct ids, found {} twice", data_encoding::HEXLOWER.encode(id))]
    DuplicateId {
        /// The id.
        id: Vec<u8>,
    },
    /// The weights together do not fit 512 bits.
    #[error("the sum of all weights is 2^512 or more")]
    WeightOverflow,
    /// The amounts and the remainder are not the pool.
    #[error("amounts and remainder do not add up to the pool {pool}")]
    Unbalanced {
        /// The pool.
        pool: U256,
    },
}

/// An exact quotient in two parts.
struct Quota {
    /// Position of the share in the input.
    position: usize,
    floor: U256,
    rest: U512,
}

/// Divides `pool` among `shares`.
pub fn allocate(pool: U256, shares: &[Share<'_>], mode: Mode) -> Result<Allocation, AllocationError> {
    refuse_duplicates(shares)?;
    let mut total = shares
        .iter()
        .try_fold(U512::ZERO, |sum, share| sum.checked_add(share.weight))
        .ok_or(AllocationError::WeightOverflow)?;
    let mut amounts = vec![U256::ZERO; shares.len()];
    let mut rest = pool;
    let open = fix_caps(shares, &mut rest, &mut total, &mut amounts);
    let mut quotas = divide(shares, &open, rest, total);
    for quota in &quotas {
        amounts[quota.position] = quota.floor;
        rest = rest.checked_sub(quota.floor).ok_or(AllocationError::Unbalanced { pool })?;
    }
    if mode == Mode::LargestRemainder && !total.is_zero() {
        for position in largest_rests(shares, &mut quotas, rest) {
            amounts[position] = amounts[position].saturating_add(U256::ONE);
            rest = rest.saturating_sub(U256::ONE);
        }
    }
    let allocation = Allocation { amounts, remainder: rest };
    if allocation.sum() == Some(pool) { Ok(allocation) } else { Err(AllocationError::Unbalanced { pool }) }
}

impl Allocation {
    /// All amounts and the remainder together; `None` where that does not fit 256 bits.
    pub fn sum(&self) -> Option<U256> {
        self.amounts.iter().try_fold(self.remainder, |sum, amount| sum.checked_add(*amount))
    }
}

fn refuse_duplicates(shares: &[Share<'_>]) -> Result<(), AllocationError> {
    if shares.is_sorted_by(|a, b| a.id < b.id) {
        return Ok(());
    }
    let mut ids: Vec<&[u8]> = shares.iter().map(|share| share.id).collect();
    ids.par_sort_unstable();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(AllocationError::DuplicateId { id: pair[0].to_vec() }),
        None => Ok(()),
    }
}

/// Fixes at its cap every share whose exact part would exceed it; returns the positions that stay open.
///
/// The specification fixes whole rounds: with `U` the open shares, all `i` with `P_U*w_i > C_i*W_U`, until there
/// are none. Fixing one such share never lowers `P_U/W_U`, so the set that ends up fixed is the same when shares
/// are taken one at a time by ascending `C_i/w_i`, which needs one pass instead of a pass per round.
fn fix_caps(shares: &[Share<'_>], pool: &mut U256, total: &mut U512, amounts: &mut [U256]) -> Vec<usize> {
    let mut capped: Vec<(usize, U256, U512)> = shares
        .iter()
        .enumerate()
        .filter(|(_, share)| !share.weight.is_zero())
        .filter_map(|(position, share)| share.cap.map(|cap| (position, cap, share.weight)))
        .collect();
    capped.par_sort_unstable_by(|a, b| {
        product(a.1, b.2).cmp(&product(b.1, a.2)).then_with(|| shares[a.0].id.cmp(shares[b.0].id))
    });
    let mut is_fixed = vec![false; shares.len()];
    for (position, cap, weight) in capped {
        if product(*pool, weight) <= product(cap, *total) {
            break;
        }
        is_fixed[position] = true;
        amounts[position] = cap;
        *pool = pool.saturating_sub(cap);
        *total = total.saturating_sub(weight);
    }
    is_fixed.iter().enumerate().filter(|(_, fixed)| !**fixed).map(|(position, _)| position).collect()
}

/// The exact part of each open share; nothing where all weights are zero.
fn divide(shares: &[Share<'_>], open: &[usize], pool: U256, total: U512) -> Vec<Quota> {
    if total.is_zero() {
        return Vec::new();
    }
    let divisor = U768::from(total);
    open.par_iter()
        .map(|&position| {
            // total is not zero; the quotient is at most the pool and the rest is below the total, so both fit.
            let (floor, rest) = product(pool, shares[position].weight).div_rem(divisor);
            Quota { position, floor: floor.wrapping_to(), rest: rest.wrapping_to() }
        })
        .collect()
}

/// Positions of the `units` largest rests, ties by ascending id, a rest of zero never.
fn largest_rests(shares: &[Share<'_>], quotas: &mut [Quota], units: U256) -> Vec<usize> {
    let larger_first = |a: &Quota, b: &Quota| -> Ordering {
        b.rest.cmp(&a.rest).then_with(|| shares[a.position].id.cmp(shares[b.position].id))
    };
    // The units are fewer than the shares with a rest, since each rest is less than one unit.
    let units = usize::try_from(units).unwrap_or(usize::MAX).min(quotas.len());
    if let Some(last) = units.checked_sub(1) {
        quotas.select_nth_unstable_by(last, larger_first);
    }
    quotas[..units].iter().filter(|quota| !quota.rest.is_zero()).map(|quota| quota.position).collect()
}

/// Exact: 256 and 512 bits make at most 768.
fn product(amount: U256, weight: U512) -> U768 {
    U768::from(amount).wrapping_mul(U768::from(weight))
}

#[cfg(test)]
#[path = "allocation_tests.rs"]
mod tests;
