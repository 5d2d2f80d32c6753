//! Observations: what validators recorded, as one kind of batch whatever it came from.
//!
//! In: Arrow record batches of any producer. Out: [`ObservationBatch`], typed columns in the order of
//! [`crate::schema::observations`]. Rule: "uptime proof", section 2.1. Columns are found by name, others are ignored; the
//! last three may be absent and then are null. Integers have exactly the named type, so that every implementation accepts
//! the same files; bytes may lie in any of Arrow's binary layouts, which hold the same values, but not in a text. Invariant:
//! a batch that exists keeps the row rules, and shares the memory of its source.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, Int64Array, PrimitiveArray, RecordBatch, UInt8Array,
    UInt32Array, UInt64Array, new_null_array,
};
use arrow_schema::{DataType, SchemaRef};

use super::binary::Bytes;
use super::quarantine::{Place, Quarantine};
use crate::schema;

/// Names of the columns, in order.
pub const COLUMNS: [&str; 10] = [
    "validator",
    "device",
    "slot",
    "sent_ms",
    "received_ms",
    "transport",
    "proof",
    "address",
    "asn",
    "rtt_ns",
];

/// How many of [`COLUMNS`] every table has; the others may be absent.
pub const REQUIRED: usize = 7;

/// The largest value of `transport`.
pub const LAST_TRANSPORT: u8 = 4;

/// Rows that keep the rules of "uptime proof", section 2.1.
#[derive(Clone, Debug)]
pub struct ObservationBatch {
    /// Number of the first row in its file, from 0.
    pub first_row: u64,
    /// Registry id of the validator.
    pub validator: Bytes,
    /// Registry id of the device that was probed.
    pub device: Bytes,
    /// Slot of the epoch.
    pub slot: UInt64Array,
    /// When the challenge left, Unix milliseconds.
    pub sent_ms: Int64Array,
    /// When the answer was complete; null without an answer.
    pub received_ms: Int64Array,
    /// 0 answered, 1 timeout, 2 no connection, 3 an error not pinned on the device, 4 not attempted.
    pub transport: UInt8Array,
    /// The envelope; null without an answer.
    pub proof: Bytes,
    /// 4 or 16 bytes, or null.
    pub address: Bytes,
    /// Network operator of the address, or null.
    pub asn: UInt32Array,
    /// Round trip, or null.
    pub rtt_ns: UInt64Array,
}

