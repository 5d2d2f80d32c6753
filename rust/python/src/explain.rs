//! One row explained for Python: its ruling, and everything that its checks compared.
//!
//! In: an epoch, one row, and other rows of the same device. Out: a dictionary of numbers and bytes; whoever shows it
//! writes the sentences.

use arrow_array::Array;
use depinverify_core::beacon::Prober;
use depinverify_core::checks::geography::chord_metres;
use depinverify_core::decode::observations::ObservationBatch;
use depinverify_core::networks::generic::device::{self, Explained};
use depinverify_core::score::state::PriorState;
use depinverify_core::spill::Key;
use depinverify_core::verify::epoch::Epoch;
use depinverify_core::verify::roster::Roster;
use depinverify_core::verify::rows::{Block, Observation};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use pyo3_arrow::PyRecordBatchReader;

use crate::errors::input_error;

/// The row that somebody asks about.
pub struct Asked<'a> {
    pub validator: &'a [u8],
    pub device: &'a [u8],
    pub slot: u64,
    pub sent_ms: i64,
    pub received_ms: Option<i64>,
    pub transport: u8,
    pub proof: Option<&'a [u8]>,
}

impl Asked<'_> {
    fn observation(&self) -> Observation<'_> {
        Observation {
            validator: self.validator,
            device: self.device,
            slot: self.slot,
            sent_ms: self.sent_ms,
            received_ms: self.received_ms,
            transport: self.transport,
            proof: self.proof,
            address: None,
            asn: None,
            rtt_ns: None,
            file: 0,
            row: 0,
        }
    }
}

fn encoded(observation: &Observation<'_>) -> (Vec<u8>, Vec<u8>) {
    let (mut key, mut payload) = (Key::new(), Vec::new());
    observation.encode(&observation.row_id(), &mut key, &mut payload);
    (key.as_slice().to_vec(), payload)
}

/// The asked row and the rows of its device in `others`, in sort order.
fn block(asked: &Asked<'_>, others: Vec<PyRecordBatchReader>) -> Result<Block, String> {
    let mut rows = vec![encoded(&asked.observation())];
    for other in others {
        for batch in other.into_reader().map_err(|error| error.to_string())? {
            let batch = batch.map_err(|error| error.to_string())?;
            let batch = ObservationBatch::from_record_batch(&batch, 0).map_err(|found| found.message)?;
            for row in (0..batch.len()).filter(|row| batch.device.value(*row) == asked.device) {
                rows.push(encoded(&Observation {
                    validator: batch.validator.value(row),
                    device: asked.device,
                    slot: batch.slot.value(row),
                    sent_ms: batch.sent_ms.value(row),
                    received_ms: batch.received_ms.is_valid(row).then(|| batch.received_ms.value(row)),
                    transport: batch.transport.value(row),
                    proof: batch.proof.is_valid(row).then(|| batch.proof.value(row)),
                    ..asked.observation()
                }));
            }
        }
    }
    rows.sort_unstable();
    let mut block = Block::default();
    for (key, payload) in rows {
        block.push(&key, &payload, true).map_err(|error| error.to_string())?;
    }
    Ok(block)
}

/// Judges the asked row among the rows of its device.
pub fn explain<'py>(
    py: Python<'py>,
    epoch: &Epoch,
    prior: &[PriorState],
    asked: &Asked<'_>,
    others: Vec<PyRecordBatchReader>,
) -> PyResult<Bound<'py, PyDict>> {
    let found = block(asked, others).map_err(|what| input_error(py, &what, None))?;
    let row_id = asked.observation().row_id();
    let rows = found.rows.len();
    let explained = device::explain(&found, &row_id, epoch, prior)
        .ok_or_else(|| input_error(py, "the row cannot be judged", None))?;
    let facts = PyDict::new(py);
    facts.set_item("row_id", PyBytes::new(py, &row_id))?;
    facts.set_item("rows", rows)?;
    ruling(py, &facts, &explained)?;
    compared(py, &facts, &explained)?;
    schedule(py, &facts, epoch, asked)?;
    registered(py, &facts, epoch, asked, &explained)?;
    Ok(facts)
}

