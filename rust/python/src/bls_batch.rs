//! BLS signatures in columns: the registry of their keys, batches and aggregates.
//!
//! In: domain tag, key ids, messages and signatures. Out: numbers of verdicts. The order in which a call goes through its
//! items is planned once, so that what a pairing has in common stays together although the call looks up between slices.

use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use depinverify_core::signature::{
    self as core, BLS_BATCH, BlsAggregation, BlsPlan, BlsVariant, Items, KeyId, PossessionProven,
    SignatureVerdict,
};
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::bls::variant;
use crate::columns::{Bytes, Slices, items_error, key_ids as take_key_ids};
use crate::errors::input_error;
use crate::pool;
use crate::signature::{numpy, threads_of};

/// BLS public keys of one variant, decoded once and addressed by dense ids.
#[pyclass(frozen, module = "depinverify._native")]
pub struct BlsKeyRegistry {
    variant: BlsVariant,
    // Taken only while detached from the interpreter, so that nobody waits for it while holding that.
    keys: RwLock<core::BlsKeyRegistry>,
}

impl BlsKeyRegistry {
    fn read<T>(&self, what: impl FnOnce(&core::BlsKeyRegistry) -> T) -> T {
        what(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl BlsKeyRegistry {
    #[new]
    fn new(py: Python<'_>, variant_name: &str) -> PyResult<Self> {
        let variant = variant(py, variant_name)?;
        Ok(Self { variant, keys: RwLock::new(core::BlsKeyRegistry::new(variant)) })
    }

    #[getter]
    fn variant(&self) -> &'static str {
        match self.variant {
            BlsVariant::MinPk => "min-pk",
            BlsVariant::MinSig => "min-sig",
        }
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        py.detach(|| self.read(core::BlsKeyRegistry::len))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<BlsKeyRegistry of {} {} keys>", self.__len__(py), self.variant())
    }

    fn register(&self, py: Python<'_>, public_key: &[u8]) -> u32 {
        py.detach(|| self.keys.write().unwrap_or_else(PoisonError::into_inner).register(public_key).0)
    }

    #[pyo3(signature = (public_keys, *, threads=None))]
    fn register_many<'py>(
        &self,
        public_keys: &Bound<'py, PyAny>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = public_keys.py();
        let threads = threads_of(py, threads)?;
        let held = Bytes::take(public_keys, "public_keys")?;
        held.require_all(py)?;
        let column = held.column(py)?;
        let pool = pool::pool(threads)?;
        let ids: Vec<u8> = py.detach(|| {
            let keys: Vec<&[u8]> = (0..column.len()).map(|row| column.get(row)).collect();
            let mut guard = self.keys.write().unwrap_or_else(PoisonError::into_inner);
            let registry: &mut core::BlsKeyRegistry = &mut guard;
            let ids = pool.install(|| registry.register_many(&keys));
            ids.into_iter().flat_map(|id| id.0.to_ne_bytes()).collect()
        });
        numpy(py, &ids, "uint32")
    }

    fn find(&self, py: Python<'_>, public_key: &[u8]) -> Option<u32> {
        py.detach(|| self.read(|keys| keys.find(public_key))).map(|id| id.0)
    }

    fn is_usable(&self, py: Python<'_>, key_id: u32) -> PyResult<bool> {
        py.detach(|| self.read(|keys| keys.is_usable(KeyId(key_id)))).ok_or_else(|| {
            input_error(py, &format!("key_id: expected an id that was given out, found {key_id}"), None)
        })
    }
}

/// Verdict numbers of a column of BLS signatures.
#[pyfunction]
#[pyo3(signature = (registry, dst, key_ids, messages, signatures, *, threads=None, progress=None))]
fn verify_bls_signatures<'py>(
    registry: &Bound<'py, BlsKeyRegistry>,
    dst: &[u8],
    key_ids: &Bound<'py, PyAny>,
    messages: &Bound<'py, PyAny>,
    signatures: &Bound<'py, PyAny>,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = registry.py();
    let threads = threads_of(py, threads)?;
    let ids = take_key_ids(key_ids)?;
    let messages = Bytes::take(messages, "messages")?;
    messages.require_all(py)?;
    let signatures = Bytes::take(signatures, "signatures")?;
    let registry = registry.get();
    let items = Items::new(&ids, messages.column(py)?, signatures.column(py)?).map_err(|wrong| {
        let name = if let core::ItemsError::Rows { column, .. } = wrong { column } else { "messages" };
        items_error(py, name, &wrong)
    })?;

