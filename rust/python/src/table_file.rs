//! Parquet files as Arrow streams, and tables that are written batch by batch.
//!
//! In: a path, and record batches. Out: a file, complete or not at all; of a table that is written batch by batch its content
//! hash too. Rule: uptime proof, 9.3, with the forms of [`content_of_results`] beside it. Invariant: memory does not grow with
//! the rows.

#![allow(clippy::needless_pass_by_value, reason = "arguments are extracted into values of their own")]

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use depinverify_core::table_file;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::{PyRecordBatch, PyRecordBatchReader, PySchema};
use sha2::{Digest, Sha256};

use crate::errors::{MAKE_ROOM, input_error, settlement_error};
use crate::tables::content_of_results;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TableWriter>()?;
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

struct Writing {
    table: table_file::TableWriter,
    content: Sha256,
}

/// A table of results that is written batch by batch, with its content hash.
#[pyclass(frozen, module = "depinverify._native")]
pub struct TableWriter {
    /// Nothing once it is finished or given up.
    state: Mutex<Option<Writing>>,
}

impl TableWriter {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Option<Writing>) -> Result<T, String> + Send,
    ) -> PyResult<T> {
        let done = py.detach(|| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let done = work(&mut state);
            if done.is_err() {
                // What is there is no table, and goes with its temporary name.
                *state = None;
            }
            done
        });
        done.map_err(|what| settlement_error(py, &what, Some(MAKE_ROOM)))
    }
}

/// What is said of rows that come too late.
fn closed() -> String {
    "expected a table that is being written, found a finished one".to_owned()
}

#[pymethods]
impl TableWriter {
    #[new]
    fn new(py: Python<'_>, path: PathBuf, schema: PySchema) -> PyResult<Self> {
        let schema = schema.into_inner();
        let table = py
            .detach(|| table_file::TableWriter::create(&path, &schema))
            .map_err(|error| settlement_error(py, &error.to_string(), Some(MAKE_ROOM)))?;
        Ok(Self { state: Mutex::new(Some(Writing { table, content: Sha256::new() })) })
    }

    fn write(&self, py: Python<'_>, batch: PyRecordBatch) -> PyResult<()> {
        let batch = batch.into_inner();
        self.with(py, |state| {
            let writing = state.as_mut().ok_or_else(closed)?;
            writing.table.write(&batch).map_err(|error| error.to_string())?;
            content_of_results(&batch, |content| writing.content.update(content))
        })
    }

    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let hash = self.with(py, |state| {
            let writing = state.take().ok_or_else(closed)?;
            writing.table.finish().map_err(|error| error.to_string())?;
            Ok(writing.content.finalize())
        })?;
        Ok(PyBytes::new(py, &hash))
    }
}
