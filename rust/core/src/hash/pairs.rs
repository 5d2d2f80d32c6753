//! SHA-256 of many messages, two at a time where the processor gains by it.
//!
//! In: messages. Out: their hashes, in order. Rule: FIPS 180-4, section 5 and 6.2. Invariant: as hashing them one after the
//! other.

use sha2::block_api::compress256;

use super::Hash;

type Block = [u8; 64];

/// FIPS 180-4, 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// What follows a message of one block: a one bit, and the message's 512 bits as a number.
const BEHIND_ONE_BLOCK: Block = {
    let mut padding = [0; 64];
    padding[0] = 0x80;
    padding[62] = 2;
    padding
};

/// SHA-256 of two messages of one block, as nodes of a tree are.
#[inline]
pub fn sha256_pair_of_blocks([first, second]: [&Block; 2]) -> [Hash; 2] {
    let (first, second) = ([*first, BEHIND_ONE_BLOCK], [*second, BEHIND_ONE_BLOCK]);
    let (mut one, mut other) = (INITIAL, INITIAL);
    #[cfg(target_arch = "x86_64")]
    if super::x86::compress_pair([&mut one, &mut other], [&first, &second]) {
        return [to_bytes(one), to_bytes(other)];
    }
    compress256(&mut one, &first);
    compress256(&mut other, &second);
    [to_bytes(one), to_bytes(other)]
}

/// SHA-256 of two messages.
pub fn sha256_pair([first, second]: [&[u8]; 2]) -> [Hash; 2] {
    let (mut first, mut second) = (Stream::new(first), Stream::new(second));
    while !first.is_over() && !second.is_over() {
        advance(&mut first, &mut second);
    }
    [first.finish(), second.finish()]
}

/// Appends the SHA-256 of each message.
pub fn sha256_each<'a>(messages: impl IntoIterator<Item = &'a [u8]>, hashes: &mut Vec<Hash>) {
    let mut messages = messages.into_iter();
    let mut begin = |hashes: &mut Vec<Hash>| {
        let stream = Stream::new(messages.next()?);
        hashes.push(Hash::default());
        Some((stream, hashes.len() - 1))
    };
    let mut streams = [begin(hashes), begin(hashes)];
    loop {
        if let [Some((first, _)), Some((second, _))] = &mut streams {
            advance(first, second);
        } else if let [Some((last, _)), None] | [None, Some((last, _))] = &mut streams {
            last.advance();
        } else {
            return;
        }
        for place in &mut streams {
            if let Some((stream, at)) = place.take_if(|(stream, _)| stream.is_over()) {
                hashes[at] = stream.finish();
                *place = begin(hashes);
            }
        }
    }
}

/// A message of which some blocks are still to be compressed: first those of its own, then those with the padding.
struct Stream<'a> {
    state: [u32; 8],
    whole: &'a [Block],
    padded: [Block; 2],
    padded_from: usize,
}

impl<'a> Stream<'a> {
    fn new(message: &'a [u8]) -> Self {
        let (whole, rest) = message.as_chunks();
        let mut padded = [0; 128];
        let padded_from = usize::from(rest.len() + 1 + 8 <= 64);
        let start = 64 * padded_from;
        padded[start..start + rest.len()].copy_from_slice(rest);
        padded[start + rest.len()] = 0x80;
        padded[120..].copy_from_slice(&(8 * message.len() as u64).to_be_bytes());
        let (blocks, _) = padded.as_chunks();
        Self { state: INITIAL, whole, padded: [blocks[0], blocks[1]], padded_from }
    }

    fn is_over(&self) -> bool {
        self.padded_from == self.padded.len()
    }

    /// The blocks that lie behind each other now.
    fn blocks(&self) -> &[Block] {
        if self.whole.is_empty() { &self.padded[self.padded_from..] } else { self.whole }
    }

    fn skip(&mut self, blocks: usize) {
        if self.whole.is_empty() {
            self.padded_from += blocks;
        } else {
            self.whole = &self.whole[blocks..];
        }
    }

    /// Compresses what lies behind each other now.
    fn advance(&mut self) {
        let mut state = self.state;
        compress256(&mut state, self.blocks());
        self.state = state;
        self.skip(self.blocks().len());
    }

    fn finish(mut self) -> Hash {
        while !self.is_over() {
            self.advance();
        }
        to_bytes(self.state)
    }
}

#[inline]
fn to_bytes(state: [u32; 8]) -> Hash {
    let mut hash = Hash::default();
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

/// Compresses blocks of both until one has none behind each other.
fn advance(first: &mut Stream<'_>, second: &mut Stream<'_>) {
    #[cfg(target_arch = "x86_64")]
    {
        let (mut one, mut other) = (first.state, second.state);
        if super::x86::compress_pair([&mut one, &mut other], [first.blocks(), second.blocks()]) {
            (first.state, second.state) = (one, other);
            let blocks = first.blocks().len().min(second.blocks().len());
            first.skip(blocks);
            second.skip(blocks);
            return;
        }
    }
    first.advance();
    second.advance();
}

#[cfg(test)]
#[path = "pairs_tests.rs"]
mod tests;
