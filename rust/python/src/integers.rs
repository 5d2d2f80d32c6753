//! Integers and columns of them, from whatever Python holds them in.
//!
//! In: Python integers, sequences of them, numeric arrays (buffer protocol) and Arrow columns (`PyCapsule` protocol). Out:
//! vectors of one width, and single integers of up to 256 bits. What is no integer or does not fit is a bad call that says
//! the name and, in a column, the row.

use std::fmt::Display;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt};
use ruint::aliases::U256;

use crate::columns::{is_arrow, one_array};
use crate::errors::input_error;

/// An integer of one width.
pub trait Whole: TryFrom<i128> + Copy {
    /// Its range, in words.
    const RANGE: &'static str;
}

impl Whole for u8 {
    const RANGE: &'static str = "0 to 255";
}

impl Whole for u32 {
    const RANGE: &'static str = "0 to 2^32-1";
}

impl Whole for u64 {
    const RANGE: &'static str = "0 to 2^64-1";
}

impl Whole for i32 {
    const RANGE: &'static str = "-2^31 to 2^31-1";
}

impl Whole for i64 {
    const RANGE: &'static str = "-2^63 to 2^63-1";
}

fn wrong<T: Whole>(py: Python<'_>, place: &dyn Display, found: &dyn Display) -> PyErr {
    input_error(py, &format!("{place}: expected an integer from {}, found {found}", T::RANGE), None)
}

/// One integer; `place` is how messages call it.
pub fn integer<T: Whole>(object: &Bound<'_, PyAny>, place: &dyn Display) -> PyResult<T> {
    let py = object.py();
    if object.is_instance_of::<PyBool>() {
        return Err(wrong::<T>(py, place, &"a boolean"));
    }
    let value = match object.extract::<i64>() {
        Ok(value) => i128::from(value),
        Err(_) if object.is_instance_of::<PyInt>() => {
            object.extract::<i128>().map_err(|_| wrong::<T>(py, place, &"one of more than 128 bits"))?
        }
        Err(_) => {
            let kind = object.get_type();
            let name = kind.fully_qualified_name();
            return match name {
                Ok(name) => Err(wrong::<T>(py, place, &name)),
                Err(_) => Err(wrong::<T>(py, place, &"another type")),
            };
        }
    };
    T::try_from(value).map_err(|_| wrong::<T>(py, place, &value))
}

/// One integer of up to 256 bits without a sign; `place` is how messages call it.
pub fn wide(object: &Bound<'_, PyAny>, place: &dyn Display) -> PyResult<U256> {
    big_endian(object, place).map(U256::from_be_bytes::<32>)
}

/// One integer of up to 128 bits without a sign; `place` is how messages call it.
pub fn half_wide(object: &Bound<'_, PyAny>, place: &dyn Display) -> PyResult<u128> {
    big_endian(object, place).map(u128::from_be_bytes)
}

fn big_endian<const BYTES: usize>(object: &Bound<'_, PyAny>, place: &dyn Display) -> PyResult<[u8; BYTES]> {
    let py = object.py();
    let refuse = |found: &dyn Display| {
        let bits = 8 * BYTES;
        let message = format!("{place}: expected an integer from 0 to 2^{bits}-1, found {found}");
        input_error(py, &message, None)
    };
    if object.is_instance_of::<PyBool>() {
        return Err(refuse(&"a boolean"));
    }
    // Integers of numpy are no Python integers, but count as such.
    let Ok(number) = object.call_method0(intern!(py, "__index__")) else {
        return Err(match object.get_type().fully_qualified_name() {
            Ok(name) => refuse(&name),
            Err(_) => refuse(&"another type"),
        });
    };
    let Ok(bytes) = number.call_method1(intern!(py, "to_bytes"), (BYTES, "big")) else {
        return Err(match number.call_method0("bit_length")?.extract()? {
            0..=256_u64 => refuse(&number.str()?),
            bits => refuse(&format_args!("one of {bits} bits")),
        });
    };
    bytes.cast::<PyBytes>()?.as_bytes().try_into().map_err(|_| refuse(&"another number of bytes"))
}

