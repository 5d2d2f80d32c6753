//! The catalogue for Python: enumerations and the documentation page are made from it.

use depinverify_core::networks;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// Every entry as a dictionary, in the order of the documentation page.
#[pyfunction]
fn catalogue(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let entries = PyList::empty(py);
    for entry in networks::catalogue() {
        let row = PyDict::new(py);
        row.set_item("family", entry.family.name())?;
        row.set_item("network", entry.network)?;
        row.set_item("number", entry.number)?;
        row.set_item("name", entry.name)?;
        row.set_item("severity", entry.severity.map(depinverify_core::verdict::Severity::name))?;
        row.set_item("sentence", entry.sentence)?;
        row.set_item("evidence", entry.evidence)?;
        entries.append(row)?;
    }
    Ok(entries)
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(catalogue, module)?)
}
