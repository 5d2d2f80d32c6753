//! Binding of Filecoin's addresses, messages, signatures and randomness.
//!
//! In: addresses, messages and signatures in bytes; purposes, epochs and digests. Out: their parts; nothing, or the reason
//! why a signature is not the signer's; randomness and rounds. Invariant: a bad signature is no exception.

use std::str::FromStr;

use depinverify_core::beacon::Chain;
use depinverify_core::networks::filecoin::address::{Address, Network};
use depinverify_core::networks::filecoin::message::{Message, cid_of};
use depinverify_core::networks::filecoin::randomness::{
    self, EpochError, MAINNET_GENESIS, MainnetBeacon, RoundRule,
};
use depinverify_core::networks::filecoin::signature::{
    Signature, Signed, Verdict, recover_secp256k1, verify, verify_aggregate, verify_many,
};
use depinverify_core::networks::filecoin::words::{
    MALFORMED, NOT_CHECKED, SIGNATURE_MALFORMED, SIGNER_MISMATCH,
};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyType};
use rayon::prelude::*;

use crate::beacon::BeaconChain;
use crate::columns::Bytes;
use crate::errors::input_error;
use crate::filecoin_arguments::{Reason, exactly, reason};
use crate::integers::{integer, require_one_length};
use crate::pool;
use crate::signature::threads_of;

/// Bits of the largest amount that the chain takes.
const AMOUNT_BITS: u64 = 8 * 127;

/// Signatures of a task: enough to check many together, and few enough to keep all threads busy to the end.
const TASK: usize = 1024;

/// The network version from which the newer rule of rounds holds.
const NEWER_ROUNDS: u32 = 16;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FilecoinAddress>()?;
    module.add_class::<FilecoinMessage>()?;
    module.add_function(wrap_pyfunction!(filecoin_message_cid, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_verify_signature, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_verify_signatures, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_verify_aggregate, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_recover_key, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_beacon_digest, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_draw, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_actor_entropy, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_window_randomness, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_epoch_time, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_round_of_epoch, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_mainnet_round, module)?)
}

fn bad(py: Python<'_>, error: &impl std::fmt::Display) -> PyErr {
    input_error(py, &error.to_string(), None)
}

fn network_named(py: Python<'_>, name: &str) -> PyResult<Network> {
    match name {
        "main" => Ok(Network::Main),
        "test" => Ok(Network::Test),
        other => {
            Err(input_error(py, &format!("network: expected \"main\" or \"test\", found {other:?}"), None))
        }
    }
}

const fn network_name(network: Network) -> &'static str {
    match network {
        Network::Main => "main",
        Network::Test => "test",
    }
}

/// The address of an actor.
#[pyclass(frozen, eq, ord, hash, from_py_object, module = "depinverify._native")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilecoinAddress(pub Address);

#[pymethods]
impl FilecoinAddress {
    #[staticmethod]
    #[pyo3(signature = (text, *, network = None))]
    fn parse(py: Python<'_>, text: &str, network: Option<&str>) -> PyResult<(Self, &'static str, bool)> {
        let parsed = match network {
            Some(name) => Address::parse_in(network_named(py, name)?, text),
            None => Address::parse(text),
        };
        let parsed = parsed.map_err(|error| bad(py, &error))?;
        Ok((Self(parsed.address), network_name(parsed.network), parsed.has_leading_zeros))
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        Address::from_bytes(data).map(Self).map_err(|error| bad(py, &error))
    }

    #[staticmethod]
    fn from_id(actor: &Bound<'_, PyAny>) -> PyResult<Self> {
        Address::from_id(integer(actor, &"actor")?).map(Self).map_err(|error| bad(actor.py(), &error))
    }

    #[staticmethod]
    fn from_secp256k1_key(py: Python<'_>, key: &[u8]) -> PyResult<Self> {
        Ok(Self(Address::of_secp256k1_key(&exactly(py, key, &"key")?)))
    }

    #[staticmethod]
    fn from_actor_data(data: &[u8]) -> Self {
        Self(Address::of_actor(data))
    }

    #[staticmethod]
    fn from_bls_key(py: Python<'_>, key: &[u8]) -> PyResult<Self> {
        Ok(Self(Address::of_bls_key(&exactly(py, key, &"key")?)))
    }

    #[staticmethod]
    fn from_ethereum(py: Python<'_>, account: &[u8]) -> PyResult<Self> {
        Ok(Self(Address::from_ethereum(&exactly(py, account, &"account")?)))
    }

