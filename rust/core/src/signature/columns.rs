//! Items in columns, borrowed from whoever holds them.
//!
//! In: values with a fixed width, with offsets, or as slices. Out: row by row access. Rule: signature verification, 5.1
//! and 9: every offset is checked before use.
//! Invariant: a [`ByteColumn`] and [`Items`] that exist are consistent, so that reading a row cannot fail.

use thiserror::Error;

use super::keys::KeyId;
use crate::simd::dispatch::prefetch;

/// Why columns do not make a batch of items. This is about the call, never about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ItemsError {
    /// The bytes are no multiple of the width.
    #[error("expected {rows} rows of {width} bytes, found {found} bytes")]
    Width {
        /// Rows expected.
        rows: usize,
        /// Bytes of each.
        width: usize,
        /// Bytes given.
        found: usize,
    },
    /// There is no first offset.
    #[error("expected one offset more than rows, found no offset")]
    NoOffsets,
    /// An offset is negative, smaller than the one before, or beyond the values.
    #[error("offset after row {row} must be at least the one before and at most {length}")]
    Offset {
        /// The row that the offset ends; 0 also for the first offset.
        row: usize,
        /// Bytes of all values.
        length: usize,
    },
    /// Columns have different lengths.
    #[error("expected {expected} rows in column {column}, found {found}")]
    Rows {
        /// The column that does not fit.
        column: &'static str,
        /// Rows of the key ids.
        expected: usize,
        /// Rows of that column.
        found: usize,
    },
}

#[derive(Clone, Copy, Debug)]
enum Layout<'a> {
    Fixed { values: &'a [u8], width: usize, rows: usize },
    Offsets32 { values: &'a [u8], offsets: &'a [i32] },
    Offsets64 { values: &'a [u8], offsets: &'a [i64] },
    OffsetsUnsigned { values: &'a [u8], offsets: &'a [u64] },
    Slices(&'a [&'a [u8]]),
}

/// A column of byte strings.
#[derive(Clone, Copy, Debug)]
pub struct ByteColumn<'a>(Layout<'a>);

/// Checks that offsets never fall and stay within `length` bytes.
fn check_offsets<T: Copy + TryInto<usize>>(offsets: &[T], length: usize) -> Result<(), ItemsError> {
    let mut before = 0;
    for (at, offset) in offsets.iter().enumerate() {
        let bad = ItemsError::Offset { row: at.saturating_sub(1), length };
        let offset: usize = (*offset).try_into().map_err(|_| bad)?;
        if offset < before || offset > length {
            return Err(bad);
        }
        before = offset;
    }
    if offsets.is_empty() { Err(ItemsError::NoOffsets) } else { Ok(()) }
}

/// The bytes between two checked offsets.
fn between<T: Copy + TryInto<usize>>(values: &[u8], start: T, end: T) -> &[u8] {
    match (start.try_into(), end.try_into()) {
        (Ok(start), Ok(end)) => values.get(start..end).unwrap_or(&[]),
        _ => &[],
    }
}

impl<'a> ByteColumn<'a> {
    /// `rows` values of `width` bytes each, one after the other.
    pub fn fixed(values: &'a [u8], width: usize, rows: usize) -> Result<Self, ItemsError> {
        if width.checked_mul(rows) == Some(values.len()) {
            Ok(Self(Layout::Fixed { values, width, rows }))
        } else {
            Err(ItemsError::Width { rows, width, found: values.len() })
        }
    }

    /// Values between offsets, one offset more than rows.
    pub fn variable(values: &'a [u8], offsets: &'a [u64]) -> Result<Self, ItemsError> {
        check_offsets(offsets, values.len())?;
        Ok(Self(Layout::OffsetsUnsigned { values, offsets }))
    }

    /// Values between the offsets of an Arrow binary column.
    pub fn arrow_binary(values: &'a [u8], offsets: &'a [i32]) -> Result<Self, ItemsError> {
        check_offsets(offsets, values.len())?;
        Ok(Self(Layout::Offsets32 { values, offsets }))
    }

    /// Values between the offsets of an Arrow large binary column.
    pub fn arrow_large_binary(values: &'a [u8], offsets: &'a [i64]) -> Result<Self, ItemsError> {
        check_offsets(offsets, values.len())?;
        Ok(Self(Layout::Offsets64 { values, offsets }))
    }

