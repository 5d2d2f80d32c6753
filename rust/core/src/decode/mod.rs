//! Decoders: from the bytes of strangers to typed values.
//!
//! In: bytes that nobody has vouched for. Out: borrowed values, or a fault that says what was expected, what was found and
//! where. Rule: "uptime proof", section 1. Invariant: no input makes a decoder panic, takes more than linear time (times a
//! logarithm for the names of one map) or allocates more than 64 bytes per input byte.

mod base64url;
pub mod distinct;
pub mod fault;

pub mod cbor;
pub mod json;
mod json_text;
pub mod layout;

pub mod claims;
pub mod cose;
pub mod degrees;
pub mod jws;
pub mod proof;

pub mod binary;
pub mod container;
mod jsonl;
pub mod members;
pub mod observations;
pub mod quarantine;

#[cfg(test)]
mod sample;
