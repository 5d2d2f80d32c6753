//! Binding of what Filecoin's warm-storage service charges and pays, and of what its clients sign.
//!
//! In: proven periods and a proposed payment; leaves; an authorisation and a signature. Out: what is paid and how far; prices;
//! the hashes of EIP-712 and the signer. Invariant: amounts cross as Python integers, and are never rounded here.

use std::num::NonZeroU64;

use depinverify_core::networks::filecoin::authorisation::{
    Authorisation, EthereumAddress, MetadataEntry, PieceMetadata, Service,
};
use depinverify_core::networks::filecoin::possession::PROOF_FEE_PER_TEBIBYTE;
use depinverify_core::networks::filecoin::rates;
use depinverify_core::networks::filecoin::settlement::{Periods, Proposal, ProvenPeriods, Settled, settle};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString};
use ruint::aliases::U256;

use crate::errors::input_error;
use crate::filecoin_arguments::{exactly, type_name};
use crate::integers::{half_wide, integer, python_integer, wide};
use crate::sequences::{items, two};

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FilecoinProvenPeriods>()?;
    module.add_class::<FilecoinAuthorisation>()?;
    module.add_function(wrap_pyfunction!(filecoin_period_of, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_period_deadline, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_settle, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_rate_per_epoch, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_add_pieces_price, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_reserve_refill, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_prices, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_service, module)?)
}

/// Proven periods of a data set.
#[pyclass(eq, module = "depinverify._native")]
#[derive(PartialEq, Eq)]
pub struct FilecoinProvenPeriods(ProvenPeriods);

#[pymethods]
impl FilecoinProvenPeriods {
    #[new]
    #[pyo3(signature = (periods = None, *, words = None))]
    #[pyo3(text_signature = "(periods=(), *, words=None)")]
    fn new(periods: Option<&Bound<'_, PyAny>>, words: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut proven = words.map_or_else(|| Ok(ProvenPeriods::default()), words_of)?;
        if let Some(periods) = periods {
            for item in items(periods, "periods", "integers")? {
                let (period, name) = item?;
                proven.mark(integer(&period, &name)?);
            }
        }
        Ok(Self(proven))
    }

    fn mark(&mut self, period: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.mark(integer(period, &"period")?);
        Ok(())
    }

    fn words<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let words = PyDict::new(py);
        for (number, word) in self.0.words() {
            words.set_item(number, python_integer(py, word)?)?;
        }
        Ok(words)
    }

    fn __contains__(&self, period: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.0.contains(integer(period, &"period")?))
    }
}

fn words_of(object: &Bound<'_, PyAny>) -> PyResult<ProvenPeriods> {
    let expected = "a mapping of numbers to words";
    let mapping = object.cast::<PyMapping>().map_err(|_| {
        input_error(object.py(), &format!("words: expected {expected}, found {}", type_name(object)), None)
    })?;
    let words = mapping.items()?.into_iter().map(|item| {
        let (number, word): (Bound<'_, PyAny>, Bound<'_, PyAny>) = two(&item, "words", expected)?;
        let number: u64 = integer(&number, &"words, number")?;
        // Periods have 64 bits, of which a word takes eight.
        if number >> 56 > 0 {
            let message = format!("words, number: expected an integer below 2^56, found {number}");
            return Err(input_error(object.py(), &message, None));
        }
        Ok((number, wide(&word, &format_args!("words[{number}]"))?))
    });
    words.collect()
}

fn periods_of(activation: &Bound<'_, PyAny>, period: &Bound<'_, PyAny>) -> PyResult<Periods> {
    let length = NonZeroU64::new(integer(period, &"period")?)
        .ok_or_else(|| input_error(period.py(), "period: expected at least 1 epoch, found 0", None))?;
    Ok(Periods { activation: integer(activation, &"activation")?, length })
}

#[pyfunction]
fn filecoin_period_of(
    activation: &Bound<'_, PyAny>,
    period: &Bound<'_, PyAny>,
    epoch: &Bound<'_, PyAny>,
) -> PyResult<Option<u64>> {
    Ok(periods_of(activation, period)?.of_epoch(integer(epoch, &"epoch")?))
}

#[pyfunction]
fn filecoin_period_deadline(
    activation: &Bound<'_, PyAny>,
    period: &Bound<'_, PyAny>,
    number: &Bound<'_, PyAny>,
) -> PyResult<Option<u64>> {
    Ok(periods_of(activation, period)?.deadline(integer(number, &"number")?))
}