    #[staticmethod]
    fn delegated(namespace: &Bound<'_, PyAny>, subaddress: &[u8]) -> PyResult<Self> {
        let number = integer(namespace, &"namespace")?;
        Address::delegated(number, subaddress).map(Self).map_err(|error| bad(namespace.py(), &error))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_bytes())
    }

    #[pyo3(signature = (network = "main"))]
    fn to_text(&self, py: Python<'_>, network: &str) -> PyResult<String> {
        Ok(self.0.in_network(network_named(py, network)?).to_string())
    }

    #[getter]
    fn protocol(&self) -> u8 {
        self.0.protocol().number()
    }

    #[getter]
    fn id(&self) -> Option<u64> {
        self.0.id()
    }

    #[getter]
    fn bls_key<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.bls_key().map(|key| PyBytes::new(py, key))
    }

    #[getter]
    fn ethereum<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.ethereum().map(|account| PyBytes::new(py, &account))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<FilecoinAddress {}>", self.0)
    }
}

/// An amount for the core, which keeps it in a type of its own.
fn amount<T: FromStr>(object: &Bound<'_, PyAny>, name: &str) -> PyResult<T> {
    let py = object.py();
    let wrong = |found: &str| {
        let message = format!("{name}: expected an integer below 2^{AMOUNT_BITS} in size, found {found}");
        input_error(py, &message, None)
    };
    if !object.is_instance_of::<PyInt>() || object.is_instance_of::<PyBool>() {
        return Err(wrong("no integer"));
    }
    let bits: u64 = object.call_method0("bit_length")?.extract()?;
    if bits > AMOUNT_BITS {
        return Err(wrong(&format!("one of {bits} bits")));
    }
    object.str()?.to_cow()?.parse().map_err(|_| wrong("another text"))
}

/// A message of the chain.
#[pyclass(frozen, eq, module = "depinverify._native")]
#[derive(PartialEq, Eq)]
pub struct FilecoinMessage(Message);

impl FilecoinMessage {
    fn number<'py>(py: Python<'py>, amount: &impl std::fmt::Display) -> PyResult<Bound<'py, PyAny>> {
        let kind: Bound<'py, PyType> = py.get_type::<PyInt>();
        kind.call1((amount.to_string(),))
    }
}

#[pymethods]
impl FilecoinMessage {
    #[new]
    #[pyo3(signature = (
        *, to, sender, nonce, value, gas_limit, gas_fee_cap, gas_premium, method = None, params = None
    ))]
    #[pyo3(
        text_signature = "(*, to, sender, nonce, value, gas_limit, gas_fee_cap, gas_premium, method=0, params=b'')"
    )]
    #[allow(clippy::too_many_arguments)]
    fn new(
        to: &Bound<'_, FilecoinAddress>,
        sender: &Bound<'_, FilecoinAddress>,
        nonce: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        gas_limit: &Bound<'_, PyAny>,
        gas_fee_cap: &Bound<'_, PyAny>,
        gas_premium: &Bound<'_, PyAny>,
        method: Option<&Bound<'_, PyAny>>,
        params: Option<&[u8]>,
    ) -> PyResult<Self> {
        Ok(Self(Message {
            to: to.get().0.clone(),
            from: sender.get().0.clone(),
            nonce: integer(nonce, &"nonce")?,
            value: amount(value, "value")?,
            gas_limit: integer(gas_limit, &"gas_limit")?,
            gas_fee_cap: amount(gas_fee_cap, "gas_fee_cap")?,
            gas_premium: amount(gas_premium, "gas_premium")?,
            method: method.map_or(Ok(0), |method| integer(method, &"method"))?,
            params: params.unwrap_or_default().to_vec(),
        }))
    }

    #[staticmethod]
    fn decode(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        Message::decode(data).map(Self).map_err(|error| bad(py, &error))
    }

    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.encode())
    }

    fn cid<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.cid())
    }

    #[getter]
    fn to(&self) -> FilecoinAddress {
        FilecoinAddress(self.0.to.clone())
    }

    #[getter]
    fn sender(&self) -> FilecoinAddress {
        FilecoinAddress(self.0.from.clone())
    }

    #[getter]
    fn nonce(&self) -> u64 {
        self.0.nonce
    }

    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Self::number(py, &self.0.value)
    }

    #[getter]
    fn gas_limit(&self) -> i64 {
        self.0.gas_limit
    }

    #[getter]
    fn gas_fee_cap<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Self::number(py, &self.0.gas_fee_cap)
    }

    #[getter]
    fn gas_premium<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Self::number(py, &self.0.gas_premium)
    }

    #[getter]
    fn method(&self) -> u64 {
        self.0.method
    }

    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.params)
    }

    fn __repr__(&self) -> String {
        let Message { to, from, nonce, method, .. } = &self.0;
        format!("<FilecoinMessage {nonce} of {from} to {to}, method {method}>")
    }
}

#[pyfunction]
fn filecoin_message_cid<'py>(py: Python<'py>, encoded: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &cid_of(encoded))
}

