//! The registry for Python: what holds for one epoch, and the two hashes of an event.
//!
//! In: event lines as bytes or a path. Out: [`RegistrySnapshot`], whose tables are Arrow; a registry that is invalid is a
//! `RegistryError` with its line.

#![allow(clippy::needless_pass_by_value, reason = "arguments are extracted into values of their own")]

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Int32Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringArray, UInt8Array, UInt64Array,
};
use arrow_schema::{ArrowError, Field, Schema};
use depinverify_core::hash::Hash;
use depinverify_core::registry::{
    self as core, Bounds, DeviceKey, EventFault, PublicKey, RegistryFault, Snapshot,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3_arrow::PyRecordBatch;

use crate::errors::{input_error, registry_error};
use crate::pool::on_all_threads;

/// What holds for one epoch.
#[pyclass(frozen, module = "depinverify._native")]
pub struct RegistrySnapshot {
    /// What the core works with.
    pub snapshot: Arc<Snapshot>,
}

/// Named columns of one length; those that hold a null are nullable.
fn table<'py>(
    py: Python<'py>,
    rows: usize,
    columns: Vec<(&str, ArrayRef, bool)>,
) -> PyResult<Bound<'py, PyAny>> {
    let make = || {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column, is_nullable)| Field::new(*name, column.data_type().clone(), *is_nullable))
            .collect();
        let arrays = columns.into_iter().map(|(_, column, _)| column).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
    };
    let batch = py.detach(make).map_err(|error: ArrowError| input_error(py, &error.to_string(), None))?;
    PyRecordBatch::new(batch).into_arro3(py)
}

fn binary<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> ArrayRef {
    Arc::new(values.collect::<BinaryArray>())
}

fn text<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn boolean(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

fn int64(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

fn int32(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Int32Array>())
}

fn uint64(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    Arc::new(values.collect::<UInt64Array>())
}

/// The keys of many holders, one row each, in the holders' order.
fn keys_table<'py, 'a>(
    py: Python<'py>,
    name: &str,
    holders: impl Iterator<Item = (&'a [u8], &'a [DeviceKey])>,
) -> PyResult<Bound<'py, PyAny>> {
    let rows: Vec<(&[u8], &DeviceKey)> =
        holders.flat_map(|(id, keys)| keys.iter().map(move |key| (id, key))).collect();
    let schemes: UInt8Array = rows.iter().map(|(_, key)| Some(key.scheme.number())).collect();
    let columns = vec![
        (name, binary(rows.iter().map(|(id, _)| Some(*id))), false),
        ("kid", binary(rows.iter().map(|(_, key)| Some(key.kid.as_slice()))), false),
        ("scheme", Arc::new(schemes) as ArrayRef, false),
        ("public_key", binary(rows.iter().map(|(_, key)| Some(key.public_key.as_slice()))), false),
        ("valid_from_ms", int64(rows.iter().map(|(_, key)| Some(key.valid_from_ms))), false),
        ("valid_to_ms", int64(rows.iter().map(|(_, key)| key.valid_to_ms)), true),
    ];
    table(py, rows.len(), columns)
}

fn authority_keys(py: Python<'_>, authority: &[String]) -> PyResult<Vec<PublicKey>> {
    let read = |text: &String| {
        core::parse_did_key(text)
            .map_err(|error| input_error(py, &format!("authority: {error}"), None))
            .and_then(|key| match key.scheme() {
                Some(_) => Ok(key),
                None => {
                    Err(input_error(py, &format!("authority: expected a key that signs, found {text}"), None))
                }
            })
    };
    authority.iter().map(read).collect()
}

fn expected_head(py: Python<'_>, head: Option<&[u8]>) -> PyResult<Option<Hash>> {
    head.map(|head| {
        let found = head.len();
        head.try_into().map_err(|_| input_error(py, &format!("head: expected 32 bytes, found {found}"), None))
    })
    .transpose()
}

fn invalid(py: Python<'_>, fault: &RegistryFault) -> PyErr {
    registry_error(py, &fault.to_string(), fault.hint)
}

#[pymethods]
impl RegistrySnapshot {
    #[new]
    #[pyo3(signature = (lines, *, epoch, start_ms, end_ms, authority, head=None))]
    fn new(
        py: Python<'_>,
        lines: &[u8],
        epoch: i64,
        start_ms: i64,
        end_ms: i64,
        authority: Vec<String>,
        head: Option<&[u8]>,
    ) -> PyResult<Self> {
        let keys = authority_keys(py, &authority)?;
        let head = expected_head(py, head)?;
        let bounds = Bounds { epoch, start_ms, end_ms };
        let made = on_all_threads(py, || Snapshot::from_lines(lines, bounds, &keys, head))?;
        made.map(|snapshot| Self { snapshot: Arc::new(snapshot) }).map_err(|fault| invalid(py, &fault))
    }

