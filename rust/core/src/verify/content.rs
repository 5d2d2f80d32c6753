//! Content hash of a table: over values, not over file bytes.
//!
//! In: record batches in canonical row order. Out: bytes to hash. Rule: uptime proof, 9.3: null is 00, any value has 01 in
//! front; integers are 8 bytes big endian, signed ones in two's complement; byte strings have their length in front.
//! Invariant: how a table is cut into batches makes no difference.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use super::VerifyError;

/// Appends the content of a batch's rows.
pub fn content_bytes(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), VerifyError> {
    let columns: Vec<&dyn Array> = batch.columns().iter().map(AsRef::as_ref).collect();
    for row in 0..batch.num_rows() {
        for column in &columns {
            if column.is_null(row) {
                out.push(0);
                continue;
            }
            out.push(1);
            match column.data_type() {
                DataType::UInt8 => integer(u64::from(column.as_primitive::<UInt8Type>().value(row)), out),
                DataType::UInt32 => integer(u64::from(column.as_primitive::<UInt32Type>().value(row)), out),
                DataType::UInt64 => integer(column.as_primitive::<UInt64Type>().value(row), out),
                DataType::Int64 => {
                    out.extend_from_slice(&column.as_primitive::<Int64Type>().value(row).to_be_bytes());
                }
                DataType::Binary => {
                    let value = column.as_binary::<i32>().value(row);
                    out.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
                    out.extend_from_slice(value);
                }
                other => {
                    return Err(VerifyError::Table(format!("no content form for a column of type {other}")));
                }
            }
        }
    }
    Ok(())
}

fn integer(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_be_bytes());
}
