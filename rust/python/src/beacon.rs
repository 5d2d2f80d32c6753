//! Binding of beacon chains, of the challenge schedule's draws, and of exact places.

use std::collections::BTreeSet;

use depinverify_core::beacon::{
    self, Chain, RoundFinding, Rounds, Scheme, SignedRound, read_rounds, verify_rounds,
};
use depinverify_core::checks::geography;
use depinverify_core::hash::Hash;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::errors::input_error;
use crate::pool;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<BeaconChain>()?;
    module.add_function(wrap_pyfunction!(slot_seed, module)?)?;
    module.add_function(wrap_pyfunction!(draw, module)?)?;
    module.add_function(wrap_pyfunction!(draw_offset, module)?)?;
    module.add_function(wrap_pyfunction!(is_selected, module)?)?;
    module.add_function(wrap_pyfunction!(assign_validators, module)?)?;
    module.add_function(wrap_pyfunction!(challenge_nonce, module)?)?;
    module.add_function(wrap_pyfunction!(challenge_salt, module)?)?;
    module.add_function(wrap_pyfunction!(challenge, module)?)?;
    module.add_function(wrap_pyfunction!(challenge_moment_ms, module)?)?;
    module.add_function(wrap_pyfunction!(cos_sin_18, module)?)?;
    module.add_function(wrap_pyfunction!(chord_metres, module)?)
}

fn bad(py: Python<'_>, error: &impl std::fmt::Display) -> PyErr {
    input_error(py, &error.to_string(), None)
}

/// Each needed round with its randomness, and the content hash.
type CheckedRounds<'py> = (Vec<(u64, Option<Bound<'py, PyBytes>>)>, Bound<'py, PyBytes>);

/// Round, signature, signature before it, randomness.
type StatedRound = (u64, PyBackedBytes, Option<PyBackedBytes>, Option<PyBackedBytes>);

/// A beacon's chain: its scheme, key and clock.
#[pyclass(frozen, module = "depinverify._native")]
pub struct BeaconChain {
    pub chain: Chain,
}

#[pymethods]
impl BeaconChain {
    #[new]
    #[pyo3(signature = (*, scheme, public_key, genesis_time, period, genesis_seed, beacon_id))]
    fn new(
        py: Python<'_>,
        scheme: &str,
        public_key: &[u8],
        genesis_time: i64,
        period: u32,
        genesis_seed: &[u8],
        beacon_id: &str,
    ) -> PyResult<Self> {
        Scheme::from_name(scheme)
            .and_then(|scheme| Chain::new(scheme, public_key, genesis_time, period, genesis_seed, beacon_id))
            .map(|chain| Self { chain })
            .map_err(|error| bad(py, &error))
    }

    /// A chain that is known by name: `quicknet` or `default`.
    #[staticmethod]
    fn named(py: Python<'_>, name: &str) -> PyResult<Self> {
        Chain::named(name).map(|chain| Self { chain }).map_err(|error| bad(py, &error))
    }

    /// The chain that a beacon's info describes.
    #[staticmethod]
    fn from_info(py: Python<'_>, info: &[u8]) -> PyResult<Self> {
        Chain::from_info(info).map(|chain| Self { chain }).map_err(|error| bad(py, &error))
    }

