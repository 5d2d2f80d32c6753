//! Public randomness, and the schedule that is drawn from it.
//!
//! In: a beacon chain, the rounds of an epoch, a registry's ids. Out: verified 32-byte randomness per round, and who is
//! to be probed by whom, with which nonce, at which moment. Rule: scoring and rewards, section 6; uptime proof, 1.6.
//! Invariant: everything here can be recomputed by anybody who holds the rounds, the registry and the ruleset.

mod batch;
mod chain;
mod draws;
mod info;
mod rounds;
mod verify;

pub use batch::{BatchError, Link, RoundFinding, RoundVerdict, SignedRound, verify_rounds};
pub use chain::{Chain, ChainError, Scheme};
pub use draws::{
    Assigner, DeviceDraws, MomentError, Probe, Prober, Salts, SlotDraws, assign_into, challenge, draw,
    is_selected, moment_ms, nonce, salt, slot_seed,
};
pub use info::InfoError;
pub use rounds::{Record, Rounds, RoundsError, read_rounds};
pub use verify::round_message;