fn of_verdict(verdict: &Verdict) -> Option<Reason> {
    let (code, found) = match verdict {
        Verdict::Valid => return None,
        Verdict::SignerProtocol { found } => {
            (SIGNATURE_MALFORMED, format!("accounts of protocol {found} make no such signatures"))
        }
        Verdict::Encoding => {
            (SIGNATURE_MALFORMED, String::from("its numbers or its point are not canonical or out of range"))
        }
        Verdict::Key => (SIGNATURE_MALFORMED, String::from("the signer's key is no point of its group")),
        Verdict::OtherSigner { found } => (SIGNER_MISMATCH, format!("it is by {found}")),
        Verdict::NotSigned => {
            (SIGNER_MISMATCH, String::from("it is no signature of these bytes by this key"))
        }
        Verdict::NotChecked => (NOT_CHECKED, String::from("delegated signatures are not covered")),
    };
    Some(reason(code, &found))
}

fn answer(signer: &Address, signed: &[u8], signature: &[u8]) -> Option<Reason> {
    match Signature::from_wire(signature) {
        Ok(signature) => of_verdict(&verify(signer, signed, &signature)),
        Err(error) => Some(reason(SIGNATURE_MALFORMED, &error)),
    }
}

#[pyfunction]
fn filecoin_verify_signature(
    py: Python<'_>,
    signer: &Bound<'_, FilecoinAddress>,
    signed: &[u8],
    signature: &[u8],
) -> Option<Reason> {
    let signer = &signer.get().0;
    py.detach(|| answer(signer, signed, signature))
}

#[pyfunction]
#[pyo3(signature = (signers, signed, signatures, *, threads = None))]
fn filecoin_verify_signatures(
    signers: &Bound<'_, PyAny>,
    signed: &Bound<'_, PyAny>,
    signatures: &Bound<'_, PyAny>,
    threads: Option<usize>,
) -> PyResult<Vec<Option<Reason>>> {
    let py = signers.py();
    let threads = threads_of(py, threads)?;
    let pool = pool::pool(threads)?;
    let signers = Bytes::take(signers, "signers")?;
    let signed = Bytes::take(signed, "signed")?;
    let signatures = Bytes::take(signatures, "signatures")?;
    for column in [&signers, &signed, &signatures] {
        column.require_all(py)?;
    }
    let (signers, signed, signatures) = (signers.column(py)?, signed.column(py)?, signatures.column(py)?);
    let lengths = [("signers", signers.len()), ("signed", signed.len()), ("signatures", signatures.len())];
    require_one_length(py, &lengths)?;
    Ok(py.detach(|| {
        let (mut refused, mut read) = (Vec::with_capacity(signers.len()), Vec::new());
        for row in 0..signers.len() {
            let parts = parts_of(signers.get(row), signatures.get(row));
            refused.push(parts.as_ref().err().cloned());
            read.extend(parts.ok().map(|(signer, signature)| (signer, signed.get(row), signature)));
        }
        let rows: Vec<Signed<'_>> =
            read.iter().map(|(signer, bytes, signature)| Signed { signer, bytes, signature }).collect();
        let task = rows.len().div_ceil(threads).clamp(1, TASK);
        let verdicts: Vec<Verdict> =
            pool.install(|| rows.par_chunks(task).flat_map_iter(verify_many).collect());
        let mut verdicts = verdicts.iter();
        let answer = |refused: Option<Reason>| refused.or_else(|| verdicts.next().and_then(of_verdict));
        refused.into_iter().map(answer).collect()
    }))
}

fn parts_of(signer: &[u8], signature: &[u8]) -> Result<(Address, Signature), Reason> {
    Ok((
        Address::from_bytes(signer).map_err(|error| reason(MALFORMED, &error))?,
        Signature::from_wire(signature).map_err(|error| reason(SIGNATURE_MALFORMED, &error))?,
    ))
}

/// Reason, the rows of each message that occurs again with whether keys differ, and whether a rogue key is possible.
type Aggregated = (Option<Reason>, Vec<(Vec<usize>, bool)>, bool);

#[pyfunction]
fn filecoin_verify_aggregate(
    keys: &Bound<'_, PyAny>,
    messages: &Bound<'_, PyAny>,
    signature: &[u8],
) -> PyResult<Aggregated> {
    let py = keys.py();
    let (keys, messages) = (Bytes::take(keys, "keys")?, Bytes::take(messages, "messages")?);
    keys.require_all(py)?;
    messages.require_all(py)?;
    let (keys, messages) = (keys.column(py)?, messages.column(py)?);
    let keys: Vec<&[u8]> = (0..keys.len()).map(|row| keys.get(row)).collect();
    let messages: Vec<&[u8]> = (0..messages.len()).map(|row| messages.get(row)).collect();
    let found =
        py.detach(|| verify_aggregate(&keys, &messages, signature)).map_err(|error| bad(py, &error))?;
    let risk = found.has_rogue_key_risk();
    let equal = found.equal.into_iter().map(|equal| (equal.rows, equal.has_different_keys)).collect();
    Ok((of_verdict(&found.verdict), equal, risk))
}

