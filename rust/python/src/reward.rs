//! Binding of the division of a pool and of the claim tree.
//!
//! Integers cross as Python integers of any size; what does not fit is an `InputError` that names the place.

#![allow(clippy::needless_pass_by_value, reason = "arguments are extracted into values of their own")]

use std::fs::File;
use std::io::{self, BufWriter, Write};

use depinverify_core::hash::Hash;
use depinverify_core::registry::Payee;
use depinverify_core::reward;
use depinverify_core::reward::claim_tree::{Claim, ClaimTree as Tree};
use depinverify_core::reward::node_array::{MultiProof, Node};
use depinverify_core::reward::{Mode, Share, TreeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList};
use ruint::aliases::{U256, U512};
use sha2::{Digest, Sha256};

use crate::errors;
use crate::pool::on_all_threads;

/// Keccak-256 with the original padding; see the stub.
#[pyfunction]
fn keccak256<'py>(py: Python<'py>, data: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &reward::node_array::keccak256(data))
}

/// The emission of a period, which decays from period to period.
#[pyfunction]
fn emission_of<'py>(
    py: Python<'py>,
    first: &Bound<'py, PyInt>,
    decay: (u64, u64),
    period: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let first = amount(first, || "first".to_owned())?;
    let emission = reward::emission::emission(first, decay, period)
        .ok_or_else(|| input_error(py, "decay: expected a denominator above 0 and a result below 2^256"))?;
    Integers::new(py)?.make(emission)
}

/// What of an amount is paid now, and what is withheld.
#[pyfunction]
fn withheld_of<'py>(
    py: Python<'py>,
    whole: &Bound<'py, PyInt>,
    months: usize,
    percents: Vec<u64>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let whole = amount(whole, || "amount".to_owned())?;
    let (paid, withheld) = reward::emission::withheld(whole, months, &percents)
        .ok_or_else(|| input_error(py, "percents: expected at most 100 each"))?;
    let integers = Integers::new(py)?;
    Ok((integers.make(paid)?, integers.make(withheld)?))
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(allocate, module)?)?;
    module.add_function(wrap_pyfunction!(keccak256, module)?)?;
    module.add_function(wrap_pyfunction!(claim_leaf, module)?)?;
    module.add_function(wrap_pyfunction!(verify_claim, module)?)?;
    module.add_function(wrap_pyfunction!(verify_multi_proof, module)?)?;
    module.add_function(wrap_pyfunction!(emission_of, module)?)?;
    module.add_function(wrap_pyfunction!(withheld_of, module)?)?;
    module.add_class::<ClaimTree>()
}

/// A bad call, in words that need no hint.
fn input_error(py: Python<'_>, message: &str) -> PyErr {
    errors::input_error(py, message, None)
}

/// Big-endian bytes of a Python integer that must fit `N` of them.
fn unsigned<const N: usize>(number: &Bound<'_, PyInt>, what: impl Fn() -> String) -> PyResult<[u8; N]> {
    let py = number.py();
    let refuse = || {
        let limit = N.saturating_mul(8);
        input_error(py, &format!("{}: expected an integer from 0 to 2^{limit}-1, found {number}", what()))
    };
    let bytes = number.call_method1("to_bytes", (N, "big")).map_err(|_| refuse())?;
    bytes.cast::<PyBytes>()?.as_bytes().try_into().map_err(|_| refuse())
}

fn amount(number: &Bound<'_, PyInt>, what: impl Fn() -> String) -> PyResult<U256> {
    unsigned::<32>(number, what).map(U256::from_be_bytes)
}

/// Makes Python integers of amounts.
struct Integers<'py> {
    from_bytes: Bound<'py, PyAny>,
}

impl<'py> Integers<'py> {
    fn new(py: Python<'py>) -> PyResult<Self> {
        Ok(Self { from_bytes: py.get_type::<PyInt>().getattr("from_bytes")? })
    }

    fn make(&self, number: U256) -> PyResult<Bound<'py, PyAny>> {
        let py = self.from_bytes.py();
        match u64::try_from(number) {
            Ok(small) => Ok(small.into_pyobject(py)?.into_any()),
            Err(_) => self.from_bytes.call1((PyBytes::new(py, &number.to_be_bytes::<32>()), "big")),
        }
    }
}

fn payee(py: Python<'_>, bytes: &[u8]) -> PyResult<Payee> {
    Payee::from_bytes(bytes)
        .ok_or_else(|| input_error(py, &format!("payee: expected 20 or 32 bytes, found {}", bytes.len())))
}

