//! What functions about Filecoin's proofs and chain take in and give back alike.
//!
//! In: byte strings of one length, sectors and types of proofs; a code of the network and what was found. Out: the core's
//! values; pairs of the code's name and a sentence. Invariant: the names are those of the catalogue.

use std::fmt::Display;

use depinverify_core::networks::filecoin::window_post::{PostType, Sector};
use depinverify_core::networks::filecoin::words::CODES;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::errors::input_error;
use crate::integers::integer;

/// Name of a code, and what was found.
pub type Reason = (&'static str, String);

/// What was found, or the reason why there is nothing.
pub type Answer<T> = (Option<T>, Option<Reason>);

/// The reason with this code's name.
pub fn reason(code: u8, found: &dyn Display) -> Reason {
    let entry = CODES.iter().find(|entry| entry.number == Some(code));
    (entry.map_or("", |entry| entry.name), found.to_string())
}

/// Bytes of one length; `name` is how messages call them.
pub fn exactly<const LENGTH: usize>(
    py: Python<'_>,
    bytes: &[u8],
    name: &dyn Display,
) -> PyResult<[u8; LENGTH]> {
    bytes.try_into().map_err(|_| {
        input_error(py, &format!("{name}: expected {LENGTH} bytes, found {}", bytes.len()), None)
    })
}

/// Name of an object's type, for messages.
pub fn type_name(object: &Bound<'_, PyAny>) -> String {
    object
        .get_type()
        .fully_qualified_name()
        .map_or_else(|_| String::from("another type"), |name| name.to_string())
}

/// The type of proof with this number.
pub fn post_of(object: &Bound<'_, PyAny>) -> PyResult<PostType> {
    let number: u64 = integer(object, &"post_type")?;
    PostType::from_number(number).ok_or_else(|| {
        input_error(object.py(), &format!("post_type: expected 0 to 14, found {number}"), None)
    })
}

/// A sector; `name` is how messages call it.
pub fn sector_of(pair: &Bound<'_, PyAny>, name: &str) -> PyResult<Sector> {
    let py = pair.py();
    let Ok((number, comm_r)) = pair.extract::<(Bound<'_, PyAny>, PyBackedBytes)>() else {
        let message =
            format!("{name}: expected a pair of number and comm_r in bytes, found {}", type_name(pair));
        return Err(input_error(py, &message, None));
    };
    Ok(Sector {
        number: integer(&number, &format_args!("{name}, number"))?,
        comm_r: exactly(py, &comm_r, &format_args!("{name}, comm_r"))?,
    })
}

/// Sectors; `name` is how messages call them.
pub fn sectors_of(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<Sector>> {
    let items = object.try_iter().map_err(|_| {
        let message = format!("{name}: expected pairs of number and comm_r, found {}", type_name(object));
        input_error(object.py(), &message, None)
    })?;
    items.enumerate().map(|(place, pair)| sector_of(&pair?, &format!("{name}[{place}]"))).collect()
}

/// A sector's place among those of a proof, the first unless given.
pub fn place_of(place: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
    place.map_or(Ok(0), |place| integer(place, &"place"))
}
