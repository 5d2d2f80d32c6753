//! Checks.

pub mod geography;
