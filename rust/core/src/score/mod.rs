//! From kept observations to a score per device.
//!
//! [`outage`] leaves out what a validator saw while it was broken itself, [`quorum`] decides each slot, [`availability`]
//! turns decided slots into a score, and [`payout`] turns the score into a multiplier. [`driver`] runs them over an epoch.
//! A further model is a further file beside [`availability`] with the same shape: earlier state and this epoch's
//! decisions in, score and new state out.
#![deny(clippy::float_arithmetic)]

pub mod availability;
pub mod cluster;
pub mod driver;
pub mod outage;
pub mod payout;
pub mod quorum;
pub mod state;
