//! The exceptions of `depinverify.exceptions`, raised from here.
//!
//! In: what was expected, what was found and where, as text. Out: an exception of the one family. The classes live in
//! Python, so that they exist once; a bad proof never comes this way.

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What to do where results cannot be written.
pub const MAKE_ROOM: &str = "Make room or choose another folder with --out, then start again.";

/// `depinverify.exceptions.InputError` with a message and, where there is a usual cause, a hint.
pub fn input_error(py: Python<'_>, message: &str, hint: Option<&str>) -> PyErr {
    error(py, "InputError", message, hint)
}

/// `depinverify.exceptions.SettlementError`.
pub fn settlement_error(py: Python<'_>, message: &str, hint: Option<&str>) -> PyErr {
    error(py, "SettlementError", message, hint)
}

/// `depinverify.exceptions.RegistryError`.
pub fn registry_error(py: Python<'_>, message: &str, hint: Option<&str>) -> PyErr {
    error(py, "RegistryError", message, hint)
}

fn error(py: Python<'_>, class: &str, message: &str, hint: Option<&str>) -> PyErr {
    let make = || {
        let class = py.import("depinverify.exceptions")?.getattr(class)?;
        let keywords = PyDict::new(py);
        keywords.set_item("hint", hint)?;
        class.call((message,), Some(&keywords))
    };
    make().map_or_else(|failed| failed, PyErr::from_value)
}