/// What is paid, how far it settles, and for how many epochs; or the label of a refusal and what was found.
type Answer<'py> = (Option<(Bound<'py, PyAny>, u64, u64)>, Option<(&'static str, String)>);

#[pyfunction]
#[pyo3(signature = (proven, *, activation, period, amount, from_epoch, to_epoch, now))]
#[allow(clippy::too_many_arguments)]
fn filecoin_settle<'py>(
    py: Python<'py>,
    proven: PyRef<'py, FilecoinProvenPeriods>,
    activation: &Bound<'py, PyAny>,
    period: &Bound<'py, PyAny>,
    amount: &Bound<'py, PyAny>,
    from_epoch: &Bound<'py, PyAny>,
    to_epoch: &Bound<'py, PyAny>,
    now: &Bound<'py, PyAny>,
) -> PyResult<Answer<'py>> {
    let periods = periods_of(activation, period)?;
    let proposal = Proposal {
        amount: wide(amount, &"amount")?,
        from: integer(from_epoch, &"from_epoch")?,
        to: integer(to_epoch, &"to_epoch")?,
    };
    Ok(match settle(periods, &proven.0, proposal, integer(now, &"now")?) {
        Ok(Settled { amount, up_to, proven_epochs }) => {
            (Some((python_integer(py, amount)?, up_to, proven_epochs)), None)
        }
        Err(refusal) => (None, Some((refusal.label(), refusal.to_string()))),
    })
}

#[pyfunction]
fn filecoin_rate_per_epoch<'py>(leaves: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    python_integer(leaves.py(), rates::rate_per_epoch(half_wide(leaves, &"leaves")?))
}

#[pyfunction]
fn filecoin_add_pieces_price(pieces: &Bound<'_, PyAny>) -> PyResult<u128> {
    Ok(rates::add_pieces(integer(pieces, &"pieces")?))
}

#[pyfunction]
fn filecoin_reserve_refill(held: &Bound<'_, PyAny>) -> PyResult<u128> {
    Ok(rates::reserve_refill(half_wide(held, &"held")?))
}

#[pyfunction]
fn filecoin_prices(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let prices = PyDict::new(py);
    for (name, price) in [
        ("create_set", rates::CREATE_SET),
        ("add_pieces", rates::ADD_PIECES),
        ("add_piece", rates::ADD_PIECE),
        ("schedule_removals", rates::SCHEDULE_REMOVALS),
        ("terminate", rates::TERMINATE),
        ("lockup_epochs", rates::LOCKUP_EPOCHS.into()),
        ("reserve", rates::RESERVE),
        ("reserve_refill_below", rates::RESERVE_REFILL_BELOW),
        ("cleanup_deposit", rates::CLEANUP_DEPOSIT),
        ("proof_fee_per_tebibyte", PROOF_FEE_PER_TEBIBYTE),
    ] {
        prices.set_item(name, price)?;
    }
    Ok(prices)
}

fn service_of(service: Option<&Bound<'_, PyAny>>) -> PyResult<Service> {
    let Some(service) = service else { return Ok(Service::MAINNET) };
    let py = service.py();
    let expected = "\"mainnet\", \"calibration\" or a pair of chain id and contract in bytes";
    if let Ok(name) = service.cast::<PyString>() {
        return match name.to_cow()?.as_ref() {
            "mainnet" => Ok(Service::MAINNET),
            "calibration" => Ok(Service::CALIBRATION),
            other => Err(input_error(py, &format!("service: expected {expected}, found {other:?}"), None)),
        };
    }
    let (chain_id, contract): (Bound<'_, PyAny>, PyBackedBytes) = two(service, "service", expected)?;
    Ok(Service {
        chain_id: integer(&chain_id, &"service, chain id")?,
        contract: exactly(py, &contract, &"service, contract")?,
    })
}

#[pyfunction]
fn filecoin_service<'py>(
    service: &Bound<'py, PyAny>,
) -> PyResult<(u64, Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let (py, service) = (service.py(), service_of(Some(service))?);
    Ok((service.chain_id, PyBytes::new(py, &service.contract), PyBytes::new(py, &service.separator())))
}

/// A key and its value.
type Entry = (String, String);

/// What a client allows, as Python gave it.
enum Held {
    CreateDataSet { id: U256, payee: EthereumAddress, metadata: Vec<Entry> },
    AddPieces { id: U256, nonce: U256, pieces: Vec<PyBackedBytes>, piece_metadata: Vec<(U256, Vec<Entry>)> },
    SchedulePieceRemovals { id: U256, piece_ids: Vec<U256> },
}

/// What a client allows a provider to do.
#[pyclass(frozen, module = "depinverify._native")]
pub struct FilecoinAuthorisation(Held);

fn entries(metadata: &[Entry]) -> Vec<MetadataEntry<'_>> {
    let pairs = metadata.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes()));
    pairs.map(|(key, value)| MetadataEntry { key, value }).collect()
}

