//! SHA-256 and the domain-separated hash of the uptime proof.
//!
//! In: byte strings and integers. Out: 32 bytes. Rule: `H(domain, parts...) = SHA-256(ascii(domain) || 0x00 || parts)`,
//! fixed-size parts raw, variable-size parts preceded by their length as `u32` big endian (`lp`).
//! Invariant: two different lists of parts under one domain never hash the same bytes, because the domain fixes which
//! parts are raw.

mod pairs;
#[cfg(target_arch = "x86_64")]
mod x86;

use sha2::{Digest, Sha256};

pub use pairs::{sha256_each, sha256_pair, sha256_pair_of_blocks};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// SHA-256 of `data`.
pub fn sha256(data: &[u8]) -> Hash {
    Sha256::digest(data).into()
}

/// A hash under a domain, fed part by part.
#[derive(Clone)]
pub struct Domain<S = Sha256>(S);

/// What takes the parts.
pub trait Sink {
    /// Adds bytes.
    fn write(&mut self, bytes: &[u8]);
}

impl Sink for Sha256 {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

impl Sink for &mut Vec<u8> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Domain {
    /// Starts `H(domain, ...)`.
    pub fn new(domain: &str) -> Self {
        Self::joined(&[domain])
    }

    /// Starts a hash whose domain is put together from pieces.
    pub fn joined(pieces: &[&str]) -> Self {
        Self(pieces.iter().fold(Sha256::new(), Digest::chain_update).chain_update([0]))
    }

    /// The hash.
    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

/// What a hash under a domain is taken over, for [`sha256_each`] and [`sha256_pair`].
pub type Preimage<'a> = Domain<&'a mut Vec<u8>>;

impl<'a> Preimage<'a> {
    /// Appends to `out` what `H(domain, ...)` is taken over.
    #[must_use]
    pub fn written(domain: &str, out: &'a mut Vec<u8>) -> Self {
        Self(out).raw(domain.as_bytes()).raw(&[0])
    }

    /// All bytes of `out`.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }
}

impl<S: Sink> Domain<S> {
    /// Adds a fixed-size part as it is.
    #[must_use]
    #[inline]
    pub fn raw(mut self, part: &[u8]) -> Self {
        self.0.write(part);
        self
    }

    /// Adds an unsigned 64-bit integer, big endian.
    #[must_use]
    #[inline]
    pub fn u64(self, value: u64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Adds a signed 64-bit integer, two's complement big endian.
    #[must_use]
    #[inline]
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
}
