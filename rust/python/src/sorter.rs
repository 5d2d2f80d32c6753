//! Records sorted beyond memory, for Python.
//!
//! In: keys and payloads, one record at a time, and a folder for what is too much for memory. Out: the records once, in
//! ascending byte order of key, then payload, some at a time. Rule: [`spill`](depinverify_core::spill). Invariant: memory
//! depends on the budget and never on the number of records; files stay in the folder, which is the caller's to remove.

use std::mem;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use depinverify_core::spill::{self, Merge, SpillError, merge};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::errors::{MAKE_ROOM, input_error, settlement_error};
use crate::pool::on_all_threads;

/// Most records, and most bytes but for the last record, that are handed over at once.
const RECORDS: usize = 4096;
const BYTES: usize = 1 << 20;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Sorter>()?;
    module.add_class::<SortedRecords>()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn raised(py: Python<'_>, error: &SpillError) -> PyErr {
    let hint = matches!(error, SpillError::Io { .. }).then_some(MAKE_ROOM);
    settlement_error(py, &error.to_string(), hint)
}

fn walked(py: Python<'_>) -> PyErr {
    input_error(py, "expected records that nobody walked yet, found them walked", None)
}

/// Collects records.
#[pyclass(frozen, module = "depinverify._native")]
pub struct Sorter {
    /// Nothing once the records are walked.
    state: Mutex<Option<spill::Sorter>>,
}

#[pymethods]
impl Sorter {
    #[new]
    #[pyo3(signature = (folder, name, *, budget))]
    fn new(folder: PathBuf, name: &str, budget: usize) -> Self {
        Self { state: Mutex::new(Some(spill::Sorter::new(&folder, name, budget))) }
    }

    fn push(&self, py: Python<'_>, key: &[u8], payload: &[u8]) -> PyResult<()> {
        let pushed = py.detach(|| locked(&self.state).as_mut().map(|sorter| sorter.push(key, payload)));
        pushed.ok_or_else(|| walked(py))?.map_err(|error| raised(py, &error))
    }

    fn walk(&self, py: Python<'_>) -> PyResult<SortedRecords> {
        let sorter = locked(&self.state).take().ok_or_else(|| walked(py))?;
        let merged = on_all_threads(py, || sorter.finish().and_then(|runs| merge(vec![runs])))?;
        let merged = merged.map_err(|error| raised(py, &error))?;
        Ok(SortedRecords { walk: Mutex::new(Some(merged)) })
    }
}

/// A walk over sorted records.
#[pyclass(frozen, module = "depinverify._native")]
pub struct SortedRecords {
    /// Nothing at the end, and after an error.
    walk: Mutex<Option<Merge>>,
}

/// Key and payload of some records.
type Taken = Vec<(Vec<u8>, Vec<u8>)>;

fn taken(walk: &mut Option<Merge>) -> Result<Taken, SpillError> {
    let mut records = Vec::new();
    let mut bytes = 0;
    // Only a walk that gave as much as it may goes on.
    let Some(mut merge) = mem::take(walk) else { return Ok(records) };
    while let Some(record) = merge.next()? {
        bytes += record.key.len() + record.payload.len();
        records.push((record.key.to_vec(), record.payload.to_vec()));
        if records.len() == RECORDS || bytes >= BYTES {
            *walk = Some(merge);
            break;
        }
    }
    Ok(records)
}

#[pymethods]
impl SortedRecords {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyList>>> {
        let records = py.detach(|| taken(&mut locked(&self.walk))).map_err(|error| raised(py, &error))?;
        if records.is_empty() {
            return Ok(None);
        }
        let records = records.iter().map(|(key, payload)| (PyBytes::new(py, key), PyBytes::new(py, payload)));
        PyList::new(py, records.collect::<Vec<_>>()).map(Some)
    }
}
