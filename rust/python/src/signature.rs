//! Signatures for Python: the key registry, the column verifier and single checks.

use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use depinverify_core::signature::{
    self as core, EcdsaRule, Ed25519Profile, Items, KeyId, Rules, SPolicy, Scheme, SignatureVerdict,
};
use depinverify_core::verdict::{CATALOGUE, Family};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};
use rayon::prelude::*;

use crate::columns::{Bytes, Slices, items_error, key_ids as take_key_ids};
use crate::errors::input_error;
use crate::pool;

/// Items of one task; a task of a few milliseconds keeps all threads busy to the end.
const TASK: usize = 4096;

/// The rows by ascending key, so that a key's table is built once and used while it is in the cache; `None` where they
/// ascend as they are.
fn order_of(ids: &[KeyId], keys: usize) -> Option<Vec<u32>> {
    if ids.is_sorted() {
        return None;
    }
    let rows = 0..u32::try_from(ids.len()).ok()?;
    if keys > ids.len() {
        let mut places: Vec<(KeyId, u32)> = ids.iter().copied().zip(rows).collect();
        places.sort_unstable();
        return Some(places.into_iter().map(|(_, row)| row).collect());
    }
    // Ids are dense; what is no key comes last.
    let bucket = |id: &KeyId| (id.0 as usize).min(keys);
    let mut next = vec![0; keys + 2];
    for id in ids {
        next[bucket(id) + 1] += 1;
    }
    for at in 1..next.len() {
        next[at] += next[at - 1];
    }
    let mut order = vec![0; ids.len()];
    for (row, id) in rows.zip(ids) {
        let next: &mut usize = &mut next[bucket(id)];
        order[*next] = row;
        *next += 1;
    }
    Some(order)
}

/// How often each key is used.
fn uses_of(items: &Items<'_>) -> Vec<(KeyId, u64)> {
    let mut uses: Vec<(KeyId, u64)> = Vec::new();
    for id in items.key_ids() {
        match uses.last_mut() {
            Some((last, count)) if *last == id => *count += 1,
            _ => uses.push((id, 1)),
        }
    }
    uses
}

/// Public keys, parsed once and addressed by dense ids.
#[pyclass(frozen, module = "depinverify._native")]
pub struct KeyRegistry {
    // Taken only while detached from the interpreter, so that nobody waits for it while holding that.
    keys: RwLock<core::KeyRegistry>,
}

fn scheme_named(py: Python<'_>, name: &str) -> PyResult<Scheme> {
    Scheme::from_name(name).ok_or_else(|| {
        input_error(
            py,
            &format!("scheme: expected one of \"ed25519\", \"p256\", \"secp256k1\", found \"{name}\""),
            None,
        )
    })
}

fn policy_named(py: Python<'_>, name: &str) -> PyResult<SPolicy> {
    SPolicy::ALL.into_iter().find(|policy| policy.name() == name).ok_or_else(|| {
        input_error(py, &format!("s: expected \"any_s\" or \"low_s\", found \"{name}\""), None)
    })
}

/// The rules that `profile` names for `scheme`; the other schemes' rules are not used.
fn rules_named(py: Python<'_>, scheme: Scheme, profile: &str) -> PyResult<Rules> {
    let rules = Rules::UPTIME_PROOF;
    let found = match scheme {
        Scheme::Ed25519 => Ed25519Profile::from_name(profile).map(|ed25519| Rules { ed25519, ..rules }),
        Scheme::P256 => EcdsaRule::from_name(profile)
            .filter(|rule| rule.encoding != core::EcdsaEncoding::Recoverable)
            .map(|p256| Rules { p256, ..rules }),
        Scheme::Secp256k1 => EcdsaRule::from_name(profile).map(|secp256k1| Rules { secp256k1, ..rules }),
    };
    found.ok_or_else(|| {
        let (what, hint) = match scheme {
            Scheme::Ed25519 => (
                "\"zip215\", \"cofactorless\", \"strict\", \"compact\" or \"compact-canonical_points\"",
                "the profile belongs to the network's rules; where it names none, use \"strict\"",
            ),
            Scheme::P256 => (
                "encoding and half of s, such as \"p1363-any_s\" or \"der-low_s\"",
                "a recoverable form is defined for secp256k1 only; a digest may follow, such as \"p1363-any_s-digest\"",
            ),
            Scheme::Secp256k1 => (
                "encoding and half of s, such as \"p1363-any_s\", \"der-low_s\" or \"recoverable-low_s-keccak256\"",
                "the digest is one of sha256 (left out), keccak256, ethereum_message, digest",
            ),
        };
        let message = format!("profile of {}: expected {what}, found \"{profile}\"", scheme.name());
        input_error(py, &message, Some(hint))
    })
}

/// A writable numpy array of these bytes.
pub fn numpy<'py>(py: Python<'py>, bytes: &[u8], kind: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("numpy")?.call_method1("frombuffer", (PyByteArray::new(py, bytes), kind))
}

