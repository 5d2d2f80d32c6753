//! depinverify-core: from the evidence of a device network to verdicts, scores, amounts and a Merkle root.
//!
//! Reading order is the data's way: [`decode`] turns bytes into columns, [`registry`] and [`beacon`] say who should have
//! been asked what, [`verify`] gives each proof its verdict, [`score`] turns verdicts into availability, and [`reward`]
//! divides the pool and commits to the result. Nothing here knows Python, reads a clock or draws a random number.

pub mod canonical;
pub mod fixed;
pub mod hash;
pub mod schema;
mod simd;
pub mod spill;
pub mod table_file;
pub mod verdict;

pub mod beacon;
pub mod decode;
pub mod merkle;
pub mod signature;

pub mod checks;
pub mod indicators;
pub mod networks;
pub mod registry;
pub mod reward;
pub mod score;
pub mod verify;
