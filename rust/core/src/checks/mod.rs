//! Checks that networks share: each a small function with its verdict.

pub mod cells;
pub mod geography;
pub mod light_distance;
pub mod spread;
