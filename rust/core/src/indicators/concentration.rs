//! A device that is witnessed by few although many could.
//!
//! In: who was seen by whom, and how many others could have seen each device. Out: `WITNESS_CONCENTRATION`. Rule: scoring
//! and rewards, 7.2: the index of a device's witnesses, `sum_j floor(w_j^2 ONE / W^2)`, is at least 1/2, with at least 20
//! events and at least 5 other witnesses in range. Invariant: integers; the index that is compared is the one that is shown.
//!
//! Chosen where the rule is silent:
//!
//! - *Other witnesses in range* are devices that could have witnessed this one, its most frequent witness not counted. It is
//!   the caller who knows them; a device of which nothing is known has none.
//! - The index is a sum of numbers that are rounded down, as the rule writes it, and is compared as such.

use ruint::aliases::U256;

use super::witnesses::Witnesses;
use crate::fixed::ONE;

/// Events of a device from which it is judged.
pub const LEAST_EVENTS: u64 = 20;
/// Others that could have witnessed it.
pub const LEAST_OTHERS: u64 = 5;

/// A device with too few witnesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concentrated {
    /// Number of the device.
    pub device: u32,
    /// Events in which it was seen.
    pub events: u64,
    /// How many saw it.
    pub witnesses: u64,
    /// The index, in units of `ONE`.
    pub index: u64,
}

/// The devices that the rule accuses, ascending. `others_in_range` knows how many more could have seen a device.
pub fn concentration(witnesses: &Witnesses, others_in_range: impl Fn(u32) -> u64) -> Vec<Concentrated> {
    let directed = witnesses.pairs.iter().flat_map(|pair| [(pair.a, pair.a_by_b), (pair.b, pair.b_by_a)]);
    let mut seen: Vec<(u32, u64)> = directed.filter(|(_, events)| *events > 0).collect();
    seen.sort_unstable();
    seen.chunk_by(|a, b| a.0 == b.0)
        .filter_map(|counts| {
            let device = counts.first()?.0;
            let events = counts.iter().map(|(_, events)| events).sum();
            if events < LEAST_EVENTS || others_in_range(device) < LEAST_OTHERS {
                return None;
            }
            let index = counts.iter().map(|(_, own)| share_squared(*own, events)).sum();
            let witnesses = counts.len() as u64;
            (index >= ONE / 2).then_some(Concentrated { device, events, witnesses, index })
        })
        .collect()
}

/// `floor(own^2 ONE / all^2)`, at most `ONE`.
fn share_squared(own: u64, all: u64) -> u64 {
    let square = |value: u64| U256::from(value) * U256::from(value);
    (square(own) * U256::from(ONE))
        .checked_div(square(all))
        .and_then(|share| share.try_into().ok())
        .unwrap_or(0)
}

#[cfg(test)]
#[path = "concentration_tests.rs"]
mod tests;
