//! SHA-256 of many messages side by side.
//!
//! In: messages of three parts each. Out: the digest of each part after part. Rule: FIPS 180-4, section 6.2.
//! Invariant: half a lane holds one message's chaining value from its first block to its last, and nothing that another
//! half holds reaches it; so lengths may be mixed at will.

use sha2::{Digest, Sha256};

use super::messages::{Dealer, Parts};
use super::sha2::{INITIAL, Sha2, compress, deal};
use crate::simd::dispatch::has_sha256;
use crate::simd::vector::{MAX_LANES, Row, Vector};

/// Bytes of a block.
const BLOCK: usize = 64;

/// Bytes of the length field at the end of the last block.
const LENGTH: usize = 8;

/// Where the processor has instructions for SHA-256, a block by them takes a seventh of the time of one in all lanes: fewer
/// messages than this are hashed by them, and longer ones than that, lest they be alone in the lanes.
const FEW: usize = 8;
const LONG: usize = 1024;

/// The lower half of a word.
const LOWER: u64 = 0xffff_ffff;

/// Two words of the standard in each word of a vector.
enum Words {}

impl Sha2 for Words {
    const ROUNDS: usize = 64;

    #[inline(always)]
    fn splat<V: Vector>(number: u64) -> V {
        V::splat(number >> 32 | number & !LOWER)
    }
    #[inline(always)]
    fn add<V: Vector>(a: V, b: V) -> V {
        a.add_halves(b)
    }
    #[inline(always)]
    fn large_0<V: Vector>(x: V) -> V {
        x.rotate_halves::<2>().xor3(x.rotate_halves::<13>(), x.rotate_halves::<22>())
    }
    #[inline(always)]
    fn large_1<V: Vector>(x: V) -> V {
        x.rotate_halves::<6>().xor3(x.rotate_halves::<11>(), x.rotate_halves::<25>())
    }
    #[inline(always)]
    fn small_0<V: Vector>(x: V) -> V {
        x.rotate_halves::<7>().xor3(x.rotate_halves::<18>(), x.shr_halves(3))
    }
    #[inline(always)]
    fn small_1<V: Vector>(x: V) -> V {
        x.rotate_halves::<17>().xor3(x.rotate_halves::<19>(), x.shr_halves(10))
    }
}

/// The digest of each message. Messages without a place in `out`, and places without a message, are left alone.
#[inline(always)]
pub fn sha256<V: Vector>(messages: &[[&[u8]; 3]], out: &mut [[u8; 32]]) {
    let has_instructions = has_sha256();
    // They are as fast as the eight halves of four lanes.
    if V::LANES == 1 || V::LANES < MAX_LANES && has_instructions {
        one_by_one(messages, out);
        return;
    }
    if !has_instructions {
        in_lanes::<V>(messages, out);
        return;
    }
    let mut places = out;
    for run in messages.chunk_by(|a, b| is_long(a) == is_long(b)) {
        let (here, behind) = places.split_at_mut(run.len().min(places.len()));
        if run.len() < FEW || is_long(&run[0]) {
            one_by_one(run, here);
        } else {
            in_lanes::<V>(run, here);
        }
        places = behind;
    }
}

/// Whether a message would keep the other lanes waiting.
fn is_long(parts: &Parts<'_>) -> bool {
    parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len())) > LONG
}

/// The digests, made in the lanes whatever instructions and messages there are.
#[inline(always)]
pub fn in_lanes<V: Vector>(messages: &[[&[u8]; 3]], out: &mut [[u8; 32]]) {
    let half = messages.len().min(out.len()).div_ceil(2);
    let (lower, upper) = messages.split_at(half);
    let (lower_out, upper_out) = out.split_at_mut(half);
    let mut dealers = [Dealer::new(lower, lower_out), Dealer::new(upper, upper_out)];
    let mut state = [V::splat(0); 8];
    let mut blocks = [[[0; BLOCK]; MAX_LANES]; 2];
    loop {
        let [lower, upper] = &mut dealers;
        let (lower, upper) = (lower.begin(V::LANES), upper.begin(V::LANES));
        if lower.1 | upper.1 == 0 {
            return;
        }
        for (word, initial) in state.iter_mut().zip(INITIAL) {
            let (high, low) = (initial & !LOWER, initial >> 32);
            *word = word.replace(lower.0, word.and(V::splat(!LOWER)).or(V::splat(low)));
            *word = word.replace(upper.0, word.and(V::splat(LOWER)).or(V::splat(high)));
        }
        let mut last = [0_u8; 2];
        for ((dealer, blocks), last) in dealers.iter_mut().zip(&mut blocks).zip(&mut last) {
            for (index, block) in blocks.iter_mut().enumerate().take(V::LANES) {
                *last |= u8::from(deal::<_, _, LENGTH>(dealer, index, block)) << index;
            }
        }
        compress::<Words, V>(&mut state, words(&blocks));
        if last != [0; 2] {
            let rows = V::to_rows(state);
            for ((dealer, last), shift) in dealers.iter_mut().zip(last).zip([0, 32]) {
                for (index, row) in rows.iter().enumerate().take(V::LANES) {
                    if last >> index & 1 == 1
                        && let Some(digest) = dealer.end(index)
                    {
                        for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(row.0) {
                            *bytes = ((word >> shift) as u32).to_be_bytes();
                        }
                    }
                }
            }
        }
    }
}

/// By the library, which has the processor's instructions for it.
fn one_by_one(messages: &[Parts<'_>], out: &mut [[u8; 32]]) {
    for (parts, digest) in messages.iter().zip(out) {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        *digest = hash.finalize().into();
    }
}

/// The sixteen words of every half lane's block.
#[inline(always)]
fn words<V: Vector>(blocks: &[[[u8; BLOCK]; MAX_LANES]; 2]) -> [V; 16] {
    let mut halves = [[V::splat(0); 8]; 2];
    for (half, blocks) in halves.iter_mut().zip(blocks) {
        let mut rows = [Row([0; 8]); MAX_LANES];
        for (row, block) in rows.iter_mut().zip(blocks).take(V::LANES) {
            for (word, piece) in row.0.iter_mut().zip(block.as_chunks::<8>().0) {
                *word = u64::from_le_bytes(*piece);
            }
        }
        *half = V::from_rows(&rows.each_ref());
    }
    let mut words = [V::splat(0); 16];
    for pair in 0..8 {
        // The first of two words stands in the upper half.
        let (low, high) = (halves[0][pair].swap_bytes(), halves[1][pair].swap_bytes());
        words[2 * pair] = low.shr(32).or(high.and(V::splat(!LOWER)));
        words[2 * pair + 1] = low.and(V::splat(LOWER)).or(high.shl(32));
    }
    words
}
