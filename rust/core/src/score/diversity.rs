//! A network is worth more where its devices hang on many operators.
//!
//! In: the network operator (ASN) of each device. Out: a multiplier in `[0, ONE]`. Rule: scoring and rewards, 7.3:
//! `mulf(ONE - g, ONE - g)` with `g = same/total`. Invariant: integers; the larger a device's operator, the smaller its
//! multiplier, and a network with one operator alone gets 0.
//!
//! Chosen where the rule is silent: `g` is rounded down as every ratio is. Devices whose operator nobody knows count as
//! those of one operator, so that hiding it never pays.

use std::collections::BTreeMap;

use crate::fixed::{FixedError, ONE, mulf, ratio};

/// The multiplier of a device with whose operator `same` of `total` devices are, itself among them.
pub fn multiplier(same: u64, total: u64) -> Result<u64, FixedError> {
    let others = ONE.checked_sub(ratio(same, total)?).ok_or(FixedError::Overflow)?;
    mulf(others, others)
}

/// The multiplier of each device, by the number of its operator.
pub fn multipliers(operators: &[Option<u32>]) -> Result<Vec<u64>, FixedError> {
    let mut counts: BTreeMap<Option<u32>, u64> = BTreeMap::new();
    for operator in operators {
        *counts.entry(*operator).or_default() += 1;
    }
    let total = operators.len() as u64;
    let of_operator: BTreeMap<Option<u32>, u64> = counts
        .into_iter()
        .map(|(operator, same)| Ok((operator, multiplier(same, total)?)))
        .collect::<Result<_, FixedError>>()?;
    Ok(operators.iter().filter_map(|operator| of_operator.get(operator)).copied().collect())
}

#[cfg(test)]
#[path = "diversity_tests.rs"]
mod tests;
