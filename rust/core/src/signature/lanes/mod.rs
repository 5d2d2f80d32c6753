//! Kernels that check many signatures side by side.
//!
//! In: items with a table of their key each. Out: an answer each. Rule: signature verification, 5.2, 5.3 and 5.6. Read
//! [`vector`](crate::simd::vector) first, then [`field`], then [`tree`], where the time goes; [`ecdsa`] and [`ed25519`] are
//! the ways in.
//! Invariant: an answer depends on its item alone, and is the same on every vector unit.

#![allow(
    clippy::inline_always,
    reason = "a kernel gets the vector unit's instructions only by being inlined into the function that enables them"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "limbs, lanes and chains are indexed together; closures would not be inlined"
)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "products, shifts and row numbers are cut to words where the algorithm says so"
)]
#![allow(clippy::many_single_char_names, reason = "formulas have the names of the papers that they stand in")]

pub mod curve;
pub mod digits;
pub mod ecdsa;
pub mod ed25519;
pub mod ed25519_keys;
mod edwards;
mod field;
mod field_25519;
mod field_p256;
mod field_secp256k1;
mod groups;
#[cfg(test)]
mod hash_tests;
pub mod keccak;
mod messages;
mod modular_inverse;
mod order;
mod sha2;
pub mod sha256;
mod sha512;
pub mod table;
pub mod tree;