    #[getter]
    fn hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.chain.hash())
    }

    #[getter]
    fn scheme(&self) -> &'static str {
        self.chain.scheme().name()
    }

    #[getter]
    fn period(&self) -> u32 {
        self.chain.period()
    }

    #[getter]
    fn genesis_time(&self) -> i64 {
        self.chain.genesis_time()
    }

    fn round_at(&self, py: Python<'_>, time: i64) -> PyResult<u64> {
        self.chain.round_at(time).map_err(|error| bad(py, &error))
    }

    fn first_round_at_or_after(&self, py: Python<'_>, time: i64) -> PyResult<u64> {
        self.chain.first_round_at_or_after(time).map_err(|error| bad(py, &error))
    }

    fn time_of_round(&self, py: Python<'_>, round_number: u64) -> PyResult<i64> {
        self.chain.time_of_round(round_number).map_err(|error| bad(py, &error))
    }

    #[pyo3(signature = (round_number, signature, previous_signature = None))]
    fn verify_round(
        &self,
        py: Python<'_>,
        round_number: u64,
        signature: &[u8],
        previous_signature: Option<&[u8]>,
    ) -> bool {
        py.detach(|| self.chain.verify_round(round_number, signature, previous_signature.unwrap_or_default()))
    }

    /// What is found about each of many rounds: verdict, link, spare previous signature, still to come.
    #[pyo3(signature = (rounds, *, now = None, threads = None))]
    fn verify_rounds(
        &self,
        py: Python<'_>,
        rounds: Vec<StatedRound>,
        now: Option<i64>,
        threads: Option<usize>,
    ) -> PyResult<Vec<(&'static str, &'static str, bool, bool)>> {
        let pool = pool::pool(threads.unwrap_or_else(pool::all_threads))?;
        let signed: Vec<SignedRound<'_>> = rounds
            .iter()
            .map(|(round, signature, previous, randomness)| SignedRound {
                round: *round,
                signature,
                previous: previous.as_deref(),
                randomness: randomness.as_deref(),
            })
            .collect();
        let findings = py
            .detach(|| pool.install(|| verify_rounds(&self.chain, &signed, now)))
            .map_err(|error| bad(py, &error))?;
        let row = |finding: RoundFinding| {
            (finding.verdict.name(), finding.link.name(), finding.has_spare_previous, finding.is_future)
        };
        Ok(findings.into_iter().map(row).collect())
    }

    /// Randomness of each needed round, and the content hash.
    #[pyo3(signature = (file, needed, *, missing_rounds = vec![], pinned = false, threads = None))]
    fn read_rounds<'py>(
        &self,
        py: Python<'py>,
        file: &[u8],
        needed: BTreeSet<u64>,
        missing_rounds: Vec<u64>,
        pinned: bool,
        threads: Option<usize>,
    ) -> PyResult<CheckedRounds<'py>> {
        let pool = pool::pool(threads.unwrap_or_else(pool::all_threads))?;
        let rounds = py
            .detach(|| {
                pool.install(|| {
                    Rounds::check(&self.chain, &read_rounds(file)?, &needed, &missing_rounds, pinned)
                })
            })
            .map_err(|error| bad(py, &error))?;
        let randomness =
            |round: &u64| (*round, rounds.randomness(*round).map(|bytes| PyBytes::new(py, bytes)));
        Ok((needed.iter().map(randomness).collect(), PyBytes::new(py, &rounds.content_hash())))
    }
}

#[pyfunction]
fn slot_seed(
    py: Python<'_>,
    chain_hash: Hash,
    round_number: u64,
    randomness: Hash,
    slot: u64,
    params_hash: Hash,
) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &beacon::slot_seed(&chain_hash, round_number, &randomness, slot, &params_hash))
}

#[pyfunction]
fn draw(purpose: &str, seed: Hash, device: &[u8]) -> u64 {
    beacon::draw(purpose, &seed, device)
}

#[pyfunction]
fn draw_offset(seed: Hash, device: &[u8], span_ms: u64) -> u64 {
    beacon::SlotDraws::new(&seed).offset_ms(device, span_ms)
}

#[pyfunction]
fn is_selected(seed: Hash, device: &[u8], numerator: u64, denominator: u64) -> bool {
    beacon::is_selected(&seed, device, numerator, denominator)
}

#[pyfunction]
fn assign_validators(seed: Hash, device: &[u8], validators: Vec<Vec<u8>>, k: usize) -> Vec<u32> {
    let mut out = Vec::new();
    beacon::assign_into(&seed, device, (0..).zip(validators.iter().map(Vec::as_slice)), k, &mut out);
    out
}

#[pyfunction]
fn challenge_nonce<'py>(py: Python<'py>, seed: Hash, device: &[u8], validator: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &beacon::nonce(&seed, device, validator))
}

#[pyfunction]
fn challenge_salt<'py>(py: Python<'py>, secret: Hash, slot: u64, device: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &beacon::salt(&secret, slot, device))
}

#[pyfunction]
fn challenge(py: Python<'_>, nonce: Hash, salt: Hash) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &beacon::challenge(&nonce, &salt))
}

#[pyfunction]
fn challenge_moment_ms(
    py: Python<'_>,
    nonce: Hash,
    salt: Hash,
    round_time: i64,
    slot_start: i64,
    slot_seconds: u64,
    late_limit_ms: u64,
) -> PyResult<i64> {
    beacon::moment_ms(&nonce, &salt, round_time, slot_start, slot_seconds, late_limit_ms)
        .map_err(|error| bad(py, &error))
}

#[pyfunction]
fn cos_sin_18(angle_e7: i32) -> (i128, i128) {
    geography::cos_sin_18(angle_e7)
}

#[pyfunction]
fn chord_metres(a: (i32, i32), b: (i32, i32)) -> u64 {
    geography::chord_metres(a, b)
}