impl KeyRegistry {
    fn read<T>(&self, what: impl FnOnce(&core::KeyRegistry) -> T) -> T {
        what(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl KeyRegistry {
    #[new]
    #[pyo3(signature = (*, table_bytes=None))]
    fn new(py: Python<'_>, table_bytes: Option<i64>) -> PyResult<Self> {
        let mut keys = core::KeyRegistry::new();
        if let Some(bytes) = table_bytes {
            let found = || input_error(py, &format!("table_bytes: expected 0 or more, found {bytes}"), None);
            keys.set_table_budget(usize::try_from(bytes).map_err(|_| found())?);
        }
        Ok(Self { keys: RwLock::new(keys) })
    }

    #[getter]
    fn table_bytes(&self, py: Python<'_>) -> usize {
        py.detach(|| self.read(core::KeyRegistry::table_bytes))
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        py.detach(|| self.read(core::KeyRegistry::len))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<KeyRegistry of {} keys>", self.__len__(py))
    }

    fn register(&self, py: Python<'_>, scheme: &str, public_key: &[u8]) -> PyResult<u32> {
        let scheme = scheme_named(py, scheme)?;
        Ok(py.detach(|| {
            self.keys.write().unwrap_or_else(PoisonError::into_inner).register(scheme, public_key).0
        }))
    }

    #[pyo3(signature = (scheme, public_keys, *, threads=None))]
    fn register_many<'py>(
        &self,
        scheme: &str,
        public_keys: &Bound<'py, PyAny>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = public_keys.py();
        let scheme = scheme_named(py, scheme)?;
        let threads = threads_of(py, threads)?;
        let held = Bytes::take(public_keys, "public_keys")?;
        held.require_all(py)?;
        let column = held.column(py)?;
        let pool = pool::pool(threads)?;
        let ids: Vec<u8> = py.detach(|| {
            let keys: Vec<&[u8]> = (0..column.len()).map(|row| column.get(row)).collect();
            let mut guard = self.keys.write().unwrap_or_else(PoisonError::into_inner);
            let registry: &mut core::KeyRegistry = &mut guard;
            let ids = pool.install(|| registry.register_many(scheme, &keys));
            ids.into_iter().flat_map(|id| id.0.to_ne_bytes()).collect()
        });
        numpy(py, &ids, "uint32")
    }

    fn find(&self, py: Python<'_>, scheme: &str, public_key: &[u8]) -> PyResult<Option<u32>> {
        let scheme = scheme_named(py, scheme)?;
        Ok(py.detach(|| self.read(|keys| keys.find(scheme, public_key))).map(|id| id.0))
    }

    fn is_usable(&self, py: Python<'_>, key_id: u32) -> PyResult<bool> {
        py.detach(|| self.read(|keys| keys.is_usable(KeyId(key_id)))).ok_or_else(|| {
            input_error(py, &format!("key_id: expected an id that was given out, found {key_id}"), None)
        })
    }
}

/// The number of threads that a caller asked for.
pub fn threads_of(py: Python<'_>, threads: Option<usize>) -> PyResult<usize> {
    match threads {
        None => Ok(pool::all_threads()),
        Some(0) => {
            Err(input_error(py, "threads: expected 1 or more, found 0", Some("None means all processors")))
        }
        Some(threads) => Ok(threads),
    }
}

/// Verdict numbers of a column of items.
#[pyfunction]
#[pyo3(signature = (scheme, profile, registry, key_ids, messages, signatures, *, threads=None, progress=None))]
#[allow(clippy::too_many_arguments)]
fn verify_signatures<'py>(
    scheme: &str,
    profile: &str,
    registry: &Bound<'py, KeyRegistry>,
    key_ids: &Bound<'py, PyAny>,
    messages: &Bound<'py, PyAny>,
    signatures: &Bound<'py, PyAny>,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = registry.py();
    let scheme = scheme_named(py, scheme)?;
    let rules = rules_named(py, scheme, profile)?;
    let threads = threads_of(py, threads)?;
    let mut ids = take_key_ids(key_ids)?;
    let messages = Bytes::take(messages, "messages")?;
    messages.require_all(py)?;
    let signatures = Bytes::take(signatures, "signatures")?;
    let registry = registry.get();
    // A key of another scheme is no key for these items.
    py.detach(|| {
        registry.read(|keys| {
            for id in &mut ids {
                if keys.scheme(*id) != Some(scheme) {
                    *id = KeyId::NONE;
                }
            }
        });
    });
    let items = Items::new(&ids, messages.column(py)?, signatures.column(py)?).map_err(|wrong| {
        let name = if let core::ItemsError::Rows { column, .. } = wrong { column } else { "messages" };
        items_error(py, name, &wrong)
    })?;

    let order = py.detach(|| order_of(&ids, registry.read(core::KeyRegistry::len)));
    let items = order.as_ref().map_or(items, |rows| items.ordered(rows));
    py.detach(|| registry.read(|keys| keys.expect(&uses_of(&items))));
    let pool = if threads > 1 { Some(pool::pool(threads)?) } else { None };
    let mut out = vec![SignatureVerdict::UnknownKeyId; items.len()];
    let mut slices = Slices::new(items.len(), threads);
    while let Some(range) = slices.next() {
        let started = Instant::now();
        let slice = items.slice(range.start, range.end);
        let places = &mut out[range.clone()];
        py.detach(|| {
            registry.read(|keys| {
                let check = |(at, places): (usize, &mut [SignatureVerdict])| {
                    core::verify_items(keys, &rules, &slice.slice(at * TASK, (at + 1) * TASK), places)
                };
                match &pool {
                    None => places.chunks_mut(TASK).enumerate().try_for_each(check),
                    Some(pool) => {
                        pool.install(|| places.par_chunks_mut(TASK).enumerate().try_for_each(check))
                    }
                }
            })
        })
        .map_err(|wrong| items_error(py, "verdicts", &wrong))?;
        slices.finish(&range, started.elapsed().as_secs_f64());
        py.check_signals()?;
        if let Some(progress) = progress {
            progress.call1((range.end, items.len()))?;
        }
    }

    if let Some(rows) = order {
        let mut by_row = out.clone();
        for (row, verdict) in rows.into_iter().zip(out) {
            by_row[row as usize] = verdict;
        }
        out = by_row;
    }
    for &row in signatures.missing() {
        if !matches!(out[row], SignatureVerdict::UnknownKeyId | SignatureVerdict::BadKey) {
            out[row] = SignatureVerdict::BadEncoding;
        }
    }
    let numbers: Vec<u8> = out.into_iter().map(SignatureVerdict::number).collect();
    numpy(py, &numbers, "uint8")
}

/// Verdict number of one signature.
#[pyfunction]
fn verify_signature(
    py: Python<'_>,
    scheme: &str,
    profile: &str,
    public_key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> PyResult<u8> {
    let scheme = scheme_named(py, scheme)?;
    let rules = rules_named(py, scheme, profile)?;
    Ok(py.detach(|| core::verify_one(scheme, &rules, public_key, message, signature)).number())
}

/// Number, name and sentence of every signature verdict.
#[pyfunction]
fn signature_verdicts() -> Vec<(u8, &'static str, &'static str)> {
    CATALOGUE
        .iter()
        .filter(|entry| entry.family == Family::Signature)
        .filter_map(|entry| entry.number.map(|number| (number, entry.name, entry.sentence)))
        .collect()
}

/// Name of the vector unit that checks signatures.
#[pyfunction]
fn vector_unit() -> &'static str {
    core::Simd::chosen().name()
}

/// Order of an Ed25519 signature's torsion residue.
#[pyfunction]
fn ed25519_residue_order(public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<u8> {
    core::residue_order(public_key, message, signature)
}

/// Keccak-256 of a message behind Ethereum's prefix.
#[pyfunction]
fn ethereum_message_digest<'py>(py: Python<'py>, message: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &core::ethereum_message_digest(message))
}