    let pool = if threads > 1 { Some(pool::pool(threads)?) } else { None };
    let plan = py.detach(|| BlsPlan::new(&items));
    let mut planned = vec![SignatureVerdict::UnknownKeyId; items.len()];
    let mut slices = Slices::new(items.len(), threads);
    while let Some(range) = slices.next() {
        let started = Instant::now();
        let rows = &plan.rows()[range.clone()];
        let places = &mut planned[range.clone()];
        py.detach(|| {
            registry.read(|keys| match &pool {
                None => core::bls_verify_rows(keys, dst, &items, rows, places),
                Some(pool) => pool.install(|| {
                    let tasks = rows.par_chunks(BLS_BATCH).zip(places.par_chunks_mut(BLS_BATCH));
                    tasks.try_for_each(|(rows, out)| core::bls_verify_rows(keys, dst, &items, rows, out))
                }),
            })
        })
        .map_err(|wrong| items_error(py, "verdicts", &wrong))?;
        slices.finish(&range, started.elapsed().as_secs_f64());
        py.check_signals()?;
        if let Some(progress) = progress {
            progress.call1((range.end, items.len()))?;
        }
    }

    let mut numbers = vec![0; items.len()];
    for (&row, verdict) in plan.rows().iter().zip(planned) {
        numbers[row] = verdict.number();
    }
    absent_signatures(&signatures, &mut numbers);
    numpy(py, &numbers, "uint8")
}

/// Rows without a signature are `BadEncoding`, unless their key already says more.
pub fn absent_signatures(signatures: &Bytes, numbers: &mut [u8]) {
    let of_the_key = [SignatureVerdict::UnknownKeyId.number(), SignatureVerdict::BadKey.number()];
    for &row in signatures.missing() {
        if !of_the_key.contains(&numbers[row]) {
            numbers[row] = SignatureVerdict::BadEncoding.number();
        }
    }
}

/// Verdict number of a signature over one message of each key.
#[pyfunction]
#[pyo3(signature = (registry, dst, key_ids, messages, signature, *, possession_proven))]
fn bls_aggregate_verify<'py>(
    registry: &Bound<'py, BlsKeyRegistry>,
    dst: &[u8],
    key_ids: &Bound<'py, PyAny>,
    messages: &Bound<'py, PyAny>,
    signature: &[u8],
    possession_proven: bool,
) -> PyResult<u8> {
    let py = registry.py();
    let ids = take_key_ids(key_ids)?;
    let messages = Bytes::take(messages, "messages")?;
    messages.require_all(py)?;
    let column = messages.column(py)?;
    let aggregation =
        if possession_proven { BlsAggregation::KeysAreProven } else { BlsAggregation::DistinctMessages };
    let registry = registry.get();
    let verdict = py.detach(|| {
        registry.read(|keys| core::bls_aggregate_verify(keys, dst, &ids, column, signature, aggregation))
    });
    Ok(verdict.number())
}

/// Verdict number of a signature of many keys over one message.
#[pyfunction]
#[pyo3(signature = (registry, dst, key_ids, message, signature, *, possession_proven))]
fn bls_fast_aggregate_verify<'py>(
    registry: &Bound<'py, BlsKeyRegistry>,
    dst: &[u8],
    key_ids: &Bound<'py, PyAny>,
    message: &[u8],
    signature: &[u8],
    possession_proven: bool,
) -> PyResult<u8> {
    let py = registry.py();
    if !possession_proven {
        return Err(input_error(
            py,
            "possession_proven: expected True, found False",
            Some(
                "without a checked proof of possession for every key, a signer can choose one that cancels the others",
            ),
        ));
    }
    let ids = take_key_ids(key_ids)?;
    let registry = registry.get();
    let verdict = py.detach(|| {
        registry.read(|keys| {
            core::bls_fast_aggregate_verify(keys, dst, &ids, message, signature, PossessionProven)
        })
    });
    Ok(verdict.number())
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<BlsKeyRegistry>()?;
    module.add_function(wrap_pyfunction!(verify_bls_signatures, module)?)?;
    module.add_function(wrap_pyfunction!(bls_aggregate_verify, module)?)?;
    module.add_function(wrap_pyfunction!(bls_fast_aggregate_verify, module)?)
}
