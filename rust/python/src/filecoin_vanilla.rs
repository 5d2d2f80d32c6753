//! Binding of the Merkle paths behind Filecoin's proofs of spacetime, and of the hash that they are made of.
//!
//! In: serialised paths, a sector, randomness; elements of the field. Out: nothing, or the reason why the paths do not hold;
//! a hash. Invariant: bad paths are no exception, whatever their bytes.

use depinverify_core::networks::filecoin::poseidon::Poseidon;
use depinverify_core::networks::filecoin::vanilla::{Fault, Malformed, VanillaProof};
use depinverify_core::networks::filecoin::window_post::{Input, is_canonical};
use depinverify_core::networks::filecoin::words::{COMMITMENT_MISMATCH, PATH_MISMATCH, PROOF_MALFORMED};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyInt};

use crate::errors::input_error;
use crate::filecoin_arguments::{Answer, Reason, exactly, place_of, post_of, reason, sector_of};
use crate::integers::integer;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(filecoin_decode_vanilla, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_check_vanilla, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_poseidon, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_poseidon_constants, module)?)
}

fn of_paths(malformed: &Malformed) -> Reason {
    reason(PROOF_MALFORMED, malformed)
}

fn of_fault(fault: &Fault) -> Reason {
    let code = match fault {
        Fault::Sector { .. }
        | Fault::ReplicaCommitment
        | Fault::Commitment { .. }
        | Fault::CommitmentHash => COMMITMENT_MISMATCH,
        _ => PATH_MISMATCH,
    };
    reason(code, fault)
}

/// Siblings one after the other, and the place among them.
type Level<'py> = (Bound<'py, PyBytes>, u64);
/// Leaf, root, shape and levels.
type Path<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, (usize, usize, usize), Vec<Level<'py>>);
/// Sector, `comm_r`, `comm_c`, `comm_r_last` and paths.
type Paths<'py> = (u64, Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>, Vec<Path<'py>>);

#[pyfunction]
fn filecoin_decode_vanilla<'py>(py: Python<'py>, proof: &[u8]) -> Answer<Paths<'py>> {
    let proof = match VanillaProof::decode(proof) {
        Ok(proof) => proof,
        Err(malformed) => return (None, Some(of_paths(&malformed))),
    };
    let bytes = |node: &[u8]| PyBytes::new(py, node);
    let paths = proof.paths.iter().map(|path| {
        let levels = path.levels.iter().map(|level| (bytes(level.siblings.as_flattened()), level.index));
        (bytes(&path.leaf), bytes(&path.root), path.shape.into(), levels.collect())
    });
    let commitments = [proof.comm_r, proof.comm_c, proof.comm_r_last].map(|node| bytes(&node));
    let [comm_r, comm_c, comm_r_last] = commitments;
    (Some((proof.sector, comm_r, comm_c, comm_r_last, paths.collect())), None)
}

#[pyfunction]
#[pyo3(signature = (post_type, randomness, sector, proof, place = None))]
#[pyo3(text_signature = "(post_type, randomness, sector, proof, place=0)")]
fn filecoin_check_vanilla(
    post_type: &Bound<'_, PyAny>,
    randomness: &[u8],
    sector: &Bound<'_, PyAny>,
    proof: &[u8],
    place: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<Reason>> {
    let py = post_type.py();
    let post = post_of(post_type)?;
    let randomness = exactly(py, randomness, &"randomness")?;
    let (sector, place) = (sector_of(sector, "sector")?, place_of(place)?);
    Ok(py.detach(|| match VanillaProof::decode(proof) {
        Ok(proof) => proof.check(post, &randomness, &sector, place).as_ref().err().map(of_fault),
        Err(malformed) => Some(of_paths(&malformed)),
    }))
}

fn poseidon_of(py: Python<'_>, arity: usize) -> PyResult<&'static Poseidon> {
    py.detach(|| Poseidon::of_arity(arity))
        .ok_or_else(|| input_error(py, &format!("arity: expected 2, 4, 8 or 11, found {arity}"), None))
}

#[pyfunction]
fn filecoin_poseidon(py: Python<'_>, elements: Vec<PyBackedBytes>) -> PyResult<Bound<'_, PyBytes>> {
    let elements: Vec<Input> = (elements.iter().enumerate())
        .map(|(place, element)| exactly(py, element, &format_args!("elements[{place}]")))
        .collect::<PyResult<_>>()?;
    let hash = poseidon_of(py, elements.len())?.hash_bytes(&elements).ok_or_else(|| {
        let place = elements.iter().position(|element| !is_canonical(element));
        let message =
            format!("elements[{}]: it is not below the order of the field", place.unwrap_or_default());
        input_error(py, &message, None)
    })?;
    Ok(PyBytes::new(py, &hash))
}

/// Constants of the rounds, and the matrix.
type Constants<'py> = (Vec<Bound<'py, PyAny>>, Vec<Bound<'py, PyAny>>);

#[pyfunction]
#[allow(clippy::redundant_closure_for_method_calls, reason = "the element's type has no name here")]
fn filecoin_poseidon_constants<'py>(arity: &Bound<'py, PyAny>) -> PyResult<Constants<'py>> {
    let py = arity.py();
    let arity: u64 = integer(arity, &"arity")?;
    let poseidon = poseidon_of(py, usize::try_from(arity).unwrap_or(usize::MAX))?;
    let from_bytes = py.get_type::<PyInt>().getattr("from_bytes")?;
    let number = |element: [u8; 32]| from_bytes.call1((PyBytes::new(py, &element), "big"));
    let numbers = |elements: Vec<[u8; 32]>| elements.into_iter().map(number).collect::<PyResult<Vec<_>>>();
    let constants = poseidon.round_constants().iter().map(|element| element.to_bytes_be()).collect();
    let matrix = poseidon.matrix().iter().map(|element| element.to_bytes_be()).collect();
    Ok((numbers(constants)?, numbers(matrix)?))
}