fn node(py: Python<'_>, bytes: &[u8], what: &str) -> PyResult<Node> {
    bytes
        .try_into()
        .map_err(|_| input_error(py, &format!("{what}: expected 32 bytes, found {}", bytes.len())))
}

fn nodes(py: Python<'_>, all: &[Vec<u8>], what: &str) -> PyResult<Vec<Node>> {
    all.iter().map(|bytes| node(py, bytes, what)).collect()
}

fn tree_error(py: Python<'_>, error: &TreeError) -> PyErr {
    input_error(py, &error.to_string())
}

fn bytes_list<'py>(py: Python<'py>, nodes: &[Node]) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, nodes.iter().map(|node| PyBytes::new(py, node)))
}

/// Divides a pool exactly; see the stub.
#[pyfunction]
#[pyo3(signature = (pool, ids, weights, caps = None, mode = "largest_remainder"))]
fn allocate<'py>(
    py: Python<'py>,
    pool: &Bound<'py, PyInt>,
    ids: Vec<Bound<'py, PyBytes>>,
    weights: Vec<Bound<'py, PyInt>>,
    caps: Option<Vec<Option<Bound<'py, PyInt>>>>,
    mode: &str,
) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyAny>)> {
    let pool = amount(pool, || "pool".to_owned())?;
    let mode = Mode::from_name(mode).ok_or_else(|| {
        let names = "largest_remainder, floor_to_sink or carry";
        input_error(py, &format!("mode: expected {names}, found {mode:?}"))
    })?;
    let caps_length = caps.as_ref().map_or(ids.len(), Vec::len);
    if weights.len() != ids.len() || caps_length != ids.len() {
        let (ids, weights) = (ids.len(), weights.len());
        let found = format!("{ids} ids, {weights} weights, {caps_length} caps");
        return Err(input_error(
            py,
            &format!("expected one weight, and one cap or None, for each id; found {found}"),
        ));
    }
    let mut shares = Vec::with_capacity(ids.len());
    for (position, (id, weight)) in ids.iter().zip(&weights).enumerate() {
        let cap = caps.as_ref().and_then(|caps| caps[position].as_ref());
        shares.push(Share {
            id: id.as_bytes(),
            weight: U512::from_be_bytes(unsigned::<64>(weight, || format!("weights[{position}]"))?),
            cap: cap.map(|cap| amount(cap, || format!("caps[{position}]"))).transpose()?,
        });
    }
    let result = on_all_threads(py, || reward::allocate(pool, &shares, mode))?
        .map_err(|error| input_error(py, &error.to_string()))?;
    let integers = Integers::new(py)?;
    let amounts = PyList::empty(py);
    for amount in &result.amounts {
        amounts.append(integers.make(*amount)?)?;
    }
    Ok((amounts, integers.make(result.remainder)?))
}

/// The leaf of one claim; see the stub.
#[pyfunction]
fn claim_leaf<'py>(
    py: Python<'py>,
    payee: &[u8],
    amount: &Bound<'py, PyInt>,
) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &claim(py, payee, amount)?.leaf_hash()))
}

/// Whether a proof leads from a claim to the root; see the stub.
#[pyfunction]
fn verify_claim(
    py: Python<'_>,
    root: &[u8],
    payee: &[u8],
    amount: &Bound<'_, PyInt>,
    proof: Vec<Vec<u8>>,
) -> PyResult<bool> {
    let claim = claim(py, payee, amount)?;
    Ok(claim.verify(&node(py, root, "root")?, &nodes(py, &proof, "proof")?))
}

/// Whether one proof leads from several leaves to the root; see the stub.
#[pyfunction]
fn verify_multi_proof(
    py: Python<'_>,
    root: &[u8],
    leaves: Vec<Vec<u8>>,
    proof: Vec<Vec<u8>>,
    flags: Vec<bool>,
) -> PyResult<bool> {
    let proof =
        MultiProof { leaves: nodes(py, &leaves, "leaves")?, proof: nodes(py, &proof, "proof")?, flags };
    Ok(proof.verify(&node(py, root, "root")?))
}

fn claim(py: Python<'_>, bytes: &[u8], number: &Bound<'_, PyInt>) -> PyResult<Claim> {
    Ok(Claim { payee: payee(py, bytes)?, amount: amount(number, || "amount".to_owned())? })
}

/// The tree over a settlement's payees; see the stub.
#[pyclass(frozen, module = "depinverify._native")]
struct ClaimTree(Tree);

