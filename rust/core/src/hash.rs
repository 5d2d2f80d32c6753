//! SHA-256 and the domain-separated hash of the uptime proof.
//!
//! In: byte strings and integers. Out: 32 bytes. Rule: `H(domain, parts...) = SHA-256(ascii(domain) || 0x00 || parts)`,
//! fixed-size parts raw, variable-size parts preceded by their length as `u32` big endian (`lp`).
//! Invariant: two different lists of parts under one domain never hash the same bytes, because the domain fixes which
//! parts are raw.

use sha2::{Digest, Sha256};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// SHA-256 of `data`.
pub fn sha256(data: &[u8]) -> Hash {
    Sha256::digest(data).into()
}

/// A hash under a domain, fed part by part.
#[derive(Clone)]
pub struct Domain(Sha256);

impl Domain {
    /// Starts `H(domain, ...)`.
    pub fn new(domain: &str) -> Self {
        Self(Sha256::new().chain_update(domain.as_bytes()).chain_update([0]))
    }

    /// Starts a hash whose domain is put together from pieces.
    pub fn joined(pieces: &[&str]) -> Self {
        Self(pieces.iter().fold(Sha256::new(), Digest::chain_update).chain_update([0]))
    }

    /// Adds a fixed-size part as it is.
    #[must_use]
    #[inline]
    pub fn raw(self, part: &[u8]) -> Self {
        Self(self.0.chain_update(part))
    }

    /// Adds an unsigned 64-bit integer, big endian.
    #[must_use]
    #[inline]
    pub fn u64(self, value: u64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Adds a signed 64-bit integer, two's complement big endian.
    #[must_use]
    pub fn i64(self, value: i64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Adds a variable-size part with its length in front.
    ///
    /// Parts of 4 GiB or more cannot be written; callers bound their input far below.
    #[must_use]
    #[inline]
    pub fn lp(self, part: &[u8]) -> Self {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        self.raw(&length.to_be_bytes()).raw(part)
    }

    /// The hash.
    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}