/// A Python integer of up to 256 bits.
pub fn python_integer(py: Python<'_>, number: U256) -> PyResult<Bound<'_, PyAny>> {
    if let Ok(small) = u128::try_from(number) {
        return Ok(small.into_pyobject(py)?.into_any());
    }
    let bytes = PyBytes::new(py, &number.to_be_bytes::<32>());
    py.get_type::<PyInt>().call_method1("from_bytes", (bytes, "big"))
}

/// A column in which every row has a value.
pub fn column<T: Whole>(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<T>> {
    let rows = optional_column(object, name)?;
    let with_values: Option<Vec<T>> = rows.iter().copied().collect();
    with_values.ok_or_else(|| {
        let row = rows.iter().position(Option::is_none).unwrap_or_default();
        let message = format!("column \"{name}\": expected a value in every row, found none in row {row}");
        input_error(object.py(), &message, None)
    })
}

/// A column in which rows may have no value.
pub fn optional_column<T: Whole>(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<Option<T>>> {
    // An array with strides is read as a sequence.
    if is_arrow(object)? || PyUntypedBuffer::get(object).is_ok_and(|buffer| buffer.is_c_contiguous()) {
        return from_array(object, &one_array(object, name)?, name);
    }
    let items = object.try_iter().map_err(|_| {
        let message = format!("column \"{name}\": expected integers in one dimension, found a single value");
        input_error(object.py(), &message, None)
    })?;
    items
        .enumerate()
        .map(|(row, item)| {
            let item = item?;
            if item.is_none() {
                return Ok(None);
            }
            integer(&item, &format_args!("column \"{name}\", row {row}")).map(Some)
        })
        .collect()
}

fn from_array<T: Whole>(object: &Bound<'_, PyAny>, array: &ArrayRef, name: &str) -> PyResult<Vec<Option<T>>> {
    match array.data_type() {
        DataType::Int8 => values::<Int8Type, T>(object, array, name),
        DataType::Int16 => values::<Int16Type, T>(object, array, name),
        DataType::Int32 => values::<Int32Type, T>(object, array, name),
        DataType::Int64 => values::<Int64Type, T>(object, array, name),
        DataType::UInt8 => values::<UInt8Type, T>(object, array, name),
        DataType::UInt16 => values::<UInt16Type, T>(object, array, name),
        DataType::UInt32 => values::<UInt32Type, T>(object, array, name),
        DataType::UInt64 => values::<UInt64Type, T>(object, array, name),
        // A column of nothing has no type to speak of.
        _ if array.is_empty() => Ok(Vec::new()),
        DataType::Null => Ok(vec![None; array.len()]),
        other => {
            let message =
                format!("column \"{name}\": expected integers in one dimension, found values of {other}");
            Err(input_error(object.py(), &message, None))
        }
    }
}

fn values<A: ArrowPrimitiveType, T: Whole>(
    object: &Bound<'_, PyAny>,
    array: &ArrayRef,
    name: &str,
) -> PyResult<Vec<Option<T>>>
where
    A::Native: Into<i128>,
{
    let rows = array.as_primitive::<A>().iter().enumerate();
    rows.map(|(row, value)| {
        value
            .map(|value| {
                let value: i128 = value.into();
                T::try_from(value).map_err(|_| {
                    wrong::<T>(object.py(), &format_args!("column \"{name}\", row {row}"), &value)
                })
            })
            .transpose()
    })
    .collect()
}

/// Refuses columns of different lengths.
pub fn require_one_length(py: Python<'_>, columns: &[(&str, usize)]) -> PyResult<()> {
    if columns.windows(2).all(|pair| matches!(pair, [a, b] if a.1 == b.1)) {
        return Ok(());
    }
    let lengths: Vec<String> = columns.iter().map(|(name, rows)| format!("{rows} of \"{name}\"")).collect();
    let message = format!("expected columns of one length, found {} rows", lengths.join(", "));
    Err(input_error(py, &message, None))
}
