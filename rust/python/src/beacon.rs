//! Beacon chains for Python.

use depinverify_core::beacon::{Chain, Scheme};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::input_error;

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
        let made = Scheme::from_name(scheme)
            .and_then(|scheme| Chain::new(scheme, public_key, genesis_time, period, genesis_seed, beacon_id));
        made.map(|chain| Self { chain }).map_err(|error| input_error(py, &error.to_string(), None))
    }

    /// A chain that is known by name: `quicknet` or `default`.
    #[staticmethod]
    fn named(py: Python<'_>, name: &str) -> PyResult<Self> {
        Chain::named(name)
            .map(|chain| Self { chain })
            .map_err(|error| input_error(py, &error.to_string(), None))
    }

    #[getter]
    fn hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.chain.hash())
    }
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<BeaconChain>()
}
