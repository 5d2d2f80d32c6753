//! Binding of the verdicts about Filecoin's evidence, and of its signed rounds.

use depinverify_core::networks::filecoin::groth16::Verifier;
use depinverify_core::networks::filecoin::records::{explain_line, verify_batch, verify_lines};
use depinverify_core::networks::filecoin::words::checks_of;
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;

use crate::errors::input_error;
use crate::filecoin_post::FilecoinVerifier;
use crate::pool;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(filecoin_verify_lines, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_verify_batch, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_explain, module)?)
}

fn verifiers(keys: &[Py<FilecoinVerifier>]) -> Vec<&Verifier> {
    keys.iter().map(|key| &key.get().verifier).collect()
}

#[pyfunction]
#[pyo3(signature = (lines, first = 1, *, keys = vec![], threads = None))]
fn filecoin_verify_lines<'py>(
    py: Python<'py>,
    lines: &[u8],
    first: u64,
    keys: Vec<Py<FilecoinVerifier>>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let pool = pool::pool(threads.unwrap_or_else(pool::all_threads))?;
    let keys = verifiers(&keys);
    py.detach(|| pool.install(|| verify_lines(lines, first, &keys)))
        .map_err(|error| input_error(py, &error.to_string(), None))
        .and_then(|verdicts| PyRecordBatch::new(verdicts).into_arro3(py))
}

#[pyfunction]
#[pyo3(signature = (batch, first = 0, *, keys = vec![], threads = None))]
fn filecoin_verify_batch(
    py: Python<'_>,
    batch: PyRecordBatch,
    first: u64,
    keys: Vec<Py<FilecoinVerifier>>,
    threads: Option<usize>,
) -> PyResult<Bound<'_, PyAny>> {
    let pool = pool::pool(threads.unwrap_or_else(pool::all_threads))?;
    let batch = batch.into_inner();
    let keys = verifiers(&keys);
    py.detach(|| pool.install(|| verify_batch(&batch, first, &keys)))
        .map_err(|error| input_error(py, &error.to_string(), None))
        .and_then(|verdicts| PyRecordBatch::new(verdicts).into_arro3(py))
}

/// The checks of a kind of record, and the steps of this one.
#[pyfunction]
fn filecoin_explain(line: &[u8], kind: &str) -> (Vec<u8>, Vec<(String, String)>) {
    (checks_of(kind).to_vec(), explain_line(line))
}