fn ruling(py: Python<'_>, facts: &Bound<'_, PyDict>, explained: &Explained) -> PyResult<()> {
    let ruling = &explained.ruling;
    facts.set_item("code", ruling.code)?;
    facts.set_item("failed", ruling.failed)?;
    facts.set_item("not_run", ruling.not_run)?;
    facts.set_item("outcome", ruling.outcome as u8)?;
    facts.set_item("e1", ruling.e1)?;
    facts.set_item("e2", ruling.e2)?;
    facts.set_item("e_bytes", ruling.e_bytes.as_ref().map(|bytes| PyBytes::new(py, bytes)))
}

fn compared(py: Python<'_>, facts: &Bound<'_, PyDict>, explained: &Explained) -> PyResult<()> {
    let (draft, compared) = (&explained.draft, &explained.draft.compared);
    facts.set_item("malformed_stage", compared.malformed_stage)?;
    facts.set_item("unsupported", compared.unsupported)?;
    facts.set_item("header_algorithm", compared.header_algorithm)?;
    facts.set_item("key_algorithm", compared.key_algorithm)?;
    facts.set_item("key_interval", draft.key.map(|_| compared.key_interval))?;
    facts.set_item("off_schedule", compared.off_schedule)?;
    let expected = draft.challenge.filter(|_| draft.participant.is_some());
    facts.set_item("expected_nonce", expected.map(|nonce| PyBytes::new(py, &nonce)))?;
    facts.set_item("rightful", compared.rightful.map(|id| PyBytes::new(py, &id)))?;
    facts.set_item("same_nonce", explained.same_nonce)?;
    facts.set_item("delay_ms", compared.delay_ms)?;
    facts.set_item("counters", explained.counters)?;
    facts.set_item("model", compared.model)
}

/// Who was to probe the device in this slot, and when the asking validator was.
fn schedule(py: Python<'_>, facts: &Bound<'_, PyDict>, epoch: &Epoch, asked: &Asked<'_>) -> PyResult<()> {
    let assigned = PyList::empty(py);
    let known = epoch.device_index(asked.device).filter(|device| epoch.is_known(*device));
    let roster = known.map(|device| Roster::new(epoch, device));
    let participants = roster.as_ref().map_or(&[][..], |roster| roster.assigned(asked.slot));
    for participant in participants.iter().filter_map(|index| epoch.participants.get(usize::from(*index))) {
        assigned.append(PyBytes::new(py, &participant.id))?;
    }
    facts.set_item("assigned", assigned)?;
    let challenge = epoch
        .participant_index(asked.validator)
        .filter(|index| participants.contains(index))
        .and_then(|index| epoch.challenge(&mut Prober::default(), asked.slot, asked.device, index));
    facts.set_item("moment_ms", challenge.map(|(_, moment)| moment))?;
    facts.set_item("slot_start", epoch.slot(asked.slot).map(|slot| slot.start))?;
    facts.set_item("round", epoch.slot(asked.slot).map(|slot| slot.round))
}

/// What the registry says about the device, and how far it claims to be from there.
fn registered(
    py: Python<'_>,
    facts: &Bound<'_, PyDict>,
    epoch: &Epoch,
    asked: &Asked<'_>,
    explained: &Explained,
) -> PyResult<()> {
    let index = epoch.device_index(asked.device);
    let Some(device) = index.and_then(|index| epoch.snapshot.devices.get(index)) else {
        facts.set_item("device", py.None())?;
        return facts.set_item("distance_m", py.None());
    };
    let entry = PyDict::new(py);
    entry.set_item("retired_ms", device.retired_ms)?;
    entry.set_item("place", device.place.map(|place| (place.lat_e7, place.lon_e7, place.radius_m)))?;
    entry.set_item("hwmodel", device.hwmodel.as_ref().map(|bytes| PyBytes::new(py, bytes)))?;
    entry.set_item("oemid", device.oemid.as_ref().map(|bytes| PyBytes::new(py, bytes)))?;
    let keys = PyList::empty(py);
    for key in &device.keys {
        keys.append((PyBytes::new(py, &key.kid), key.scheme.name(), key.valid_from_ms, key.valid_to_ms))?;
    }
    entry.set_item("keys", keys)?;
    facts.set_item("device", entry)?;
    let claimed = explained.draft.facts.as_ref().and_then(|facts| facts.location.as_ref());
    let distance = claimed
        .zip(device.place)
        .map(|(claimed, place)| chord_metres((claimed.lat_e7, claimed.lon_e7), (place.lat_e7, place.lon_e7)));
    facts.set_item("distance_m", distance)
}
