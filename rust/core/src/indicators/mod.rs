//! Indicators of fraud and collusion for networks that keep the data behind them.
//!
//! [`clone_timing`] (by [`rank_correlation`]), [`too_regular`] and [`constant_data`] look at measurements, [`witnesses`] counts who saw whom for
//! [`reciprocity`], [`concentration`] and [`insularity`], and [`self_dealing`] looks at who owns what. Where a device can
//! be is in [`crate::checks::light_distance`].
//!
//! In: plain numbers, in any order. Out: what was found, with the numbers behind it. Rule: scoring and rewards, 7.2.
//! Invariant: pure functions of integers; thresholds are compared by cross-multiplication, and the order of the input
//! changes nothing. The open uptime proof computes none of them.
#![deny(clippy::float_arithmetic)]

pub mod clone_timing;
pub mod concentration;
pub mod constant_data;
pub mod insularity;
pub mod rank_correlation;
pub mod reciprocity;
pub mod self_dealing;
pub mod too_regular;
pub mod witnesses;
