//! An epoch for Python: everything that was fixed before the first row was read, and the schedule that follows from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int64Builder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchIterator};
use data_encoding::HEXLOWER;
use depinverify_core::beacon::{Rounds, read_rounds};
use depinverify_core::schema;
use depinverify_core::score::device_slots::LeftOut;
use depinverify_core::score::state::{self, PriorState};
use depinverify_core::verify::epoch::{Epoch, Params};
use depinverify_core::verify::secrets;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use pyo3_arrow::PyRecordBatchReader;

use crate::beacon::BeaconChain;
use crate::device_slots::device_slots;
use crate::errors::input_error;
use crate::explain::{Asked, explain};
use crate::pool::on_all_threads;
use crate::registry::RegistrySnapshot;

/// Parameters, slots, devices, validators and earlier state of one epoch.
#[pyclass(frozen, module = "depinverify._native")]
pub struct EpochContext {
    pub epoch: Arc<Epoch>,
    pub prior: Arc<Vec<PriorState>>,
    missing_rounds: Vec<u64>,
    beacon_hash: [u8; 32],
    secrets_hash: [u8; 32],
}

/// The parameters by name, as Python gives them.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Given {
    index: u64,
    start: i64,
    end: i64,
    slot_seconds: u64,
    validators_per_probe: usize,
    quorum: usize,
    select_num: u64,
    select_den: u64,
    deadline_ms: u64,
    late_limit_ms: u64,
    skew_s: i64,
    window_s: i64,
    tracking_s: i64,
    min_data_windows: u64,
    curve: Vec<(u64, u64)>,
    counter_grace_s: i64,
    location_tolerance_m: u64,
    require_location: bool,
    network_event: String,
    params_hash: [u8; 32],
}

impl From<Given> for Params {
    fn from(given: Given) -> Self {
        Self {
            index: given.index,
            start: given.start,
            end: given.end,
            slot_seconds: given.slot_seconds,
            validators_per_probe: given.validators_per_probe,
            quorum: given.quorum,
            select_num: given.select_num,
            select_den: given.select_den,
            deadline_ms: given.deadline_ms,
            late_limit_ms: given.late_limit_ms,
            skew_s: given.skew_s,
            window_s: given.window_s,
            tracking_s: given.tracking_s,
            min_data_windows: given.min_data_windows,
            curve: given.curve,
            counter_grace_s: given.counter_grace_s,
            location_tolerance_m: given.location_tolerance_m,
            require_location: given.require_location,
            exclude_network_events: given.network_event == "exclude",
            params_hash: given.params_hash,
        }
    }
}

#[pymethods]
impl EpochContext {
    #[new]
    #[pyo3(signature = (params, chain, beacon, snapshot, secrets, state, *, pinned=false, missing_rounds=Vec::new()))]
    #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value)]
    fn new(
        py: Python<'_>,
        params: Given,
        chain: &Bound<'_, BeaconChain>,
        beacon: &[u8],
        snapshot: &Bound<'_, RegistrySnapshot>,
        secrets: &[u8],
        state: &[u8],
        pinned: bool,
        missing_rounds: Vec<u64>,
    ) -> PyResult<Self> {
        let params = Params::from(params);
        let chain = chain.get().chain.clone();
        let snapshot = Arc::clone(&snapshot.get().snapshot);
        let made = on_all_threads(py, || -> Result<Self, String> {
            let (secrets, secrets_hash) = secrets::read(secrets).map_err(|error| error.to_string())?;
            let records = read_rounds(beacon).map_err(|error| format!("beacon.jsonl: {error}"))?;
            // No two slots share a round, so one slot more than there are rounds shows an absent one: an epoch of
            // absurd length is refused before anything is made per slot.
            let known = (records.len() + missing_rounds.len()) as u64;
            let needed = (0..params.slots().min(known + 1))
                .map(|slot| chain.first_round_at_or_after(params.slot_start(slot)))
                .collect::<Result<BTreeSet<u64>, _>>()
                .map_err(|error| format!("slots: {error}"))?;
            let rounds = Rounds::check(&chain, &records, &needed, &missing_rounds, pinned)
                .map_err(|error| format!("beacon.jsonl: {error}"))?;
            let prior = state::read(state, &snapshot.devices).map_err(|error| error.to_string())?;
            let missing_rounds = rounds.missing().collect();
            let beacon_hash = rounds.content_hash();
            let epoch = Epoch::new(params, chain, &rounds, (*snapshot).clone(), &secrets)
                .map_err(|error| error.to_string())?;
            Ok(Self {
                epoch: Arc::new(epoch),
                prior: Arc::new(prior),
                missing_rounds,
                beacon_hash,
                secrets_hash,
            })
        })?;
        made.map_err(|what| input_error(py, &what, None))
    }

    /// Rounds that are missing and named so.
    #[getter]
    fn missing_rounds(&self) -> Vec<u64> {
        self.missing_rounds.clone()
    }

