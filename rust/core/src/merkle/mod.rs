//! Merkle trees: each network has its own leaves and nodes.

pub mod arweave;
