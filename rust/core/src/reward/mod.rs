//! Reward: the exact division of a pool, and the claim tree that commits to what every payee is owed.
//!
//! In: weights per device, amounts per payee. Out: amounts, one root, a proof for every payee. Rule: scoring
//! specification, sections 9 and 11. Which weight a device has, and what is carried or paid, is policy and is
//! decided by the caller. Invariant: integers only; no unit of a pool appears or disappears.

#![deny(clippy::float_arithmetic)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod abi;
pub mod allocation;
pub mod claim_tree;
pub mod emission;
pub mod node_array;
pub mod standard_tree;

pub use allocation::{Allocation, AllocationError, Mode, Share, allocate};
pub use claim_tree::{Claim, ClaimTree};
pub use node_array::{MultiProof, NodeArray};
pub use standard_tree::{StandardTree, TreeError};
