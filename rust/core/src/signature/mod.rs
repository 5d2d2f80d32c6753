//! Signatures: a verdict with its reason for every item, under a named acceptance rule.
//!
//! In: public keys, parsed once and addressed by dense ids, and items in columns: key id, message, signature. Out: one
//! [`SignatureVerdict`] per item. Rule: signature verification, sections 1 to 4.
//! Invariant: an item's verdict depends on nothing but scheme, rule, key, message and signature; neither on its
//! neighbours nor on order, slices, threads or the processor.

mod bls;
mod bls_aggregate;
mod bls_batch;
mod bls_groups;
mod bls_keys;
mod columns;
mod ecdsa;
mod ed25519;
mod engine;
mod keys;
mod lanes;
mod p256;
mod rsa_pss;
mod run;
mod scheme;
mod secp256k1;
mod tables;

pub use crate::simd::dispatch::Simd;
pub use bls::{BlsPublicKey, BlsVariant, bls_public_key, bls_secret_key, bls_sign, bls_verify};
pub use bls_aggregate::{BlsAggregation, PossessionProven, bls_aggregate_verify, bls_fast_aggregate_verify};
pub use bls_batch::{BLS_BATCH, BlsPlan, bls_verify_items, bls_verify_rows};
pub use bls_keys::BlsKeyRegistry;
pub use columns::{ByteColumn, Items, ItemsError};
pub use ecdsa::ethereum_message_digest;
pub use ed25519::residue_order;
pub use engine::{verify_items, verify_one};
pub use keys::{KeyId, KeyRegistry};
pub use rsa_pss::{RsaKeyRegistry, RsaProfile, rsa_pss_verify_items, rsa_pss_verify_one};
pub use scheme::{
    EcdsaDigest, EcdsaEncoding, EcdsaRule, Ed25519Profile, Rules, SPolicy, Scheme, SignatureVerdict,
};
pub use secp256k1::{recover_address, recover_key};
