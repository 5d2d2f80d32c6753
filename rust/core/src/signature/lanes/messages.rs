//! Messages that are dealt to the lanes of a hash function block by block.
//!
//! In: messages of three parts each, and a place for each digest. Out: for every lane the next block of the message that
//! it is working on, and which lanes begin one. Rule: signature verification, 5.2, step 1: a message is its parts one after
//! the other. Invariant: every message is dealt once, to one lane, block after block; a lane whose message has ended gets
//! the next one, so that lanes stand idle only when no message is left, whatever the lengths. (A block in all lanes takes
//! about twice as long as one in plain Rust, so that a last long message alone in its lane costs twice as much at most.)

use crate::simd::vector::{MAX_LANES, Mask};

/// A message in parts.
pub(super) type Parts<'a> = [&'a [u8]; 3];

/// A message that a lane is working on.
struct Lane<'a, const DIGEST: usize> {
    parts: &'a Parts<'a>,
    digest: &'a mut [u8; DIGEST],
    length: usize,
    /// Bytes of the blocks that were dealt; beyond the length when a block of nothing but padding is due.
    dealt: usize,
}

/// What a lane's block holds of its message.
#[derive(Clone, Copy)]
pub(super) struct Content {
    /// Bytes of the message, at the start of the block; the others are zero.
    pub bytes: usize,
    /// Whether an earlier block held the end of the message already.
    pub is_extra: bool,
    /// Bytes of the whole message.
    pub length: usize,
}

/// Messages on their way through the lanes.
pub(super) struct Dealer<'a, const DIGEST: usize> {
    messages: core::slice::Iter<'a, Parts<'a>>,
    digests: core::slice::IterMut<'a, [u8; DIGEST]>,
    lanes: [Option<Lane<'a, DIGEST>>; MAX_LANES],
}

impl<'a, const DIGEST: usize> Dealer<'a, DIGEST> {
    /// Before the first block. Messages without a place for the digest, and places without a message, are left alone.
    #[inline(always)]
    pub fn new(messages: &'a [Parts<'a>], digests: &'a mut [[u8; DIGEST]]) -> Self {
        Self { messages: messages.iter(), digests: digests.iter_mut(), lanes: [const { None }; MAX_LANES] }
    }

    /// Gives each of the first `lanes` lanes that has none a message. Out: the lanes that begin one, and those that work.
    #[inline(always)]
    pub fn begin(&mut self, lanes: usize) -> (Mask, Mask) {
        let (mut fresh, mut busy) = (0, 0);
        for (index, lane) in self.lanes.iter_mut().take(lanes).enumerate() {
            if lane.is_none()
                && let (Some(parts), Some(digest)) = (self.messages.next(), self.digests.next())
            {
                let length = parts.iter().fold(0_usize, |sum, part| sum.wrapping_add(part.len()));
                *lane = Some(Lane { parts, digest, length, dealt: 0 });
                fresh |= 1 << index;
            }
            busy |= Mask::from(lane.is_some()) << index;
        }
        (fresh, busy)
    }

    /// The lane's next block, but for the padding; `None` where the lane has no message.
    #[inline(always)]
    pub fn deal<const BLOCK: usize>(&mut self, index: usize, block: &mut [u8; BLOCK]) -> Option<Content> {
        let lane = self.lanes.get_mut(index)?.as_mut()?;
        if lane.length.saturating_sub(lane.dealt) < BLOCK {
            *block = [0; BLOCK];
        }
        let left = copy(lane.parts, lane.dealt, block).len();
        let content = Content {
            bytes: BLOCK.saturating_sub(left),
            is_extra: lane.dealt > lane.length,
            length: lane.length,
        };
        lane.dealt = lane.dealt.wrapping_add(BLOCK);
        Some(content)
    }

    /// The place for the digest of the lane's message, whose last block was dealt; the lane is then free.
    #[inline(always)]
    pub fn end(&mut self, index: usize) -> Option<&'a mut [u8; DIGEST]> {
        self.lanes.get_mut(index)?.take().map(|lane| lane.digest)
    }
}

/// Bytes of the message from `start` on, as many as there are and fit. Out: what is left of the block.
#[inline(always)]
fn copy<'b>(parts: &Parts<'_>, start: usize, block: &'b mut [u8]) -> &'b mut [u8] {
    let mut skip = start;
    let mut block = block;
    for part in parts {
        let (skipped, mut from) = part.split_at(skip.min(part.len()));
        skip = skip.wrapping_sub(skipped.len());
        // Pieces of a fixed length are copied without a call: keys, points and most of the messages are made of them.
        while let (Some((piece, rest)), true) = (from.split_first_chunk::<32>(), block.len() >= 32) {
            let (to, left) = block.split_at_mut(32);
            to.copy_from_slice(piece);
            (from, block) = (rest, left);
        }
        let count = from.len().min(block.len());
        let (to, left) = block.split_at_mut(count);
        if let (Some(from), false) = (from.get(..count), count == 0) {
            to.copy_from_slice(from);
        }
        block = left;
    }
    block
}
