//! Parquet files of small tables as Arrow streams.

#![allow(clippy::needless_pass_by_value, reason = "arguments are extracted into values of their own")]

use std::path::PathBuf;

use depinverify_core::table_file;
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatchReader;
use pyo3_arrow::error::PyArrowResult;

use crate::errors::input_error;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_parquet, module)?)?;
    module.add_function(wrap_pyfunction!(write_parquet, module)?)
}

/// A Parquet file as a stream of record batches.
#[pyfunction]
fn read_parquet(py: Python<'_>, path: PathBuf) -> PyArrowResult<Bound<'_, PyAny>> {
    let reader = py
        .detach(|| table_file::read_table(&path))
        .map_err(|error| input_error(py, &error.to_string(), None))?;
    Ok(PyRecordBatchReader::new(Box::new(reader)).into_arro3(py)?)
}

/// Writes a stream of record batches as a Parquet file and returns the number of rows.
#[pyfunction]
fn write_parquet(py: Python<'_>, path: PathBuf, data: PyRecordBatchReader) -> PyArrowResult<usize> {
    let reader = data.into_reader()?;
    let schema = reader.schema();
    let rows = py
        .detach(|| table_file::write_table(&path, &schema, reader))
        .map_err(|error| input_error(py, &error.to_string(), None))?;
    Ok(rows)
}