    #[getter]
    fn beacon_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.beacon_hash)
    }

    #[getter]
    fn secrets_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.secrets_hash)
    }

    /// Number of slots.
    #[getter]
    fn slots(&self) -> usize {
        self.epoch.slots.len()
    }

    /// Ids of the validators that take part, ascending.
    #[getter]
    fn participants<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.epoch.participants.iter().map(|participant| PyBytes::new(py, &participant.id)).collect()
    }

    /// Ids of participants whose secret is missing or does not match.
    #[getter]
    fn void_validators<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        let void = self.epoch.participants.iter().filter(|participant| participant.secret.is_none());
        void.map(|participant| PyBytes::new(py, &participant.id)).collect()
    }

    /// Judges one row, among others of its device where they are given, and says what each check compared.
    #[pyo3(signature = (*, validator, device, slot, sent_ms, received_ms, transport, proof, others=Vec::new()))]
    #[allow(clippy::too_many_arguments)]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        validator: &[u8],
        device: &[u8],
        slot: u64,
        sent_ms: i64,
        received_ms: Option<i64>,
        transport: u8,
        proof: Option<&[u8]>,
        others: Vec<PyRecordBatchReader>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let asked = Asked { validator, device, slot, sent_ms, received_ms, transport, proof };
        explain(py, &self.epoch, &self.prior, &asked, others)
    }

    /// What each slot of the epoch said about one device.
    #[pyo3(signature = (device, verdicts, *, excluded, unreliable, events))]
    fn device_slots<'py>(
        &self,
        py: Python<'py>,
        device: &[u8],
        verdicts: PyRecordBatchReader,
        excluded: Vec<(u64, Vec<u8>)>,
        unreliable: Vec<Vec<u8>>,
        events: BTreeSet<u64>,
    ) -> PyResult<Bound<'py, PyList>> {
        let participant = |id: &Vec<u8>| self.epoch.participant_index(id);
        let left_out = LeftOut {
            excluded: excluded.iter().filter_map(|(slot, id)| Some((*slot, participant(id)?))).collect(),
            unreliable: unreliable.iter().filter_map(participant).collect(),
            events,
        };
        device_slots(py, &self.epoch, device, verdicts, &left_out)
    }

    #[pyo3(signature = (validator=None, slot=None))]
    fn schedule<'py>(
        &self,
        py: Python<'py>,
        validator: Option<&[u8]>,
        slot: Option<u64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let participant = match validator {
            None => None,
            Some(id) => Some(self.epoch.participant_index(id).ok_or_else(|| {
                let hex = HEXLOWER.encode(id);
                let hint =
                    "It must be enrolled and have committed to a secret for this epoch before the start.";
                input_error(py, &format!("validator {hex} does not take part in this epoch"), Some(hint))
            })?),
        };
        let slots = match slot {
            None => 0..self.epoch.slots.len() as u64,
            Some(slot) if self.epoch.slot(slot).is_some() => slot..slot + 1,
            Some(slot) => {
                let last = self.epoch.slots.len();
                return Err(input_error(py, &format!("slot: expected less than {last}, found {slot}"), None));
            }
        };
        let epoch = Arc::clone(&self.epoch);
        let batches = slots.map(move |slot| assignments(&epoch, slot, participant));
        let reader = RecordBatchIterator::new(batches, schema::assignments());
        PyRecordBatchReader::new(Box::new(reader)).into_arro3(py)
    }
}

/// The probes of one slot, of all validators or of one.
fn assignments(epoch: &Epoch, slot: u64, only: Option<u16>) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let mut slots = UInt64Builder::new();
    let mut rounds = UInt64Builder::new();
    let mut moments = Int64Builder::new();
    let [mut devices, mut validators, mut nonces, mut challenges] =
        std::array::from_fn(|_| BinaryBuilder::new());
    let mut assigner = depinverify_core::beacon::Assigner::default();
    let mut prober = depinverify_core::beacon::Prober::default();
    let mut assigned = Vec::new();
    for (index, device) in epoch.snapshot.devices.iter().enumerate() {
        assigned.clear();
        if epoch.is_challenged(slot, index) {
            epoch.assign(slot, index, &mut assigner, &mut assigned);
        }
        for participant in assigned.iter().copied().filter(|found| only.is_none_or(|only| only == *found)) {
            let challenge = epoch.challenge(&mut prober, slot, &device.id, participant);
            slots.append_value(slot);
            devices.append_value(&device.id);
            validators
                .append_value(epoch.participants.get(usize::from(participant)).map_or(&[][..], |p| &*p.id));
            rounds.append_value(epoch.slot(slot).map_or(0, |slot| slot.round));
            nonces.append_value(epoch.nonce(slot, &device.id, participant).unwrap_or_default());
            challenges.append_option(challenge.map(|(challenge, _)| challenge));
            moments.append_option(challenge.map(|(_, moment)| moment));
        }
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(slots.finish()),
        Arc::new(devices.finish()),
        Arc::new(validators.finish()),
        Arc::new(rounds.finish()),
        Arc::new(nonces.finish()),
        Arc::new(challenges.finish()),
        Arc::new(moments.finish()),
    ];
    RecordBatch::try_new(schema::assignments(), columns)
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<EpochContext>()
}
