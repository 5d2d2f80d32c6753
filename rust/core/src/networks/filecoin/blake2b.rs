//! `BLAKE2b` with the digest lengths that Filecoin uses.
//!
//! In: bytes in parts. Out: a digest, whose length is part of the hash: a short one is no prefix of a long one.
//! Rule: RFC 7693, without a key. Invariant: parts are hashed as if they were joined.

use blake2b_simd::Params;

/// `BLAKE2b` with a digest of `LENGTH` bytes, from 1 to 64.
pub(super) fn blake2b<const LENGTH: usize>(parts: &[&[u8]]) -> [u8; LENGTH] {
    const { assert!(LENGTH >= 1 && LENGTH <= blake2b_simd::OUTBYTES) };
    let mut state = Params::new().hash_length(LENGTH).to_state();
    for part in parts {
        state.update(part);
    }
    let mut digest = [0; LENGTH];
    digest.copy_from_slice(state.finalize().as_bytes());
    digest
}
