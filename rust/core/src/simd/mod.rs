//! Vectors of lanes, and the unit of the processor that runs them.
//!
//! In: a [`Job`](dispatch::Job) that is written once over [`Vector`](vector::Vector). Out: its result, the same on every
//! unit. Rule: signature verification, 5.6. Read [`vector`] first. Invariant: the only unsafe code is in `x86`, and nothing
//! there can be called on a processor that lacks it.

#![allow(
    clippy::inline_always,
    reason = "a kernel gets the vector unit's instructions only by being inlined into the function that enables them"
)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "words are cut where the algorithm of the kernel says so, masks to their eight bits"
)]
#![allow(clippy::many_single_char_names, reason = "vectors that are transposed have one letter each")]

pub mod dispatch;
pub mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;
