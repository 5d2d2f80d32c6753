//! Networks: how the evidence of each is decoded and judged.
//!
//! One folder per network; nothing below this floor knows a network by name.

pub mod arweave;
pub mod filecoin;
pub mod generic;