impl FilecoinAuthorisation {
    /// Calls with the authorisation as the core has it.
    fn with<T>(&self, call: impl FnOnce(&Authorisation<'_>) -> T) -> T {
        match &self.0 {
            Held::CreateDataSet { id, payee, metadata } => call(&Authorisation::CreateDataSet {
                client_data_set_id: *id,
                payee: *payee,
                metadata: &entries(metadata),
            }),
            Held::AddPieces { id, nonce, pieces, piece_metadata } => {
                let pieces: Vec<&[u8]> = pieces.iter().map(AsRef::as_ref).collect();
                let metadata: Vec<_> =
                    piece_metadata.iter().map(|(piece, metadata)| (*piece, entries(metadata))).collect();
                let piece_metadata: Vec<PieceMetadata<'_>> = metadata
                    .iter()
                    .map(|(piece, metadata)| PieceMetadata { piece_index: *piece, metadata })
                    .collect();
                call(&Authorisation::AddPieces {
                    client_data_set_id: *id,
                    nonce: *nonce,
                    pieces: &pieces,
                    piece_metadata: &piece_metadata,
                })
            }
            Held::SchedulePieceRemovals { id, piece_ids } => {
                call(&Authorisation::SchedulePieceRemovals { client_data_set_id: *id, piece_ids })
            }
        }
    }
}

fn metadata_of(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<Entry>> {
    let expected = "pairs of key and value as text";
    items(object, name, expected)?
        .map(|item| item.and_then(|(entry, name)| two(&entry, &name, expected)))
        .collect()
}

#[pymethods]
impl FilecoinAuthorisation {
    #[staticmethod]
    fn create_data_set(
        client_data_set_id: &Bound<'_, PyAny>,
        payee: &[u8],
        metadata: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        Ok(Self(Held::CreateDataSet {
            id: wide(client_data_set_id, &"client_data_set_id")?,
            payee: exactly(metadata.py(), payee, &"payee")?,
            metadata: metadata_of(metadata, "metadata")?,
        }))
    }

    #[staticmethod]
    fn add_pieces(
        client_data_set_id: &Bound<'_, PyAny>,
        nonce: &Bound<'_, PyAny>,
        pieces: &Bound<'_, PyAny>,
        piece_metadata: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let id = wide(client_data_set_id, &"client_data_set_id")?;
        let pieces = items(pieces, "pieces", "identifiers in bytes")?.map(|item| {
            let (piece, name) = item?;
            piece.extract::<PyBackedBytes>().map_err(|_| {
                let message = format!("{name}: expected an identifier in bytes, found {}", type_name(&piece));
                input_error(piece.py(), &message, None)
            })
        });
        let expected = "pairs of a piece's place and its metadata";
        let piece_metadata = items(piece_metadata, "piece_metadata", expected)?.map(|item| {
            let (item, name) = item?;
            let (piece, metadata): (Bound<'_, PyAny>, Bound<'_, PyAny>) = two(&item, &name, expected)?;
            Ok((
                wide(&piece, &format_args!("{name}, place"))?,
                metadata_of(&metadata, &format!("{name}, metadata"))?,
            ))
        });
        Ok(Self(Held::AddPieces {
            id,
            nonce: wide(nonce, &"nonce")?,
            pieces: pieces.collect::<PyResult<_>>()?,
            piece_metadata: piece_metadata.collect::<PyResult<_>>()?,
        }))
    }

    #[staticmethod]
    fn schedule_piece_removals(
        client_data_set_id: &Bound<'_, PyAny>,
        piece_ids: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let ids = items(piece_ids, "piece_ids", "integers")?
            .map(|item| item.and_then(|(piece, name)| wide(&piece, &name)));
        Ok(Self(Held::SchedulePieceRemovals {
            id: wide(client_data_set_id, &"client_data_set_id")?,
            piece_ids: ids.collect::<PyResult<_>>()?,
        }))
    }

    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method is one of a certain lifetime")]
    fn struct_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.with(|authorisation| authorisation.struct_hash()))
    }

    #[pyo3(signature = (service = None))]
    #[pyo3(text_signature = "($self, service='mainnet')")]
    fn digest<'py>(
        &self,
        py: Python<'py>,
        service: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let service = service_of(service)?;
        Ok(PyBytes::new(py, &self.with(|authorisation| authorisation.digest(&service))))
    }

    #[pyo3(signature = (signature, service = None))]
    #[pyo3(text_signature = "($self, signature, service='mainnet')")]
    fn signer<'py>(
        &self,
        py: Python<'py>,
        signature: &[u8],
        service: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let service = service_of(service)?;
        let signer = self.with(|authorisation| authorisation.signer(&service, signature));
        Ok(signer.ok().map(|address| PyBytes::new(py, &address)))
    }
}
