//! Columns of byte strings and of ids, from whatever Python holds them in.
//!
//! In: uint8 arrays of two dimensions (buffer protocol), Arrow binary columns (`PyCapsule` protocol) and sequences of bytes.
//! Out: columns of the core, borrowed for one call; only sequences and view columns are packed. A column of another kind is
//! a bad call and says its name and, where there is one, the row.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use arrow_select::concat::concat;
use depinverify_core::signature::{ByteColumn, ItemsError, KeyId};
use pyo3::buffer::PyBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyInt, PyList, PyTuple};
use pyo3_arrow::input::AnyArray;

use crate::errors::input_error;

enum Held {
    Arrow(ArrayRef),
    Packed { values: Vec<u8>, offsets: Vec<u64> },
    EmptyRows(usize),
}

/// A column of byte strings that Python holds, or that was packed from a sequence.
pub struct Bytes {
    name: &'static str,
    held: Held,
    missing: Vec<usize>,
}

fn expected(object: &Bound<'_, PyAny>, name: &str, what: &str) -> PyErr {
    let found = object
        .get_type()
        .fully_qualified_name()
        .map_or_else(|_| String::from("another type"), |name| name.to_string());
    let hint =
        "give a C-contiguous uint8 array of two dimensions, an Arrow binary column, or a list of bytes";
    input_error(object.py(), &format!("column \"{name}\": expected {what}, found {found}"), Some(hint))
}

/// Whether an object gives its data away as Arrow.
pub fn is_arrow(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = object.py();
    Ok(object.hasattr(intern!(py, "__arrow_c_array__"))?
        || object.hasattr(intern!(py, "__arrow_c_stream__"))?)
}

/// All chunks of an Arrow column, or of a numeric buffer, as one array.
pub fn one_array(object: &Bound<'_, PyAny>, name: &str) -> PyResult<ArrayRef> {
    let py = object.py();
    let wrong = |found: &dyn std::fmt::Display| {
        input_error(py, &format!("column \"{name}\": expected a readable column, found {found}"), None)
    };
    let chunks = object
        .extract::<AnyArray>()
        .and_then(|array| array.into_chunked_array().map_err(PyErr::from))
        .map_err(|failed| wrong(&failed.value(py)))?;
    let (chunks, field) = chunks.into_inner();
    match chunks.as_slice() {
        [] => Ok(arrow_array::new_empty_array(field.data_type())),
        [one] => Ok(ArrayRef::clone(one)),
        many => {
            let many: Vec<&dyn Array> = many.iter().map(AsRef::as_ref).collect();
            concat(&many).map_err(|failed| wrong(&failed))
        }
    }
}

impl Bytes {
    /// Takes a column in; `name` is how messages call it.
    pub fn take(object: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Self> {
        if let Ok(list) = object.cast::<PyList>() {
            return Self::pack(object.py(), list.iter(), name);
        }
        if let Ok(tuple) = object.cast::<PyTuple>() {
            return Self::pack(object.py(), tuple.iter(), name);
        }
        let what = "byte strings";
        if is_arrow(object)? {
            return Self::from_arrow(object, one_array(object, name)?, name);
        }
        let Ok(buffer) = object.extract::<PyBuffer<u8>>() else {
            return Err(expected(object, name, what));
        };
        let shape = buffer.shape().to_vec();
        let is_contiguous = buffer.is_c_contiguous();
        drop(buffer);
        match shape[..] {
            [_, _] if !is_contiguous => Err(input_error(
                object.py(),
                &format!("column \"{name}\": expected a C-contiguous array, found one with strides"),
                Some("numpy.ascontiguousarray makes a copy that is"),
            )),
            [rows, width] if rows == 0 || width == 0 => {
                Ok(Self { name, held: Held::EmptyRows(rows), missing: Vec::new() })
            }
            [_, _] => Self::from_arrow(object, one_array(object, name)?, name),
            _ => Err(expected(object, name, &format!("an array of two dimensions ({} given)", shape.len()))),
        }
    }

    fn pack<'py>(
        py: Python<'py>,
        items: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
        name: &'static str,
    ) -> PyResult<Self> {
        let mut values = Vec::new();
        let mut offsets = Vec::with_capacity(items.len() + 1);
        let mut missing = Vec::new();
        offsets.push(0);
        for (row, item) in items.enumerate() {
            if let Ok(bytes) = item.cast::<PyBytes>() {
                values.extend_from_slice(bytes.as_bytes());
            } else if let Ok(bytes) = item.cast::<PyByteArray>() {
                values.extend_from_slice(&bytes.to_vec());
            } else if item.is_none() {
                missing.push(row);
            } else if let Ok(buffer) = item.extract::<PyBuffer<u8>>() {
                values.extend_from_slice(&buffer.to_vec(py)?);
            } else {
                return Err(expected(&item, name, &format!("bytes in row {row}")));
            }
            offsets.push(values.len() as u64);
        }
        Ok(Self { name, held: Held::Packed { values, offsets }, missing })
    }

    fn from_arrow(object: &Bound<'_, PyAny>, array: ArrayRef, name: &'static str) -> PyResult<Self> {
        let missing = match array.nulls() {
            Some(nulls) if nulls.null_count() > 0 => {
                (0..array.len()).filter(|&row| nulls.is_null(row)).collect()
            }
            _ => Vec::new(),
        };
        let held = match array.data_type() {
            DataType::FixedSizeBinary(0) => Held::EmptyRows(array.len()),
            DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => Held::Arrow(array),
            DataType::FixedSizeList(field, width)
                if *width > 0
                    && *field.data_type() == DataType::UInt8
                    && array.as_fixed_size_list().values().null_count() == 0 =>
            {
                Held::Arrow(array)
            }
            DataType::BinaryView => {
                let mut values = Vec::new();
                let mut offsets = Vec::with_capacity(array.len() + 1);
                offsets.push(0);
                for value in array.as_binary_view() {
                    values.extend_from_slice(value.unwrap_or(&[]));
                    offsets.push(values.len() as u64);
                }
                Held::Packed { values, offsets }
            }
            other => return Err(expected(object, name, &format!("a binary column ({other} given)"))),
        };
        Ok(Self { name, held, missing })
    }

