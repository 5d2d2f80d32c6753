//! Decoders for Python: one proof as a dictionary, and canonical JSON.
//!
//! In: bytes. Out: what they say. A bad proof is no exception but a dictionary that says what is wrong with it.

use depinverify_core::canonical;
use depinverify_core::decode::claims::Claims;
use depinverify_core::decode::proof::{Envelope, Malformed, Proof, Scratch, Unsupported, decode};
use depinverify_core::signature::Scheme;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::input_error;

fn malformed_dict<'py>(py: Python<'py>, malformed: &Malformed) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("stage", malformed.stage.number())?;
    dict.set_item("stage_name", malformed.stage.name())?;
    dict.set_item("message", malformed.fault.to_string())?;
    dict.set_item("offset", malformed.fault.offset)?;
    Ok(dict)
}

fn claims_dict<'py>(py: Python<'py>, claims: &Claims<'_>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("nonce", PyBytes::new(py, &claims.nonce))?;
    dict.set_item("ueid", PyBytes::new(py, claims.ueid.as_bytes()))?;
    dict.set_item("iat", claims.iat)?;
    dict.set_item("uptime", claims.uptime)?;
    dict.set_item("bootcount", claims.bootcount)?;
    let location = claims.location.map(|place| (place.lat_e7, place.lon_e7, place.accuracy_m));
    dict.set_item("location", location)?;
    dict.set_item("hwmodel", claims.hwmodel.as_ref().map(|bytes| PyBytes::new(py, bytes)))?;
    dict.set_item("oemid", claims.oemid.as_ref().map(|bytes| PyBytes::new(py, bytes)))?;
    dict.set_item("swname", claims.swname.as_deref())?;
    dict.set_item("swversion", claims.swversion.as_deref())?;
    let metrics = PyDict::new(py);
    for (name, value) in &claims.metrics {
        metrics.set_item(name.as_ref(), value)?;
    }
    dict.set_item("metrics", metrics)?;
    Ok(dict)
}

fn proof_dict<'py>(py: Python<'py>, proof: &Proof<'_>) -> PyResult<Bound<'py, PyDict>> {
    let names = [
        (Unsupported::CRIT, "crit"),
        (Unsupported::B64, "b64"),
        (Unsupported::ALG, "alg"),
        (Unsupported::PROFILE, "profile"),
    ];
    let unsupported: Vec<&str> =
        names.iter().filter(|(bit, _)| proof.unsupported.0 & bit != 0).map(|(_, name)| *name).collect();
    let mut signed = Vec::new();
    proof.write_signed_bytes(&mut signed);
    let dict = PyDict::new(py);
    dict.set_item(
        "envelope",
        match proof.envelope() {
            Envelope::Cose => "cose",
            Envelope::Jws => "jws",
        },
    )?;
    dict.set_item("unsupported", unsupported)?;
    dict.set_item("algorithm", proof.algorithm.map(Scheme::name))?;
    dict.set_item("kid", PyBytes::new(py, proof.kid))?;
    dict.set_item("signature", PyBytes::new(py, proof.signature))?;
    dict.set_item("signed", PyBytes::new(py, &signed))?;
    dict.set_item("claims", claims_dict(py, &proof.claims)?)?;
    Ok(dict)
}

/// What an envelope says, or under `malformed` why it is none.
#[pyfunction]
fn decode_proof<'py>(py: Python<'py>, envelope: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    match decode(envelope, &mut Scratch::new()) {
        Ok(proof) => {
            let dict = proof_dict(py, &proof)?;
            dict.set_item("malformed", py.None())?;
            Ok(dict)
        }
        Err(malformed) => {
            let dict = PyDict::new(py);
            dict.set_item("malformed", malformed_dict(py, &malformed)?)?;
            Ok(dict)
        }
    }
}

/// The canonical bytes of a JSON text.
#[pyfunction]
fn canonical_json<'py>(py: Python<'py>, text: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    match py.detach(|| canonical::canonicalize(text)) {
        Ok(bytes) => Ok(PyBytes::new(py, &bytes)),
        Err(error) => Err(input_error(py, &error.to_string(), None)),
    }
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(decode_proof, module)?)?;
    module.add_function(wrap_pyfunction!(canonical_json, module)?)
}