impl ObservationBatch {
    /// Takes the columns out of a record batch and checks every row.
    ///
    /// `first_row` is the number of the batch's first row in its file. A column of more than 2 GiB of bytes has to be cut
    /// by [`pieces`] before.
    pub fn from_record_batch(batch: &RecordBatch, first_row: u64) -> Result<Self, Quarantine> {
        let places = locate(&batch.schema())?;
        let rows = batch.num_rows();
        let column = |index: usize| places[index].map(|place| batch.column(place).as_ref());
        let checked = Self {
            first_row,
            validator: bytes(column(0), 0, rows)?,
            device: bytes(column(1), 1, rows)?,
            slot: integers::<UInt64Type>(column(2), 2, rows)?,
            sent_ms: integers::<Int64Type>(column(3), 3, rows)?,
            received_ms: integers::<Int64Type>(column(4), 4, rows)?,
            transport: integers::<UInt8Type>(column(5), 5, rows)?,
            proof: bytes(column(6), 6, rows)?,
            address: bytes(column(7), 7, rows)?,
            asn: integers::<UInt32Type>(column(8), 8, rows)?,
            rtt_ns: integers::<UInt64Type>(column(9), 9, rows)?,
        };
        checked.check_rows()?;
        Ok(checked)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.slot.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The batch as Arrow sees it, in the schema of the step.
    pub fn to_record_batch(&self) -> Result<RecordBatch, Quarantine> {
        let columns: Vec<ArrayRef> = vec![
            std::sync::Arc::new(self.validator.to_binary()?),
            std::sync::Arc::new(self.device.to_binary()?),
            std::sync::Arc::new(self.slot.clone()),
            std::sync::Arc::new(self.sent_ms.clone()),
            std::sync::Arc::new(self.received_ms.clone()),
            std::sync::Arc::new(self.transport.clone()),
            std::sync::Arc::new(self.proof.to_binary()?),
            std::sync::Arc::new(self.address.to_binary()?),
            std::sync::Arc::new(self.asn.clone()),
            std::sync::Arc::new(self.rtt_ns.clone()),
        ];
        RecordBatch::try_new(schema::observations(), columns).map_err(Quarantine::unreadable)
    }

    /// The first row that breaks a rule, and of its columns the first.
    fn check_rows(&self) -> Result<(), Quarantine> {
        let required: [(&'static str, &dyn Array); 5] = [
            ("validator", self.validator.array()),
            ("device", self.device.array()),
            ("slot", &self.slot),
            ("sent_ms", &self.sent_ms),
            ("transport", &self.transport),
        ];
        let mut first: Option<(usize, &'static str, String)> = None;
        let mut found = |row: Option<usize>, column, message: &dyn Fn(usize) -> String| {
            if let Some(row) = row
                && first.as_ref().is_none_or(|(earlier, ..)| row < *earlier)
            {
                first = Some((row, column, message(row)));
            }
        };
        for (name, array) in required {
            let null = array.nulls().filter(|nulls| nulls.null_count() > 0);
            found(null.and_then(|nulls| nulls.iter().position(|valid| !valid)), name, &|_| {
                "expected a value, found null".to_owned()
            });
        }
        let transport = self.transport.values();
        found(transport.iter().position(|value| *value > LAST_TRANSPORT), "transport", &|row| {
            format!("expected 0 to {LAST_TRANSPORT}, found {}", transport[row])
        });
        let answered = |row: usize| transport[row] == 0;
        for (name, array) in [("received_ms", &self.received_ms as &dyn Array), ("proof", self.proof.array())]
        {
            let wrong = (0..self.len()).find(|row| array.is_valid(*row) != answered(*row));
            found(wrong, name, &|row| {
                if answered(row) {
                    "expected a value where transport is 0, found null".to_owned()
                } else {
                    format!("expected null where transport is {}, found a value", transport[row])
                }
            });
        }
        let length = |row: usize| self.address.value(row).len();
        let wrong =
            (0..self.len()).find(|row| self.address.is_valid(*row) && !matches!(length(*row), 4 | 16));
        found(wrong, "address", &|row| format!("expected 4 or 16 bytes, found {}", length(row)));
        match first {
            Some((row, column, message)) => {
                Err(Quarantine::schema(message).in_column(column).at(Place::Row(self.first_row + row as u64)))
            }
            None => Ok(()),
        }
    }
}

/// Where each of [`COLUMNS`] stands in a schema.
pub(super) fn locate(schema: &SchemaRef) -> Result<[Option<usize>; COLUMNS.len()], Quarantine> {
    let mut places = [None; COLUMNS.len()];
    for (place, field) in schema.fields().iter().enumerate() {
        if let Some(index) = COLUMNS.iter().position(|name| name == field.name())
            && places[index].replace(place).is_some()
        {
            return Err(Quarantine::schema("the column stands twice").in_column(COLUMNS[index]));
        }
    }
    match places.iter().take(REQUIRED).position(Option::is_none) {
        Some(missing) => Err(Quarantine::schema("the column is missing").in_column(COLUMNS[missing])),
        None => Ok(places),
    }
}

/// Checks that a table has the columns of an observation in their types.
pub fn check_schema(schema: &SchemaRef) -> Result<(), Quarantine> {
    for (index, place) in locate(schema)?.iter().enumerate() {
        if let Some(place) = place {
            check_type(index, schema.field(*place).data_type())?;
        }
    }
    Ok(())
}

/// The type of a column, unless it is not the one that an observation has.
pub(super) fn check_type(index: usize, found: &DataType) -> Result<(), Quarantine> {
    let schema = schema::observations();
    let expected = schema.field(index).data_type();
    let fits = if *expected == DataType::Binary { Bytes::accepts(found) } else { expected == found };
    if fits {
        return Ok(());
    }
    Err(Quarantine::schema(format!("expected type {expected}, found {found}")).in_column(COLUMNS[index]))
}

fn bytes(column: Option<&dyn Array>, index: usize, rows: usize) -> Result<Bytes, Quarantine> {
    let none = || Bytes::Small(BinaryArray::new_null(rows));
    let Some(column) = column else { return Ok(none()) };
    check_type(index, column.data_type())?;
    let bytes = Bytes::of(column).unwrap_or_else(none);
    bytes.bounded().map_err(|fault| fault.in_column(COLUMNS[index]))
}

fn integers<T: ArrowPrimitiveType>(
    column: Option<&dyn Array>,
    index: usize,
    rows: usize,
) -> Result<PrimitiveArray<T>, Quarantine> {
    let Some(column) = column else {
        return Ok(new_null_array(&T::DATA_TYPE, rows).as_primitive::<T>().clone());
    };
    check_type(index, column.data_type())?;
    Ok(column.as_primitive::<T>().clone())
}

/// Cuts a record batch into slices of at most `rows` rows and about `bytes` bytes in the byte columns; a row is never cut.
pub fn pieces(batch: RecordBatch, rows: usize, bytes: u64) -> impl Iterator<Item = RecordBatch> {
    let mut start = 0;
    let columns: Vec<ArrayRef> = batch.columns().to_vec();
    std::iter::from_fn(move || {
        let left = batch.num_rows() - start;
        let mut take = left.min(rows.max(1));
        if take == 0 {
            return None;
        }
        let held = |take: usize| -> u64 {
            columns.iter().filter_map(|column| Bytes::of(column)).map(|column| column.size(start, take)).sum()
        };
        while take > 1 && held(take) > bytes {
            take = take.div_ceil(2);
        }
        let piece = batch.slice(start, take);
        start += take;
        Some(piece)
    })
}

#[cfg(test)]
#[path = "observations_tests.rs"]
pub(crate) mod tests;
