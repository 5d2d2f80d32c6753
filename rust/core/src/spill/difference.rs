//! Records as what differs from the record before.
//!
//! In: the records of a block in order. Out: bytes, and the same records from them. Rule: records that stand side by side
//! after sorting are mostly of one device and one form, so most of their words are the same at the same places. For every
//! eight words that both records have there is a byte that says which of them differ, and behind it those; what is left of
//! the longer one follows as it is. Invariant: a record is read from the bytes and the record before it alone, and the first
//! of a block has none before it.

/// Bytes of a word.
const WORD: usize = 8;
/// Bytes of the words that one byte speaks of.
const GROUP: usize = 8 * WORD;

/// The places of a byte's ones.
fn bits(mut byte: u8) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = byte.trailing_zeros();
        byte &= byte.wrapping_sub(1);
        (lowest < u8::BITS).then_some(lowest as usize)
    })
}

/// Bytes at the front that are told by what differs in them.
fn common(before: &[u8], length: usize) -> usize {
    let shorter = before.len().min(length);
    shorter - shorter % WORD
}

/// Appends what makes a record from the one before.
pub(super) fn write(before: &[u8], next: &[u8], out: &mut Vec<u8>) {
    let common = common(before, next.len());
    let (next, rest) = next.split_at(common);
    for (before, next) in before[..common].chunks(GROUP).zip(next.chunks(GROUP)) {
        let words = before.as_chunks::<WORD>().0.iter().zip(next.as_chunks::<WORD>().0);
        // A word that does not differ is overwritten by the next one that does.
        let mut told = [0; 1 + GROUP];
        let mut length = 1;
        let mut differing = 0;
        for (bit, (before, next)) in words.enumerate() {
            told[length..length + WORD].copy_from_slice(next);
            differing |= u8::from(before != next) << bit;
            length += WORD * usize::from(before != next);
        }
        told[0] = differing;
        out.extend_from_slice(&told[..length]);
    }
    out.extend_from_slice(rest);
}

/// The record before the next one.
#[derive(Debug, Default)]
pub(super) struct Before {
    record: Vec<u8>,
    /// The next record while it is compared.
    next: Vec<u8>,
}

impl Before {
    /// There is none.
    pub(super) fn clear(&mut self) {
        self.record.clear();
    }

    /// The record.
    pub(super) fn record(&self) -> &[u8] {
        &self.record
    }

    /// Gives back memory that was needed for a record longer than this.
    pub(super) fn shrink_to(&mut self, length: usize) {
        self.record.shrink_to(length);
        self.next.shrink_to(length);
    }

    /// Appends what makes the next record from the one before, whose place it takes.
    pub(super) fn write(&mut self, key: &[u8], payload: &[u8], out: &mut Vec<u8>) {
        self.next.clear();
        self.next.extend_from_slice(key);
        self.next.extend_from_slice(payload);
        write(&self.record, &self.next, out);
        std::mem::swap(&mut self.record, &mut self.next);
    }

    /// Makes the next record, of this length, from the one before and what differs; gives what stands behind that, or
    /// `None` where it ends too early.
    pub(super) fn read<'a>(&mut self, length: usize, mut bytes: &'a [u8]) -> Option<&'a [u8]> {
        let common = common(&self.record, length);
        if length - common > bytes.len() {
            return None;
        }
        self.record.resize(length, 0);
        let (front, rest) = self.record.split_at_mut(common);
        for group in front.chunks_mut(GROUP) {
            let differing;
            (differing, bytes) = bytes.split_first()?;
            let words = group.as_chunks_mut::<WORD>().0;
            for bit in bits(*differing) {
                let next;
                (next, bytes) = bytes.split_first_chunk()?;
                *words.get_mut(bit)? = *next;
            }
        }
        let (end, behind) = bytes.split_at_checked(rest.len())?;
        rest.copy_from_slice(end);
        Some(behind)
    }
}

#[cfg(test)]
#[path = "difference_tests.rs"]
mod tests;
