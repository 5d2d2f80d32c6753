//! Result tables for Python: read, write, hash.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryArray, BooleanArray, RecordBatch, RecordBatchReader, UInt8Array};
use arrow_schema::DataType;
use arrow_select::filter::filter_record_batch;
use depinverify_core::hash::Hash;
use depinverify_core::verify::content::content_bytes;
use depinverify_core::verify::verdict_table::writer_properties;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::RowGroupMetaData;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3_arrow::{PyRecordBatchReader, PyTable};
use sha2::{Digest, Sha256};

use crate::errors::{input_error, settlement_error};

fn read(path: &Path) -> Result<(Vec<RecordBatch>, arrow_schema::SchemaRef), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file).and_then(ParquetRecordBatchReaderBuilder::build);
    let reader = reader.map_err(|error| error.to_string())?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    Ok((batches, schema))
}

#[pyfunction]
fn read_table(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let (batches, schema) = py
        .detach(|| read(&path))
        .map_err(|what| input_error(py, &format!("{}: {what}", path.display()), None))?;
    PyTable::try_new(batches, schema)?.into_arro3(py)
}

/// Rows of one device; row groups that cannot hold it are passed over.
fn read_device(path: &Path, device: &[u8]) -> Result<(Vec<RecordBatch>, arrow_schema::SchemaRef), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let file = File::open(path).map_err(|error| text(&error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| text(&error))?;
    let schema = Arc::clone(builder.schema());
    let column = schema.index_of("device").map_err(|error| text(&error))?;
    let may_hold = |group: &RowGroupMetaData| {
        let statistics = group.columns().get(column).and_then(|column| column.statistics());
        let least = statistics.and_then(|found| found.min_bytes_opt()).is_none_or(|least| least <= device);
        least && statistics.and_then(|found| found.max_bytes_opt()).is_none_or(|most| device <= most)
    };
    let groups = builder.metadata().row_groups().iter().enumerate();
    let groups = groups.filter(|(_, group)| may_hold(group)).map(|(at, _)| at).collect();
    let reader = builder.with_row_groups(groups).build().map_err(|error| text(&error))?;
    let mut found = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|error| text(&error))?;
        let devices = batch.column(column).as_binary_opt::<i32>().ok_or("expected a binary column device")?;
        let rows = devices.iter().map(|other| Some(other == Some(device))).collect::<BooleanArray>();
        let rows = filter_record_batch(&batch, &rows).map_err(|error| text(&error))?;
        if rows.num_rows() > 0 {
            found.push(rows);
        }
    }
    Ok((found, schema))
}

/// Rows of one device in the verdict table.
#[pyfunction]
fn read_device_verdicts<'py>(py: Python<'py>, path: PathBuf, device: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let (batches, schema) = py
        .detach(|| read_device(&path, device))
        .map_err(|what| input_error(py, &format!("{}: {what}", path.display()), None))?;
    PyTable::try_new(batches, schema)?.into_arro3(py)
}

fn hash(batches: &[RecordBatch]) -> Result<Hash, String> {
    let mut hash = Sha256::new();
    for batch in batches {
        content(batch, |content| hash.update(content))?;
    }
    Ok(hash.finalize().into())
}

fn content(batch: &RecordBatch, mut update: impl FnMut(&[u8])) -> Result<(), String> {
    let mut content = Vec::new();
    content_bytes(batch, &mut content).map_err(|error| error.to_string())?;
    update(&content);
    Ok(())
}

/// Content of a batch whose texts have the form of their UTF-8 and whose truth values that of 0 and 1.
pub fn content_of_results(batch: &RecordBatch, update: impl FnMut(&[u8])) -> Result<(), String> {
    let formed = batch.columns().iter().map(|column| -> ArrayRef {
        match column.data_type() {
            DataType::Utf8 => Arc::new(BinaryArray::from(column.as_string::<i32>().clone())),
            DataType::Boolean => {
                Arc::new(column.as_boolean().iter().map(|value| value.map(u8::from)).collect::<UInt8Array>())
            }
            _ => Arc::clone(column),
        }
    });
    let named = batch.schema_ref().fields().iter().map(|field| field.name()).zip(formed);
    content(&RecordBatch::try_from_iter(named).map_err(|error| error.to_string())?, update)
}

/// Content hash of a table.
#[pyfunction]
#[pyo3(signature = (rows, *, texts=false))]
fn content_hash(py: Python<'_>, rows: PyRecordBatchReader, texts: bool) -> PyResult<Bound<'_, PyBytes>> {
    let reader = rows.into_reader()?;
    let found = py.detach(|| {
        let mut hash = Sha256::new();
        for batch in reader {
            let batch = batch.map_err(|error| error.to_string())?;
            let update = |content: &[u8]| hash.update(content);
            if texts { content_of_results(&batch, update) } else { content(&batch, update) }?;
        }
        Ok(Hash::from(hash.finalize()))
    });
    found.map(|hash| PyBytes::new(py, &hash)).map_err(|what: String| input_error(py, &what, None))
}

/// Writes the score table and gives its content hash.
#[pyfunction]
fn write_scores(py: Python<'_>, rows: PyRecordBatchReader, path: PathBuf) -> PyResult<Bound<'_, PyBytes>> {
    let reader = rows.into_reader()?;
    let written = py.detach(|| -> Result<Hash, String> {
        let schema = reader.schema();
        let expected = depinverify_core::schema::scores();
        if schema.fields() != expected.fields() {
            return Err(format!("expected the columns of scores, found {schema}"));
        }
        let batches: Vec<RecordBatch> =
            reader.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let file = File::create(&path).map_err(|error| error.to_string())?;
        let mut writer = ArrowWriter::try_new(file, expected, Some(writer_properties()))
            .map_err(|error| error.to_string())?;
        for batch in &batches {
            writer.write(batch).map_err(|error| error.to_string())?;
        }
        writer.close().map_err(|error| error.to_string())?;
        hash(&batches)
    });
    let written = written.map_err(|what| settlement_error(py, &format!("{}: {what}", path.display()), None));
    written.map(|hash| PyBytes::new(py, &hash))
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_table, module)?)?;
    module.add_function(wrap_pyfunction!(read_device_verdicts, module)?)?;
    module.add_function(wrap_pyfunction!(content_hash, module)?)?;
    module.add_function(wrap_pyfunction!(write_scores, module)?)
}
