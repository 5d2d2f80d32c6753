//! From kept observations to a score per device.
//!
//! [`outage`] leaves out what a validator saw while it was broken itself, [`quorum`] decides each slot, [`availability`]
//! turns decided slots into a score, and [`payout`] turns the score into a multiplier. [`driver`] runs them over an epoch.
//! [`votes`] compares validators with each other, and [`shared_outage`] devices. [`device_slots`] shows one device's slots.
//!
//! [`outcomes`] does the same for networks that judge their probes elsewhere.
//!
//! Further models stand beside [`availability`], each a pure function of earlier state, what an epoch showed, and parameters:
//! [`reported_uptime`], [`reputation`], [`relative`], [`strikes`], [`bounds`], [`sequential`] and [`objective`]; [`streak`]
//! counts loyalty, and [`standing`] turns scores into suspensions and reviews. [`combination`] makes one score of several
//! tracks, [`diversity`] weighs operators, and [`committee`] rules on what is a matter of judgement.
#![deny(clippy::float_arithmetic)]

pub mod availability;
pub mod bounds;
pub mod cluster;
pub mod combination;
pub mod committee;
pub mod device_slots;
pub mod diversity;
pub mod driver;
pub mod exact;
pub mod objective;
pub mod outage;
pub mod outcomes;
pub mod payout;
pub mod quorum;
pub mod relative;
pub mod reported_uptime;
pub mod reputation;
pub mod sequential;
pub mod shared_outage;
pub mod standing;
pub mod state;
pub mod streak;
pub mod strikes;
pub mod votes;
