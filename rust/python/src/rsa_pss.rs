//! RSA-PSS in columns: the registry of the keys and their verification.
//!
//! In: profile, key ids, messages and signatures. Out: numbers of verdicts.

use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use depinverify_core::signature::{self as core, Items, KeyId, RsaProfile, SignatureVerdict};
use pyo3::prelude::*;

use crate::bls_batch::absent_signatures;
use crate::columns::{Bytes, Slices, items_error, key_ids as take_key_ids};
use crate::errors::input_error;
use crate::pool;
use crate::signature::{numpy, threads_of};

/// RSA public keys, checked once and addressed by dense ids.
#[pyclass(frozen, module = "depinverify._native")]
pub struct RsaKeyRegistry {
    // Taken only while detached from the interpreter, so that nobody waits for it while holding that.
    keys: RwLock<core::RsaKeyRegistry>,
}

impl RsaKeyRegistry {
    fn read<T>(&self, what: impl FnOnce(&core::RsaKeyRegistry) -> T) -> T {
        what(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl RsaKeyRegistry {
    #[new]
    fn new() -> Self {
        Self { keys: RwLock::new(core::RsaKeyRegistry::new()) }
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        py.detach(|| self.read(core::RsaKeyRegistry::len))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<RsaKeyRegistry of {} keys>", self.__len__(py))
    }

    fn register(&self, py: Python<'_>, modulus: &[u8], exponent: &[u8]) -> u32 {
        py.detach(|| self.keys.write().unwrap_or_else(PoisonError::into_inner).register(modulus, exponent).0)
    }

    fn find(&self, py: Python<'_>, modulus: &[u8], exponent: &[u8]) -> Option<u32> {
        py.detach(|| self.read(|keys| keys.find(modulus, exponent))).map(|id| id.0)
    }

    fn is_usable(&self, py: Python<'_>, key_id: u32) -> PyResult<bool> {
        py.detach(|| self.read(|keys| keys.is_usable(KeyId(key_id)))).ok_or_else(|| {
            input_error(py, &format!("key_id: expected an id that was given out, found {key_id}"), None)
        })
    }
}

fn profile_named(py: Python<'_>, name: &str) -> PyResult<RsaProfile> {
    RsaProfile::from_name(name).ok_or_else(|| {
        let message = format!(
            "profile of rsa_pss: expected \"sha256-salt32\", \"sha256-salt0\" or \"sha256-any_salt\", found \"{name}\""
        );
        input_error(py, &message, Some("the profile belongs to the network's rules"))
    })
}

/// Verdict numbers of a column of RSA-PSS signatures.
#[pyfunction]
#[pyo3(signature = (profile, registry, key_ids, messages, signatures, *, threads=None, progress=None))]
fn verify_rsa_pss_signatures<'py>(
    profile: &str,
    registry: &Bound<'py, RsaKeyRegistry>,
    key_ids: &Bound<'py, PyAny>,
    messages: &Bound<'py, PyAny>,
    signatures: &Bound<'py, PyAny>,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = registry.py();
    let profile = profile_named(py, profile)?;
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

    let pool = pool::pool(threads)?;
    let mut out = vec![SignatureVerdict::UnknownKeyId; items.len()];
    let mut slices = Slices::new(items.len(), threads);
    while let Some(range) = slices.next() {
        let started = Instant::now();
        let slice = items.slice(range.start, range.end);
        let places = &mut out[range.clone()];
        py.detach(|| {
            registry.read(|keys| pool.install(|| core::rsa_pss_verify_items(keys, profile, &slice, places)))
        })
        .map_err(|wrong| items_error(py, "verdicts", &wrong))?;
        slices.finish(&range, started.elapsed().as_secs_f64());
        py.check_signals()?;
        if let Some(progress) = progress {
            progress.call1((range.end, items.len()))?;
        }
    }
    let mut numbers: Vec<u8> = out.into_iter().map(SignatureVerdict::number).collect();
    absent_signatures(&signatures, &mut numbers);
    numpy(py, &numbers, "uint8")
}

/// Verdict number of one RSA-PSS signature.
#[pyfunction]
fn verify_rsa_pss_signature(
    py: Python<'_>,
    profile: &str,
    modulus: &[u8],
    exponent: &[u8],
    message: &[u8],
    signature: &[u8],
) -> PyResult<u8> {
    let profile = profile_named(py, profile)?;
    Ok(py.detach(|| core::rsa_pss_verify_one(profile, modulus, exponent, message, signature)).number())
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RsaKeyRegistry>()?;
    module.add_function(wrap_pyfunction!(verify_rsa_pss_signatures, module)?)?;
    module.add_function(wrap_pyfunction!(verify_rsa_pss_signature, module)?)
}