    #[staticmethod]
    #[pyo3(signature = (path, *, epoch, start_ms, end_ms, authority, head=None))]
    fn read(
        py: Python<'_>,
        path: PathBuf,
        epoch: i64,
        start_ms: i64,
        end_ms: i64,
        authority: Vec<String>,
        head: Option<&[u8]>,
    ) -> PyResult<Self> {
        let keys = authority_keys(py, &authority)?;
        let head = expected_head(py, head)?;
        let bounds = Bounds { epoch, start_ms, end_ms };
        let file = File::open(&path).map_err(|error| {
            input_error(
                py,
                &format!("{}: expected a readable registry, found: {error}", path.display()),
                None,
            )
        })?;
        let made =
            on_all_threads(py, || core::fold(BufReader::with_capacity(1 << 20, file), bounds, &keys, head))?;
        made.map(|snapshot| Self { snapshot: Arc::new(snapshot) }).map_err(|fault| invalid(py, &fault))
    }

    fn __repr__(&self) -> String {
        let (devices, validators) = (self.snapshot.devices.len(), self.snapshot.validators.len());
        format!("<RegistrySnapshot of {devices} devices and {validators} validators>")
    }

    #[getter]
    fn head_at_start<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.snapshot.registry_head_at_start)
    }

    #[getter]
    fn head<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.snapshot.head)
    }

    #[getter]
    fn content_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.snapshot.content_hash)
    }

    #[getter]
    fn events(&self) -> u64 {
        self.snapshot.events
    }

    fn devices<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let all = &self.snapshot.devices;
        let weights: Vec<String> = all.iter().map(|device| device.weight.to_string()).collect();
        let place = || all.iter().map(|device| device.place);
        let columns = vec![
            ("device", binary(all.iter().map(|device| Some(device.id.as_slice()))), false),
            ("owner", text(all.iter().map(|device| Some(device.owner.as_str()))), false),
            ("owner_key_proved", boolean(all.iter().map(|device| device.owner_key_proved)), false),
            (
                "payee",
                binary(all.iter().map(|device| device.payee.as_ref().map(core::Payee::as_bytes))),
                true,
            ),
            ("weight", text(weights.iter().map(|weight| Some(weight.as_str()))), false),
            ("class", text(all.iter().map(|device| device.class.as_deref())), true),
            ("recorded_ms", int64(all.iter().map(|device| Some(device.recorded_ms))), false),
            ("effective_ms", int64(all.iter().map(|device| Some(device.effective_ms))), false),
            ("retired_ms", int64(all.iter().map(|device| device.retired_ms)), true),
            ("cell", uint64(all.iter().map(|device| device.cell)), true),
            ("lat_e7", int32(place().map(|place| place.map(|place| place.lat_e7))), true),
            ("lon_e7", int32(place().map(|place| place.map(|place| place.lon_e7))), true),
            ("radius_m", uint64(place().map(|place| place.map(|place| place.radius_m))), true),
            ("hwmodel", binary(all.iter().map(|device| device.hwmodel.as_deref())), true),
            ("oemid", binary(all.iter().map(|device| device.oemid.as_deref())), true),
        ];
        table(py, all.len(), columns)
    }

    fn validators<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let all = &self.snapshot.validators;
        let commitment = |one: &'_ core::Validator| one.commitment;
        let commitments: Vec<Option<Hash>> = all.iter().map(commitment).collect();
        let columns = vec![
            ("validator", binary(all.iter().map(|one| Some(one.id.as_slice()))), false),
            ("owner", text(all.iter().map(|one| Some(one.owner.as_str()))), false),
            ("owner_key_proved", boolean(all.iter().map(|one| one.owner_key_proved)), false),
            ("payee", binary(all.iter().map(|one| one.payee.as_ref().map(core::Payee::as_bytes))), true),
            ("lat_e7", int32(all.iter().map(|one| one.position.map(|position| position.0))), true),
            ("lon_e7", int32(all.iter().map(|one| one.position.map(|position| position.1))), true),
            ("recorded_ms", int64(all.iter().map(|one| Some(one.recorded_ms))), false),
            ("effective_ms", int64(all.iter().map(|one| Some(one.effective_ms))), false),
            ("retired_ms", int64(all.iter().map(|one| one.retired_ms)), true),
            ("commitment", binary(commitments.iter().map(|hash| hash.as_ref().map(Hash::as_slice))), true),
            ("takes_part", boolean(all.iter().map(|one| one.takes_part)), false),
        ];
        table(py, all.len(), columns)
    }

    fn device_keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let holders =
            self.snapshot.devices.iter().map(|device| (device.id.as_slice(), device.keys.as_slice()));
        keys_table(py, "device", holders)
    }

    fn validator_keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let holders = self.snapshot.validators.iter().map(|one| (one.id.as_slice(), one.keys.as_slice()));
        keys_table(py, "validator", holders)
    }
}

fn hash_of(py: Python<'_>, hash: Result<Hash, EventFault>) -> PyResult<Bound<'_, PyBytes>> {
    match hash {
        Ok(hash) => Ok(PyBytes::new(py, &hash)),
        Err(fault) => Err(registry_error(py, &fault.what, fault.hint)),
    }
}

/// SHA-256 of an event's canonical JSON.
#[pyfunction]
fn event_hash<'py>(py: Python<'py>, line: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    hash_of(py, core::event_hash(line))
}

/// What the signers of an event sign.
#[pyfunction]
fn event_message<'py>(py: Python<'py>, line: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    hash_of(py, core::event_message(line))
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RegistrySnapshot>()?;
    module.add_function(wrap_pyfunction!(event_hash, module)?)?;
    module.add_function(wrap_pyfunction!(event_message, module)?)
}
