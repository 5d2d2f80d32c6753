//! Signing for a beacon of one's own, as the simulator needs it; verification of rounds is the beacon's own module.

use depinverify_core::signature::{
    BlsVariant, bls_public_key as public_key, bls_secret_key as secret_key, bls_sign as sign,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

fn variant(name: &str) -> PyResult<BlsVariant> {
    match name {
        "min-pk" => Ok(BlsVariant::MinPk),
        "min-sig" => Ok(BlsVariant::MinSig),
        _ => Err(PyValueError::new_err(format!("variant: expected min-pk or min-sig, found {name:?}"))),
    }
}

fn bad_secret() -> PyErr {
    PyValueError::new_err("secret key: expected 32 bytes in [1, r)")
}

/// The secret key that a seed of 32 bytes determines.
#[pyfunction]
fn bls_secret_key<'py>(py: Python<'py>, seed: [u8; 32]) -> PyResult<Bound<'py, PyBytes>> {
    let secret = secret_key(&seed).ok_or_else(bad_secret)?;
    Ok(PyBytes::new(py, &secret))
}

/// The compressed public key of a secret key.
#[pyfunction]
fn bls_public_key<'py>(
    py: Python<'py>,
    variant_name: &str,
    secret: [u8; 32],
) -> PyResult<Bound<'py, PyBytes>> {
    let key = public_key(variant(variant_name)?, &secret).ok_or_else(bad_secret)?;
    Ok(PyBytes::new(py, &key))
}

/// The compressed signature of a message under a domain tag.
#[pyfunction]
fn bls_sign<'py>(
    py: Python<'py>,
    variant_name: &str,
    dst: &[u8],
    secret: [u8; 32],
    message: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let variant = variant(variant_name)?;
    let signature = py.detach(|| sign(variant, dst, &secret, message)).ok_or_else(bad_secret)?;
    Ok(PyBytes::new(py, &signature))
}

/// Adds this module's functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(bls_secret_key, module)?)?;
    module.add_function(wrap_pyfunction!(bls_public_key, module)?)?;
    module.add_function(wrap_pyfunction!(bls_sign, module)?)
}
