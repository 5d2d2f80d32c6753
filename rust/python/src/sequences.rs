//! Items of whatever Python iterates over, and pairs among them.
//!
//! In: an object. Out: its items, each with the name that messages give it; the members of a pair. What is none is a bad
//! call that says what was expected.

use pyo3::prelude::*;

use crate::errors::input_error;
use crate::filecoin_arguments::type_name;

fn wrong(object: &Bound<'_, PyAny>, name: &str, expected: &str) -> PyErr {
    input_error(object.py(), &format!("{name}: expected {expected}, found {}", type_name(object)), None)
}

/// Items with their names, `name` and the place; `expected` says what they should be.
pub fn items<'py>(
    object: &Bound<'py, PyAny>,
    name: &str,
    expected: &str,
) -> PyResult<impl Iterator<Item = PyResult<(Bound<'py, PyAny>, String)>> + use<'py>> {
    let items = object.try_iter().map_err(|_| wrong(object, name, expected))?;
    let name = name.to_owned();
    Ok(items.enumerate().map(move |(place, item)| Ok((item?, format!("{name}[{place}]")))))
}

/// The members of a pair.
pub fn two<'py, A, B>(pair: &Bound<'py, PyAny>, name: &str, expected: &str) -> PyResult<(A, B)>
where
    (A, B): for<'a> FromPyObject<'a, 'py>,
{
    pair.extract().map_err(|_| wrong(pair, name, expected))
}
