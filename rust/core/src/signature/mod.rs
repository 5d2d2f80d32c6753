//! Signatures: a verdict with its reason for every item, under a named acceptance rule.
//!
//! In: public keys, parsed once and addressed by dense ids, and items in columns: key id, message, signature. Out: one
//! [`SignatureVerdict`] per item. Rule: signature verification, sections 1 to 4.
//! Invariant: an item's verdict depends on nothing but scheme, rule, key, message and signature; neither on its
//! neighbours nor on order, slices, threads or the processor.

mod scheme;

pub use scheme::{
    EcdsaDigest, EcdsaEncoding, EcdsaRule, Ed25519Profile, Rules, SPolicy, Scheme, SignatureVerdict,
};
