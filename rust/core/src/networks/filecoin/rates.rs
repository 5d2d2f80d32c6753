//! What the warm-storage service and the proof verifier charge.
//!
//! In: leaves of a set, pieces that are added, what a reserve holds. Out: amounts in the token's base units, of which 10^18
//! are one. Rule: Filecoin, A7 for the service, A5 for the deposit. Invariant: every quotient is rounded down where the
//! contract rounds it, and every price is a whole number of base units.

use ruint::aliases::U256;

/// Base units of one token.
const TOKEN: u128 = 1_000_000_000_000_000_000;

/// For storing 2^40 bytes for a month.
const TEBIBYTE_MONTH: u128 = 5 * TOKEN / 2;
/// For keeping a set for a month.
const SET_MONTH: u128 = 24 * TOKEN / 1000;
/// Epochs of a month of 30 days.
const MONTH: u128 = 86_400;

/// For making a set.
pub const CREATE_SET: u128 = 25 * TOKEN / 1000;
/// For adding pieces, however many.
pub const ADD_PIECES: u128 = 5 * TOKEN / 10_000;
/// For each piece that is added.
pub const ADD_PIECE: u128 = 3 * TOKEN / 10_000;
/// For queueing removals, however many.
pub const SCHEDULE_REMOVALS: u128 = 2 * TOKEN / 1000;
/// For ending the service.
pub const TERMINATE: u128 = 112 * TOKEN / 100_000;
/// Epochs for which a client locks its rate: 30 days.
pub const LOCKUP_EPOCHS: u64 = 86_400;
/// What a set's reserve for fees is filled up to.
pub const RESERVE: u128 = TOKEN / 10;
/// A reserve below this is filled up.
pub const RESERVE_REFILL_BELOW: u128 = 5 * TOKEN / 1000;
/// What a provider leaves with the verifier until a set's pieces are cleaned up, in attoFIL: 0.1 FIL.
pub const CLEANUP_DEPOSIT: u128 = TOKEN / 10;

/// The most raw bytes that this many leaves can hold.
pub fn raw_bytes(leaves: u128) -> U256 {
    U256::from(leaves) * U256::from(32 * 127) / U256::from(128)
}

/// What a client pays for a set per epoch.
pub fn rate_per_epoch(leaves: u128) -> U256 {
    if leaves == 0 {
        return U256::ZERO;
    }
    let storage = raw_bytes(leaves) * U256::from(TEBIBYTE_MONTH) / U256::from(MONTH << 40);
    storage + U256::from(SET_MONTH / MONTH)
}

/// For adding this many pieces at once.
pub const fn add_pieces(pieces: u64) -> u128 {
    ADD_PIECES + ADD_PIECE * pieces as u128
}

/// What a reserve must be given.
pub const fn reserve_refill(held: u128) -> u128 {
    if held < RESERVE_REFILL_BELOW { RESERVE - held } else { 0 }
}

#[cfg(test)]
#[path = "rates_tests.rs"]
mod tests;
