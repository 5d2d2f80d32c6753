//! SHA-512 of many messages side by side.
//!
//! In: messages of three parts each, for Ed25519 the point R, the key A and the message. Out: the digest of each part after
//! part. Rule: FIPS 180-4, section 6.4; signature verification, 5.2, step 1.
//! Invariant: a lane holds one message's chaining value from its first block to its last, and nothing that another lane
//! holds reaches it; so lengths may be mixed at will.

use sha2::{Digest, Sha512};

use super::messages::{Dealer, Parts};
use super::sha2::{INITIAL, Sha2, compress, deal};
use crate::simd::vector::{MAX_LANES, Row, Vector};

/// Bytes of a block.
const BLOCK: usize = 128;

/// Bytes of the length field at the end of the last block.
const LENGTH: usize = 16;

enum Words {}

impl Sha2 for Words {
    const ROUNDS: usize = 80;

    #[inline(always)]
    fn splat<V: Vector>(number: u64) -> V {
        V::splat(number)
    }
    #[inline(always)]
    fn add<V: Vector>(a: V, b: V) -> V {
        a.add(b)
    }
    #[inline(always)]
    fn large_0<V: Vector>(x: V) -> V {
        x.rotate::<28>().xor3(x.rotate::<34>(), x.rotate::<39>())
    }
    #[inline(always)]
    fn large_1<V: Vector>(x: V) -> V {
        x.rotate::<14>().xor3(x.rotate::<18>(), x.rotate::<41>())
    }
    #[inline(always)]
    fn small_0<V: Vector>(x: V) -> V {
        x.rotate::<1>().xor3(x.rotate::<8>(), x.shr(7))
    }
    #[inline(always)]
    fn small_1<V: Vector>(x: V) -> V {
        x.rotate::<19>().xor3(x.rotate::<61>(), x.shr(6))
    }
}

/// The digest of each message. Messages without a place in `out`, and places without a message, are left alone.
#[inline(always)]
pub fn sha512<V: Vector>(messages: &[[&[u8]; 3]], out: &mut [[u8; 64]]) {
    if V::LANES == 1 {
        for (parts, digest) in messages.iter().zip(out) {
            *digest = one(parts);
        }
        return;
    }
    let mut dealer = Dealer::new(messages, out);
    let mut state = [V::splat(0); 8];
    let mut blocks = [[0; BLOCK]; MAX_LANES];
    loop {
        let (fresh, busy) = dealer.begin(V::LANES);
        if busy == 0 {
            return;
        }
        for (word, initial) in state.iter_mut().zip(INITIAL) {
            *word = word.replace(fresh, V::splat(initial));
        }
        let mut last = 0;
        for (index, block) in blocks.iter_mut().enumerate().take(V::LANES) {
            last |= u8::from(deal::<_, _, LENGTH>(&mut dealer, index, block)) << index;
        }
        compress::<Words, V>(&mut state, words(&blocks));
        if last != 0 {
            let rows = V::to_rows(state);
            for (index, row) in rows.iter().enumerate().take(V::LANES) {
                if last >> index & 1 == 1
                    && let Some(digest) = dealer.end(index)
                {
                    for (bytes, word) in digest.as_chunks_mut::<8>().0.iter_mut().zip(row.0) {
                        *bytes = word.to_be_bytes();
                    }
                }
            }
        }
    }
}

/// One message in plain Rust.
fn one(parts: &Parts<'_>) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The sixteen words of every lane's block.
#[inline(always)]
fn words<V: Vector>(blocks: &[[u8; BLOCK]; MAX_LANES]) -> [V; 16] {
    let mut rows = [[Row([0; 8]); MAX_LANES]; 2];
    for (half, rows) in rows.iter_mut().enumerate() {
        for (row, block) in rows.iter_mut().zip(blocks).take(V::LANES) {
            let (pieces, _) = block.as_chunks::<8>();
            for (word, piece) in row.0.iter_mut().zip(pieces.iter().skip(8 * half)) {
                *word = u64::from_le_bytes(*piece);
            }
        }
    }
    let [low, high] = rows;
    let (low, high) = (V::from_rows(&low.each_ref()), V::from_rows(&high.each_ref()));
    let mut words = [V::splat(0); 16];
    for (word, swapped) in words.iter_mut().zip(low.iter().chain(&high)) {
        *word = swapped.swap_bytes();
    }
    words
}
