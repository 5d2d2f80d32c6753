//! Two devices that witness little but each other.
//!
//! In: who was seen by whom. Out: `WITNESS_RECIPROCITY`. Rule: scoring and rewards, 7.2: a pair with at least 20 events, of
//! which `2 min(w_ij, w_ji) / (w_ij + w_ji)` is at least 9/10, that makes up at least half of the events of each of the two.
//! Invariant: exact, one look at each pair.

use super::witnesses::{Pair, Witnesses};

/// Events of a pair from which it is judged.
pub const LEAST_EVENTS: u64 = 20;

/// A pair that witnesses each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reciprocal {
    /// The pair.
    pub pair: Pair,
    /// Events that the device with the smaller number takes part in.
    pub events_of_a: u64,
    /// Events that the other one takes part in.
    pub events_of_b: u64,
}

/// The pairs that the rule accuses, ascending.
pub fn reciprocity(witnesses: &Witnesses) -> Vec<Reciprocal> {
    let judge = |pair: &Pair| {
        let found = Reciprocal {
            pair: *pair,
            events_of_a: witnesses.events_of(pair.a),
            events_of_b: witnesses.events_of(pair.b),
        };
        let (events, both) = (u128::from(pair.events()), u128::from(pair.a_by_b.min(pair.b_by_a)));
        let is_half_of = |all: u64| 2 * events >= u128::from(all);
        let is_accused = pair.events() >= LEAST_EVENTS
            && 20 * both >= 9 * events
            && is_half_of(found.events_of_a)
            && is_half_of(found.events_of_b);
        is_accused.then_some(found)
    };
    witnesses.pairs.iter().filter_map(judge).collect()
}

#[cfg(test)]
#[path = "reciprocity_tests.rs"]
mod tests;
