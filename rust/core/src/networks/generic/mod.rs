//! The open uptime proof: the network `generic`.
//!
//! [`draft`] runs the checks that look at one row, [`device`] those that look at all rows of a device, and [`ruling`]
//! turns what failed into code, evidence and outcome.

pub mod device;
pub mod draft;
pub mod ruling;
