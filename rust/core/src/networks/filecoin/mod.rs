//! Filecoin: possession of pieces, window proofs, checks of retrievals, and the randomness and signatures behind them.
//!
//! In: the evidence as contracts, nodes and checkers publish it. Out: whether it holds, with the first reason why not, and
//! what follows from it: faults, payments, labels, scores, rates. Rule: Filecoin, parts A to F, one file or folder per rule.
//! Invariant: nothing is asked of a node. Seeds, challenges and public inputs are derived here and never taken from the
//! evidence that they are for.

pub mod address;
pub mod authorisation;
mod blake2b;
pub mod columns;
pub mod commp;
pub mod detection;
pub mod dispute;
pub mod finding;
pub mod groth16;
pub mod inclusion;
mod input_sum;
pub mod message;
pub mod node;
pub mod piece_id;
pub mod points;
pub mod poseidon;
pub mod possession;
pub mod proving_period;
pub mod randomness;
pub mod rates;
pub mod records;
pub mod rules;
pub mod settlement;
mod shown_proof;
mod shown_round;
pub mod signature;
pub mod spark;
pub mod steps;
pub mod sum_tree;
pub mod vanilla;
pub mod verification_key;
pub mod window_post;
pub mod wire;
pub mod words;
