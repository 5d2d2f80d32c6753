//! Content hash of a table: over values, not over file bytes.
//!
//! In: record batches in canonical row order. Out: bytes to hash. Rule: uptime proof, 9.3: null is 00, any value has 01 in
//! front; integers are 8 bytes big endian, signed ones in two's complement; byte strings have their length in front.
//! Invariant: how a table is cut into batches makes no difference.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, BinaryArray, Int64Array, RecordBatch, UInt8Array, UInt32Array, UInt64Array};
use arrow_schema::DataType;

use super::VerifyError;

/// A column by its type, which is looked up once and not once per value.
enum Column<'a> {
    UInt8(&'a UInt8Array),
    UInt32(&'a UInt32Array),
    UInt64(&'a UInt64Array),
    Int64(&'a Int64Array),
    Binary(&'a BinaryArray),
}

impl<'a> Column<'a> {
    fn new(array: &'a dyn Array) -> Result<Self, VerifyError> {
        Ok(match array.data_type() {
            DataType::UInt8 => Self::UInt8(array.as_primitive::<UInt8Type>()),
            DataType::UInt32 => Self::UInt32(array.as_primitive::<UInt32Type>()),
            DataType::UInt64 => Self::UInt64(array.as_primitive::<UInt64Type>()),
            DataType::Int64 => Self::Int64(array.as_primitive::<Int64Type>()),
            DataType::Binary => Self::Binary(array.as_binary::<i32>()),
            other => {
                return Err(VerifyError::Table(format!("no content form for a column of type {other}")));
            }
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::UInt8(array) => array.is_null(row),
            Self::UInt32(array) => array.is_null(row),
            Self::UInt64(array) => array.is_null(row),
            Self::Int64(array) => array.is_null(row),
            Self::Binary(array) => array.is_null(row),
        }
    }

    /// Bytes of `rows` rows, at most.
    fn size(&self, rows: usize) -> usize {
        match self {
            Self::Binary(array) => {
                let [first, last] = [array.value_offsets().first(), array.value_offsets().last()]
                    .map(|offset| offset.map_or(0, |offset| usize::try_from(*offset).unwrap_or(0)));
                5 * rows + last.saturating_sub(first)
            }
            _ => 9 * rows,
        }
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.push(0);
            return;
        }
        out.push(1);
        match self {
            Self::UInt8(array) => integer(u64::from(array.value(row)), out),
            Self::UInt32(array) => integer(u64::from(array.value(row)), out),
            Self::UInt64(array) => integer(array.value(row), out),
            Self::Int64(array) => out.extend_from_slice(&array.value(row).to_be_bytes()),
            Self::Binary(array) => {
                let value = array.value(row);
                out.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
                out.extend_from_slice(value);
            }
        }
    }
}

/// Appends the content of a batch's rows.
pub fn content_bytes(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), VerifyError> {
    let columns = batch.columns().iter().map(|column| Column::new(column)).collect::<Result<Vec<_>, _>>()?;
    out.reserve(columns.iter().map(|column| column.size(batch.num_rows())).sum());
    for row in 0..batch.num_rows() {
        for column in &columns {
            column.write(row, out);
        }
    }
    Ok(())
}

fn integer(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_be_bytes());
}