    /// Values that lie anywhere.
    pub const fn slices(values: &'a [&'a [u8]]) -> Self {
        Self(Layout::Slices(values))
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        match self.0 {
            Layout::Fixed { rows, .. } => rows,
            Layout::Offsets32 { offsets, .. } => offsets.len() - 1,
            Layout::Offsets64 { offsets, .. } => offsets.len() - 1,
            Layout::OffsetsUnsigned { offsets, .. } => offsets.len() - 1,
            Layout::Slices(values) => values.len(),
        }
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row; empty beyond the last one.
    pub fn get(&self, row: usize) -> &'a [u8] {
        if row >= self.len() {
            return &[];
        }
        match self.0 {
            Layout::Fixed { values, width, .. } => &values[row * width..(row + 1) * width],
            Layout::Offsets32 { values, offsets } => between(values, offsets[row], offsets[row + 1]),
            Layout::Offsets64 { values, offsets } => between(values, offsets[row], offsets[row + 1]),
            Layout::OffsetsUnsigned { values, offsets } => between(values, offsets[row], offsets[row + 1]),
            Layout::Slices(values) => values[row],
        }
    }

    /// Rows `start..end`, cut off at the last one.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let end = end.min(self.len());
        let start = start.min(end);
        Self(match self.0 {
            Layout::Fixed { values, width, .. } => {
                Layout::Fixed { values: &values[start * width..end * width], width, rows: end - start }
            }
            Layout::Offsets32 { values, offsets } => {
                Layout::Offsets32 { values, offsets: &offsets[start..=end] }
            }
            Layout::Offsets64 { values, offsets } => {
                Layout::Offsets64 { values, offsets: &offsets[start..=end] }
            }
            Layout::OffsetsUnsigned { values, offsets } => {
                Layout::OffsetsUnsigned { values, offsets: &offsets[start..=end] }
            }
            Layout::Slices(values) => Layout::Slices(&values[start..end]),
        })
    }
}

/// Items whose signatures are on their way into the cache while one is looked at.
const AHEAD: usize = 16;

/// Signatures to check: who signed, what, and the signature.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    key_ids: &'a [KeyId],
    messages: ByteColumn<'a>,
    signatures: ByteColumn<'a>,
    order: Option<&'a [u32]>,
}

impl<'a> Items<'a> {
    /// Puts three columns of equal length together.
    pub fn new(
        key_ids: &'a [KeyId],
        messages: ByteColumn<'a>,
        signatures: ByteColumn<'a>,
    ) -> Result<Self, ItemsError> {
        for (column, found) in [("messages", messages.len()), ("signatures", signatures.len())] {
            if found != key_ids.len() {
                return Err(ItemsError::Rows { column, expected: key_ids.len(), found });
            }
        }
        Ok(Self { key_ids, messages, signatures, order: None })
    }

    /// The items of these rows, in this order; a row beyond the last one is an item without a key.
    #[must_use]
    pub const fn ordered(&self, rows: &'a [u32]) -> Self {
        Self { order: Some(rows), ..*self }
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        match self.order {
            Some(rows) => rows.len(),
            None => self.key_ids.len(),
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Items `start..end`, cut off at the last one.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let end = end.min(self.len());
        let start = start.min(end);
        if let Some(rows) = self.order {
            return self.ordered(&rows[start..end]);
        }
        Self {
            order: None,
            key_ids: &self.key_ids[start..end],
            messages: self.messages.slice(start, end),
            signatures: self.signatures.slice(start, end),
        }
    }

    /// Key id, message and signature of one item; no key and nothing beyond the last one.
    pub(super) fn get(&self, row: usize) -> (KeyId, &'a [u8], &'a [u8]) {
        let id = self.key_ids.get(row).copied().unwrap_or(KeyId::NONE);
        (id, self.messages.get(row), self.signatures.get(row))
    }

    /// Key id of each item.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        (0..self.len()).map(|at| {
            let row = self.order.map_or(at, |rows| rows[at] as usize);
            self.key_ids.get(row).copied().unwrap_or(KeyId::NONE)
        })
    }

    /// Key id, message and signature of each item.
    pub fn iter(&self) -> impl Iterator<Item = (KeyId, &'a [u8], &'a [u8])> + '_ {
        (0..self.len()).map(|at| {
            // In the order of keys, the next signature lies anywhere.
            if let Some(next) = self.order.and_then(|rows| rows.get(at + AHEAD)) {
                prefetch(self.signatures.get(*next as usize));
            }
            self.get(self.order.map_or(at, |rows| rows[at] as usize))
        })
    }
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;
