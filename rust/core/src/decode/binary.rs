//! Arrow's layouts of byte strings, read as one.
//!
//! In: a binary, large binary, fixed-size binary or binary view array. Out: a binary array of the same values. Rule: the
//! bytes of the first three are shared, only offsets are made; views are copied, because their bytes may lie anywhere.
//! Invariant: nothing is allocated before the size is known to fit the offsets of the result.

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, BinaryArray, BinaryViewArray, FixedSizeBinaryArray, GenericBinaryArray, LargeBinaryArray,
    OffsetSizeTrait,
};
use arrow_buffer::{MutableBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::quarantine::Quarantine;

/// A column of byte strings.
#[derive(Clone, Copy)]
pub(super) enum Bytes<'a> {
    Small(&'a BinaryArray),
    Large(&'a LargeBinaryArray),
    Fixed(&'a FixedSizeBinaryArray),
    View(&'a BinaryViewArray),
}

impl<'a> Bytes<'a> {
    /// Whether a column of this type is one of byte strings.
    pub(super) fn accepts(kind: &DataType) -> bool {
        matches!(
            kind,
            DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) | DataType::BinaryView
        )
    }

    /// The column, if it is one of byte strings.
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Binary => Self::Small(array.as_binary()),
            DataType::LargeBinary => Self::Large(array.as_binary()),
            DataType::FixedSizeBinary(_) => Self::Fixed(array.as_fixed_size_binary()),
            DataType::BinaryView => Self::View(array.as_binary_view()),
            _ => return None,
        })
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

    fn rows(&self) -> usize {
        match self {
            Self::Small(array) => array.len(),
            Self::Large(array) => array.len(),
            Self::Fixed(array) => array.len(),
            Self::View(array) => array.len(),
        }
    }

    /// The same values with 32-bit offsets.
    pub(super) fn to_binary(self) -> Result<BinaryArray, Quarantine> {
        let size = self.size(0, self.rows());
        if i32::try_from(size).is_err() {
            return Err(Quarantine::limit(format!(
                "{size} bytes in one batch, the largest has {}",
                i32::MAX
            )));
        }
        let (offsets, values, nulls) = match self {
            Self::Small(array) => return Ok(array.clone()),
            Self::Large(array) => {
                let first = array.value_offsets().first().copied().unwrap_or(0);
                let offsets = array.value_offsets().iter().map(|offset| narrow(offset - first)).collect();
                let start = usize::try_from(first).unwrap_or(0);
                let values = array.values().slice_with_length(start, usize::try_from(size).unwrap_or(0));
                (offsets, values, array.nulls())
            }
            Self::Fixed(array) => {
                let width = usize::try_from(array.value_length()).unwrap_or(0);
                let offsets = (0..=array.len()).map(|row| narrow(row * width)).collect();
                (offsets, array.values().clone(), array.nulls())
            }
            Self::View(array) => {
                let mut values = MutableBuffer::with_capacity(usize::try_from(size).unwrap_or(0));
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
