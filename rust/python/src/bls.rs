//! BLS over BLS12-381: single checks, and signing for a beacon of one's own, as the simulator needs it. Rounds of a chain are
//! verified in the beacon's own module.

use depinverify_core::signature::{
    BlsVariant, bls_public_key as public_key, bls_secret_key as secret_key, bls_sign as sign,
    bls_verify as verify,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::input_error;

/// The variant with this name.
pub fn variant(py: Python<'_>, name: &str) -> PyResult<BlsVariant> {
    match name {
        "min-pk" => Ok(BlsVariant::MinPk),
        "min-sig" => Ok(BlsVariant::MinSig),
        _ => {
            let message = format!("variant: expected \"min-pk\" or \"min-sig\", found \"{name}\"");
            Err(input_error(py, &message, None))
        }
    }
}

fn secret(py: Python<'_>, bytes: &[u8]) -> PyResult<[u8; 32]> {
    bytes.try_into().map_err(|_| {
        input_error(py, &format!("secret key or seed: expected 32 bytes, found {}", bytes.len()), None)
    })
}

fn made<'py>(py: Python<'py>, bytes: Option<&[u8]>) -> PyResult<Bound<'py, PyBytes>> {
    bytes.map(|bytes| PyBytes::new(py, bytes)).ok_or_else(|| {
        input_error(
            py,
            "secret key: expected a number from 1 to r - 1, found one outside",
            Some("bls_secret_key makes one from a seed"),
        )
    })
}

/// Verdict number of one signature.
#[pyfunction]
fn bls_verify(
    py: Python<'_>,
    variant_name: &str,
    dst: &[u8],
    public_key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> PyResult<u8> {
    let variant = variant(py, variant_name)?;
    Ok(py.detach(|| verify(variant, dst, public_key, message, signature)).number())
}

/// The secret key that a seed of 32 bytes determines.
#[pyfunction]
fn bls_secret_key<'py>(py: Python<'py>, seed: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let secret = secret_key(&secret(py, seed)?);
    made(py, secret.as_ref().map(<[u8; 32]>::as_slice))
}

/// The compressed public key of a secret key.
#[pyfunction]
fn bls_public_key<'py>(
    py: Python<'py>,
    variant_name: &str,
    secret_key: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let key = public_key(variant(py, variant_name)?, &secret(py, secret_key)?);
    made(py, key.as_deref())
}

/// The compressed signature of a message under a domain tag.
#[pyfunction]
fn bls_sign<'py>(
    py: Python<'py>,
    variant_name: &str,
    dst: &[u8],
    secret_key: &[u8],
    message: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let (variant, secret) = (variant(py, variant_name)?, secret(py, secret_key)?);
    let signature = py.detach(|| sign(variant, dst, &secret, message));
    made(py, signature.as_deref())
}

/// Adds this module's functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(bls_verify, module)?)?;
    module.add_function(wrap_pyfunction!(bls_secret_key, module)?)?;
    module.add_function(wrap_pyfunction!(bls_public_key, module)?)?;
    module.add_function(wrap_pyfunction!(bls_sign, module)?)
}
