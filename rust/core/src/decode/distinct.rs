//! The names of the maps that are open while one item is decoded.
//!
//! In: each name of a map as a span of the input, or as copied bytes where the value differs from what stands there
//! (escapes, long forms). Out: the first name that a map holds twice. Rule: names are duplicates if equal as values.
//! Invariant: one list serves all nested maps like a stack, so memory is linear in the number of open names; a map whose
//! names ascend costs one comparison per name, a short one a comparison of sketches, any other a sort.

/// Up to this many names are compared pair by pair, by their sketches first: cheaper than a sort, and still a constant per
/// name.
const PAIRWISE: usize = 32;

/// A number that equal names share, and different ones hardly ever: of the length and the bytes at both ends.
fn sketch(name: &[u8]) -> u32 {
    let pack = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    let (first, last) = match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (Some(first), Some(last)) => (u32::from_be_bytes(*first), u32::from_be_bytes(*last)),
        _ => (pack(name), 0),
    };
    // Any odd multipliers do that mix all bits.
    first.wrapping_mul(0x9e37_79b1) ^ last.wrapping_mul(0x85eb_ca77) ^ narrow(name.len())
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
    /// Where the name stands in the input, for the message.
    offset: u32,
    copied: bool,
}

/// The names of the open maps. Reusable from item to item.
#[derive(Debug, Default)]
pub struct Distinct {
    spans: Vec<Span>,
    copies: Vec<u8>,
}

/// Where the names of one map begin.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    spans: usize,
    copies: usize,
}

fn narrow(position: usize) -> u32 {
    // Decoders refuse items of 4 GiB and more before they come here.
    u32::try_from(position).unwrap_or(u32::MAX)
}

impl Distinct {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything that a refused item may have left behind.
    pub fn clear(&mut self) {
        self.spans.clear();
        self.copies.clear();
    }

    /// A map begins.
    pub fn open(&self) -> Mark {
        Mark { spans: self.spans.len(), copies: self.copies.len() }
    }

    /// A name whose value is `input[start..end]` as it stands.
    pub fn push(&mut self, start: usize, end: usize) {
        let start = narrow(start);
        self.spans.push(Span { start, end: narrow(end), offset: start, copied: false });
    }

    /// A name at `offset` whose value is what `write` appends.
    pub fn push_copy(&mut self, offset: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.copies.len();
        write(&mut self.copies);
        self.spans.push(Span {
            start: narrow(start),
            end: narrow(self.copies.len()),
            offset: narrow(offset),
            copied: true,
        });
    }

    /// The value of the name that was pushed last.
    pub fn last<'v>(&'v self, input: &'v [u8]) -> &'v [u8] {
        let Some(span) = self.spans.last() else { return &[] };
        let source = if span.copied { self.copies.as_slice() } else { input };
        source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// A map ends whose names are known to be distinct.
    pub fn close_distinct(&mut self, mark: Mark) {
        self.spans.truncate(mark.spans);
        self.copies.truncate(mark.copies);
    }

    /// The map ends: the offset of a name that it holds twice, if there is one.
    pub fn close(&mut self, mark: Mark, input: &[u8]) -> Option<usize> {
        let copies = &self.copies;
        let value = |span: &Span| -> &[u8] {
            let source = if span.copied { copies.as_slice() } else { input };
            source.get(span.start as usize..span.end as usize).unwrap_or_default()
        };
        let names = self.spans.get_mut(mark.spans..).unwrap_or_default();
        let twice = if names.windows(2).all(|pair| value(&pair[0]) < value(&pair[1])) {
            None
        } else if names.len() <= PAIRWISE {
            let mut sketches = [0; PAIRWISE];
            names.iter().enumerate().find_map(|(index, name)| {
                let own = sketch(value(name));
                let is_twice = sketches[..index].contains(&own)
                    && names[..index].iter().any(|earlier| value(earlier) == value(name));
                sketches[index] = own;
                is_twice.then_some(name.offset)
            })
        } else {
            // Equal names end up side by side in order of their place, so the later one is named.
            names.sort_unstable_by(|a, b| value(a).cmp(value(b)).then(a.offset.cmp(&b.offset)));
            names
                .windows(2)
                .filter(|pair| value(&pair[0]) == value(&pair[1]))
                .map(|pair| pair[1].offset)
                .min()
        };
        self.close_distinct(mark);
        twice.map(|offset| offset as usize)
    }
}

#[cfg(test)]
#[path = "distinct_tests.rs"]
mod tests;
