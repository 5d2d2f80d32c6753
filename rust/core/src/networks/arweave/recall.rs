//! Which byte of the weave a miner must show.
//!
//! In: the hash of a mining step, a nonce, a packing difficulty; or any weave byte. Out: the recall byte, and the byte
//! from which its chunk is looked up. Rule: Arweave, A5. Computing the hash itself needs `RandomX` and is not done here.
//! Invariant: offsets are exact; what does not fit 64 bits has no answer.

use ruint::aliases::U256;

use crate::hash::{Hash, sha256};
use crate::merkle::arweave::{CHUNK_SIZE, STRICT_SPLIT_START};

/// Bytes of a partition.
pub const PARTITION_SIZE: u64 = 3_600_000_000_000;
/// Bytes of a recall range, since fork 2.8.
pub const RECALL_RANGE_SIZE: u64 = 26_214_400;
/// Bytes of a recall range before fork 2.8.
pub const LEGACY_RECALL_RANGE_SIZE: u64 = 104_857_600;
/// Bytes of a sub-chunk.
pub const SUB_CHUNK_SIZE: u64 = 8_192;
/// Sub-chunks of a chunk.
pub const SUB_CHUNKS: u64 = CHUNK_SIZE / SUB_CHUNK_SIZE;

/// Starts of the two recall ranges of a mining step; `None` for an empty weave or where an offset exceeds 64 bits.
pub fn recall_ranges(h0: &Hash, partition: u64, upper: u64) -> Option<(u64, u64)> {
    let first = u64::from_be_bytes(*h0.first_chunk()?).checked_rem(PARTITION_SIZE.min(upper))?;
    let second = U256::from_be_bytes(*h0).checked_rem(U256::from(upper))?;
    Some((partition.checked_mul(PARTITION_SIZE)?.checked_add(first)?, u64::try_from(second).ok()?))
}

/// Recall byte and index of the sub-chunk, -1 where chunks are not divided.
pub fn recall_byte(range_start: u64, nonce: u64, packing_difficulty: u8) -> Option<(u64, i64)> {
    let (chunk, sub_chunk) = if packing_difficulty == 0 {
        (nonce, -1)
    } else {
        // Below 32, so that the cast keeps it.
        (nonce / SUB_CHUNKS, (nonce % SUB_CHUNKS).cast_signed())
    };
    Some((range_start.checked_add(chunk.checked_mul(CHUNK_SIZE)?)?, sub_chunk))
}

/// The largest nonce of a recall range.
pub fn max_nonce(packing_difficulty: u8) -> u64 {
    // A difficulty of 0 divides by nothing: its nonces count whole chunks of the legacy range.
    (RECALL_RANGE_SIZE.checked_div(u64::from(packing_difficulty)))
        .map_or(LEGACY_RECALL_RANGE_SIZE / CHUNK_SIZE, |range| (range / SUB_CHUNK_SIZE).max(SUB_CHUNKS))
        - 1
}

/// The end of the 256 KiB bucket that ends at or after `offset`; buckets are counted from where data is padded.
pub fn padded_offset(offset: u64) -> Option<u64> {
    let Some(beyond) = offset.checked_sub(STRICT_SPLIT_START).filter(|beyond| *beyond > 0) else {
        return Some(offset);
    };
    beyond.checked_next_multiple_of(CHUNK_SIZE)?.checked_add(STRICT_SPLIT_START)
}

/// The byte by which the chunk at `byte` is looked up: the start of its bucket, or the byte itself in old data.
pub fn seek_byte(byte: u64) -> Option<u64> {
    if byte < STRICT_SPLIT_START {
        return Some(byte);
    }
    padded_offset(byte.checked_add(1)?)?.checked_sub(CHUNK_SIZE)
}

/// Solution hash of a single chunk; `h1` of a pair's first chunk.
pub fn solution_of_one(h0: &Hash, nonce: u64, chunk: &[u8]) -> Hash {
    let inner = sha256(&[h0, &nonce.to_be_bytes()[..], chunk].concat());
    sha256(&[h0, inner.as_slice()].concat())
}

/// Solution hash of a pair of chunks, from the first one's hash and the second chunk.
pub fn solution_of_two(h0: &Hash, h1: &Hash, second: &[u8]) -> Hash {
    let inner = sha256(&[h1, second].concat());
    sha256(&[h0, inner.as_slice()].concat())
}