#[pymethods]
impl ClaimTree {
    #[staticmethod]
    #[pyo3(signature = (entries, *, filler = false))]
    fn from_entries(
        py: Python<'_>,
        entries: Vec<(Bound<'_, PyBytes>, Bound<'_, PyInt>)>,
        filler: bool,
    ) -> PyResult<Self> {
        let mut claims = Vec::with_capacity(entries.len());
        for (position, (bytes, number)) in entries.iter().enumerate() {
            claims.push(Claim {
                payee: payee(py, bytes.as_bytes())?,
                amount: amount(number, || format!("entries[{position}]"))?,
            });
        }
        on_all_threads(py, || Tree::from_claims(claims, filler))?
            .map(Self)
            .map_err(|error| tree_error(py, &error))
    }

    #[staticmethod]
    fn load(py: Python<'_>, file: &[u8]) -> PyResult<Self> {
        on_all_threads(py, || Tree::load(file))?.map(Self).map_err(|error| tree_error(py, &error))
    }

    #[getter]
    fn root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.root())
    }

    fn __len__(&self) -> usize {
        self.0.claims().len()
    }

    fn __contains__(&self, payee: &[u8]) -> bool {
        Payee::from_bytes(payee).is_some_and(|payee| self.0.claim(&payee).is_ok())
    }

    fn entries<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let integers = Integers::new(py)?;
        let entries = PyList::empty(py);
        for claim in self.0.claims() {
            entries.append((PyBytes::new(py, claim.payee.as_bytes()), integers.make(claim.amount)?))?;
        }
        Ok(entries)
    }

    fn amount<'py>(&self, py: Python<'py>, payee: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let claim = self.0.claim(&self::payee(py, payee)?).map_err(|error| tree_error(py, &error))?;
        Integers::new(py)?.make(claim.amount)
    }

    fn proof<'py>(&self, py: Python<'py>, payee: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let proof = self.0.proof(&self::payee(py, payee)?).map_err(|error| tree_error(py, &error))?;
        bytes_list(py, &proof)
    }

    #[allow(clippy::type_complexity)]
    fn multi_proof<'py>(
        &self,
        py: Python<'py>,
        payees: Vec<Vec<u8>>,
    ) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyList>, Vec<bool>)> {
        let payees = payees.iter().map(|bytes| payee(py, bytes)).collect::<PyResult<Vec<Payee>>>()?;
        let (claims, proof) = self.0.multi_proof(&payees).map_err(|error| tree_error(py, &error))?;
        let integers = Integers::new(py)?;
        let entries = PyList::empty(py);
        for claim in claims {
            entries.append((PyBytes::new(py, claim.payee.as_bytes()), integers.make(claim.amount)?))?;
        }
        Ok((entries, bytes_list(py, &proof.proof)?, proof.flags))
    }

    fn dump<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut out = Vec::new();
        py.detach(|| self.0.dump(&mut out))?;
        Ok(PyBytes::new(py, &out))
    }

    fn dump_sha256<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut out = Hashed { inner: io::sink(), hash: Sha256::new() };
        py.detach(|| self.0.dump(&mut out))?;
        Ok(PyBytes::new(py, &out.hash.finalize()))
    }

    fn dump_to<'py>(&self, py: Python<'py>, path: std::path::PathBuf) -> PyResult<Bound<'py, PyBytes>> {
        let hash = py.detach(|| write_hashed(&path, |out| self.0.dump(out)))?;
        Ok(PyBytes::new(py, &hash))
    }

    fn proofs_to<'py>(&self, py: Python<'py>, path: std::path::PathBuf) -> PyResult<Bound<'py, PyBytes>> {
        let hash = py.detach(|| write_hashed(&path, |out| self.0.write_proofs(out)))?;
        Ok(PyBytes::new(py, &hash))
    }

    fn verify(
        &self,
        py: Python<'_>,
        payee: &[u8],
        amount: &Bound<'_, PyInt>,
        proof: Vec<Vec<u8>>,
    ) -> PyResult<bool> {
        verify_claim(py, &self.0.root(), payee, amount, proof)
    }
}

/// A file that is hashed while it is written.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn write_hashed(
    path: &std::path::Path,
    write: impl FnOnce(&mut Hashed<BufWriter<File>>) -> io::Result<()>,
) -> io::Result<Hash> {
    let mut out = Hashed { inner: BufWriter::new(File::create(path)?), hash: Sha256::new() };
    write(&mut out)?;
    out.flush()?;
    out.inner.get_ref().sync_all()?;
    Ok(out.hash.finalize().into())
}
