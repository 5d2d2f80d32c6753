//! Registry snapshots for Python.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use depinverify_core::registry::{Bounds, Snapshot, fold, parse_did_key};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3_arrow::PyRecordBatch;

use crate::errors::input_error;

/// What holds for one epoch.
#[pyclass(frozen, module = "depinverify._native")]
pub struct RegistrySnapshot {
    pub snapshot: Arc<Snapshot>,
}

#[pymethods]
impl RegistrySnapshot {
    #[new]
    #[pyo3(signature = (lines, *, epoch, start_ms, end_ms, authority, head))]
    fn new(
        py: Python<'_>,
        lines: &[u8],
        epoch: i64,
        start_ms: i64,
        end_ms: i64,
        authority: Vec<String>,
        head: &[u8],
    ) -> PyResult<Self> {
        let keys = authority
            .iter()
            .map(|text| parse_did_key(text))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| input_error(py, &format!("authority: {error}"), None))?;
        let head = head.try_into().map_err(|_| input_error(py, "head: expected 32 bytes", None))?;
        let made = py.detach(|| fold(lines, Bounds { epoch, start_ms, end_ms }, &keys, Some(head)));
        made.map(|snapshot| Self { snapshot: Arc::new(snapshot) })
            .map_err(|error| input_error(py, &error.to_string(), None))
    }

    #[getter]
    fn head_at_start<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.snapshot.registry_head_at_start)
    }

    #[getter]
    fn content_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.snapshot.content_hash)
    }

    fn devices<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let devices = &self.snapshot.devices;
        let columns: Vec<(&str, ArrayRef, bool)> = vec![
            ("device", Arc::new(BinaryArray::from_iter_values(devices.iter().map(|d| &d.id))), false),
            ("payee", Arc::new(devices.iter().map(|d| d.payee).collect::<BinaryArray>()), true),
            (
                "weight",
                Arc::new(StringArray::from_iter_values(devices.iter().map(|d| d.weight.to_string()))),
                false,
            ),
            ("class", Arc::new(devices.iter().map(|d| d.class.clone()).collect::<StringArray>()), true),
            ("retired_ms", Arc::new(devices.iter().map(|d| d.retired_ms).collect::<Int64Array>()), true),
            (
                "recorded_ms",
                Arc::new(Int64Array::from_iter_values(devices.iter().map(|d| d.recorded_ms))),
                false,
            ),
            ("cell", Arc::new(devices.iter().map(|d| d.cell).collect::<UInt64Array>()), true),
        ];
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column, null)| Field::new(*name, column.data_type().clone(), *null))
            .collect();
        let batch =
            RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|c| c.1).collect())
                .map_err(|error| input_error(py, &error.to_string(), None))?;
        let _ = DataType::Binary;
        Ok(PyRecordBatch::new(batch).into_arro3(py)?)
    }
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RegistrySnapshot>()
}