fn digest_of(py: Python<'_>, digest: &[u8]) -> PyResult<[u8; 32]> {
    digest
        .try_into()
        .map_err(|_| input_error(py, &format!("digest: expected 32 bytes, found {}", digest.len()), None))
}

/// The Ethereum address that made a recoverable signature.
#[pyfunction]
#[pyo3(signature = (digest, signature, *, s))]
fn recover_address<'py>(
    py: Python<'py>,
    digest: &[u8],
    signature: &[u8],
    s: &str,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let (digest, s) = (digest_of(py, digest)?, policy_named(py, s)?);
    Ok(core::recover_address(digest, signature, s).ok().map(|address| PyBytes::new(py, &address)))
}

/// The public key that made a recoverable signature.
#[pyfunction]
#[pyo3(signature = (digest, signature, *, s))]
fn recover_key<'py>(
    py: Python<'py>,
    digest: &[u8],
    signature: &[u8],
    s: &str,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let (digest, s) = (digest_of(py, digest)?, policy_named(py, s)?);
    Ok(core::recover_key(digest, signature, s).ok().map(|key| PyBytes::new(py, &key)))
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<KeyRegistry>()?;
    module.add_function(wrap_pyfunction!(verify_signatures, module)?)?;
    module.add_function(wrap_pyfunction!(verify_signature, module)?)?;
    module.add_function(wrap_pyfunction!(signature_verdicts, module)?)?;
    module.add_function(wrap_pyfunction!(vector_unit, module)?)?;
    module.add_function(wrap_pyfunction!(ed25519_residue_order, module)?)?;
    module.add_function(wrap_pyfunction!(ethereum_message_digest, module)?)?;
    module.add_function(wrap_pyfunction!(recover_address, module)?)?;
    module.add_function(wrap_pyfunction!(recover_key, module)?)
}