    /// Rows without a value.
    pub fn missing(&self) -> &[usize] {
        &self.missing
    }

    /// Refuses a column with rows that have no value.
    pub fn require_all(&self, py: Python<'_>) -> PyResult<()> {
        let Some(row) = self.missing.first() else { return Ok(()) };
        let message = format!(
            "column \"{}\": expected a value in every row, found null in row {row} (and {} in all)",
            self.name,
            self.missing.len()
        );
        Err(input_error(py, &message, Some("leave such rows out, or give an empty value")))
    }

    /// The column as the core reads it.
    pub fn column(&self, py: Python<'_>) -> PyResult<ByteColumn<'_>> {
        let column = match &self.held {
            Held::EmptyRows(rows) => ByteColumn::fixed(&[], 0, *rows),
            Held::Packed { values, offsets } => ByteColumn::variable(values, offsets),
            Held::Arrow(array) => arrow_column(array),
        };
        column.map_err(|wrong| items_error(py, self.name, &wrong))
    }
}

fn arrow_column(array: &ArrayRef) -> Result<ByteColumn<'_>, ItemsError> {
    match array.data_type() {
        DataType::Binary => {
            let array = array.as_binary::<i32>();
            ByteColumn::arrow_binary(array.value_data(), array.value_offsets())
        }
        DataType::LargeBinary => {
            let array = array.as_binary::<i64>();
            ByteColumn::arrow_large_binary(array.value_data(), array.value_offsets())
        }
        DataType::FixedSizeBinary(width) => {
            let array = array.as_fixed_size_binary();
            let width = usize::try_from(*width).unwrap_or(0);
            ByteColumn::fixed(array.value_data(), width, array.len())
        }
        _ => {
            let array = array.as_fixed_size_list();
            let width = usize::try_from(array.value_length()).unwrap_or(0);
            ByteColumn::fixed(array.values().as_primitive::<UInt8Type>().values(), width, array.len())
        }
    }
}

/// A bad call found by the core, with the column that it was about.
pub fn items_error(py: Python<'_>, name: &str, wrong: &ItemsError) -> PyErr {
    input_error(py, &format!("column \"{name}\": {wrong}"), None)
}

fn ids_of<T: ArrowPrimitiveType>(array: &ArrayRef) -> Vec<KeyId>
where
    T::Native: TryInto<u32>,
{
    let array = array.as_primitive::<T>();
    array.iter().map(|id| id.and_then(|id| id.try_into().ok()).map_or(KeyId::NONE, KeyId)).collect()
}

/// Key ids; a null, a negative number and one that is too large are ids that no key has.
pub fn key_ids(object: &Bound<'_, PyAny>) -> PyResult<Vec<KeyId>> {
    const NAME: &str = "key_ids";
    if let Ok(list) = object.cast::<PyList>() {
        return list
            .iter()
            .enumerate()
            .map(|(row, id)| {
                if id.is_none() {
                    Ok(KeyId::NONE)
                } else if id.is_instance_of::<PyInt>() || id.hasattr(intern!(id.py(), "__index__"))? {
                    Ok(id.extract::<u32>().map_or(KeyId::NONE, KeyId))
                } else {
                    Err(expected(&id, NAME, &format!("an integer in row {row}")))
                }
            })
            .collect();
    }
    let array = one_array(object, NAME)?;
    Ok(match array.data_type() {
        DataType::Int8 => ids_of::<Int8Type>(&array),
        DataType::Int16 => ids_of::<Int16Type>(&array),
        DataType::Int32 => ids_of::<Int32Type>(&array),
        DataType::Int64 => ids_of::<Int64Type>(&array),
        DataType::UInt8 => ids_of::<UInt8Type>(&array),
        DataType::UInt16 => ids_of::<UInt16Type>(&array),
        DataType::UInt32 => ids_of::<UInt32Type>(&array),
        DataType::UInt64 => ids_of::<UInt64Type>(&array),
        // A list that holds nothing has no type to speak of.
        _ if array.is_empty() => Vec::new(),
        other => return Err(expected(object, NAME, &format!("integers in one dimension ({other} given)"))),
    })
}

/// How far a call goes until it looks up again, adapted to its speed.
pub struct Slices {
    total: usize,
    done: usize,
    step: usize,
}

impl Slices {
    const MIN: usize = 256;
    const SECONDS: f64 = 0.075;

    /// Slices of `total` items for this many threads.
    pub fn new(total: usize, threads: usize) -> Self {
        Self { total, done: 0, step: Self::MIN.saturating_mul(threads.max(1)) }
    }

    /// The next slice.
    pub fn next(&self) -> Option<Range<usize>> {
        (self.done < self.total).then(|| self.done..self.total.min(self.done.saturating_add(self.step)))
    }

    /// Notes that the next slice is finished and how long it took.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn finish(&mut self, slice: &Range<usize>, seconds: f64) {
        self.done = slice.end;
        // At most four times as far as before: the first items may be the easy ones.
        let fitting = (slice.len() as f64 * Self::SECONDS / seconds.max(1e-6)) as usize;
        self.step = fitting.clamp(Self::MIN, self.step.saturating_mul(4));
    }
}
