//! Binding of Arweave's storage proofs, its trees and its recall bytes.

use depinverify_core::hash::Hash;
use depinverify_core::merkle::arweave as tree;
use depinverify_core::merkle::arweave::tree::{BlockTransaction, Chunking, Tree};
use depinverify_core::networks::arweave::rules::Strictness;
use depinverify_core::networks::arweave::{Ruleset, recall, verify_batch, verify_lines};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3_arrow::PyRecordBatch;

use crate::errors::input_error;
use crate::pool;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(arweave_verify_lines, module)?)?;
    module.add_function(wrap_pyfunction!(arweave_verify_batch, module)?)?;
    module.add_function(wrap_pyfunction!(arweave_validate_path, module)?)?;
    module.add_function(wrap_pyfunction!(arweave_data_tree, module)?)?;
    module.add_function(wrap_pyfunction!(arweave_transaction_tree, module)?)?;
    module.add_function(wrap_pyfunction!(arweave_recall_ranges, module)?)?;
    module.add_function(wrap_pyfunction!(arweave_recall_byte, module)?)?;
    module.add_function(wrap_pyfunction!(arweave_max_nonce, module)?)?;
    module.add_function(wrap_pyfunction!(arweave_padded_offset, module)?)?;
    module.add_function(wrap_pyfunction!(arweave_seek_byte, module)?)
}

fn strictness(block_rules: bool) -> Strictness {
    if block_rules { Strictness::Block } else { Strictness::Admission }
}

#[pyfunction]
#[pyo3(signature = (lines, first = 1, *, block_rules = false, threads = None))]
fn arweave_verify_lines<'py>(
    py: Python<'py>,
    lines: &[u8],
    first: u64,
    block_rules: bool,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let pool = pool::pool(threads.unwrap_or_else(pool::all_threads))?;
    py.detach(|| pool.install(|| verify_lines(lines, first, strictness(block_rules))))
        .map_err(|error| input_error(py, &error.to_string(), None))
        .and_then(|verdicts| PyRecordBatch::new(verdicts).into_arro3(py))
}

#[pyfunction]
#[pyo3(signature = (batch, first = 0, *, block_rules = false, threads = None))]
fn arweave_verify_batch(
    py: Python<'_>,
    batch: PyRecordBatch,
    first: u64,
    block_rules: bool,
    threads: Option<usize>,
) -> PyResult<Bound<'_, PyAny>> {
    let pool = pool::pool(threads.unwrap_or_else(pool::all_threads))?;
    let batch = batch.into_inner();
    py.detach(|| pool.install(|| verify_batch(&batch, first, strictness(block_rules))))
        .map_err(|error| input_error(py, &error.to_string(), None))
        .and_then(|verdicts| PyRecordBatch::new(verdicts).into_arro3(py))
}

fn ruleset_named(py: Python<'_>, name: &str) -> PyResult<Ruleset> {
    Ruleset::from_name(name).ok_or_else(|| {
        let known = Ruleset::ALL.map(Ruleset::name).join(", ");
        input_error(py, &format!("ruleset: expected one of {known}, found {name:?}"), None)
    })
}

/// Value, start and end, or the reason why there are none.
type Answer<'py> = (Option<(Bound<'py, PyBytes>, u64, u64)>, Option<String>);

#[pyfunction]
fn arweave_validate_path<'py>(
    py: Python<'py>,
    root: Hash,
    dest: i64,
    size: u64,
    path: &[u8],
    ruleset: &str,
) -> PyResult<Answer<'py>> {
    Ok(match tree::validate(&root, dest, size, path, ruleset_named(py, ruleset)?) {
        Ok(proved) => (Some((PyBytes::new(py, &proved.value), proved.start, proved.end)), None),
        Err(error) => (None, Some(error.to_string())),
    })
}

/// Root, leaf ends, and the path to each leaf.
type Grown<'py> = (Bound<'py, PyBytes>, Vec<u64>, Vec<Bound<'py, PyBytes>>);

fn grown(py: Python<'_>, tree: Option<Tree>) -> PyResult<Grown<'_>> {
    let tree = tree.ok_or_else(|| {
        input_error(py, "tree: expected at least one leaf and sizes that fit 64 bits together", None)
    })?;
    let paths = (0..tree.leaves().len()).filter_map(|leaf| Some(PyBytes::new(py, &tree.path(leaf)?)));
    Ok((PyBytes::new(py, &tree.root()), tree.leaves().iter().map(|leaf| leaf.end).collect(), paths.collect()))
}

#[pyfunction]
#[pyo3(signature = (data, *, as_node = false))]
fn arweave_data_tree<'py>(py: Python<'py>, data: &[u8], as_node: bool) -> PyResult<Grown<'py>> {
    let chunking = if as_node { Chunking::Node } else { Chunking::Client };
    grown(py, py.detach(|| tree::tree::data_tree(data, chunking)))
}

#[pyfunction]
fn arweave_transaction_tree(
    py: Python<'_>,
    height: u64,
    transactions: Vec<(u64, Hash, Option<Hash>, u64)>,
) -> PyResult<Grown<'_>> {
    let transactions: Vec<_> = transactions
        .into_iter()
        .map(|(format, id, data_root, data_size)| BlockTransaction { format, id, data_root, data_size })
        .collect();
    grown(py, tree::tree::transaction_tree(height, &transactions))
}

#[pyfunction]
fn arweave_recall_ranges(h0: Hash, partition: u64, upper: u64) -> Option<(u64, u64)> {
    recall::recall_ranges(&h0, partition, upper)
}

#[pyfunction]
fn arweave_recall_byte(range_start: u64, nonce: u64, packing_difficulty: u8) -> Option<(u64, i64)> {
    recall::recall_byte(range_start, nonce, packing_difficulty)
}

#[pyfunction]
fn arweave_max_nonce(packing_difficulty: u8) -> u64 {
    recall::max_nonce(packing_difficulty)
}

#[pyfunction]
fn arweave_padded_offset(offset: u64) -> Option<u64> {
    recall::padded_offset(offset)
}

#[pyfunction]
fn arweave_seek_byte(byte: u64) -> Option<u64> {
    recall::seek_byte(byte)
}
