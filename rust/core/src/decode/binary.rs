//! Arrow's layouts of byte strings, read as one.
//!
//! In: a binary, large binary, fixed-size binary or binary view array. Out: its values row by row, or a binary array of them.
//! Rule: values are read where they lie; in a binary array, only views are copied, because their bytes may lie anywhere.
//! Invariant: the offsets of a binary array can hold the values of a bounded column together.

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, BinaryArray, BinaryViewArray, FixedSizeBinaryArray, GenericBinaryArray, LargeBinaryArray,
    OffsetSizeTrait,
};
use arrow_buffer::{MutableBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::quarantine::Quarantine;

/// A column of byte strings.
#[derive(Clone, Debug)]
pub enum Bytes {
    /// Offsets of 32 bits.
    Small(BinaryArray),
    /// Offsets of 64 bits.
    Large(LargeBinaryArray),
    /// One length for all.
    Fixed(FixedSizeBinaryArray),
    /// Values anywhere in several buffers.
    View(BinaryViewArray),
}

impl Bytes {
    /// Whether a column of this type is one of byte strings.
    pub(super) fn accepts(kind: &DataType) -> bool {
        matches!(
            kind,
            DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) | DataType::BinaryView
        )
    }

    /// The column, if it is one of byte strings.
    pub(super) fn of(array: &dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Binary => Self::Small(array.as_binary().clone()),
            DataType::LargeBinary => Self::Large(array.as_binary().clone()),
            DataType::FixedSizeBinary(_) => Self::Fixed(array.as_fixed_size_binary().clone()),
            DataType::BinaryView => Self::View(array.as_binary_view().clone()),
            _ => return None,
        })
    }

    /// As Arrow sees it.
    pub(super) fn array(&self) -> &dyn Array {
        match self {
            Self::Small(array) => array,
            Self::Large(array) => array,
            Self::Fixed(array) => array,
            Self::View(array) => array,
        }
    }

    /// The value of a row, which is not null.
    pub fn value(&self, row: usize) -> &[u8] {
        match self {
            Self::Small(array) => array.value(row),
            Self::Large(array) => array.value(row),
            Self::Fixed(array) => array.value(row),
            Self::View(array) => array.value(row),
        }
    }

    /// Whether a row has a value.
    pub fn is_valid(&self, row: usize) -> bool {
        self.array().is_valid(row)
    }

    /// The column, if 32-bit offsets can hold its values together.
    pub(super) fn bounded(self) -> Result<Self, Quarantine> {
        let size = self.size(0, self.array().len());
        if i32::try_from(size).is_err() {
            return Err(Quarantine::limit(format!(
                "{size} bytes in one batch, the largest has {}",
                i32::MAX
            )));
        }
        Ok(self)
    }

    /// Bytes of the values of some rows together.
    pub(super) fn size(&self, start: usize, rows: usize) -> u64 {
        match self {
            Self::Small(array) => span(array, start, rows),
            Self::Large(array) => span(array, start, rows),
            Self::Fixed(array) => u64::try_from(array.value_length()).unwrap_or(0) * rows as u64,
            Self::View(array) => {
                // The length is the low half of a view, whether the value stands in it or not.
                let views = array.views().get(start..start + rows).unwrap_or_default();
                let valid = |row: usize| array.nulls().is_none_or(|nulls| nulls.is_valid(start + row));
                let lengths = views.iter().enumerate().filter(|(row, _)| valid(*row));
                lengths.map(|(_, view)| u64::from(low_half(*view))).sum()
            }
        }
    }

    /// The same values with 32-bit offsets, of a bounded column.
    pub(super) fn to_binary(&self) -> Result<BinaryArray, Quarantine> {
        let size = usize::try_from(self.size(0, self.array().len())).unwrap_or(0);
        let (offsets, values, nulls) = match self {
            Self::Small(array) => return Ok(array.clone()),
            Self::Large(array) => {
                let first = array.value_offsets().first().copied().unwrap_or(0);
                let offsets = array.value_offsets().iter().map(|offset| narrow(offset - first)).collect();
                let start = usize::try_from(first).unwrap_or(0);
                let values = array.values().slice_with_length(start, size);
                (offsets, values, array.nulls())
            }
            Self::Fixed(array) => {
                let width = usize::try_from(array.value_length()).unwrap_or(0);
                let offsets = (0..=array.len()).map(|row| narrow(row * width)).collect();
                (offsets, array.values().clone(), array.nulls())
            }
            Self::View(array) => {
                let mut values = MutableBuffer::with_capacity(size);
                let mut offsets = Vec::with_capacity(array.len() + 1);
                offsets.push(0);
                for row in 0..array.len() {
                    if array.is_valid(row) {
                        values.extend_from_slice(array.value(row));
                    }
                    offsets.push(narrow(values.len()));
                }
                (ScalarBuffer::from(offsets), values.into(), array.nulls())
            }
        };
        BinaryArray::try_new(OffsetBuffer::new(offsets), values, nulls.cloned())
            .map_err(Quarantine::unreadable)
    }
}

fn span<O: OffsetSizeTrait>(array: &GenericBinaryArray<O>, start: usize, rows: usize) -> u64 {
    let offsets = array.value_offsets();
    match (offsets.get(start), offsets.get(start + rows)) {
        (Some(first), Some(last)) => last.as_usize().saturating_sub(first.as_usize()) as u64,
        _ => 0,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the high half is cut off on purpose")]
fn low_half(view: u128) -> u32 {
    view as u32
}

/// An offset that is known to fit because the size of all values does.
fn narrow<T>(offset: T) -> i32
where
    i32: TryFrom<T>,
{
    i32::try_from(offset).unwrap_or(i32::MAX)
}