#[pyfunction]
fn filecoin_recover_key<'py>(
    py: Python<'py>,
    signed: &[u8],
    signature: &[u8],
) -> Option<Bound<'py, PyBytes>> {
    let signature = signature.try_into().ok()?;
    recover_secp256k1(signed, signature).map(|key| PyBytes::new(py, &key))
}

#[pyfunction]
fn filecoin_beacon_digest<'py>(py: Python<'py>, signature: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &randomness::beacon_digest(signature))
}

#[pyfunction]
fn filecoin_draw<'py>(
    tag: &Bound<'py, PyAny>,
    digest: &[u8],
    epoch: &Bound<'py, PyAny>,
    entropy: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let py = tag.py();
    let digest = exactly(py, digest, &"digest")?;
    let drawn = randomness::draw(integer(tag, &"tag")?, &digest, integer(epoch, &"epoch")?, entropy);
    Ok(PyBytes::new(py, &drawn))
}

#[pyfunction]
fn filecoin_actor_entropy<'py>(py: Python<'py>, actor: &Bound<'_, FilecoinAddress>) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &randomness::actor_entropy(&actor.get().0))
}

#[pyfunction]
fn filecoin_window_randomness<'py>(
    py: Python<'py>,
    digest: &[u8],
    challenge_epoch: &Bound<'py, PyAny>,
    miner: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let digest = exactly(py, digest, &"digest")?;
    let epoch = integer(challenge_epoch, &"challenge_epoch")?;
    let miner = Address::from_id(integer(miner, &"miner")?).map_err(|error| bad(py, &error))?;
    Ok(PyBytes::new(py, &randomness::window_post(&digest, epoch, &miner)))
}

fn genesis_of(genesis: Option<&Bound<'_, PyAny>>) -> PyResult<i64> {
    genesis.map_or(Ok(MAINNET_GENESIS), |genesis| integer(genesis, &"genesis"))
}

fn rule_of(version: Option<&Bound<'_, PyAny>>) -> PyResult<RoundRule> {
    let version = version.map_or(Ok(NEWER_ROUNDS), |version| integer(version, &"network_version"))?;
    Ok(RoundRule::of_version(version))
}

#[pyfunction]
#[pyo3(signature = (epoch, genesis = None))]
#[pyo3(text_signature = "(epoch, genesis=1598306400)")]
fn filecoin_epoch_time(epoch: &Bound<'_, PyAny>, genesis: Option<&Bound<'_, PyAny>>) -> PyResult<i64> {
    randomness::epoch_time(genesis_of(genesis)?, integer(epoch, &"epoch")?)
        .map_err(|error| bad(epoch.py(), &error))
}

#[pyfunction]
#[pyo3(signature = (epoch, beacon, *, genesis = None, network_version = None))]
#[pyo3(text_signature = "(epoch, beacon, *, genesis=1598306400, network_version=16)")]
fn filecoin_round_of_epoch(
    epoch: &Bound<'_, PyAny>,
    beacon: &Bound<'_, BeaconChain>,
    genesis: Option<&Bound<'_, PyAny>>,
    network_version: Option<&Bound<'_, PyAny>>,
) -> PyResult<u64> {
    let (genesis, rule) = (genesis_of(genesis)?, rule_of(network_version)?);
    randomness::round_of_epoch(genesis, integer(epoch, &"epoch")?, &beacon.get().chain, rule)
        .map_err(|error| bad(epoch.py(), &error))
}

#[pyfunction]
#[pyo3(signature = (epoch, *, network_version = None))]
#[pyo3(text_signature = "(epoch, *, network_version=16)")]
fn filecoin_mainnet_round(
    epoch: &Bound<'_, PyAny>,
    network_version: Option<&Bound<'_, PyAny>>,
) -> PyResult<(&'static str, BeaconChain, u64)> {
    let number: i64 = integer(epoch, &"epoch")?;
    let rule = rule_of(network_version)?;
    let found = || -> Result<(MainnetBeacon, Chain, u64), EpochError> {
        let (beacon, round) = randomness::mainnet_round(number, rule)?;
        Ok((beacon, beacon.chain()?, round))
    };
    let (beacon, chain, round) = found().map_err(|error| bad(epoch.py(), &error))?;
    let name = match beacon {
        MainnetBeacon::Incentinet => "incentinet",
        MainnetBeacon::Default => "default",
        MainnetBeacon::Quicknet => "quicknet",
    };
    Ok((name, BeaconChain { chain }, round))
}
