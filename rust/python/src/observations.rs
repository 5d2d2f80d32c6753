//! Observations in and out of Python.
//!
//! In: tables of any Arrow producer (`PyCapsule` protocol), mappings of columns (numpy arrays by the buffer protocol), and
//! files. Out: a stream of record batches in the schema of observations. What has the right layout already is passed on
//! without copying. A table that is none is a bad call; so is a file here, because the caller named it: only a settlement
//! sets files aside.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, RecordBatch, RecordBatchIterator, RecordBatchReader,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use depinverify_core::decode::container::{Limits, ObservationFile, ObservationWriter, digest};
use depinverify_core::decode::observations::{ObservationBatch, check_schema, pieces};
use depinverify_core::decode::quarantine::Quarantine;
use depinverify_core::schema;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use pyo3_arrow::PyRecordBatchReader;
use pyo3_arrow::input::AnyRecordBatch;

use crate::columns::one_array;
use crate::errors::input_error;

type Batches = Box<dyn RecordBatchReader + Send>;

fn refused(py: Python<'_>, fault: &Quarantine) -> PyErr {
    input_error(py, &fault.to_string(), None)
}

/// A two-dimensional array of bytes as values of fixed size.
fn flatten(array: ArrayRef) -> ArrayRef {
    let DataType::FixedSizeList(item, width) = array.data_type() else { return array };
    if *item.data_type() != DataType::UInt8 {
        return array;
    }
    let list = array.as_fixed_size_list();
    let values = list.values().as_primitive::<UInt8Type>().values().inner().clone();
    match FixedSizeBinaryArray::try_new(*width, values, list.nulls().cloned()) {
        Ok(bytes) => Arc::new(bytes),
        Err(_) => array,
    }
}

/// A mapping of columns as one batch.
fn from_mapping(mapping: &Bound<'_, PyDict>) -> PyResult<Batches> {
    let py = mapping.py();
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (name, column) in mapping {
        let name: String = name.extract()?;
        let column = flatten(one_array(&column, &name)?);
        fields.push(Field::new(name, column.data_type().clone(), true));
        columns.push(column);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)
        .map_err(|wrong| input_error(py, &format!("columns of one table: {wrong}"), None))?;
    Ok(Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
}

fn take(data: &Bound<'_, PyAny>) -> PyResult<Batches> {
    let py = data.py();
    let batches = match data.cast::<PyDict>() {
        Ok(mapping) => from_mapping(mapping)?,
        Err(_) => data
            .extract::<AnyRecordBatch>()
            .map_err(|failed| {
                let found = failed.value(py).to_string();
                let hint = "give a table of pyarrow, polars, duckdb or arro3, or a dict of columns";
                input_error(py, &format!("expected a table of observations: {found}"), Some(hint))
            })?
            .into_reader()?,
    };
    check_schema(&batches.schema()).map_err(|fault| refused(py, &fault))?;
    Ok(batches)
}

/// Batches of a stranger's schema, made into ours one by one.
struct Normalised {
    source: Batches,
    pieces: Box<dyn Iterator<Item = RecordBatch> + Send>,
    row: u64,
}

impl Normalised {
    fn new(source: Batches) -> Self {
        Self { source, pieces: Box::new(std::iter::empty()), row: 0 }
    }

    fn advance(&mut self) -> Result<Option<ObservationBatch>, ArrowError> {
        loop {
            if let Some(piece) = self.pieces.next() {
                let batch = ObservationBatch::from_record_batch(&piece, self.row)
                    .map_err(|fault| ArrowError::ExternalError(Box::new(fault)))?;
                self.row += batch.len() as u64;
                return Ok(Some(batch));
            }
            let Some(batch) = self.source.next().transpose()? else { return Ok(None) };
            // A batch is cut only where 32-bit offsets cannot reach its end.
            self.pieces = Box::new(pieces(batch, usize::MAX, u64::from(i32::MAX.unsigned_abs())));
        }
    }
}

impl Iterator for Normalised {
    type Item = Result<ObservationBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

fn reader(
    py: Python<'_>,
    batches: impl Iterator<Item = Result<ObservationBatch, ArrowError>> + Send + 'static,
) -> PyResult<Bound<'_, PyAny>> {
    let tables = batches
        .map(|batch| batch?.to_record_batch().map_err(|fault| ArrowError::ExternalError(Box::new(fault))));
    let schema: SchemaRef = schema::observations();
    PyRecordBatchReader::new(Box::new(RecordBatchIterator::new(tables, schema))).into_arro3(py)
}

/// The same rows in the schema of observations, as they come.
#[pyfunction]
pub fn normalise_observations<'py>(data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    reader(data.py(), Normalised::new(take(data)?))
}

/// Writes a file whose kind is in its name; gives the number of rows.
#[pyfunction]
pub fn write_observations(data: &Bound<'_, PyAny>, path: PathBuf) -> PyResult<u64> {
    let py = data.py();
    let source = take(data)?;
    let written = py.detach(|| {
        let mut writer = ObservationWriter::create(&path).map_err(|failed| failed.to_string())?;
        let mut rows = 0;
        for batch in Normalised::new(source) {
            let batch = batch.map_err(|failed| match failed {
                ArrowError::ExternalError(fault) => fault.to_string(),
                other => other.to_string(),
            })?;
            rows += batch.len() as u64;
            writer.write(&batch).map_err(|failed| failed.to_string())?;
        }
        writer.finish().map_err(|failed| failed.to_string())?;
        Ok(rows)
    });
    written.map_err(|message: String| input_error(py, &message, None))
}

/// The rows of a file within the limits, as they come.
#[pyfunction]
#[pyo3(signature = (path, *, group_bytes = None, ratio = None, rows = None))]
pub fn read_observations(
    py: Python<'_>,
    path: PathBuf,
    group_bytes: Option<u64>,
    ratio: Option<u64>,
    rows: Option<u64>,
) -> PyResult<Bound<'_, PyAny>> {
    let usual = Limits::default();
    let limits = Limits {
        group_bytes: group_bytes.unwrap_or(usual.group_bytes),
        ratio: ratio.unwrap_or(usual.ratio),
        rows: rows.unwrap_or(usual.rows),
        ..usual
    };
    let batches = py.detach(|| ObservationFile::open(&path, limits).and_then(|file| file.read()));
    let batches = batches.map_err(|fault| refused(py, &fault))?;
    reader(py, batches.map(|batch| batch.map_err(|fault| ArrowError::ExternalError(Box::new(fault)))))
}

/// SHA-256 of a file as it lies on the disk, and its length.
#[pyfunction]
pub fn file_digest(py: Python<'_>, path: PathBuf) -> PyResult<(Bound<'_, PyBytes>, u64)> {
    let (hash, length) = py.detach(|| digest(&path)).map_err(|fault| refused(py, &fault))?;
    Ok((PyBytes::new(py, &hash), length))
}

/// Adds the functions to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(normalise_observations, module)?)?;
    module.add_function(wrap_pyfunction!(write_observations, module)?)?;
    module.add_function(wrap_pyfunction!(read_observations, module)?)?;
    module.add_function(wrap_pyfunction!(file_digest, module)?)
}
