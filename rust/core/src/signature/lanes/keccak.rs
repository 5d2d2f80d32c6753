//! Keccak-256 of many messages side by side.
//!
//! In: messages of three parts each. Out: the digest of each part after part. Rule: FIPS 202, section 3, for the
//! permutation, at a rate of 136 bytes, with the padding of the Keccak submission, as Ethereum has it: 01 behind the
//! message where SHA-3 has 06.
//! Invariant: a lane holds one message's state from its first block to its last, and nothing that another lane holds
//! reaches it; so lengths may be mixed at will.

use sha3::{Digest, Keccak256};

use super::messages::{Dealer, Parts};
use crate::simd::vector::{MAX_LANES, Row, Vector};

/// Bytes of a block.
const BLOCK: usize = 136;

/// Words of the state; line y of the state's plane has words 5 y to 5 y + 4.
const WORDS: usize = 25;

/// Section 3.2.5.
const CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// The digest of each message. Messages without a place in `out`, and places without a message, are left alone.
#[inline(always)]
pub fn keccak256<V: Vector>(messages: &[[&[u8]; 3]], out: &mut [[u8; 32]]) {
    if V::LANES == 1 {
        for (parts, digest) in messages.iter().zip(out) {
            *digest = one(parts);
        }
        return;
    }
    let mut dealer = Dealer::new(messages, out);
    let mut state = [V::splat(0); WORDS];
    let mut blocks = [[0; BLOCK]; MAX_LANES];
    loop {
        let (fresh, busy) = dealer.begin(V::LANES);
        if busy == 0 {
            return;
        }
        for word in &mut state {
            *word = word.replace(fresh, V::splat(0));
        }
        let mut last = 0;
        for (index, block) in blocks.iter_mut().enumerate().take(V::LANES) {
            if let Some(content) = dealer.deal(index, block)
                && let Some(end) = block.get_mut(content.bytes)
            {
                *end = 0x01;
                block[BLOCK - 1] |= 0x80;
                last |= 1 << index;
            }
        }
        for (word, change) in state.iter_mut().zip(words::<V>(&blocks)) {
            *word = word.xor(change);
        }
        for constant in CONSTANTS {
            state = round(&state, constant);
        }
        if last != 0 {
            let [a, b, c, d, ..] = state;
            let rows = V::to_rows([a, b, c, d, a, b, c, d]);
            for (index, row) in rows.iter().enumerate().take(V::LANES) {
                if last >> index & 1 == 1
                    && let Some(digest) = dealer.end(index)
                {
                    for (bytes, word) in digest.as_chunks_mut::<8>().0.iter_mut().zip(row.0) {
                        *bytes = word.to_le_bytes();
                    }
                }
            }
        }
    }
}

/// One message in plain Rust.
fn one(parts: &Parts<'_>) -> [u8; 32] {
    let mut hash = Keccak256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The words of every lane's block.
#[inline(always)]
fn words<V: Vector>(blocks: &[[u8; BLOCK]; MAX_LANES]) -> [V; 17] {
    let mut rows = [[Row([0; 8]); MAX_LANES]; 2];
    let mut ends = [0; MAX_LANES];
    for (half, rows) in rows.iter_mut().enumerate() {
        for (row, block) in rows.iter_mut().zip(blocks).take(V::LANES) {
            let (pieces, _) = block.as_chunks::<8>();
            for (word, piece) in row.0.iter_mut().zip(pieces.iter().skip(8 * half)) {
                *word = u64::from_le_bytes(*piece);
            }
        }
    }
    for (end, block) in ends.iter_mut().zip(blocks).take(V::LANES) {
        if let Some(piece) = block.last_chunk::<8>() {
            *end = u64::from_le_bytes(*piece);
        }
    }
    let [low, high] = rows;
    let (low, high) = (V::from_rows(&low.each_ref()), V::from_rows(&high.each_ref()));
    let mut words = [V::from_lanes(&ends); 17];
    for (word, read) in words.iter_mut().zip(low.iter().chain(&high)) {
        *word = *read;
    }
    words
}

/// One round in every lane: section 3.2, the five step mappings in their order.
#[inline(always)]
fn round<V: Vector>(state: &[V; WORDS], constant: u64) -> [V; WORDS] {
    // Theta.
    let mut parity = [state[0]; 5];
    for x in 0..5 {
        parity[x] = state[x].xor3(state[x + 5], state[x + 10]).xor3(state[x + 15], state[x + 20]);
    }
    let mut t = *state;
    for x in 0..5 {
        let rotated = parity[(x + 1) % 5].rotate::<63>();
        for y in 0..5 {
            t[x + 5 * y] = t[x + 5 * y].xor3(parity[(x + 4) % 5], rotated);
        }
    }
    // Rho and pi; a rotation up by r places is one down by 64 - r.
    let t = [
        t[0],
        t[6].rotate::<20>(),
        t[12].rotate::<21>(),
        t[18].rotate::<43>(),
        t[24].rotate::<50>(),
        t[3].rotate::<36>(),
        t[9].rotate::<44>(),
        t[10].rotate::<61>(),
        t[16].rotate::<19>(),
        t[22].rotate::<3>(),
        t[1].rotate::<63>(),
        t[7].rotate::<58>(),
        t[13].rotate::<39>(),
        t[19].rotate::<56>(),
        t[20].rotate::<46>(),
        t[4].rotate::<37>(),
        t[5].rotate::<28>(),
        t[11].rotate::<54>(),
        t[17].rotate::<49>(),
        t[23].rotate::<8>(),
        t[2].rotate::<2>(),
        t[8].rotate::<9>(),
        t[14].rotate::<25>(),
        t[15].rotate::<23>(),
        t[21].rotate::<62>(),
    ];
    // Chi: the bits of c where b has none.
    let ones = V::splat(u64::MAX);
    let mut result = t;
    for y in 0..5 {
        for x in 0..5 {
            let (a, b, c) = (t[x + 5 * y], t[(x + 1) % 5 + 5 * y], t[(x + 2) % 5 + 5 * y]);
            result[x + 5 * y] = a.xor(b.xor(ones).and(c));
        }
    }
    // Iota.
    result[0] = result[0].xor(V::splat(constant));
    result
}
